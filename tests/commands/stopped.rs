use std::io::{BufRead, BufReader};
use std::process::{Child, Command};

use crate::harness::{Repository, Said};

/// Starts an apply of which one step never settles by itself, and waits until that one is under way.
fn hanging(repository: &Repository) -> (Child, BufReader<std::process::ChildStderr>) {
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=1h"]);
    let mut child = repository.start(&["apply", "busy", "-y"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    // Both of the first wave have gone out by then.
    wait_for(&mut lines, "✓");
    (child, lines)
}

fn wait_for(lines: &mut impl BufRead, text: &str) -> String {
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        if line.contains(text) {
            return line;
        }
        line.clear();
    }
    panic!("it ended without `{text}`");
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn test_the_second_ctrl_c_ends_at_once_and_it_stays_recorded() {
    let repository = Repository::small();
    let (mut child, mut lines) = hanging(&repository);
    signal(&child, "INT");
    wait_for(&mut lines, "Once more ends at once");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(7));
    let said = repository.opsctl(&["apply", "busy", "-y"]);
    insta::assert_snapshot!(said, @"
    --- stderr
    An operation did not end: ID (busy), begun AGO by ana on host a17, last record AGO.
      done 1   sent, not yet seen to be true 1   not started 1
      sent     k8s deployment/data/origin replicas 1 → 2
    Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
    --- exit 8
    ");
}

#[test]
fn test_killed_told_and_resumed() {
    let repository = Repository::small();
    let (mut child, _) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    busy was begun AGO by ana (ID). What it left cannot be compared.
    An operation did not end: ID (busy), begun AGO by ana on host a17, last record AGO.
      done 1   sent, not yet seen to be true 1   not started 1
      sent     k8s deployment/data/origin replicas 1 → 2: it took effect
    Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
    An operation is open, nothing is owed, nobody holds the lock.
    --- exit 8
    ");
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    let said = repository.opsctl(&["resume"]);
    assert_eq!(said.exit, Some(0), "{said}");
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 5);
    repository.done(&["status"]);
}

#[test]
fn test_killed_and_rolled_back() {
    let repository = Repository::small();
    let (mut child, _) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/data/origin", "replicas"), 1);
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.mode"), "normal");
}

#[test]
fn test_killed_and_abandoned() {
    let repository = Repository::small();
    let (mut child, _) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    let said = repository.opsctl(&["resume", "--abandon", "the node is gone"]);
    assert_eq!(said.exit, Some(0), "{said}");
    let log = repository.done(&["log"]);
    assert!(log.out.contains("abandoned"), "{log}");
}

#[test]
fn test_somebody_else_is_applying() {
    let repository = Repository::small();
    let (mut child, _) = hanging(&repository);
    let said = repository.opsctl(&["apply", "drained", "--confirm", "drained"]);
    assert_eq!(said.exit, Some(5), "{said}");
    assert!(said.err.contains("ana on a17"), "{said}");
    signal(&child, "KILL");
    child.wait().unwrap();
}

#[test]
fn test_nothing_to_resume() {
    let repository = Repository::small();
    let said: Said = repository.done(&["resume"]);
    insta::assert_snapshot!(said, @"No operation is open and nothing is owed.");
    insta::assert_snapshot!(repository.opsctl(&["resume", "--abandon", "x"]), @"
    --- stderr
    error: no operation is open
    Nothing was changed.
    --- exit 1
    ");
}
