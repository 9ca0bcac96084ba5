use serde_json::json;

use crate::platform::Platform;

/// The east is lost: what is to be done there is owed, and done when it is back.
#[test]
fn test_what_cannot_be_reached_is_owed() {
    let platform = Platform::new();
    platform.cut_off();
    platform.ops.ends(10, &["apply", "west", "-y"]);
    platform.is(&[("edge-west", "replicas", json!(4)), ("dns-east", "weight", json!(0))]);
    platform.ops.ends(10, &["status"]);
    platform.reconnect();
    platform.is(&[("edge", "replicas", json!(2))]);
    let resumed = platform.ops.start(&["resume", "-y"]).ends(0);
    resumed.one_by_one(&platform.all(["edge", "origin"]));
    platform.is(&[("edge", "replicas", json!(0)), ("origin", "replicas", json!(0))]);
    platform.ops.done(&["status"]);
}

/// Whoever decides anew when it is back has the last word.
#[test]
fn test_what_is_owed_is_void_when_another_state_is_applied() {
    let platform = Platform::new();
    platform.cut_off();
    platform.ops.ends(10, &["apply", "west", "-y"]);
    platform.reconnect();
    platform.ops.done(&["apply", "baseline", "-y"]);
    platform.ops.done(&["status"]);
    platform.ops.done(&["resume", "-y"]);
    platform.is(&[("edge", "replicas", json!(2)), ("origin", "replicas", json!(1))]);
}

/// Nobody said that it may be.
#[test]
fn test_what_must_be_reached_is_not_done_in_part() {
    let platform = Platform::new();
    platform.cut_off();
    let said = platform.ops.opsctl(&["apply", "busy", "-y"]);
    assert_eq!(said.exit, Some(1), "{said}");
    platform.reconnect();
    platform.is(&[("settings", "data.mode", json!("normal"))]);
    assert_eq!(platform.operations(), 0);
}
