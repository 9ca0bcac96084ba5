//! What would change, in which order and why: from a [`State`](crate::state::State) and what is live to a [`Plan`].

mod actions;
#[cfg(test)]
mod actions_test;
mod asked;
mod built;
mod decided;
mod diff;
mod digest;
mod estimate;
#[cfg(test)]
mod estimate_test;
mod expand;
#[cfg(test)]
mod expand_test;
mod file;
mod guard;
#[cfg(test)]
mod guard_test;
mod hold_back;
mod interrupt;
mod level;
#[cfg(test)]
mod level_test;
mod make;
#[cfg(test)]
mod make_test;
mod model;
mod notes;
mod observe;
mod order;
#[cfg(test)]
mod overlay_test;
mod part;
mod preflight;
#[cfg(test)]
mod preflight_test;
mod problem;
mod quota;
mod reliance;
mod request;
mod rest;
mod restarts;
mod restore;
#[cfg(test)]
mod restore_test;
mod said;
mod select;
#[cfg(test)]
mod select_test;
mod spare;
#[cfg(test)]
mod spare_test;
mod step;
mod steps;
mod undercut;

// What a plan takes over of a state as it stands there: who obeys a plan knows no state.
pub use crate::state::{Goal, OnFailure};
pub use built::unbuilt;
pub use estimate::{Estimate, Times, estimate};
pub use file::{FileError, Unread, parse, read, write};
pub use guard::limits;
pub use interrupt::{Interrupt, interrupts};
pub use make::make;
pub use notes::{fights, would_undo};
pub use observe::{Members, Observation, observe};
pub use order::unserved::serves_nothing;
pub use part::Part;
pub use preflight::{preflight, refused};
pub use problem::{PlanError, Problem};
pub use reliance::relying;
pub use request::{Made, Request};
pub use rest::Rest;
pub use restore::{Left, Past, Setting3};

pub use model::{FORMAT, InstanceSeen, Intent, Plan, Seen, SeenSetting};
pub use said::{
    FailedNeed, Hole, Leave, OwnerNote, PreflightNote, QuotaNote, Refusal, RefusedBy, Restart, Skipped, SkippedWhy,
    TrafficMove, WayBack,
};
pub use step::{Edge, Position, Reason, Rule, Step, Work};
pub use steps::passing;
pub use undercut::Undercut;
