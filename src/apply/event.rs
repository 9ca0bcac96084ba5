use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::Readiness;
use serde::{Deserialize, Serialize};

use crate::snapshot::{Operation, Status};

/// Something happened. One JSON line each with `--json`; the screen is drawn from these alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened. Steps are named by their id in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The operation has begun, and its journal has it. What comes before may still refuse it.
    Begun {
        /// The operation's id.
        operation: String,
        /// Whether it goes on with one that did not end.
        resumed: bool,
    },
    /// A stage before the first write, or after the last.
    Stage {
        /// `checking`, `preflight`, `before snapshot`, `applying`, `after checks`, `after snapshot`.
        name: String,
    },
    /// A snapshot was committed.
    Snapshot {
        /// `before` or `after`.
        which: String,
        /// The commit's hash.
        commit: String,
    },
    /// A write is about to go out.
    Sent {
        /// The step.
        step: usize,
        /// The hop, from 0.
        hop: usize,
        /// From 1.
        attempt: u32,
    },
    /// A call of an action is about to go out.
    Calling {
        /// The step.
        step: usize,
        /// The member, of an action that has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        member: Option<String>,
        /// Which call it is, from 1.
        nth: usize,
        /// Of how many members.
        of: usize,
    },
    /// The write was answered, and the step was looked at.
    Settling {
        /// The step.
        step: usize,
        /// What was seen.
        readiness: Readiness,
    },
    /// Enough of a step's resource is ready: what needs no more of it goes on, and the step goes on settling.
    Enough {
        /// The step.
        step: usize,
        /// What was seen.
        readiness: Readiness,
    },
    /// A step ended.
    Ended {
        /// The step.
        step: usize,
        /// How.
        status: Status,
        /// Why, where it is not done.
        why: String,
        /// From the first write to now.
        took: Duration,
    },
    /// A check was measured.
    Measured {
        /// The check.
        check: String,
        /// Whether it holds.
        holds: bool,
        /// What was seen.
        seen: String,
        /// Whether that is its end: it held long enough, or its time is over.
        last: bool,
    },
    /// Nothing new is started.
    Stopping {
        /// `interrupted`, or the failure.
        why: String,
        /// How many steps are still settling.
        settling: usize,
    },
    /// Something worth saying that ends nothing.
    Notice {
        /// A sentence.
        text: String,
    },
    /// The operation ended; its whole record.
    Finished {
        /// The record.
        operation: Box<Operation>,
    },
}
