use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Where a secret's text is to be taken from; the text itself is never written in a state, a plan or a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An environment variable of the process that applies.
    Env(String),
    /// A file, relative to the operations repository.
    File(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => write!(f, "file {path}"),
        }
    }
}

/// A secret's text in memory. `Debug` hides it and nothing serialises it.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain(Arc<str>);

impl Plain {
    /// Takes the text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text, for the call that sends it and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(sensitive)")
    }
}

/// A secret as a value: where it comes from, the provider's reference of it, and (in memory alone) its text.
///
/// Two secrets are equal where both texts are known and equal, or else where both references are.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// What a state named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// A version at the provider from which it can be restored. It stays the same as long as the text does, and is the same again once
    /// the text was put back from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The text; never serialised.
    #[serde(skip)]
    pub plain: Option<Plain>,
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        match (&self.plain, &other.plain) {
            (Some(a), Some(b)) => a == b,
            _ if self.reference.is_some() && other.reference.is_some() => self.reference == other.reference,
            _ => self.source.is_some() && self.source == other.source,
        }
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(sensitive)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("(sensitive)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_nothing_shows_the_text() {
        let secret =
            Secret { source: Some(Source::Env("TOKEN".into())), reference: None, plain: Some(Plain::new("hunter2")) };
        for shown in [
            format!("{secret:?}"),
            format!("{secret}"),
            serde_json::to_string(&secret).unwrap(),
            format!("{:?}", secret.plain),
        ] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
