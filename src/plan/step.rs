use std::time::Duration;

use opsctl_api::{Address, Direction, Edit, Hop, Readiness};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::diagnostic::Place;

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What.
    pub work: Work,
    /// What must be done (and settled) first, and why. Sorted by step; each is an earlier one.
    pub after: Vec<Edge>,
    /// From 1: as early as it could be if all earlier waves were done. Joints have the wave of what they follow.
    pub wave: u32,
    /// How long it may take from the moment it is begun.
    pub timeout: Duration,
    /// How many of its resource are enough to be ready for those edges to it that say so; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enough: Option<u64>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Changes a resource, hop by hop, and waits until it is true and ready.
    Change {
        /// The resource.
        at: Address,
        /// Where in the order its edits stand.
        position: Position,
        /// All edits of the step, first `from` to last `to`.
        edits: Vec<Edit>,
        /// One atomic call each, in this order.
        hops: Vec<Hop>,
        /// How long after it became true before anything may rely on it.
        drain_time: Duration,
        /// A raised floor has settled when this one has that many ready: the confined resource.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settles_with: Option<Address>,
    },
    /// Waits for a resource that is true but still on its way.
    Wait {
        /// The resource.
        at: Address,
        /// What it was still doing.
        readiness: Readiness,
    },
    /// A check that stands between.
    Check {
        /// Its name, in [`Plan::checks`](super::Plan::checks).
        name: String,
    },
    /// Something that is called and is not a value.
    Action {
        /// Its name, in [`Plan::actions`](super::Plan::actions).
        name: String,
    },
    /// Does nothing: passes order on from many to many.
    Joint {
        /// What it stands for: `pool live-dns`, a resource without an edit.
        label: String,
    },
}

/// Where a resource's edits stand in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Growing and undirected edits.
    Up,
    /// Shrinking edits.
    Down,
}

impl Position {
    /// The direction of edits that do not stand there.
    pub fn opposite(self) -> Direction {
        match self {
            Self::Up => Direction::Down,
            Self::Down => Direction::Up,
        }
    }
}

/// What must come first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// The id of the earlier step.
    pub step: usize,
    /// Whether it is met once the earlier step has [enough](Step::enough) ready, and need not have settled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enough: bool,
    /// Why: one reason, or a chain of them through resources that have nothing to do.
    pub why: Vec<Reason>,
}

/// Why one step comes before another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The rule of the order.
    pub rule: Rule,
    /// Where the operator wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// A rule of the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The first name needs the second.
    Needs(String, String),
    /// In this pool growers settle before shrinkers start.
    Pool(String),
    /// The first confines the second.
    Confines(Address, Address),
    /// The first name comes after the second.
    After(String, String),
    /// This check stands between.
    Gate(String),
    /// An action stands beside something.
    Action {
        /// The action.
        action: String,
        /// What it was written to come before or after.
        beside: String,
        /// Whether it comes before it.
        before: bool,
    },
    /// One of several that a name stands for.
    Member(String),
    /// Up before down of one resource.
    UpBeforeDown(Address),
}

/// Reads the steps of a plan. Whoever obeys them relies on it that each comes after earlier ones alone, and that a change has a
/// call to make it by.
pub(super) fn in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Step>, D::Error> {
    let steps = Vec::<Step>::deserialize(deserializer)?;
    for (id, step) in steps.iter().enumerate() {
        if let Some(edge) = step.after.iter().find(|edge| edge.step >= id) {
            let what = format!("step {id} is to come after step {}, which is not an earlier one", edge.step);
            return Err(D::Error::custom(what));
        }
        if let Work::Change { at, hops, .. } = &step.work
            && hops.is_empty()
        {
            return Err(D::Error::custom(format!("step {id} changes {at} by no call")));
        }
    }
    Ok(steps)
}

impl Step {
    /// The resource that it changes or waits for.
    pub fn at(&self) -> Option<&Address> {
        match &self.work {
            Work::Change { at, .. } | Work::Wait { at, .. } => Some(at),
            Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => None,
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Needs(name, needed) => write!(f, "{name} needs {needed}"),
            Self::Pool(pool) => write!(f, "in pool {pool} the growing come before the shrinking"),
            Self::Confines(holder, held) => write!(f, "{} confines {}", holder.local(), held.local()),
            Self::After(name, other) => write!(f, "{name} comes after {other}"),
            Self::Action { action, beside, before: true } => write!(f, "action {action} comes before {beside}"),
            Self::Action { action, beside, before: false } => write!(f, "action {action} comes after {beside}"),
            Self::Gate(check) => write!(f, "check {check} stands between"),
            Self::Member(name) => write!(f, "one of {name}"),
            Self::UpBeforeDown(at) => write!(f, "{} shrinks only after that", at.local()),
        }
    }
}
