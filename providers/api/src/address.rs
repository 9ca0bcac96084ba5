use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a resource is: `instance:kind/path…`, as in `k8s:deployment/cdn/ats-edge`.
///
/// Cheap to clone: every clone shares one text. Ordered by that text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: Arc<str>,
    kind_at: u32,
    path_at: u32,
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `:` stands between instance and kind.
    #[error("an address is `instance:kind/path`; `{0}` has no `:`")]
    NoInstance(String),
    /// The instance's name has a character that no name may have.
    #[error("`{0}` is no name of a provider instance: use letters, digits, `-` and `_`")]
    Instance(String),
    /// The kind's name has a character that no kind has.
    #[error("`{0}` is no name of a kind: use lower-case letters, digits and `-`")]
    Kind(String),
    /// Nothing, or an empty part, follows the kind.
    #[error("`{0}` has an empty part in its path")]
    EmptyPart(String),
    /// White space or a control character.
    #[error("`{0}` has white space or a control character in it")]
    Blank(String),
    /// Longer than any address that an API knows; 4096 bytes are the limit here.
    #[error("an address of {0} bytes is longer than 4096")]
    TooLong(usize),
}

impl Address {
    /// The address of `path` (without a leading `/`) of `kind` at `instance`.
    ///
    /// # Errors
    /// The same as parsing the three joined.
    pub fn new(instance: &str, kind: &str, path: &str) -> Result<Self, AddressError> {
        format!("{instance}:{kind}/{path}").parse()
    }

    /// The provider instance: `k8s`.
    pub fn instance(&self) -> &str {
        &self.text[..self.kind_at as usize - 1]
    }

    /// The kind: `deployment`.
    pub fn kind(&self) -> &str {
        &self.text[self.kind_at as usize..self.path_at as usize - 1]
    }

    /// The path without the kind: `cdn/ats-edge`.
    pub fn path(&self) -> &str {
        &self.text[self.path_at as usize..]
    }

    /// The parts of the path.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.path().split('/')
    }

    /// The address without its instance: `deployment/cdn/ats-edge`.
    pub fn local(&self) -> &str {
        &self.text[self.kind_at as usize..]
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() > 4096 {
            return Err(AddressError::TooLong(text.len()));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AddressError::Blank(text.escape_debug().to_string()));
        }
        let (instance, local) = text.split_once(':').ok_or_else(|| AddressError::NoInstance(text.to_owned()))?;
        let named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if instance.is_empty() || !instance.chars().all(named) {
            return Err(AddressError::Instance(instance.to_owned()));
        }
        let (kind, path) = local.split_once('/').unwrap_or((local, ""));
        let kindly = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if kind.is_empty() || !kind.chars().all(kindly) {
            return Err(AddressError::Kind(kind.to_owned()));
        }
        if path.split('/').any(str::is_empty) {
            return Err(AddressError::EmptyPart(text.to_owned()));
        }
        let kind_at = instance.len() + 1;
        Ok(Self {
            text: text.into(),
            // Both fit: the text has at most 4096 bytes.
            kind_at: kind_at as u32,
            path_at: (kind_at + kind.len() + 1) as u32,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_parts_of_an_address() {
        let at: Address = "aws:route53-record/Z1/live.example.com/CNAME/east".parse().unwrap();
        assert_eq!((at.instance(), at.kind()), ("aws", "route53-record"));
        assert_eq!(at.path(), "Z1/live.example.com/CNAME/east");
        assert_eq!(at.segments().count(), 4);
        assert_eq!(at.local(), "route53-record/Z1/live.example.com/CNAME/east");
    }

    #[test]
    fn test_what_is_no_address() {
        for text in [
            "",
            "k8s",
            "k8s:",
            ":a/b",
            "k8s:deployment",
            "k8s:deployment/",
            "k8s:d//x",
            "k8s:D/x",
            "k 8:d/x",
            "k8s:d/x\n",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }
}
