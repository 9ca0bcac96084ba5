use serde_json::json;

use super::repository;

const BROKERS: &str = r#"
[resource.read-only]
at = "lab:switch/read-only"
on = false
[resource.reports]
at = "lab:switch/reports-db"
on = true
"#;

const BASELINE: &str = r#"
[resource.reports]
at = "lab:switch/reports-db"
on = true
"#;

const READ_ONLY: &str = r#"
over = "baseline"
[resource.read-only]
at = "lab:switch/read-only"
on = true
"#;

const ENDS: &str = r#"
[resource.read-only]
at = "lab:switch/read-only"
on = { restore = true }
"#;

#[test]
fn test_a_mode_that_nothing_unsets_is_named_and_one_that_ends_is_unset() {
    let ops = repository(BROKERS, &[("baseline", BASELINE), ("read-only", READ_ONLY)]);
    let said = ops.done(&["plan", "read-only"]);
    assert!(said.err.contains("read-only sets on of read-only, and baseline does not: it has no way back"), "{said}");

    ops.write("states/baseline.toml", &(BASELINE.to_owned() + ENDS));
    ops.write("states/read-only.toml", &READ_ONLY.replace("at = \"lab:switch/read-only\"\n", ""));
    let said = ops.done(&["apply", "read-only", "-y"]);
    assert!(!said.err.contains("no way back"), "{said}");
    assert_eq!(ops.simulated("lab:switch/read-only", "on"), json!(true));
    ops.done(&["apply", "baseline", "-y"]);
    assert_eq!(ops.simulated("lab:switch/read-only", "on"), json!(false));
}

const STOPPED: &str = r#"
extends = "baseline"
[resource.reports]
on = false
"#;

/// Whoever starts it again after a week does so against a state, and that shows.
#[test]
fn test_what_was_stopped_and_runs_again_is_seen() {
    let ops = repository(BROKERS, &[("baseline", BASELINE), ("night", STOPPED)]);
    ops.done(&["apply", "night", "-y"]);
    ops.done(&["sim", "set", "lab:switch/reports-db", "on=true", "--by", "AWS"]);
    let said = ops.opsctl(&["status"]);
    assert!(said.out.contains("switch/reports-db  on  false, now true   by AWS"), "{said}");
    ops.ends(2, &["plan", "night", "--detailed-exitcode"]);
}

/// A service that is known to start it again is named before it is stopped.
#[test]
fn test_what_somebody_starts_again_is_named_before_it_is_stopped() {
    let week = "sim = { owners = [{ name = \"AWS\", settings = [\"on\"], reverts = true, soon = \"168h\" }] }\n";
    let ops = repository(&(BROKERS.to_owned() + week), &[("baseline", BASELINE), ("night", STOPPED)]);
    let said = ops.ends(3, &["plan", "night"]);
    assert!(said.out.contains("AWS holds on of lab:switch/reports-db and puts it back (within 168h)"), "{said}");
}

const ALL: &str = r#"
[resource.media]
at = "east:deployment/media/*"
replicas = { at_least = 1 }
[check.alarms]
run = ["cat", "alarms"]
output = "3 alarms, all OK"
within = "100ms"
[check.live]
http = "http://127.0.0.1:9/health"
within = "100ms"
"#;

#[test]
fn test_nothing_found_is_not_healthy() {
    let world = "[resource.edge]\nat = \"east:deployment/cdn/edge\"\nreplicas = 2\n";
    let ops = repository(world, &[("all", ALL)]);
    let said = ops.ends(1, &["plan", "all"]);
    assert!(said.err.contains("east:deployment/media/*: it finds nothing"), "{said}");
    // A list that comes back empty, and a server that does not answer at all.
    ops.write("alarms", "");
    let said = ops.ends(9, &["check", "all"]);
    assert!(said.out.contains("2 of 2 checks of all do not hold"), "{said}");
}
