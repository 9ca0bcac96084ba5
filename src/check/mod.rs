//! Something measured against an expectation: before, between or after.

mod dns;
mod exposition;
mod file;
mod http;
mod measure;
mod metric;
mod model;
mod patience;
mod promql;
mod run;
mod sample;
mod setting;
mod shown;
mod tcp;
mod tls;

#[cfg(test)]
mod dns_test;
#[cfg(test)]
mod tls_test;
#[cfg(test)]
mod wait_test;

pub use dns::{Dns, Record, Records};
pub use file::File;
pub(crate) use http::{http_client, why_no_answer};
pub use measure::{await_check, measure};
pub use metric::Metric;
pub use model::{Check, Expectation, Gate, Probe, Verdict};
pub use promql::Promql;
pub use run::Run;
pub(crate) use run::{Ran, run_program};
pub use tls::Tls;
