//! Something measured against an expectation: before, between or after.

mod dns;
mod exposition;
mod features;
mod file;
mod http;
mod measure;
mod metric;
mod model;
mod patience;
mod promql;
mod run;
mod sample;
mod sent;
mod setting;
mod tcp;
mod tls;

#[cfg(test)]
#[cfg(feature = "dns")]
mod dns_test;
#[cfg(test)]
#[cfg(feature = "tls")]
mod tls_test;
#[cfg(test)]
mod wait_test;

pub use dns::{Dns, Record, Records};
pub(crate) use features::{unmeasurable, unsendable};
pub use file::File;
pub use measure::{await_check, measure, revealed};
pub use metric::Metric;
pub use model::{Check, Expectation, Gate, Probe, Verdict};
pub use promql::Promql;
pub use run::Run;
pub(crate) use run::{Ran, run_program};
pub use sent::{Along, Sent};
pub(crate) use sent::{Untold, command_line, has_secret, request_line};
pub(crate) use tcp::clause;
pub use tls::Tls;

/// What is said in the place of a measurement that this build cannot make.
pub(crate) fn left_out(feature: &str) -> String {
    format!("this opsctl was built without `{feature}`: cargo build --features {feature}")
}
