use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Address, Value};
use serde::{Deserialize, Serialize};

use crate::plan::{Part, Position};

/// The record of one apply or rollback: who, when, what, how long, how it ended. Written as `operation.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// `20261122-0412-ana`: date and time (UTC) and operator; with `-2` and so on where that is taken.
    pub id: String,
    /// What it was.
    pub kind: OperationKind,
    /// The plan's name: `dr-active`, `@1f0c22ab9e`, `rollback of …`.
    pub name: String,
    /// The state's own line.
    pub summary: String,
    /// The digest of the state.
    pub state_digest: String,
    /// The digest of the plan.
    pub plan_digest: String,
    /// Who.
    pub operator: String,
    /// On which machine.
    pub host: String,
    /// When the lock was taken.
    pub began: Timestamp,
    /// When the last step ended; `None` while it runs.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// The operation that was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<String>,
    /// The operation of which this was the rest: what that one, and earlier rests of it, had not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_of: Option<String>,
    /// When the time that its state may take began to run, where that was before it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Of an overlay alone: the state that it says to lie over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// How much of the state.
    #[serde(default, skip_serializing_if = "Part::is_whole")]
    pub part: Part,
    /// Why nothing that it did not do is wanted any more: it was abandoned or taken back before it came to its end, or ended before it
    /// did anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abandoned: Option<String>,
    /// Calls made, by instance and verb.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calls: BTreeMap<String, BTreeMap<String, u64>>,
    /// The checks that did not hold at the end, with what was seen; with nothing where it was stopped before they were measured.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed_checks: BTreeMap<String, String>,
    /// What was not as it should be when all was done, with what it was: somebody else has changed it meanwhile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_so: BTreeMap<String, String>,
    /// The steps, joints left out, in the plan's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepRecord>,
}

/// What an operation was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Towards a state, or a snapshot in full.
    Apply,
    /// Back to before an operation.
    Rollback,
    /// Nothing was changed: a snapshot was taken for itself.
    Take,
    /// Nothing was changed: what earlier operations had not done, its steps, is not wanted any more.
    LetGo,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has not.
    Running,
    /// All steps are done and all checks hold.
    Done,
    /// Done, with steps owed or settings left alone.
    DoneInPart,
    /// A step failed or is unknown.
    Failed,
    /// The operator stopped it; or it was killed, and then taken back.
    Interrupted,
    /// All steps are done, and a check does not hold or was not measured, or something is not as it should be.
    CheckFailed,
    /// Nobody ended it; the operator closed it.
    Abandoned,
}

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// The step's id in the plan.
    pub step: usize,
    /// The resource; `None` of a check or an action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Address>,
    /// What it is, where it is no change: `wait`, `check edge`, `action drain`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// Where in the order its edits stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// How it ended.
    pub status: Status,
    /// Why, where it is not done, or where there was nothing to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What an action has called, in this order: its members, or itself where it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub called: Vec<String>,
    /// Those of them that are done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<String>,
    /// Of a change of several calls that is not done: how many of them are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub calls_done: usize,
    /// From the first write to settled; milliseconds in the file.
    #[serde(default, with = "millis")]
    pub took: Duration,
    /// What it changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<EditRecord>,
}

/// One edit as it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditRecord {
    /// The key.
    pub setting: String,
    /// What was there before; absent where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// What was asked for; absent where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
    /// Whether a write of it went out.
    pub sent: bool,
    /// How many more of them did after the first one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
    /// The value observed at the last settle, where that is not `to` (an owner moved it within its bounds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Value>,
    /// Of a change of several calls that is not done: what the last one of these that went out began with, where that is not `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_from: Option<Value>,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not begun.
    Pending,
    /// A write went out, or is about to.
    Sent,
    /// The write was answered; it is not true and ready yet.
    Settling,
    /// True and ready.
    Done,
    /// It will not become true.
    Failed,
    /// It may have been done, and may not; or may yet be done.
    Unknown,
    /// Not begun, and will not be: something before it failed, or the operator stopped.
    Skipped,
    /// It cannot be done now, and is still wanted.
    Owed,
    /// It was left to others, or for what was.
    LeftAlone,
}

impl StepRecord {
    /// The name of the action that it is.
    pub fn action(&self) -> Option<&str> {
        self.what.strip_prefix("action ").filter(|_| self.at.is_none())
    }

    /// What it is about. What is owed was never planned in full, and what is left alone is no change: it has no edits, and begins with its setting.
    pub fn settings(&self) -> Vec<(Address, String)> {
        let Some(at) = &self.at else { return Vec::new() };
        let is_beside = matches!(self.status, Status::Owed | Status::LeftAlone) && self.edits.is_empty();
        let beside = is_beside.then(|| self.what.split(' ').next()).flatten();
        let settings = self.edits.iter().map(|edit| edit.setting.as_str()).chain(beside);
        settings.map(|setting| (at.clone(), setting.to_owned())).collect()
    }

