//! The conformance suite on moto, behind the proxy that answers as AWS does: `tests/rig/rig run --only moto cargo test -p
//! opsctl-aws --features rig`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on ends")]

mod account;
mod alarms;
mod aliases;
mod buckets;
mod databases;
mod environment;
mod groups;
mod harness;
mod instances;
mod metrics;
mod objects;
mod prefixes;
mod records;
mod secrets;
mod services;
mod streams;
mod target_groups;
mod targets;

use std::process::ExitCode;

fn main() -> ExitCode {
    environment::alone(|| opsctl_api::testkit::run(harness::Moto::new()))
}
