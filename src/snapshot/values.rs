use std::borrow::Cow;
use std::collections::BTreeMap;

use opsctl_api::{Address, Pattern, Secret, Source, Value, format_duration};

use super::{Snapshot, StoreError, Stored};

/// Values by address and key of the setting; `None` is absent.
pub type Values = BTreeMap<Address, BTreeMap<String, Option<Value>>>;

/// One setting that is not the same in two snapshots, or in one and live.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// What the first has; `None` is absent, or not recorded there.
    pub from: Option<Value>,
    /// What the second has; `None` is absent, or not recorded there.
    pub to: Option<Value>,
}

/// What differs from one to another, by address and setting.
pub fn diff(from: &Values, to: &Values) -> Vec<Difference> {
    let nothing = BTreeMap::new();
    let mut differences = Vec::new();
    for at in merged(from, to) {
        let (a, b) = (from.get(at).unwrap_or(&nothing), to.get(at).unwrap_or(&nothing));
        for setting in merged(a, b) {
            let (from, to) = (a.get(setting).cloned().flatten(), b.get(setting).cloned().flatten());
            if from != to {
                differences.push(Difference { at: at.clone(), setting: setting.clone(), from, to });
            }
        }
    }
    differences
}

fn merged<'a, K: Ord, V>(a: &'a BTreeMap<K, V>, b: &'a BTreeMap<K, V>) -> impl Iterator<Item = &'a K> {
    let keys: std::collections::BTreeSet<&K> = a.keys().chain(b.keys()).collect();
    keys.into_iter()
}

impl Stored {
    /// The values as they stand in the file: without the types of the settings, so that a quantity or duration is a string and a
    /// set is a list. It needs no catalogue, and so reads what a provider no longer knows.
    ///
    /// # Errors
    /// A line of it cannot be read.
    pub fn values(&self) -> Result<Values, StoreError> {
        self.values_where(|_| true)
    }

    /// Those of one resource; `None` where it is not in the snapshot.
    ///
    /// # Errors
    /// A line of it cannot be read.
    pub fn values_of(&self, at: &Address) -> Result<Option<BTreeMap<String, Option<Value>>>, StoreError> {
        Ok(self.values_where(|address| address == at.as_str())?.remove(at))
    }

    fn values_where(&self, wanted: impl Fn(&str) -> bool) -> Result<Values, StoreError> {
        read(&self.live_toml, wanted).map_err(|line| StoreError::Damaged {
            commit: self.entry.commit,
            why: format!("line {line} of its live.toml cannot be read"),
        })
    }
}

impl Snapshot {
    /// The values as [`Stored::values`] would give them, to be compared with those.
    pub fn untyped(&self) -> Values {
        let untyped = |settings: &BTreeMap<String, Option<Value>>| {
            settings.iter().map(|(key, value)| (key.clone(), value.as_ref().map(untyped))).collect()
        };
        self.resources.iter().map(|(at, settings)| (at.clone(), untyped(settings))).collect()
    }
}

/// A value as it is without the type of its setting.
fn untyped(value: &Value) -> Value {
    match value {
        Value::Quantity(quantity) => Value::String(quantity.as_str().to_owned()),
        Value::Duration(duration) => Value::String(format_duration(*duration)),
        Value::Set(items) => Value::List(items.iter().cloned().collect()),
        Value::Secret(secret) => Secret { plain: None, ..Secret::clone(secret) }.into(),
        Value::Bool(_) | Value::Integer(_) | Value::Number(_) | Value::String(_) | Value::List(_) => value.clone(),
    }
}

/// What stands beside the settings of a resource.
const DECLARED: &[&str] = &[
    "at",
    "select",
    "except",
    "needs",
    "after",
    "pool",
    "optional",
    "timeout",
    "drain_time",
    "confines",
    "enough",
    "restarts_with",
    "pause_owners",
];

/// Reads a text as [`to_toml`](super::to_toml) writes it: a setting a line, the address first. A reader of TOML at large could not
/// tell the key `env` of a map from a secret's source, since an inline table and a dotted key are one to it.
fn read(text: &str, wanted: impl Fn(&str) -> bool) -> Result<Values, usize> {
    let mut values = Values::new();
    let mut current: Option<(Address, BTreeMap<String, Option<Value>>)> = None;
    // A check of a live setting has an `at` too.
    let mut is_resource = false;
    for (number, line) in text.lines().enumerate() {
        let wrong = || number + 1;
        if line.starts_with('[') {
            values.extend(current.take());
            is_resource = line.starts_with("[resource.");
        } else if let Some(at) = line.strip_prefix("at = ") {
            let at = unquoted(at).ok_or_else(wrong)?;
            if is_resource && !Pattern::is_pattern(&at) && wanted(&at) {
                current = Some((at.parse().map_err(|_| wrong())?, BTreeMap::new()));
            }
        } else if let Some((_, settings)) = &mut current
            && !line.is_empty()
            && !line.starts_with('#')
            && let Some((key, value)) = setting(line).ok_or_else(wrong)?
        {
            settings.insert(key, value);
        }
    }
    values.extend(current);
    Ok(values)
}

