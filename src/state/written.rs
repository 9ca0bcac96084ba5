use std::borrow::Cow;

use opsctl_api::{Kind, Setting};

use super::value::Written;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Data, Entry, Problems, list};
use crate::keys::{self, RESOURCE};

/// The settings that one file gives to a resource of a kind, per-key maps taken apart; what the kind does not have is
/// reported.
pub(super) fn written<'t>(kind: &'static Kind, entries: &[&'t Entry<'t>], found: &mut Problems) -> Vec<Written<'t>> {
    let mut all: Vec<Written<'t>> = Vec::with_capacity(entries.len());
    for entry in entries {
        match (keyed(kind, &entry.key), kind.setting(&entry.key)) {
            (Some(setting), _) if setting.observed => found.push(observed(kind, setting, entry)),
            (None, Some(setting)) if setting.observed => found.push(observed(kind, setting, entry)),
            (Some(setting), _) => keys(setting, entry, &mut all, found),
            (None, Some(setting)) => all.push(Written {
                key: Cow::Borrowed(entry.key.as_ref()),
                key_span: entry.key_span,
                node: &entry.node,
                setting,
            }),
            (None, None) => {
                let diagnostic = unknown(kind, entry, found);
                found.push(diagnostic);
            }
        }
    }
    twice(&mut all, found);
    all
}

/// The setting of keys that goes by this name: `data`.
fn keyed(kind: &'static Kind, name: &str) -> Option<&'static Setting> {
    kind.settings.iter().find(|setting| setting.key.is_some() && setting.name == name)
}

fn keys<'t>(setting: &'static Setting, entry: &'t Entry<'t>, all: &mut Vec<Written<'t>>, found: &mut Problems) {
    let Data::Table(table) = &entry.node.data else {
        let message = format!("`{}` is set key by key, found {}", setting.name, shown(setting, entry));
        let note = format!("write {} = …; a key with dots is quoted", setting.form());
        found.push(Diagnostic::error(Code::KeyedSetting, entry.node.span, message).note(note));
        return;
    };
    for inner in table.iter() {
        if inner.key.is_empty() {
            found.push(Diagnostic::error(Code::KeyedSetting, inner.key_span, "a key cannot be empty"));
            continue;
        }
        all.push(Written {
            key: Cow::Owned(format!("{}.{}", setting.name, inner.key)),
            key_span: inner.key_span,
            node: &inner.node,
            setting,
        });
    }
}

fn shown(setting: &Setting, entry: &Entry<'_>) -> String {
    if setting.is_secret() { "something else".to_owned() } else { entry.node.found() }
}

/// `data.x` and `"data.x"` are one setting.
fn twice(all: &mut Vec<Written<'_>>, found: &mut Problems) {
    if all.iter().all(|one| one.setting.key.is_none()) {
        return;
    }
    all.sort_by(|a, b| a.key.cmp(&b.key).then(a.key_span.start.cmp(&b.key_span.start)));
    all.dedup_by(|second, first| {
        let same = first.key == second.key;
        if same {
            let message = format!("`{}` is given twice", first.key);
            found.push(Diagnostic::error(Code::DuplicateKey, second.key_span, message).and(first.key_span, ""));
        }
        same
    });
}

fn observed(kind: &Kind, setting: &Setting, entry: &Entry<'_>) -> Diagnostic {
    let message = format!("`{}` of kind {} is only read", setting.form(), kind.name);
    Diagnostic::error(Code::Observed, entry.key_span, message).note("measure it with a check: setting = …, is = …")
}

fn unknown(kind: &Kind, entry: &Entry<'_>, found: &mut Problems) -> Diagnostic {
    let key = entry.key.escape_debug();
    let diagnostic = Diagnostic::error(
        Code::UnknownSetting,
        entry.key_span,
        format!("unknown setting `{key}` of kind {}", kind.name),
    );
    let forms: Vec<String> = kind.settings.iter().filter(|setting| !setting.observed).map(Setting::form).collect();
    let note =
        format!("settings of {}: {} (opsctl kinds {})", kind.name, list(forms.iter().map(String::as_str)), kind.name);
    let reserved = keys::names(RESOURCE);
    match found.guess(&entry.key, kind.settings.iter().map(|setting| setting.name).chain(reserved)) {
        Some(meant) => diagnostic.here(format!("did you mean `{meant}`?")).note(note),
        None => diagnostic.note(note),
    }
}
