use opsctl_api::{Address, Kind};

use super::Checks;
use crate::check::Probe;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Entry, Table, string};
use crate::state::Target;
use crate::state::names::address_of;

impl Checks<'_, '_, '_> {
    pub(super) fn setting(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let (key, key_span) = string(probe, self.reading.found)?;
        let missing = |key: &str, of: &str| {
            Diagnostic::error(Code::MissingKey, probe.key_span, format!("a check of a setting has no `{key}`")).note(of)
        };
        let Some(at) = table.get("at") else {
            self.push(missing("at", "at = NAME of a resource in this state, or an address"));
            return None;
        };
        let (address, kind) = self.resource(at)?;
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
        Some(Probe::Setting { at: address, setting: key.to_owned(), is })
    }

    /// The resource that a check names, by its name in the state or by its address.
    fn resource(&mut self, entry: &Entry<'_>) -> Option<(Address, &'static Kind)> {
        let (text, span) = string(entry, self.reading.found)?;
        if text.contains(':') {
            return address_of(text, span, self.workshop.catalogues, self.reading.found);
        }
        self.known(text, span);
        let meaning = self.workshop.names.get(text)?.meaning.as_ref()?;
        match &meaning.target {
            Target::One(at) => Some((at.clone(), meaning.kind)),
            Target::Many { .. } => {
                let message = format!("`{text}` stands for many, and a check measures one");
                self.push(Diagnostic::error(Code::BadCheck, span, message).note("name an address"));
                None
            }
        }
    }
}
