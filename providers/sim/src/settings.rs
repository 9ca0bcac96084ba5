use std::ops::Range;

use opsctl_api::{Kind, Plain, Secret, Setting, Source, Type, Value};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::file::OF_STATES;
use crate::given::given;
use crate::mistake::{Mistakes, did_you_mean};
use crate::resource::Key;
use crate::world::key_of;

/// The settings of one resource, as they are found.
pub(crate) struct Settings {
    kind: &'static Kind,
    pub(crate) found: Vec<(Key, Value)>,
}

type Pair<'i> = (Spanned<DeString<'i>>, Spanned<DeValue<'i>>);

impl Settings {
    pub(crate) fn new(kind: &'static Kind, least: usize) -> Self {
        Self { kind, found: Vec::with_capacity(least) }
    }

    /// A key of the resource's own table: a setting, one key of a keyed one, or a keyed one with a table of keys.
    pub(crate) fn top(&mut self, mistakes: &mut Mistakes<'_>, (key, value): Pair<'_>) {
        let name = key.get_ref().to_string();
        match self.kind.setting(&name) {
            Some(setting) => self.value(mistakes, setting, name, value),
            None => self.nested(mistakes, name, key.span(), value),
        }
    }

    /// Whatever stands below a word that is no setting by itself: `[resource.X.data]`, or `data.key` with bare dots.
    fn nested(&mut self, mistakes: &mut Mistakes<'_>, prefix: String, span: Range<usize>, value: Spanned<DeValue<'_>>) {
        let root = prefix.split('.').next().unwrap_or_default();
        let keyed = self.kind.settings.iter().any(|setting| setting.key.is_some() && setting.name == root);
        match value.into_inner() {
            DeValue::Table(table) if keyed => {
                for (key, value) in table {
                    let name = format!("{prefix}.{}", key.get_ref());
                    match self.kind.setting(&name) {
                        Some(setting) => self.value(mistakes, setting, name, value),
                        None => self.nested(mistakes, name, key.span(), value),
                    }
                }
            }
            _ if keyed => mistakes.push(span, format!("`{prefix}` has one value per key"), "write it with a key"),
            _ => {
                let known = self.kind.settings.iter().map(|setting| setting.name);
                let known = known.chain(OF_STATES.iter().copied()).chain(["at", "sim", "confines"]);
                let instead = did_you_mean(&prefix, known);
                mistakes.push(span, format!("unknown setting `{prefix}` of kind {}", self.kind.name), instead);
            }
        }
    }

    fn value(
        &mut self,
        mistakes: &mut Mistakes<'_>,
        setting: &'static Setting,
        name: String,
        value: Spanned<DeValue<'_>>,
    ) {
        let span = value.span();
        if let DeValue::Table(table) = value.get_ref() {
            if is_absent(table) {
                return;
            }
            if setting.key.is_some() && !(setting.is_secret() && is_secret(table)) {
                // A dot in a key that was written bare: `data.shield.max-hosts`.
                return self.nested(mistakes, name, span, value);
            }
        }
        let read = match (&setting.ty, value.get_ref()) {
            (Type::Secret, DeValue::Table(table)) => secret(table),
            (ty, value) => given(value).and_then(|given| ty.accept(given).map_err(|mismatch| mismatch.to_string())),
        };
        match (read, key_of(self.kind, name)) {
            (Ok(value), Some(key)) => {
                if let Some((twice, _)) = self.found.iter().find(|(other, _)| *other == key) {
                    mistakes.push(span, format!("`{twice}` is here twice"), "");
                }
                self.found.push((key, value));
            }
            (Ok(_), None) => {}
            (Err(what), _) => mistakes.push(span, what, ""),
        }
    }
}

/// `{ absent = true }`: the key is not there.
fn is_absent(table: &DeTable<'_>) -> bool {
    table.len() == 1 && matches!(table.get("absent").map(Spanned::get_ref), Some(DeValue::Boolean(true)))
}

fn is_secret(table: &DeTable<'_>) -> bool {
    table.iter().all(|(key, value)| {
        matches!(key.get_ref().as_ref(), "env" | "file" | "plain" | "reference")
            && matches!(value.get_ref(), DeValue::String(_))
    })
}

/// A secret of a world: where it came from, or its very text, since it is none.
fn secret(table: &DeTable<'_>) -> Result<Value, String> {
    let mut secret = Secret { reference: Some("v1".to_owned()), ..Secret::default() };
    for (key, value) in table {
        let DeValue::String(text) = value.get_ref() else { return Err(Type::Secret.to_string()) };
        match key.get_ref().as_ref() {
            "env" => secret.source = Some(Source::Env(text.to_string())),
            "file" => secret.source = Some(Source::File(text.to_string())),
            "plain" => secret.plain = Some(Plain::new(text.as_ref())),
            "reference" => secret.reference = Some(text.to_string()),
            other => return Err(format!("unknown key `{other}` of a secret: write env, file or plain")),
        }
    }
    Ok(secret.into())
}
