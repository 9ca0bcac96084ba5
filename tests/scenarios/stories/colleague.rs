use serde_json::json;

use crate::platform::Platform;

#[test]
fn test_a_colleagues_edit_is_spared_by_a_rollback() {
    let platform = Platform::new();
    platform.ops.done(&["apply", "busy", "-y"]);
    platform.edit("edge", "replicas", 7);
    platform.edit("settings", "data.colour", "green");
    let said = platform.ops.ends(10, &["rollback", "-y"]);
    assert!(said.out.contains("Left alone"), "{said}");
    platform.is(&[("edge", "replicas", json!(7)), ("settings", "data.colour", json!("green"))]);
    // What the spared edge needs is held back with it: it serves with that.
    platform.is(&[("origin", "replicas", json!(2)), ("settings", "data.mode", json!("busy"))]);
}

#[test]
fn test_a_colleagues_edit_is_taken_back_by_force() {
    let platform = Platform::new();
    platform.ops.done(&["apply", "busy", "-y"]);
    platform.edit("edge", "replicas", 7);
    platform.ops.done(&["rollback", "-y", "--force", platform.at("edge")]);
    platform.is(&[("edge", "replicas", json!(2)), ("origin", "replicas", json!(1))]);
}

/// Who has put it back by hand has done what the rollback would.
#[test]
fn test_what_a_colleague_has_put_back_is_not_written_again() {
    let platform = Platform::new();
    platform.ops.done(&["apply", "busy", "-y"]);
    platform.edit("settings", "data.mode", "normal");
    let back = platform.ops.start(&["rollback", "-y"]).ends(0);
    back.in_order();
    assert!(!back.written().contains(&platform.at("settings")), "{back}");
    platform.is(&[("edge", "replicas", json!(2)), ("settings", "data.mode", json!("normal"))]);
}
