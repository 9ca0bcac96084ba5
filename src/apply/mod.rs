//! Obeys a plan: lock, journal, execute, settle. It sends events and gives back the operation's record.

mod event;

pub use event::{Event, What};
