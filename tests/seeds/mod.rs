//! What runbooks did by hand, as states: the mistakes that they made possible, and their procedures.

mod analytics;
mod brokers;
mod copy;
mod live;
mod mistakes;
mod order;
mod procedure;
mod streaming;

use copy::copy;

use crate::harness::Repository;

/// From now on this resource must be ready within a third of a second.
#[track_caller]
fn hurry(repository: &Repository, at: &str) {
    let path = "states/baseline.toml";
    let baseline = std::fs::read_to_string(repository.path(path)).unwrap();
    let at = format!("at = \"{at}\"\n");
    assert!(baseline.contains(&at), "{path} has no {at}");
    repository.write(path, &baseline.replace(&at, &format!("{at}timeout = \"300ms\"\n")));
}

/// What such a command of a script does: the same `opsctl` plays somebody else.
fn by_hand(what: &str) -> String {
    format!("{} sim set {what} --by operator", env!("CARGO_BIN_EXE_opsctl"))
}

/// Requires that there is nothing more to do for a state.
#[track_caller]
fn is_there(repository: &Repository, state: &str) {
    let said = repository.done(&["plan", state, "--detailed-exitcode"]);
    assert!(said.out.contains("nothing to change"), "{said}");
}

/// The lines of a file, which scripts write; none where there is no such file.
fn lines(repository: &Repository, path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository.path(path)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
