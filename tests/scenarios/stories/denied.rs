use serde_json::json;

use crate::platform::Platform;

/// The configmap could be written, and the deployments after it could not.
#[test]
fn test_a_right_that_is_missing_is_found_before_the_first_write() {
    let platform = Platform::new();
    platform.restrict();
    platform.ops.ends(3, &["plan", "busy"]);
    let said = platform.ops.ends(3, &["apply", "busy", "-y"]);
    assert!(said.err.contains(platform.at("edge")) && said.err.contains("denied"), "{said}");
    platform.is(&[("settings", "data.mode", json!("normal")), ("origin", "replicas", json!(1))]);
    assert_eq!(platform.operations(), 0);
    // With what it may write alone it goes.
    platform.ops.done(&["apply", "busy", "-y", "--target", "settings"]);
    platform.is(&[("settings", "data.mode", json!("busy")), ("edge", "replicas", json!(2))]);
}
