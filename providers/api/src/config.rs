use std::collections::BTreeMap;
use std::fmt;

use crate::Type;

/// What `opsctl.toml` says of one instance, without its `type`: every provider crate reads it into a type of its own.
pub type Config = BTreeMap<String, serde_json::Value>;

/// A key of an instance's configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfigKey {
    /// As in `opsctl.toml`: `context`.
    pub name: &'static str,
    /// What it takes.
    pub ty: Type,
    /// One sentence.
    pub doc: &'static str,
}

impl ConfigKey {
    /// A key.
    pub const fn new(name: &'static str, ty: Type, doc: &'static str) -> Self {
        Self { name, ty, doc }
    }
}

/// What is wrong with one key of an instance's configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigProblem {
    /// The key; empty where the whole is meant.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl ConfigProblem {
    /// A problem with a key.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.key, self.message) }
    }
}

impl std::error::Error for ConfigProblem {}
