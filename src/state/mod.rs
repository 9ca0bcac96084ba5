//! What an operator declares: from TOML files to one frozen [`State`].
//!
//! A file becomes a `Layer` (its keys known), a chain of layers becomes a [`State`] (merged, rendered, validated). All
//! mistakes of all files are reported in one run.

mod actions;
mod assemble;
mod chain;
mod checks;
mod compose;
mod digest;
mod goal;
mod holes;
mod laid;
mod layer;
mod literal;
mod load;
mod loops;
mod merge;
mod model;
mod names;
mod part;
mod pools;
mod scope;
mod secret_places;
mod template;
mod times;
mod together;
mod value;
mod wildcards;
mod written;

pub use compose::{Conflict, compose};
pub(crate) use digest::by_amount;
pub use goal::{Bound, Goal, NoValue};
pub use layer::{NAME, named as is_name};
pub use literal::{Strangers, load_literal};
pub use load::{Loaded, load};
pub use model::{After, Declared, Need, OnFailure, Overlaid, Resource, RestartsWith, Scope, State, Target, Want};
pub use together::NotFound;
