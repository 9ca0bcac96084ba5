use nix::sys::signal::Signal;
use serde_json::json;

use crate::platform::Platform;
use crate::running::Running;

/// An apply that hangs at the origin, on which the edge waits.
fn hanging(platform: &Platform) -> Running {
    platform.stall("origin");
    let mut running = platform.ops.start(&["apply", "busy", "-y"]);
    running.until_settling(platform.at("origin"));
    running
}

#[test]
fn test_one_ctrl_c_lets_end_what_runs_and_starts_nothing_new() {
    let platform = Platform::new();
    let mut running = hanging(&platform);
    running.signal(Signal::SIGINT);
    running.until_event("stopping");
    platform.mend("origin");
    let course = running.ends(7);
    let ended = course.ended();
    assert_eq!(ended[platform.at("origin")], "done", "{course}");
    assert!(!course.written().contains(&platform.at("edge")), "{course}");
    assert_eq!(course.operation()["outcome"], "interrupted");
    platform.is(&[("origin", "replicas", json!(2)), ("edge", "replicas", json!(2))]);

    // It ended in an orderly way: it is recorded, what was not started is owed, and nothing is in the way.
    let record = platform.ops.json(&["show"]);
    assert_eq!(record["operation"]["outcome"], "interrupted");
    platform.ops.ends(10, &["status"]);
    platform.ops.done(&["resume", "-y"]);
    platform.is(&[("edge", "replicas", json!(5))]);
    platform.ops.done(&["status"]);
}

#[test]
fn test_after_one_ctrl_c_the_way_back_is_open() {
    let platform = Platform::new();
    let mut running = hanging(&platform);
    running.signal(Signal::SIGINT);
    running.until_event("stopping");
    platform.mend("origin");
    running.ends(7);
    platform.ops.done(&["rollback", "-y"]);
    platform.is(&[("origin", "replicas", json!(1)), ("settings", "data.mode", json!("normal"))]);
    platform.ops.done(&["plan", "baseline", "--detailed-exitcode"]);
}

#[test]
fn test_two_ctrl_c_end_it_at_once_and_it_is_resumed() {
    let platform = Platform::new();
    let mut running = hanging(&platform);
    running.signal(Signal::SIGINT);
    running.until_event("stopping");
    running.signal(Signal::SIGINT);
    running.ends(7);
    let operation = platform.ops.json(&["show"])["operation"]["id"].clone();
    let status = platform.ops.json(&["status"]);
    assert_eq!((&status["exit"], &status["open"]), (&json!(8), &operation));

    platform.mend("origin");
    let resumed = platform.ops.start(&["resume", "-y"]).ends(0);
    assert_eq!(resumed.operation()["id"], operation);
    platform.is(&[("origin", "replicas", json!(2)), ("edge", "replicas", json!(5))]);
    platform.ops.done(&["status"]);
}
