//! What an operator declares: from TOML files to one frozen [`State`].

mod goal;
mod model;

pub use goal::{Bound, Goal, NoValue};
pub use model::{After, Declared, Need, OnFailure, Resource, Scope, State, Target, Want};