    /// Whether it was begun, and stopped between two of its calls.
    pub fn is_halfway(&self) -> bool {
        self.status == Status::Skipped && (!self.called.is_empty() || self.edits.iter().any(|edit| edit.sent))
    }

    /// What it had set and was to set again when it ended, with each value that this may have by that: it is neither what it was before nor
    /// what was asked for.
    pub fn left_on_the_way(&self) -> impl Iterator<Item = (&EditRecord, &Value)> {
        let ended_before = !matches!(self.status, Status::Done);
        let edits = self.edits.iter().filter(move |edit| ended_before && edit.sent);
        let values =
            edits.flat_map(|edit| [&edit.left, &edit.last_from].into_iter().flatten().map(move |left| (edit, left)));
        values.filter(|(edit, left)| [&edit.to, &edit.from].into_iter().all(|end| end.as_ref() != Some(left)))
    }
}

impl Status {
    /// Whether what was sent was never seen to be true, and may yet become so.
    pub fn is_unseen(self) -> bool {
        matches!(self, Self::Sent | Self::Settling | Self::Unknown)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Settling => "settling",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Skipped => "not started",
            Self::Owed => "owed",
            Self::LeftAlone => "left alone",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::DoneInPart => "done in part",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::CheckFailed => "check failed",
            Self::Abandoned => "abandoned",
        })
    }
}

impl Operation {
    /// The record of a snapshot that is taken for itself.
    pub fn take(id: impl Into<String>, operator: impl Into<String>, host: impl Into<String>, at: Timestamp) -> Self {
        Self {
            id: id.into(),
            kind: OperationKind::Take,
            name: String::new(),
            summary: String::new(),
            state_digest: String::new(),
            plan_digest: String::new(),
            operator: operator.into(),
            host: host.into(),
            began: at,
            ended: Some(at),
            outcome: Outcome::Done,
            reverts: None,
            rest_of: None,
            since: None,
            over: None,
            part: Part::default(),
            abandoned: None,
            calls: BTreeMap::new(),
            failed_checks: BTreeMap::new(),
            not_so: BTreeMap::new(),
            steps: Vec::new(),
        }
    }

    /// How long it took; `None` of one that did not end.
    pub fn took(&self) -> Option<Duration> {
        Duration::try_from(self.ended?.duration_since(self.began)).ok()
    }

    /// When the time that its state may take began to run: it is that of the whole, whoever did the rest of it.
    pub fn clock(&self) -> Timestamp {
        self.since.unwrap_or(self.began)
    }

    /// The operation that it is, or is a rest of: that is the first one, however often it was gone on with.
    pub fn whole(&self) -> &str {
        self.rest_of.as_deref().unwrap_or(&self.id)
    }

    /// Whether all was done that could be.
    pub fn came_to_its_end(&self) -> bool {
        matches!(self.outcome, Outcome::Done | Outcome::DoneInPart | Outcome::CheckFailed)
    }

    /// Whether steps of it could have been begun and were not, for somebody changed since what they need.
    pub fn is_held_back(&self) -> bool {
        let is_sent = |step: &StepRecord| step.edits.iter().any(|edit| edit.sent);
        let is_held = |step: &StepRecord| step.status == Status::Skipped && step.position.is_some() && !is_sent(step);
        let is_stopped = self.outcome == Outcome::Interrupted && self.ended.is_some();
        is_stopped && self.steps.iter().any(|step| is_held(step) && !step.why.is_empty())
    }

    /// Whether it was stopped before its checks were measured: all else was done.
    pub fn is_unmeasured(&self) -> bool {
        let checks = &self.failed_checks;
        self.outcome == Outcome::CheckFailed && !checks.is_empty() && checks.values().all(String::is_empty)
    }

    /// By how much it missed a time; zero where it kept to it. Nobody has kept to it who did not come to the end, and what failed
    /// can only have missed it.
    pub fn missed(&self, rto: Duration) -> Option<Duration> {
        let lasted = Duration::try_from(self.ended?.duration_since(self.clock())).ok()?;
        let missed = lasted.saturating_sub(rto);
        match self.outcome {
            _ if self.came_to_its_end() => Some(missed),
            Outcome::Failed => (!missed.is_zero()).then_some(missed),
            _ => None,
        }
    }

    /// Whether any write of it went out.
    pub fn has_sent(&self) -> bool {
        self.steps.iter().any(|step| step.edits.iter().any(|edit| edit.sent))
    }

    /// Whether any action of it was called.
    pub fn has_called(&self) -> bool {
        self.steps.iter().any(|step| !step.called.is_empty())
    }

    /// Whether it was ended before it did anything: it decides on nothing.
    pub fn never_began(&self) -> bool {
        matches!(self.kind, OperationKind::Apply | OperationKind::Rollback)
            && self.abandoned.is_some()
            && !self.has_sent()
            && !self.has_called()
    }

    /// How many steps stand at a status.
    pub fn count(&self, status: Status) -> usize {
        self.steps.iter().filter(|step| step.status == status).count()
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_millis() as u64)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
