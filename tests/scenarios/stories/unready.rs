use serde_json::json;

use crate::platform::Platform;

/// Nobody grows on an origin that has its two replicas, of which only one is there.
#[test]
fn test_what_is_true_but_not_ready_is_waited_for() {
    let platform = Platform::new();
    platform.stall("origin");
    platform.edit("origin", "replicas", 2);
    let mut running = platform.ops.start(&["apply", "busy", "-y"]);
    running.until_settling(platform.at("origin"));
    platform.is(&[("edge", "replicas", json!(2))]);
    platform.mend("origin");
    let course = running.ends(0);
    course.in_order();
    assert!(!course.written().contains(&platform.at("origin")), "{course}");
    platform.is(&[("edge", "replicas", json!(5))]);
}
