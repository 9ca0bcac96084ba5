use serde_json::json;

use crate::platform::Platform;

/// Three operations are taken back, down to the first.
#[test]
fn test_several_operations_are_taken_back_at_once() {
    let platform = Platform::new();
    platform.ops.done(&["apply", "busy", "-y"]);
    let first = platform.ops.json(&["show"])["operation"]["id"].as_str().unwrap().to_owned();
    platform.state("busier", "extends = \"busy\"\n[resource.edge]\nreplicas = 7\n");
    platform.ops.done(&["apply", "busier", "-y"]);
    platform.state("busiest", "extends = \"busier\"\n[resource.origin]\nreplicas = 3\n");
    platform.ops.done(&["apply", "busiest", "-y"]);
    platform.is(&[("edge", "replicas", json!(7)), ("origin", "replicas", json!(3))]);

    platform.ops.done(&["rollback", &first, "-y"]);
    platform.is(&[
        ("settings", "data.mode", json!("normal")),
        ("origin", "replicas", json!(1)),
        ("edge", "replicas", json!(2)),
    ]);
    platform.ops.done(&["plan", "baseline", "--detailed-exitcode"]);
    // All three are taken back: there is nothing left.
    platform.ops.ends(1, &["rollback", "-y"]);
}

/// What somebody set in between stays, and is said; so does what it needs.
#[test]
fn test_of_several_what_was_changed_since_is_left_alone() {
    let platform = Platform::new();
    platform.ops.done(&["apply", "busy", "-y"]);
    let first = platform.ops.json(&["show"])["operation"]["id"].as_str().unwrap().to_owned();
    platform.state("busiest", "extends = \"busy\"\n[resource.origin]\nreplicas = 3\n");
    platform.ops.done(&["apply", "busiest", "-y"]);
    platform.edit("edge", "replicas", 6);
    let said = platform.ops.ends(10, &["rollback", &first, "-y"]);
    assert!(said.out.contains("Left alone"), "{said}");
    platform.is(&[("origin", "replicas", json!(3)), ("edge", "replicas", json!(6))]);
}
