use serde_json::json;

use crate::platform::Platform;

/// What is up last in one region goes down first there, and viewers are never without both.
#[test]
fn test_to_the_west_and_back() {
    let platform = Platform::new();
    let there = platform.ops.start(&["apply", "west", "-y"]).ends(0);
    there.in_order();
    there.one_by_one(&platform.all(["origin-west", "edge-west", "dns-west", "dns-east", "edge", "origin"]));
    platform.is(&[("edge-west", "replicas", json!(4)), ("dns-west", "weight", json!(100))]);
    platform.is(&[("edge", "replicas", json!(0)), ("dns-east", "weight", json!(0))]);

    let back = platform.ops.start(&["rollback", "-y"]).ends(0);
    back.in_order();
    back.one_by_one(&platform.all(["origin", "edge", "dns-east", "dns-west", "edge-west", "origin-west"]));
    platform.is(&[("edge", "replicas", json!(2)), ("dns-east", "weight", json!(100))]);
    platform.is(&[("edge-west", "replicas", json!(0)), ("dns-west", "weight", json!(0))]);
    assert_eq!(platform.ops.json(&["show"])["operation"]["outcome"], "done");
}

/// The way back by the state's name is the same way.
#[test]
fn test_to_the_west_and_home_by_name() {
    let platform = Platform::new();
    platform.ops.done(&["apply", "west", "-y"]);
    let back = platform.ops.start(&["apply", "baseline", "-y"]).ends(0);
    back.in_order();
    back.one_by_one(&platform.all(["origin", "edge", "dns-east", "dns-west", "edge-west", "origin-west"]));
    platform.ops.done(&["plan", "baseline", "--detailed-exitcode"]);
}

#[test]
fn test_nothing_is_left_to_do_the_second_time() {
    let platform = Platform::new();
    // Nothing stood before: that it is as it should be is recorded once.
    platform.ops.done(&["apply", "baseline", "-y"]);
    platform.ops.done(&["apply", "baseline", "-y"]);
    assert_eq!(platform.operations(), 1);
    platform.ops.done(&["apply", "busy", "-y"]);
    let snapshots = platform.ops.json(&["snapshot", "list"]);
    let again = platform.ops.start(&["apply", "busy", "-y"]).ends(0);
    assert_eq!(again.written(), [""; 0]);
    assert_eq!(platform.operations(), 2);
    assert_eq!(platform.ops.json(&["snapshot", "list"]), snapshots);
    platform.ops.done(&["status"]);
}
