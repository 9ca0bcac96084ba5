//! What the SDK looks for credentials in, and nothing else: what this machine has is no business of a test.

use std::process::{Command, ExitCode};

const CREDENTIALS: &str = "AWS_SHARED_CREDENTIALS_FILE";

/// Runs what tests in an environment of its own, which a process cannot safely change: the process is started again in it.
pub(crate) fn alone(run: impl FnOnce() -> ExitCode) -> ExitCode {
    let ours = std::env::var_os(CREDENTIALS).is_some_and(|path| path.to_string_lossy().ends_with("tests/credentials"));
    if ours { run() } else { again() }
}

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
