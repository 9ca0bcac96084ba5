use serde_json::json;

use crate::platform::Platform;

#[test]
fn test_a_plan_that_live_has_left_behind_is_refused() {
    let platform = Platform::new();
    platform.ops.done(&["plan", "busy", "--out", "plan.json"]);
    platform.edit("edge", "replicas", 3);
    let said = platform.ops.ends(4, &["apply", "plan.json", "-y"]);
    assert!(said.err.contains(platform.local("edge")), "{said}");
    platform.is(&[("origin", "replicas", json!(1)), ("edge", "replicas", json!(3))]);
    assert_eq!(platform.operations(), 0);

    platform.ops.done(&["plan", "busy", "--out", "plan.json"]);
    platform.ops.done(&["apply", "plan.json", "-y"]);
    platform.is(&[("edge", "replicas", json!(5)), ("settings", "data.mode", json!("busy"))]);
}

/// What the plan does not turn may move meanwhile.
#[test]
fn test_another_setting_does_not_make_a_plan_stale() {
    let platform = Platform::new();
    platform.ops.done(&["plan", "busy", "--out", "plan.json"]);
    platform.edit("settings", "data.colour", "green");
    platform.ops.done(&["apply", "plan.json", "-y"]);
    platform.is(&[("settings", "data.colour", json!("green")), ("settings", "data.mode", json!("busy"))]);
}
