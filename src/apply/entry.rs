use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use opsctl_api::{Edit, Receipt, Value};
use serde::{Deserialize, Serialize};

use crate::plan::{OnFailure, Plan};
use crate::snapshot::{Outcome, Status};

/// The version of the journal's format: another one with every change of what it has in it, the plan among that.
pub(super) const FORMAT: u32 = 9;

/// Something that happened in an operation, as its journal keeps it. Secrets are references here, never texts.
///
/// What is recorded is what happened; where each step stands follows from it, by [`Machine::apply`](super::dispatch::Machine::apply).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Entry {
    /// The operation begins. Always the first, and only there.
    Begin(Box<Begin>),
    /// The *before* snapshot is committed.
    Before {
        /// The commit's hash.
        commit: String,
    },
    /// Another process goes on with the operation.
    Resumed {
        /// Who.
        operator: String,
        /// On which machine.
        host: String,
        /// What a failed step does to the rest from here on, where that is another thing now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_failure: Option<OnFailure>,
        /// How many steps may be under way at once from here on, where that is another number now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parallelism: Option<usize>,
    },
    /// A write, or the call of an action, is about to go out. Durable before it does.
    Intent(Intent),
    /// What became of a write.
    Answer {
        /// The step.
        step: usize,
        /// The hop, from 0.
        hop: usize,
        /// What became of it.
        answer: Answer,
    },
    /// A wait, a check or an action is begun.
    Began {
        /// The step.
        step: usize,
    },
    /// What a step sets is true and enough of its resource is ready; the step goes on settling.
    Enough {
        /// The step.
        step: usize,
    },
    /// A hop is true and ready.
    Settled {
        /// The step.
        step: usize,
        /// The hop, from 0.
        hop: usize,
        /// The values that were seen, where they are not those that were asked for.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        left: BTreeMap<String, Option<Value>>,
    },
    /// A step ended.
    Ended {
        /// The step.
        step: usize,
        /// `Done`, `Failed`, `Unknown`, `Owed` of a change where nobody answers, or `Skipped` of what was begun only for the sake of others.
        status: Status,
        /// Why, where it is not done.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    /// Nothing new is started from here on.
    Stop {
        /// `interrupted`: that a step failed is told by its own end.
        why: String,
    },
    /// The operation ended. Always the last.
    End {
        /// How.
        outcome: Outcome,
        /// Why it was abandoned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        abandoned: Option<String>,
    },
}

/// What an operation needs to be carried out, or carried on by another process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    /// The version of the journal's format.
    pub format: u32,
    /// The operation's id.
    pub operation: String,
    /// Who.
    pub operator: String,
    /// On which machine.
    pub host: String,
    /// When the lock was taken.
    pub began: Timestamp,
    /// What a failed step does to the rest.
    pub on_failure: OnFailure,
    /// How many steps may be under way at once; `None` for no limit but the instances' own.
    pub parallelism: Option<usize>,
    /// The operation that did not end and that this one takes back: it is closed next, and from then on this one stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_over: Option<String>,
    /// What is carried out, whole.
    pub plan: Arc<Plan>,
}

/// A write that is about to go out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Intent {
    /// The step.
    pub step: usize,
    /// The hop, from 0; of an action, which of its members.
    pub hop: usize,
    /// From 1.
    pub attempt: u32,
    /// What is set: the hop's edits, from what is live there now.
    pub edits: Vec<Edit>,
    /// What an API that knows such tokens tells this write by.
    pub token: String,
    /// When the write has been done, or never will be, should its answer be lost.
    pub deadline: Timestamp,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// The API took it.
    Sent(Option<Receipt>),
    /// Nothing was done: all is as it was asked for already.
    Already,
    /// Nothing was done, or nothing of it is to be seen; it is written again. Of an action: nothing went out, so it was not called. Why.
    Again(String),
    /// It may be done, or may yet be. Why.
    Unknown(String),
}

impl Answer {
    /// The process that wrote it ended before an answer came.
    pub(super) fn never_came() -> Self {
        Self::Unknown("the process that wrote it ended before an answer came".to_owned())
    }
}
