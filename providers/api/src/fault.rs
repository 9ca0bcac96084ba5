use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a provider could not do what was asked, by what follows from it. Sentences are the API's own where it gave one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The API itself says that the resource, or its kind, is not there; or something that a change names (a version, a class).
    #[error("not found: {0}")]
    Missing(String),
    /// The credentials do not allow it: which verb on what.
    #[error("denied: {0}")]
    Denied(String),
    /// The API will never take it so.
    #[error("refused: {0}")]
    Invalid(String),
    /// Nobody answered in time, or the connection broke.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// Too many calls; provably not done.
    #[error("{call} is throttled{}", .after.map(|after| format!(", try again in {}s", after.as_secs())).unwrap_or_default())]
    Throttled {
        /// Which call, as the API names it: `ecs:UpdateService`.
        call: String,
        /// When the API says to come back.
        after: Option<Duration>,
    },
    /// This one resource is in the middle of another change; provably not done, and it may be done once that is over.
    #[error("busy: {0}")]
    Busy(String),
    /// The API answered in a way that this provider does not understand.
    #[error("unexpected answer: {0}")]
    Unexpected(String),
}

impl Fault {
    /// This call was one too many.
    pub fn throttled(call: impl Into<String>, after: Option<Duration>) -> Self {
        Self::Throttled { call: call.into(), after }
    }

    /// Whether asking again may help, by itself.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Throttled { .. } | Self::Busy(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_what_is_throttled_is_named() {
        let said = |after| Fault::throttled("ecs:UpdateService", after).to_string();
        assert_eq!(said(None), "ecs:UpdateService is throttled");
        assert_eq!(said(Some(Duration::from_secs(3))), "ecs:UpdateService is throttled, try again in 3s");
    }
}
