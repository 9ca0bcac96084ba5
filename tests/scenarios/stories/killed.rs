use serde_json::json;

use crate::platform::Platform;

/// An apply that was killed while the origin came up, on which the edge waits.
fn killed() -> Platform {
    let platform = Platform::new();
    platform.stall("origin");
    let mut running = platform.ops.start(&["apply", "busy", "-y"]);
    running.until_settling(platform.at("origin"));
    running.kill();
    platform
}

#[test]
fn test_it_is_resumed_under_its_own_name() {
    let platform = killed();
    let operation = platform.ops.json(&["show"])["operation"]["id"].clone();
    platform.ops.ends(8, &["status"]);
    platform.mend("origin");
    let resumed = platform.ops.start(&["resume", "-y"]).ends(0);
    assert_eq!(resumed.operation()["id"], operation);
    // What was written before is only waited for.
    assert!(!resumed.written().contains(&platform.at("origin")), "{resumed}");
    platform.is(&[("origin", "replicas", json!(2)), ("edge", "replicas", json!(5))]);
    platform.ops.done(&["status"]);
    assert_eq!(platform.operations(), 1);

    platform.ops.done(&["rollback", "-y"]);
    platform.ops.done(&["plan", "baseline", "--detailed-exitcode"]);
}

#[test]
fn test_it_is_in_the_way_until_it_is_abandoned() {
    let platform = killed();
    let said = platform.ops.ends(8, &["apply", "west", "-y"]);
    assert!(said.err.contains("opsctl resume"), "{said}");
    platform.is(&[("edge-west", "replicas", json!(0))]);
    platform.ops.done(&["resume", "--abandon", "the machine is gone"]);
    assert_eq!(platform.ops.json(&["show"])["operation"]["outcome"], "abandoned");
    platform.mend("origin");
    platform.ops.done(&["apply", "baseline", "-y"]);
    platform.is(&[("origin", "replicas", json!(1)), ("settings", "data.mode", json!("normal"))]);
}

#[test]
fn test_it_is_rolled_back() {
    let platform = killed();
    platform.mend("origin");
    platform.ops.done(&["rollback", "-y"]);
    platform.is(&[("origin", "replicas", json!(1)), ("settings", "data.mode", json!("normal"))]);
    platform.ops.done(&["status"]);
}

/// Whether that write was done, nobody knows who comes after.
#[test]
fn test_a_rollback_is_gone_on_with_that_was_killed_right_after_it_sent_something() {
    for command in ["resume", "rollback"] {
        let platform = Platform::new();
        platform.ops.done(&["apply", "busy", "-y"]);
        let mut running = platform.ops.start(&["rollback", "-y"]);
        running.until_sent(platform.at("origin"));
        running.kill();
        platform.ops.ends(8, &["status"]);
        platform.ops.done(&[command, "-y"]);
        platform.is(&[
            ("settings", "data.mode", json!("normal")),
            ("origin", "replicas", json!(1)),
            ("edge", "replicas", json!(2)),
        ]);
        platform.ops.done(&["status"]);
        platform.ops.done(&["plan", "baseline", "--detailed-exitcode"]);
    }
}
