//! The live values of every setting that any state sets, committed to git; and the record of each operation.

mod blame;
mod durable;
mod entry;
mod error;
mod files;
mod folder;
mod history;
pub(crate) mod literal;
mod made;
mod model;
mod operation;
mod past;
mod read;
mod stands;
mod store;
mod times;
mod to_roll_back;
mod toml;
mod toml_check;
mod unseen;
mod unwind;
mod values;

#[cfg(test)]
mod git_test;
#[cfg(test)]
mod round_trip_test;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod speed_test;
#[cfg(test)]
mod unwind_test;

pub use self::toml::to_toml;
pub use blame::{Turn, Turner};
pub use entry::{CommitId, Entry, Which};
pub use error::StoreError;
pub use history::{Operations, Recorded};
pub use model::Snapshot;
pub use operation::{EditRecord, Operation, OperationKind, Outcome, Status, StepRecord};
pub use read::Stored;
pub use stands::Stands;
pub use store::Store;
pub use times::times;
pub use to_roll_back::last_to_roll_back;
pub use unseen::unseen;
pub use unwind::{Unwound, unwind};
pub use values::{Difference, Values, diff};
