//! Something that is done and is not a value: compact, drain, restart. It is called once, and never again unasked.

mod call;
mod model;

pub use call::{Called, call};
pub use model::{Action, Beside, Call, Member, When};
