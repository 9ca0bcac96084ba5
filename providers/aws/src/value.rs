//! What AWS answers, as settings. The raw form is the plain one: no API here compares letters.

use std::collections::BTreeSet;

use opsctl_api::{LiveSetting, Value};

pub(crate) fn integer(number: impl Into<i64>) -> LiveSetting {
    let number = number.into();
    LiveSetting::is(Value::Integer(number), number.into())
}

pub(crate) fn number(number: f64) -> LiveSetting {
    LiveSetting::is(Value::Number(number), number.into())
}

pub(crate) fn switch(on: bool) -> LiveSetting {
    LiveSetting::is(Value::Bool(on), on.into())
}

pub(crate) fn text(text: impl Into<String>) -> LiveSetting {
    let text = text.into();
    LiveSetting::is(Value::String(text.clone()), text.into())
}

pub(crate) fn set(words: impl IntoIterator<Item = String>) -> LiveSetting {
    let words: BTreeSet<String> = words.into_iter().collect();
    let raw: serde_json::Value = words.iter().cloned().collect();
    LiveSetting::is(Value::Set(words), raw)
}

pub(crate) fn optional(setting: Option<LiveSetting>) -> LiveSetting {
    setting.unwrap_or(LiveSetting::Absent)
}
