use serde::{Deserialize, Serialize};

use crate::{Address, Direction, Kind, Value};

/// One setting's way from one value to another; `None` is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The key as in a state: `replicas`, `data.KEY`.
    pub setting: String,
    /// What live has.
    pub from: Option<Value>,
    /// What it shall have.
    pub to: Option<Value>,
}

/// The edits of one resource that are made at one position of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The resource.
    pub at: Address,
    /// Sorted by setting; never empty.
    pub edits: Vec<Edit>,
}

/// One atomic call on the way of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hop {
    /// The resource.
    pub at: Address,
    /// What the call sets.
    pub edits: Vec<Edit>,
    /// What the API moves along with it, predicted: a raised minimum that raises the desired count.
    /// Shown in the plan; a later edit's `from` expects it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupled: Vec<Edit>,
}

impl Edit {
    /// Where the edit leads, by the effect of its setting; `Level` for a setting that the kind does not have.
    pub fn direction(&self, kind: &Kind) -> Direction {
        kind.setting(&self.setting)
            .map_or(Direction::Level, |setting| setting.effect.direction(self.from.as_ref(), self.to.as_ref()))
    }
}

impl Change {
    /// The whole change as one call: what most kinds answer.
    pub fn in_one_hop(&self) -> Vec<Hop> {
        vec![Hop { at: self.at.clone(), edits: self.edits.clone(), coupled: Vec::new() }]
    }
}
