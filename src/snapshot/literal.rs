use std::fmt::Write as _;

use opsctl_api::{Secret, Source, Value, format_duration};

/// A text as a TOML basic string on one line, so that every setting stays a line of its own.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key of a TOML table: bare where it may be.
pub(crate) fn key(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !text.is_empty() && text.chars().all(bare) { text.to_owned() } else { quoted(text) }
}

/// The key of a setting: of a keyed one all behind the first dot is one TOML key, dots included.
pub(crate) fn setting_key(setting: &str) -> String {
    match setting.split_once('.') {
        Some((name, of)) => format!("{}.{}", key(name), key(of)),
        None => key(setting),
    }
}

/// A value as a state writes it. A secret is its source and reference; its text is not in here.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        // `Debug` keeps the point of a whole number, without which it would be read as an integer.
        Value::Number(number) => format!("{number:?}"),
        Value::String(text) => quoted(text),
        Value::Quantity(quantity) => quoted(quantity.as_str()),
        Value::Duration(duration) => quoted(&format_duration(*duration)),
        Value::List(items) => strings(items),
        Value::Set(items) => strings(items),
        Value::Secret(secret) => of_secret(secret),
    }
}

/// Strings as a TOML array.
pub(crate) fn strings<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// Pairs as an inline table, the values already literal.
pub(crate) fn inline<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{} = {value}", key(name))).collect();
    if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
}

/// A JSON value as TOML has it; `None` of a null, which it does not have.
pub(crate) fn json(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value as Json;
    Some(match value {
        Json::Null => return None,
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().filter_map(json).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => inline(map.iter().filter_map(|(name, value)| Some((name.as_str(), json(value)?)))),
    })
}

fn of_secret(secret: &Secret) -> String {
    let source = secret.source.as_ref().map(|source| match source {
        Source::Env(name) => ("env", quoted(name)),
        Source::File(path) => ("file", quoted(path)),
    });
    let reference = secret.reference.as_ref().map(|reference| ("reference", quoted(reference)));
    inline(source.into_iter().chain(reference))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn test_every_setting_is_one_line() {
        assert_eq!(quoted("a\n\"b\"\\\u{7f}\u{1}"), r#""a\n\"b\"\\\u007F\u0001""#);
        assert_eq!(setting_key("data.shield.max-hosts"), r#"data."shield.max-hosts""#);
        assert_eq!(setting_key("image.nginx"), "image.nginx");
        assert_eq!(setting_key("replicas"), "replicas");
        assert_eq!(value(&Value::Number(3.0)), "3.0");
    }

    proptest! {
        #[test]
        fn test_toml_reads_what_was_quoted(text in any::<String>()) {
            let read: toml::Table = format!("{} = {}\n", key(&text), quoted(&text)).parse().unwrap();
            prop_assert_eq!(read.get(&text).and_then(|value| value.as_str()), Some(text.as_str()));
        }

        #[test]
        fn test_toml_reads_numbers_as_numbers(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            let read: toml::Table = format!("n = {}\n", value(&Value::Number(number))).parse().unwrap();
            prop_assert_eq!(read["n"].as_float(), Some(number));
        }
    }
}
