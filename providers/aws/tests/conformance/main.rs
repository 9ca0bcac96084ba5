//! The conformance suite on moto, behind the proxy that answers as AWS does: `tests/rig/rig run --only moto cargo test -p
//! opsctl-aws --features rig`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on ends")]

mod account;
mod aliases;
mod databases;
mod groups;
mod harness;
mod records;
mod services;
mod streams;
mod targets;

use std::process::{Command, ExitCode};

/// What the SDK looks for credentials in, and for nothing else: what this machine has is no business of a test.
const CREDENTIALS: &str = "AWS_SHARED_CREDENTIALS_FILE";

fn main() -> ExitCode {
    if std::env::var_os(CREDENTIALS).is_none_or(|path| !path.to_string_lossy().ends_with("tests/credentials")) {
        return again();
    }
    opsctl_api::testkit::run(harness::Moto::new())
}

/// The same with an environment of its own, which a process cannot safely change.
fn again() -> ExitCode {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(std::env::args_os().skip(1));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env(CREDENTIALS, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/credentials"));
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_EC2_METADATA_DISABLED", "true");
    let ended = command.status().unwrap();
    ExitCode::from(u8::try_from(ended.code().unwrap_or(1)).unwrap_or(1))
}
