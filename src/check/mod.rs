//! Something measured against an expectation: before, between or after.

mod dns;
mod http;
mod measure;
mod model;
mod patience;
mod run;
mod setting;
mod tcp;
mod tls;

#[cfg(test)]
mod dns_test;
#[cfg(test)]
mod tls_test;
#[cfg(test)]
mod wait_test;

pub use dns::{Dns, Record, Records};
pub(crate) use http::{http_client, why_no_answer};
pub use measure::{await_check, measure};
pub use model::{Check, Expectation, Gate, Probe, Verdict};
pub(crate) use run::{Ran, run_program};
pub use tls::Tls;
