//! What runbooks did by hand, as states: the mistakes that they made possible, and their procedures.

mod brokers;
mod mistakes;
mod order;
mod streaming;

use std::path::Path;

use crate::harness::Repository;

/// A copy of an operations repository that lies beside this file, with another text in place of one.
fn copy(name: &str, this: &str, with: &str) -> Repository {
    let repository = Repository::of(&[]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds").join(name);
    for part in ["", "states"] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let to = path.strip_prefix(&folder).unwrap().to_str().unwrap();
                repository.write(to, &std::fs::read_to_string(&path).unwrap().replace(this, with));
            }
        }
    }
    repository
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
