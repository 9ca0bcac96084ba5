use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Address, Edit, Owner, Preflight, Value, format_duration};
use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::state::Goal;

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
    /// Not there, and nothing is asked of it.
    MissingUnasked,
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
    /// To be restored, and opsctl never set it: left as it is.
    NeverSet,
    /// To be restored, and not as opsctl left it: left as it is.
    NotAsLeft {
        /// What opsctl had left.
        left: Option<Value>,
        /// What is there now.
        live: Option<Value>,
        /// Who changed it since, as far as the API tells.
        by: Option<String>,
    },
    /// Held back: it needs what was left alone.
    HeldBack(String),
    /// An action for which there is nothing to do: what was seen.
    NothingToDo(String),
    /// An action that a rollback cannot take back.
    NotUndone,
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

/// A resource that a change restarts while it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// The resource.
    pub at: Address,
    /// The setting that is changed.
    pub setting: String,
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

/// A setting that the plan changes and that has no way back: a state that extends nothing would leave it as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hole {
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// The states that extend nothing and do not set it.
    pub left_by: Vec<String>,
}

/// Something that failed and that is needed by what shrinks: no reason to refuse that, and to be known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedNeed {
    /// What failed.
    pub at: Address,
    /// Why.
    pub why: String,
    /// The names of what shrinks and needs it.
    pub needed_by: Vec<String>,
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
    /// It takes more calls than the API allows in a time.
    Quota,
    /// The API said no.
    Preflight,
    /// An instance that is to be changed does not say what it is.
    Identity,
}

/// What a change, with its way back, uses of what the API allows in a time. What others have used of it is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaNote {
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// The API takes so many calls,
    pub times: u32,
    /// in so long.
    pub per: Duration,
    /// How many opsctl made in that time already.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub made: usize,
    /// When there is room again for all that the change takes, where there is none now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<Timestamp>,
    /// How many the change takes.
    pub there: usize,
    /// How many its way back takes.
    pub back: usize,
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
    /// What cannot be undone: by resource, the settings.
    pub irreversible: BTreeMap<Address, Vec<String>>,
    /// The actions that are not undone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// What would not go back for that, since it needs it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_back: Vec<Address>,
    /// How long it should take, from earlier operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
}

impl QuotaNote {
    /// What the API takes: `10 in 24h, of which 4 are made`.
    pub fn limit(&self) -> String {
        let made = match self.made {
            0 => String::new(),
            1 => ", of which 1 is made".to_owned(),
            made => format!(", of which {made} are made"),
        };
        format!("{} in {}{made}", self.times, format_duration(self.per))
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}
