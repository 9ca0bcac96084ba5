use std::time::Duration;

use opsctl_api::Fault;
use serde::Deserialize;

/// Why a call to the API server gave nothing. Each names the verb and the resource: `patch deployments/scale in cdn`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// It answered with another status than success.
    #[error("{action}: {} ({code})", .status.message)]
    Answered {
        /// Verb and resource.
        action: String,
        /// The HTTP status.
        code: u16,
        /// What it said.
        status: Status,
        /// When to come back.
        retry_after: Option<Duration>,
    },
    /// The request provably never left: no connection, no credentials to send.
    #[error("{action}: {why}")]
    NotSent {
        /// Verb and resource.
        action: String,
        /// What went wrong.
        why: String,
        /// Whether it was the credentials.
        credentials: bool,
    },
    /// The connection broke, or nobody answered in time: the request may have arrived.
    #[error("{action}: {why}")]
    Lost {
        /// Verb and resource.
        action: String,
        /// What went wrong.
        why: String,
    },
    /// A success that cannot be read.
    #[error("{action}: the answer cannot be read: {source}")]
    Garbled {
        /// Verb and resource.
        action: String,
        /// Where it went wrong.
        source: serde_json::Error,
    },
}

/// The `Status` that the API server answers with where it refuses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    pub(crate) message: String,
    details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    causes: Vec<serde::de::IgnoredAny>,
}

impl Status {
    /// Reads it; a body that is none (a proxy's page, `404 page not found`) is taken as its message.
    pub(crate) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(&body[..body.len().min(500)]).trim().to_owned();
            Self { message: text, details: None }
        })
    }
}

impl CallError {
    /// What follows from it.
    pub(crate) fn fault(&self) -> Fault {
        let Self::Answered { action, code, status, retry_after } = self else {
            return match self {
                Self::NotSent { credentials: true, .. } => Fault::Denied(self.to_string()),
                Self::Garbled { .. } => Fault::Unexpected(self.to_string()),
                _ => Fault::Unreachable(self.to_string()),
            };
        };
        match code {
            // An admission webhook denies with 403 or whatever it likes: the credentials are not to blame.
            _ if self.by_webhook() => Fault::Invalid(status.message.clone()),
            400 | 422 => Fault::Invalid(status.message.clone()),
            401 | 403 => Fault::Denied(self.to_string()),
            // Not a Status but a text: nothing is served at this path at all.
            404 if status.message == "404 page not found" => Fault::Missing(format!("{action}: there is no such API")),
            404 => Fault::Missing(status.message.clone()),
            // Other writers were faster, five times in a row. Nothing was done.
            409 => Fault::Busy(status.message.clone()),
            // Of a LIST: its token has expired (410), which says nothing of what is there.
            410 | 429 => Fault::throttled(action, *retry_after),
            500.. => Fault::Unreachable(self.to_string()),
            _ => Fault::Unexpected(self.to_string()),
        }
    }

    /// Whether a write provably did nothing.
    pub(crate) fn did_nothing(&self) -> bool {
        match self {
            Self::Answered { code, .. } => *code < 500 || self.by_webhook(),
            Self::NotSent { .. } => true,
            Self::Lost { .. } | Self::Garbled { .. } => false,
        }
    }

    /// Whether a `test` of a JSON Patch may have failed. The server answers that as it does a path that is not there, with
    /// nothing in its details; of a validation it lists the causes.
    pub(crate) fn may_be_a_failed_test(&self) -> bool {
        match self {
            Self::Answered { code: 422, status, .. } => {
                status.details.as_ref().is_none_or(|details| details.causes.is_empty())
            }
            Self::Answered { code: 409, .. } => true,
            _ => false,
        }
    }

    /// The same, of what provably never left.
    pub(crate) fn unsent(self) -> Self {
        match self {
            Self::Lost { action, why } => Self::NotSent { action, why, credentials: false },
            other => other,
        }
    }

    /// The status of HTTP, where there was an answer.
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Self::Answered { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// A webhook denied it, or could not be asked: both before anything was stored.
    fn by_webhook(&self) -> bool {
        let Self::Answered { status, .. } = self else { return false };
        ["admission webhook ", "failed calling webhook "].iter().any(|words| status.message.contains(words))
    }
}

/// An error with its sources, each said once.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16, body: &str) -> CallError {
        CallError::Answered {
            action: "patch deployments/scale in cdn".to_owned(),
            code,
            status: Status::read(body.as_bytes()),
            retry_after: None,
        }
    }

    fn saying(code: u16, message: &str) -> CallError {
        answered(code, &serde_json::json!({ "kind": "Status", "message": message }).to_string())
    }

    #[test]
    fn test_faults_of_answers() {
        let forbidden =
            "deployments.apps \"edge\" is forbidden: User \"nobody\" cannot patch resource \"deployments/scale\"";
        let webhook = "admission webhook \"policy.example.com\" denied the request: no";
        let down = "Internal error occurred: failed calling webhook \"policy.example.com\": connection refused";
        for (error, fault, nothing) in [
            (saying(403, forbidden), Fault::Denied(format!("patch deployments/scale in cdn: {forbidden} (403)")), true),
            (saying(403, webhook), Fault::Invalid(webhook.into()), true),
            (saying(500, down), Fault::Invalid(down.into()), true),
            (
                saying(404, "deployments.apps \"edge\" not found"),
                Fault::Missing("deployments.apps \"edge\" not found".into()),
                true,
            ),
            (
                answered(404, "404 page not found\n"),
                Fault::Missing("patch deployments/scale in cdn: there is no such API".into()),
                true,
            ),
            (saying(429, "too many requests"), Fault::throttled("patch deployments/scale in cdn", None), true),
            (
                saying(410, "The provided continue parameter is too old"),
                Fault::throttled("patch deployments/scale in cdn", None),
                true,
            ),
            (saying(504, "timeout"), Fault::Unreachable("patch deployments/scale in cdn: timeout (504)".into()), false),
            (
                saying(500, "etcdserver: leader changed"),
                Fault::Unreachable("patch deployments/scale in cdn: etcdserver: leader changed (500)".into()),
                false,
            ),
        ] {
            assert_eq!(error.fault(), fault);
            assert_eq!(error.did_nothing(), nothing, "{error}");
        }
    }

    #[test]
    fn test_a_failed_test_and_a_failed_validation_are_told_apart_by_causes() {
        let test = r#"{"kind": "Status", "reason": "Invalid", "details": {},
            "message": "the server rejected our request due to an error in our request"}"#;
        let validation = r#"{"kind": "Status", "reason": "Invalid", "message": "spec.replicas: Invalid value: -1",
            "details": {"causes": [{"reason": "FieldValueInvalid", "field": "spec.replicas"}]}}"#;
        assert!(answered(422, test).may_be_a_failed_test());
        assert!(!answered(422, validation).may_be_a_failed_test());
    }

    #[test]
    fn test_what_was_not_sent_did_nothing() {
        let action = "patch configmaps in cdn".to_owned();
        let lost = CallError::Lost { action: action.clone(), why: "no answer within 10s".into() };
        assert!(!lost.did_nothing());
        let unsent = CallError::NotSent { action, why: "connection refused".into(), credentials: false };
        assert!(unsent.did_nothing());
        assert!(matches!(unsent.fault(), Fault::Unreachable(_)));
    }
}
