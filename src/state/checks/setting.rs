use opsctl_api::Value;

use super::Checks;
use crate::check::Probe;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Entry, Table, string, strings};
use crate::state::Goal;
use crate::state::names::{Meaning, meaning};
use crate::state::part::labels;

impl Checks<'_, '_, '_> {
    pub(super) fn setting(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let (key, key_span) = string(probe, self.reading.found)?;
        let missing = |key: &str, of: &str| {
            Diagnostic::error(Code::MissingKey, probe.key_span, format!("a check of a setting has no `{key}`")).note(of)
        };
        let Some(at) = table.get("at") else {
            self.push(missing(
                "at",
                "at = NAME of a resource in this state, an address, or a wildcard such as \"k8s:deployment/media/*\"",
            ));
            return None;
        };
        let Meaning { target, kind } = self.subject(at, table)?;
        let Some(setting) = kind.setting(key) else {
            let message = format!("unknown setting `{}` of kind {}", key.escape_debug(), kind.name);
            let mut diagnostic = Diagnostic::error(Code::UnknownSetting, key_span, message);
            let forms: Vec<String> = kind.settings.iter().map(opsctl_api::Setting::form).collect();
            if let Some(meant) = self.reading.found.guess(key, forms.iter().map(String::as_str)) {
                diagnostic = diagnostic.here(format!("did you mean `{meant}`?"));
            }
            self.push(diagnostic.note(format!("settings of {}: {}", kind.name, forms.join(", "))));
            return None;
        };
        let Some(is) = table.get("is") else {
            self.push(missing("is", "is = VALUE, or a bound such as { at_least = 2 }"));
            return None;
        };
        let is = self.reading.alone(key, setting, &is.node)?;
        if matches!(is, Goal::Exact(Value::Secret(_))) {
            let message = format!("`{}` is a secret, which nobody reads to compare it", key.escape_debug());
            self.push(Diagnostic::error(Code::BadCheck, key_span, message));
            return None;
        }
        Some(Probe::Setting { at: target, setting: key.to_owned(), is })
    }

    /// What a check is about: a resource of the state by its name, an address, or a wildcard.
    fn subject(&mut self, entry: &Entry<'_>, table: &Table<'_>) -> Option<Meaning> {
        let (text, span) = string(entry, self.reading.found)?;
        let select = table.get("select").and_then(|entry| Some((labels(entry, self.found())?, entry.key_span)));
        let except = table.get("except").and_then(|entry| Some((strings(entry, self.found())?, entry.key_span)));
        if text.contains(':') {
            let narrowed = (select.as_ref(), except.as_ref());
            return meaning((text, span), narrowed, self.workshop.catalogues, self.reading.found);
        }
        for entry in ["select", "except"].iter().filter_map(|key| table.get(key)) {
            let message = format!("`{}` narrows a wildcard, and `{}` is a name", entry.key, text.escape_debug());
            self.push(Diagnostic::error(Code::OnlyWildcards, entry.key_span, message));
        }
        self.known(text, span);
        self.workshop.names.get(text)?.meaning.clone()
    }
}
