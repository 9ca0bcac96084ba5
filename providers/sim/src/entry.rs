use std::collections::BTreeMap;

use jiff::Timestamp;
use opsctl_api::{Address, Value};
use serde::{Deserialize, Serialize};

/// One line of a kept world: what happened since its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Entry {
    /// The first line.
    Begun(Begun),
    /// Somebody set settings of one resource.
    Wrote(Wrote),
    /// Somebody turned knobs.
    Turned(Turned),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begun {
    pub(crate) at: Timestamp,
    /// Other for each world that was ever begun, so that a reset is noticed.
    pub(crate) nonce: String,
    /// Of the world file's text.
    pub(crate) digest: String,
}

/// Secrets are here by reference; the text of one is never kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wrote {
    pub(crate) at: Timestamp,
    pub(crate) on: Address,
    pub(crate) by: String,
    pub(crate) set: BTreeMap<String, Option<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Knobs at `once` that this used up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) spent: Vec<Spent>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Turned {
    pub(crate) at: Timestamp,
    /// `None` is the whole instance.
    pub(crate) on: Option<Address>,
    /// `null` turns one back.
    pub(crate) knobs: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spent {
    Conflict,
    LoseAnswer,
}
