//! What would change, in which order and why: from a [`State`](crate::state::State) and what is live to a [`Plan`].

mod model;

pub use model::{
    Edge, FORMAT, InstanceSeen, Intent, Leave, OwnerNote, Plan, Position, PreflightNote, Reason, Refusal, RefusedBy,
    Rule, Seen, SeenSetting, Skipped, SkippedWhy, Step, TrafficMove, WayBack, Work,
};
