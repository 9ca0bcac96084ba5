use crate::platform::Platform;

/// The same names, the same values, another cluster.
#[test]
fn test_a_plan_for_one_cluster_is_not_applied_to_another() {
    let platform = Platform::new();
    platform.ops.done(&["plan", "busy", "--out", "plan.json"]);
    platform.elsewhere();
    let said = platform.ops.ends(3, &["apply", "plan.json", "-y"]);
    assert!(said.err.contains("`k8s` is"), "{said}");
    assert_eq!(platform.operations(), 0);
    // A plan of its own is another matter.
    platform.ops.done(&["apply", "busy", "-y"]);
}

/// What was there before an operation was there, and nowhere else.
#[test]
fn test_an_operation_on_one_cluster_is_not_rolled_back_on_another() {
    let platform = Platform::new();
    platform.ops.done(&["apply", "busy", "-y"]);
    platform.elsewhere();
    let before = platform.live("origin", "replicas");
    let said = platform.ops.ends(3, &["rollback", "-y"]);
    assert!(said.err.contains("`k8s` is"), "{said}");
    assert_eq!(platform.live("origin", "replicas"), before);
}

#[test]
fn test_an_operation_on_one_cluster_is_not_resumed_on_another() {
    let platform = Platform::new();
    platform.stall("origin");
    let mut running = platform.ops.start(&["apply", "busy", "-y"]);
    running.until_settling(platform.at("origin"));
    running.kill();
    platform.elsewhere();
    let before = platform.live("edge", "replicas");
    let said = platform.ops.ends(3, &["resume", "-y"]);
    assert!(said.err.contains("`k8s` is"), "{said}");
    assert_eq!(platform.live("edge", "replicas"), before);
    platform.ops.ends(8, &["status"]);
}
