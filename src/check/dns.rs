use std::collections::BTreeSet;
use std::net::SocketAddr;
#[cfg(not(feature = "dns"))]
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(not(feature = "dns"))]
use super::Verdict;

#[cfg(feature = "dns")]
mod resolve;

#[cfg(feature = "dns")]
pub(super) use resolve::resolve;

/// Records of a name, as a server of names answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// The whole name; no search domain is tried.
    pub name: String,
    /// The type of the records; addresses of either family where there is none.
    pub record: Option<Record>,
    /// What they must be.
    pub must: Records,
    /// Who is asked; the system's servers where nobody is named.
    pub server: Option<SocketAddr>,
}

/// A type of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Record {
    A,
    Aaaa,
    Caa,
    Cname,
    Mx,
    Ns,
    Ptr,
    Srv,
    Txt,
}

/// What the records of a name must be, each in its normal form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    /// There is one.
    Some,
    /// These are among them.
    Has(BTreeSet<String>),
    /// These and no others.
    Is(BTreeSet<String>),
}

impl Record {
    /// All types that can be asked for, with their names.
    pub const ALL: [(&'static str, Self); 9] = [
        ("A", Self::A),
        ("AAAA", Self::Aaaa),
        ("CAA", Self::Caa),
        ("CNAME", Self::Cname),
        ("MX", Self::Mx),
        ("NS", Self::Ns),
        ("PTR", Self::Ptr),
        ("SRV", Self::Srv),
        ("TXT", Self::Txt),
    ];

    /// Its name: `AAAA`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, record)| *record == self).map_or("", |(name, _)| name)
    }

    /// A record in its normal form: names in lower case and without the last dot, texts as they are.
    pub(crate) fn normal(self, text: &str) -> String {
        match self {
            Self::Txt | Self::Caa => text.to_owned(),
            _ => text.trim_end_matches('.').to_lowercase(),
        }
    }
}

impl Dns {
    /// Whether a text is a name that can be asked for.
    pub(crate) fn is_name(text: &str) -> bool {
        #[cfg(feature = "dns")]
        return !text.trim_end_matches('.').is_empty() && resolve::is_name(text);
        #[cfg(not(feature = "dns"))]
        return !text.trim_end_matches('.').is_empty();
    }
}

/// Without a resolver nobody is asked.
#[cfg(not(feature = "dns"))]
pub(super) async fn resolve(_: &Dns, _: Duration) -> Verdict {
    Verdict::no(super::left_out("dns"))
}
