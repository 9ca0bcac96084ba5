//! What AWS answers, as settings. The raw form is the plain one: no API here compares letters.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use opsctl_api::{LiveSetting, Value, format_duration};

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

/// How long ago something was made, in whole seconds.
pub(crate) fn age(made: &DateTime) -> LiveSetting {
    let made = SystemTime::try_from(*made).unwrap_or(SystemTime::UNIX_EPOCH);
    let age = SystemTime::now().duration_since(made).unwrap_or_default();
    let age = Duration::from_secs(age.as_secs());
    LiveSetting::is(Value::Duration(age), format_duration(age).into())
}
