use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Address, Edit, Hop, Identity, Owner, Pattern, Preflight, Readiness, Relation, Value};
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::diagnostic::Place;
use crate::state::{Declared, Goal, OnFailure};

/// The version of the plan's format.
pub const FORMAT: u32 = 1;

/// Changes in an order, with the live values that they were made from. Plain data; apply obeys it and decides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT`] of the opsctl that made it.
    pub format: u32,
    /// sha256 over all that follows from the same input: without versions, times, calls and estimates. In hex.
    pub digest: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// What it is for.
    pub intent: Intent,
    /// The instances that were asked, by name.
    pub instances: BTreeMap<String, InstanceSeen>,
    /// What was declared of each resource, by name.
    pub declared: BTreeMap<String, Declared>,
    /// All that was observed, by address.
    pub resources: BTreeMap<Address, Seen>,
    /// What is to be done. A step's id is its index; the order of the list is a legal order.
    pub steps: Vec<Step>,
    /// What was looked at and is no step, and why.
    pub skipped: Vec<Skipped>,
    /// What else holds a setting that the plan changes.
    pub owners: Vec<OwnerNote>,
    /// Where users are moved.
    pub traffic: Vec<TrafficMove>,
    /// What another state set and this one says nothing about.
    pub leaves: Vec<Leave>,
    /// What the API said of each hop.
    pub preflight: Vec<PreflightNote>,
    /// Why an apply of it would be refused; empty where it would not.
    pub refusals: Vec<Refusal>,
    /// Checks before, between and after; those between are steps too.
    pub checks: Vec<Check>,
    /// How long it should take, from earlier operations.
    pub estimate: Option<Duration>,
    /// The way back from the predicted outcome.
    pub way_back: WayBack,
}

/// What a plan is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// `dr-active`; `rollback of 20261122-0412-ana`; `@3`.
    pub name: String,
    /// The state's own line.
    pub summary: String,
    /// The digest of the state.
    pub state_digest: String,
    /// The operation that is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<String>,
    /// Whether the operator must type the name.
    pub confirm: bool,
    /// How long it may take.
    pub rto: Option<Duration>,
    /// What an apply does when a step fails.
    pub on_failure: OnFailure,
    /// What may be unreachable.
    pub tolerates_unreachable: Vec<Pattern>,
}

/// An instance as it answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceSeen {
    /// The `type` in `opsctl.toml`.
    pub provider: String,
    /// What it was configured to talk to, for the eye: `prod-east`.
    pub target: String,
    /// What it really talks to; `None` where it did not answer.
    pub identity: Option<Identity>,
    /// Why it did not answer.
    pub unreachable: Option<String>,
    /// How many calls were made to plan, by verb.
    pub calls: BTreeMap<String, u64>,
}

/// A resource as it was observed, beside what it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The names in the states that stand for it: its own, and those of wildcards.
    pub names: Vec<String>,
    /// By key, every setting that any state sets.
    pub settings: BTreeMap<String, SeenSetting>,
    /// Whether it did what its settings said.
    pub readiness: Readiness,
    /// What the provider knows of its neighbours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<Relation>,
    /// What else holds its settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
}

/// One observed setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenSetting {
    /// Its value; `None` is absent.
    pub live: Option<Value>,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
    /// What it should be; `None` where the state says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
}

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
        /// Its name, in [`Plan::checks`].
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

/// What must come first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// The id of the earlier step.
    pub step: usize,
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
    /// One of several that a name stands for.
    Member(String),
    /// Up before down of one resource.
    UpBeforeDown(Address),
}

/// Something that was looked at and is no step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// The resource, or the wildcard.
    pub at: String,
    /// The setting; `None` for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// Why.
    pub why: SkippedWhy,
}

/// Why something is no step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkippedWhy {
    /// Optional, and not there.
    Missing,
    /// It would need itself through a wildcard, so that need was dropped.
    OwnNeed {
        /// The name that needs.
        name: String,
        /// What it needs.
        needed: String,
    },
    /// A check between steps, of which none is there.
    GatesNothing,
    /// Left out by `--target` or `--exclude`.
    NotTargeted,
    /// At an instance that may be unreachable and is: the edit is owed.
    Owed {
        /// The edits as far as they are known.
        wants: Goal,
        /// Why it cannot be reached.
        why: String,
    },
    /// A rollback leaves it alone: somebody changed it since.
    ChangedSince {
        /// What opsctl had left.
        left: Option<Value>,
        /// What is there now.
        live: Option<Value>,
        /// What it was before.
        before: Option<Value>,
        /// Who, as far as the API tells.
        by: Option<String>,
    },
    /// Held back: it needs what was left alone.
    HeldBack(String),
}

/// What else holds a setting that the plan changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerNote {
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// Who, and what it does.
    pub owner: Owner,
    /// What is to become of the setting; `None` is absent.
    pub to: Option<Value>,
    /// Whether it will undo the change: refused unless that is allowed.
    pub fights: bool,
    /// The step that moves its bounds first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_by: Option<usize>,
}

/// One resource's traffic that is moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrafficMove {
    /// The pool, where it has one.
    pub pool: Option<String>,
    /// The name in the state.
    pub name: String,
    /// The resource.
    pub at: Address,
    /// What moves.
    pub edit: Edit,
}

/// A setting that another state set and this one leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// The name in the states.
    pub name: String,
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// Its value.
    pub live: Option<Value>,
    /// The states that set it.
    pub set_by: Vec<String>,
}

/// Why an apply of a plan is refused. Nothing is changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// What refuses.
    pub by: RefusedBy,
    /// What it is about: an address, a pool.
    pub at: String,
    /// One sentence: what is.
    pub why: String,
    /// What to do instead; empty where there is nothing to say.
    pub instead: String,
}

/// What refuses a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedBy {
    /// `[guard] protect`.
    Protect,
    /// `[guard] max_resources`.
    MaxResources,
    /// A one-way change that was not allowed.
    OneWay,
    /// An owner that would undo the change.
    Owner,
    /// What is needed failed, is missing, or cannot be reached.
    Need,
    /// A pool would be left without traffic.
    Pool,
    /// The API said no.
    Preflight,
}

/// What the API said of a hop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreflightNote {
    /// The step.
    pub step: usize,
    /// The hop of the step.
    pub hop: usize,
    /// Its answer.
    pub answer: Preflight,
}

/// The way back from the predicted outcome.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WayBack {
    /// How many steps it has.
    pub steps: usize,
    /// What cannot be undone.
    pub irreversible: Vec<Address>,
}

impl Plan {
    /// The steps that do something.
    pub fn work(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.iter().enumerate().filter(|(_, step)| !matches!(step.work, Work::Joint { .. }))
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.work().next().is_none()
    }
}

impl Step {
    /// The resource that it changes or waits for.
    pub fn at(&self) -> Option<&Address> {
        match &self.work {
            Work::Change { at, .. } | Work::Wait { at, .. } => Some(at),
            Work::Check { .. } | Work::Joint { .. } => None,
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
            Self::Gate(check) => write!(f, "check {check} stands between"),
            Self::Member(name) => write!(f, "one of {name}"),
            Self::UpBeforeDown(at) => write!(f, "{} grows before it shrinks", at.local()),
        }
    }
}
