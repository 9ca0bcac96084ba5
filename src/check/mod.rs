//! Something measured against an expectation: before, between or after.

mod model;

pub use model::{Check, Expectation, Gate, Probe, Verdict};
