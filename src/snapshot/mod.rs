//! The live values of every setting that any state sets, committed to git; and the record of each operation.

mod durable;
mod entry;
mod error;
mod files;
mod folder;
mod literal;
mod model;
mod operation;
mod read;
mod store;
mod toml;
mod toml_check;
mod unwind;

#[cfg(test)]
mod git_test;
#[cfg(test)]
mod sample;

pub use self::toml::to_toml;
pub use entry::{CommitId, Entry, Which};
pub use error::StoreError;
pub use model::Snapshot;
pub use operation::{EditRecord, Operation, OperationKind, Outcome, Status, StepRecord};
pub use read::Stored;
pub use store::Store;
pub use unwind::{Setting3, Unwound, last_to_roll_back, unwind};
