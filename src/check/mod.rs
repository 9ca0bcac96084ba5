//! Something measured against an expectation: before, between or after.

mod http;
mod measure;
mod model;
mod patience;
mod run;
mod setting;
mod tcp;

#[cfg(test)]
mod wait_test;

pub use measure::{await_check, measure};
pub use model::{Check, Expectation, Gate, Probe, Verdict};
