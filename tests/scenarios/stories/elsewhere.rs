use serde_json::json;

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
