use std::fmt;

use git2::Oid;
use jiff::Timestamp;

use super::{Operation, OperationKind, Outcome};

/// A commit of the snapshot repository. Shown in full, or in [short](CommitId::short).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) Oid);

/// One snapshot of the history, as its commit's message has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The commit.
    pub commit: CommitId,
    /// When the values were read.
    pub at: Timestamp,
    /// Before or after an operation, or for itself.
    pub which: Which,
    /// The id of the operation.
    pub operation: String,
    /// The plan's name: `dr-active`, `@3`; empty of one that was taken for itself.
    pub state: String,
    /// The digest of the plan; empty where there was none.
    pub plan: String,
    /// Who.
    pub operator: String,
    /// How the operation ended, or that it had not.
    pub outcome: String,
    /// sha256 over the files, in hex.
    pub digest: String,
}

/// When a snapshot was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Before an operation changed anything; its plan is beside it.
    Before,
    /// After one ended.
    After,
    /// For itself: `opsctl snapshot take`.
    Taken,
}

impl CommitId {
    /// The first ten digits: enough for a person, and for [`Store::read`](super::Store::read).
    pub fn short(&self) -> String {
        let mut text = self.0.to_string();
        text.truncate(10);
        text
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Taken => "taken",
        })
    }
}

impl Which {
    /// What a snapshot that carries this record is.
    pub(super) fn of(operation: &Operation) -> Self {
        match (operation.kind, operation.outcome) {
            (OperationKind::Take, _) => Self::Taken,
            (_, Outcome::Running) => Self::Before,
            _ => Self::After,
        }
    }
}

const OPERATION: &str = "Opsctl-Operation";
const STATE: &str = "Opsctl-State";
const PLAN: &str = "Opsctl-Plan";
const OPERATOR: &str = "Opsctl-Operator";
const OUTCOME: &str = "Opsctl-Outcome";
const WHICH: &str = "Opsctl-Which";
const DIGEST: &str = "Opsctl-Digest";

/// The message of a commit: a line for the eye, and trailers for [`of_commit`].
pub(super) fn message(operation: &Operation, digest: &str) -> String {
    let which = Which::of(operation);
    let outcome = operation.outcome.to_string();
    let name = one_line(&operation.name);
    let operator = one_line(&operation.operator);
    let subject = match which {
        Which::Before => format!("before {name}, by {operator}"),
        Which::After => format!("after {name}: {outcome}, by {operator}"),
        Which::Taken => format!("taken by {operator}"),
    };
    let which = which.to_string();
    let trailers = [
        (OPERATION, operation.id.as_str()),
        (STATE, &operation.name),
        (PLAN, &operation.plan_digest),
        (OPERATOR, &operation.operator),
        (OUTCOME, &outcome),
        (WHICH, &which),
        (DIGEST, digest),
    ];
    let trailers: String = trailers
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}: {}\n", one_line(value)))
        .collect();
    format!("{subject}\n\n{trailers}")
}

/// What a commit's message says; `None` of a commit that opsctl did not make.
pub(super) fn of_commit(commit: &git2::Commit<'_>) -> Option<Entry> {
    let trailers = git2::message_trailers_strs(commit.message().ok()?).ok()?;
    let find = |name: &str| trailers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    let which = match find(WHICH)?.as_str() {
        "before" => Which::Before,
        "after" => Which::After,
        "taken" => Which::Taken,
        _ => return None,
    };
    Some(Entry {
        commit: CommitId(commit.id()),
        at: Timestamp::from_second(commit.author().when().seconds()).ok()?,
        which,
        operation: find(OPERATION)?,
        state: find(STATE).unwrap_or_default(),
        plan: find(PLAN).unwrap_or_default(),
        operator: find(OPERATOR).unwrap_or_default(),
        outcome: find(OUTCOME).unwrap_or_default(),
        digest: find(DIGEST)?,
    })
}

/// A trailer is one line; a name may have been anything.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}
