use serde_json::json;

use crate::platform::Platform;

#[test]
fn test_two_do_not_apply_at_once() {
    let platform = Platform::new();
    platform.stall("origin");
    let mut running = platform.ops.start(&["apply", "busy", "-y"]);
    running.until_settling(platform.at("origin"));
    for command in [["apply", "west", "-y"], ["rollback", "-y", "-q"], ["resume", "-y", "-q"]] {
        let said = platform.ops.ends(5, &command);
        assert!(said.err.contains("ana on a17"), "{said}");
    }
    platform.is(&[("edge-west", "replicas", json!(0))]);
    // Looking is not applying.
    platform.ops.done(&["plan", "west"]);
    platform.mend("origin");
    running.ends(0);
    platform.ops.done(&["apply", "west", "-y"]);
}