/// What [`literal::quoted`](super::literal::quoted) was given.
fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(inner.into());
    }
    let table: ::toml::Table = format!("at = {text}").parse().ok()?;
    Some(table.get("at")?.as_str()?.to_owned().into())
}

/// One line; the outer `None` where it cannot be read, the inner one where it is no setting.
fn setting(line: &str) -> Option<Option<(String, Option<Value>)>> {
    let keyed = line.find(['.', ' ', '=']).is_some_and(|index| line[index..].starts_with('.'));
    let table: ::toml::Table = line.parse().ok()?;
    let (name, value) = table.into_iter().next()?;
    if !keyed {
        return Some(if DECLARED.contains(&name.as_str()) { None } else { Some((name, of(value)?)) });
    }
    let ::toml::Value::Table(inner) = value else { return None };
    let (key, value) = inner.into_iter().next()?;
    Some(Some((format!("{name}.{key}"), of(value)?)))
}

/// A value as it was written; the outer `None` where it is none.
fn of(value: ::toml::Value) -> Option<Option<Value>> {
    use ::toml::Value as Toml;
    Some(Some(match value {
        Toml::Boolean(value) => Value::Bool(value),
        Toml::Integer(number) => Value::Integer(number),
        Toml::Float(number) => Value::Number(number),
        Toml::String(text) => Value::String(text),
        Toml::Array(items) => {
            Value::List(items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?)
        }
        Toml::Table(table) if table.contains_key("absent") => return Some(None),
        Toml::Table(table) => {
            let text = |key: &str| table.get(key).and_then(|value| value.as_str()).map(str::to_owned);
            let source = text("env").map(Source::Env).or_else(|| text("file").map(Source::File));
            Secret { source, reference: text("reference"), plain: None }.into()
        }
        Toml::Datetime(_) => return None,
    }))
}

#[cfg(test)]
impl Snapshot {
    /// What is read where this was written.
    pub(super) fn written(&self) -> Values {
        read(&super::to_toml(self), |_| true).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::sample;

    const MAP: &str = "k8s:configmap/cdn/atc";

    fn map(pairs: &[(&str, Option<Value>)]) -> Snapshot {
        let mut snapshot = sample::snapshot(&[("k8s:deployment/cdn/edge", 3)]);
        let settings = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        snapshot.resources.insert(MAP.parse().unwrap(), settings);
        snapshot
    }

    fn text(text: &str) -> Option<Value> {
        Some(Value::String(text.to_owned()))
    }

    #[test]
    fn test_keys_that_look_like_markers_are_keys() {
        let pairs =
            [("data.absent", text("x")), ("data.at", None), ("data.env", text("a = [b].c")), ("data.x = y", text("]"))];
        assert_eq!(map(&pairs).written(), map(&pairs).resources);
    }

    #[test]
    fn test_what_is_declared_is_no_setting() {
        let mut snapshot = map(&[]);
        let mut declared = sample::declared(MAP);
        declared.pool = Some("live".to_owned());
        declared.optional = true;
        snapshot.declared.insert("atc".to_owned(), declared.into());
        assert_eq!(snapshot.written(), snapshot.resources);
    }

    #[test]
    fn test_diff() {
        let values = |snapshot: Snapshot| snapshot.untyped();
        let a = values(map(&[("data.a", text("1")), ("data.b", None), ("data.c", text("1"))]));
        let b = values(map(&[("data.a", text("2")), ("data.b", None), ("data.d", text("1"))]));
        let all: Vec<_> = diff(&a, &b).into_iter().map(|one| (one.setting, one.from, one.to)).collect();
        assert_eq!(
            all,
            [
                ("data.a".to_owned(), text("1"), text("2")),
                ("data.c".to_owned(), text("1"), None),
                ("data.d".to_owned(), None, text("1")),
            ]
        );
        assert_eq!(diff(&a, &a), []);
    }

    proptest! {
        #[test]
        fn test_any_key_and_text_is_read_as_it_was(key in ".{1,8}", value in any::<String>()) {
            let snapshot = map(&[(&format!("data.{key}"), text(&value))]);
            prop_assert_eq!(snapshot.written(), snapshot.resources);
        }

        #[test]
        fn test_any_text_is_answered(text in any::<String>()) {
            let _ = read(&text, |_| true);
            let _ = read(&format!("at = \"k8s:a/b\"\n{text}"), |_| true);
        }
    }
}
