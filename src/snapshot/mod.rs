//! The live values of every setting that any state sets, committed to git; and the record of each operation.

mod model;
mod operation;

pub use model::Snapshot;
pub use operation::{EditRecord, Operation, OperationKind, Outcome, Status, StepRecord};
