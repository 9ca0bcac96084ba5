//! How an operation ends: what is measured then, what Ctrl-C cuts short, and what is owed afterwards.

use std::io::BufReader;
use std::time::{Duration, Instant};

use crate::harness::Repository;
use crate::stopped::{hanging, signal, wait_for};

const ORIGIN: &str = "k8s:deployment/data/origin";
const EDGE: &str = "k8s:deployment/cdn/edge";

/// A gate at the edge of `busy` that does not open.
fn gated(also: &str) -> Repository {
    let repository = Repository::small();
    let gate = "[check.gate]\nrun = [\"false\"]\ngates = [\"origin\"]\n";
    let state = format!("extends = \"baseline\"\n[resource.origin]\nreplicas = 2\n{gate}{also}");
    repository.write("states/new.toml", &state);
    repository
}

/// What is called cannot be taken back.
#[test]
fn test_a_called_action_is_no_nothing() {
    let action = "within = \"1s\"\n[action.drain]\nrun = [\"sh\", \"-c\", \"echo called >> called.txt\"]\nbefore = [\"origin\"]\n";
    let repository = gated(action);
    let said = repository.ends(7, &["apply", "new", "-y", "--on-failure", "rollback"]);
    assert!(repository.path("called.txt").exists() && !said.out.contains("Nothing of it was done"), "{said}");
    assert!(said.out.contains("Action drain was called, and is not undone: undo it by hand."), "{said}");
    repository.done(&["status"]);
}

/// What failed before it did anything, and was to be taken back, is not wanted any more.
#[test]
fn test_what_is_as_it_was_before_owes_nothing() {
    let repository = gated("within = \"1s\"\n");
    let said = repository.ends(6, &["apply", "new", "-y", "--on-failure", "rollback"]);
    assert!(said.out.contains("Nothing of it was done"), "{said}");
    repository.done(&["status"]);
    repository.ends(7, &["apply", "new", "-y"]);
    repository.ends(10, &["status"]);
}

#[test]
fn test_what_a_failed_step_does_can_be_said_anew() {
    let repository = Repository::small();
    let (mut child, _lines) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    repository.done(&["sim", "set", ORIGIN, "sim.settle=0s"]);
    repository.done(&["sim", "set", EDGE, "sim.conflict=once"]);
    let said = repository.ends(6, &["resume", "-y", "--on-failure", "rollback", "--parallelism", "1"]);
    assert!(said.out.contains("What was done is being taken back."), "{said}");
    assert_eq!(repository.simulated(ORIGIN, "replicas"), 1);
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.mode"), "normal");
}

/// Nothing comes after a gate when nothing new is started.
#[test]
fn test_ctrl_c_waits_for_no_gate() {
    let repository = gated("within = \"10m\"\n");
    let mut child = repository.start(&["apply", "new", "-y"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    wait_for(&mut lines, "applying");
    let pressed = Instant::now();
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(pressed.elapsed() < Duration::from_secs(60), "{out}");
    assert_eq!(output.status.code(), Some(7));
    assert!(out.contains("new was stopped.") && out.contains("failed 0"), "{out}");
}

/// The second one ends it at once, wherever it is.
#[test]
fn test_ctrl_c_during_the_snapshot_at_the_end() {
    let repository = Repository::small();
    let (child, mut lines) = hanging(&repository);
    signal(&child, "INT");
    wait_for(&mut lines, "Once more ends at once");
    repository.done(&["sim", "set", "aws", "sim.latency=10m"]);
    repository.done(&["sim", "set", ORIGIN, "sim.settle=0s"]);
    wait_for(&mut lines, "ready after");
    // The snapshot begins; before that the second one would end it as well.
    std::thread::sleep(Duration::from_millis(300));
    let pressed = Instant::now();
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert!(pressed.elapsed() < Duration::from_secs(30));
    assert_eq!(output.status.code(), Some(7));
    repository.done(&["sim", "set", "aws", "sim.latency=0s"]);
    repository.ends(8, &["status"]);
    repository.done(&["resume", "-y"]);
    repository.done(&["status"]);
}

/// What holds after a step that failed is what an operator wants to know, at once: nothing comes that would make it true.
#[test]
fn test_what_failed_is_measured_for_all_that() {
    let repository = Repository::small();
    let check = "[check.viewers]\nrun = [\"sh\", \"-c\", \"echo measured >> measured.txt; false\"]\nwithin = \"1h\"\n";
    let state = format!("extends = \"busy\"\non_failure = \"continue\"\n{check}");
    repository.write("states/new.toml", &state);
    repository.done(&["sim", "set", ORIGIN, "sim.fail=no room"]);
    let said = repository.ends(7, &["apply", "new", "-y"]);
    assert!(repository.path("measured.txt").exists(), "{said}");
    assert!(said.out.contains("new failed.") && said.out.contains("viewers does not hold"), "{said}");
}

/// What was done is done, but the operation has no end: the next apply would be told so.
#[test]
fn test_a_snapshot_at_the_end_that_cannot_be_taken_is_no_success() {
    let repository = Repository::small();
    let detach = "read tip < snapshots/.git/refs/heads/main; echo $tip > snapshots/.git/HEAD";
    let action = format!("[action.detach]\nrun = [\"sh\", \"-c\", \"{detach}\"]\nafter = [\"origin\"]\n");
    repository.write("states/new.toml", &format!("extends = \"baseline\"\n[resource.origin]\nreplicas = 2\n{action}"));
    let said = repository.ends(7, &["apply", "new", "-y"]);
    assert!(said.out.contains("new did not end.") && said.out.contains("go on       opsctl resume"), "{said}");
    let said = repository.ends(1, &["status"]);
    assert!(said.err.contains("has no branch checked out") && said.err.contains("switch main"), "{said}");
    repository.write("snapshots/.git/HEAD", "ref: refs/heads/main\n");
    repository.ends(8, &["status"]);
    repository.ends(8, &["apply", "baseline", "-y"]);
    repository.done(&["resume", "-y"]);
    repository.done(&["status"]);
    assert_eq!(repository.simulated(ORIGIN, "replicas"), 2);
}
