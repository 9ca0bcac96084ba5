use opsctl_api::{Identity, Source};

use super::Illegal;
use super::journal::JournalError;
use super::lock::{Holder, LockError};
use super::overtaken::Overtaken;
use super::running::Running;
use super::stale::{Moved, Unreadable};
use super::unfinished::Unfinished;
use crate::plan::Refusal;
use crate::snapshot::StoreError;

/// Why an apply did not come to its end. Unless [`ApplyError::is_mid_way`], nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Somebody else holds the lock.
    #[error("somebody else is applying{}", .0.as_ref().map(|holder| format!(": {holder}")).unwrap_or_default())]
    Locked(Option<Holder>),
    /// The same, with what they are at.
    #[error("{0}")]
    Running(Box<Running>),
    /// The lock cannot be taken.
    #[error("the lock cannot be taken")]
    Lock(#[source] LockError),
    /// An earlier operation did not end.
    #[error("an operation did not end: {}", .0.operation)]
    Unfinished(Box<Unfinished>),
    /// It is not as it was when it was shown.
    #[error("stale: {0} was gone on with, or closed, after this was planned")]
    Touched(String),
    /// An operation that did not end cannot be closed as it stands.
    #[error("{operation} cannot be closed, for the snapshot of what is there now cannot be taken; it stays open")]
    NotClosed {
        /// The operation.
        operation: String,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// There is nothing to go on with.
    #[error("no operation is open and nothing is owed")]
    NothingOpen,
    /// The plan was refused when it was made, or its preflight is refused now.
    #[error("refused: {} of the plan", count(.0.len(), "step", "steps"))]
    Refused(Vec<Refusal>),
    /// An instance is not what the plan was made for.
    #[error("`{instance}` is {} and the plan was made for {}", told(.found, .planned), told(.planned, .found))]
    WrongTarget {
        /// The instance.
        instance: String,
        /// What the plan was made for.
        planned: Box<Identity>,
        /// What answers now.
        found: Box<Identity>,
    },
    /// An instance that the plan changes does not say what it is.
    #[error("`{instance}` does not say what it is")]
    NoIdentity {
        /// The instance.
        instance: String,
        /// Why; `None` where it is not configured, or was unreachable when the plan was made.
        source: Option<opsctl_api::Fault>,
    },
    /// Live is not what the plan was made from.
    #[error("stale: {} would no longer be the same", count(.moved.len(), "edit", "edits"))]
    Stale {
        /// What is there now.
        moved: Vec<Moved>,
        /// The command that plans again.
        again: String,
    },
    /// Something else that the plan relies on is not as it was.
    #[error("stale: {} not what the plan relies on", count(.found.len(), "resource is", "resources are"))]
    Overtaken {
        /// What is not as it was.
        found: Vec<Overtaken>,
        /// The command that plans again.
        again: String,
    },
    /// What would be changed cannot be read.
    #[error("{} that would be changed cannot be read", count(.0.len(), "resource", "resources"))]
    Unreadable(Vec<Unreadable>),
    /// Checks before the first change do not hold: name and what was seen.
    #[error("{} not hold before the first change", count(.0.len(), "check does", "checks do"))]
    BeforeChecks(Vec<(String, String)>),
    /// Secrets' texts cannot be had: where from, and why.
    #[error("{} cannot be had", count(.0.len(), "secret", "secrets"))]
    Secrets(Vec<(Source, String)>),
    /// The operator ended it before anything was changed.
    #[error("interrupted before anything was changed")]
    Interrupted,
    /// The *before* snapshot cannot be taken.
    #[error("the snapshot before the first change cannot be taken")]
    Before(#[source] StoreError),
    /// The journal cannot be begun or read.
    #[error("the journal of this checkout is no good")]
    Journal(#[source] JournalError),
    /// The journal cannot be written while the operation runs. Nothing was sent that it does not hold.
    #[error("the journal of {operation} cannot be written any more")]
    MidWay {
        /// The operation. It is open.
        operation: String,
        /// Why.
        #[source]
        source: Box<ApplyError>,
    },
    /// What happened does not follow from what had happened: a defect of opsctl.
    #[error("opsctl lost track of its steps")]
    Illegal(#[from] Illegal),
}

impl ApplyError {
    /// What to do, where the error itself does not say.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Journal(JournalError::Damaged { path, .. } | JournalError::Illegal { path, .. }) => Some(format!(
                "`opsctl snapshot diff @` tells what is not as it was before that operation; when that is well, put the \
                 journal aside: mv {path} {path}.damaged"
            )),
            Self::Journal(JournalError::Foreign(path)) => {
                Some(format!("another version of opsctl wrote {path}: go on with that one"))
            }
            Self::Touched(_) => Some("opsctl status tells what is there now".to_owned()),
            Self::Before(error) | Self::NotClosed { source: error, .. } => error.hint(),
            Self::NoIdentity { instance, source: None } => Some(format!(
                "`{instance}` was not reached when the plan was made, or is not in opsctl.toml: plan again"
            )),
            _ => None,
        }
    }

    /// Whether changes may have been made and were left in place.
    pub fn is_mid_way(&self) -> bool {
        matches!(self, Self::MidWay { .. })
    }
}

/// What an instance is; where another one looks alike, with what tells the two apart.
fn told(this: &Identity, other: &Identity) -> String {
    if this.shown == other.shown { format!("{} ({})", this.shown, this.id) } else { this.shown.clone() }
}

impl From<JournalError> for ApplyError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<LockError> for ApplyError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held(holder) => Self::Locked(holder),
            other => Self::Lock(other),
        }
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
