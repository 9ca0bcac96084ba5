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

pub(crate) use http::{http_client, why_no_answer};
pub use measure::{await_check, measure};
pub use model::{Check, Expectation, Gate, Probe, Verdict};
pub(crate) use run::{Ran, run_program};
