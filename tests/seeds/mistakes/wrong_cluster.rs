//! Somebody switches the context, and what is typed next goes to the wrong cluster.

use serde_json::json;

use super::repository;
use crate::harness::{Repository, Said};

const EAST: &str = "east:deployment/cdn/edge";
const WEST: &str = "west:deployment/cdn/edge";

const WORLD: &str = r#"
[resource.edge]
at = "east:deployment/cdn/edge"
replicas = 2
[resource.edge-west]
at = "west:deployment/cdn/edge"
replicas = 2
"#;

/// The cluster is a part of the address.
const BUSY: &str = "[resource.edge-west]\nat = \"west:deployment/cdn/edge\"\nreplicas = 10\n";

#[test]
fn test_only_the_cluster_that_is_named_is_changed() {
    let ops = repository(WORLD, &[("busy", BUSY)]);
    ops.done(&["apply", "busy", "-y"]);
    assert_eq!(ops.simulated(WEST, "replicas"), json!(10));
    assert_eq!(ops.simulated(EAST, "replicas"), json!(2));
}

/// From now on the name `west` leads to another cluster.
fn switched(ops: &Repository) {
    ops.done(&["sim", "set", "west", "sim.identity=another"]);
}

#[track_caller]
fn is_refused(ops: &Repository, arguments: &[&str]) -> Said {
    let before = ops.json(&["sim", "show"]);
    let said = ops.ends(3, arguments);
    assert!(said.err.contains("`west` is") && said.err.contains("another"), "{said}");
    assert_eq!(ops.json(&["sim", "show"]), before);
    said
}

#[test]
fn test_a_plan_is_not_applied_to_another_cluster() {
    let ops = repository(WORLD, &[("busy", BUSY)]);
    ops.done(&["plan", "busy", "--out", "busy.json"]);
    switched(&ops);
    is_refused(&ops, &["apply", "busy.json", "-y"]);
    assert_eq!(ops.json(&["log"])["operations"], json!([]));
    ops.done(&["sim", "set", "west", "sim.identity"]);
    ops.done(&["apply", "busy.json", "-y"]);
    assert_eq!(ops.simulated(WEST, "replicas"), json!(10));
}

#[test]
fn test_an_operation_is_not_resumed_on_another_cluster() {
    let ops = repository(WORLD, &[("busy", BUSY)]);
    ops.done(&["sim", "set", WEST, "sim.settle=1h"]);
    let mut running = ops.start(&["apply", "busy", "-y"]);
    running.until_settling(WEST);
    running.kill();
    switched(&ops);
    is_refused(&ops, &["resume", "-y"]);
    // Nor is what is read there taken for what was written.
    let said = ops.ends(8, &["status"]);
    assert!(said.out.contains("cannot be told: `west` is simulated west (another)"), "{said}");
    ops.done(&["sim", "set", "west", "sim.identity"]);
    ops.done(&["sim", "set", WEST, "sim.settle=0s"]);
    ops.done(&["resume", "-y"]);
    ops.done(&["status"]);
}

#[test]
fn test_nothing_is_taken_back_on_another_cluster() {
    let ops = repository(WORLD, &[("busy", BUSY)]);
    ops.done(&["apply", "busy", "-y"]);
    switched(&ops);
    is_refused(&ops, &["rollback", "-y"]);
    ops.done(&["sim", "set", "west", "sim.identity"]);
    ops.done(&["rollback", "-y"]);
    assert_eq!(ops.simulated(WEST, "replicas"), json!(2));
}

#[test]
fn test_what_was_left_is_not_compared_with_another_cluster() {
    let ops = repository(WORLD, &[("busy", BUSY)]);
    ops.done(&["apply", "busy", "-y"]);
    switched(&ops);
    ops.done(&["sim", "set", WEST, "replicas=3"]);
    let said = ops.ends(1, &["status"]);
    assert!(said.out.contains("west could not be read: `west` is simulated west (another)"), "{said}");
    assert!(!said.out.contains("now 3"), "{said}");
}

/// Whoever applies a state there on purpose is shown where that is.
#[test]
fn test_the_page_names_the_cluster() {
    let ops = repository(WORLD, &[("busy", BUSY)]);
    switched(&ops);
    let said = ops.done(&["plan", "busy"]);
    assert!(said.out.lines().any(|line| line.starts_with("  west ") && line.contains("another")), "{said}");
}
