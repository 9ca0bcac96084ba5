use serde_json::json;

use crate::platform::Platform;

/// An HPA would take it back at once: that is said before anything is changed, with what to set instead.
#[test]
fn test_an_hpa_in_the_way_is_named_before_anything_is_changed() {
    let platform = Platform::new();
    platform.state("cached", "extends = \"busy\"\n[resource.cache]\nreplicas = 8\n");
    let said = platform.ops.ends(3, &["apply", "cached", "-y"]);
    assert!(said.err.contains("hpa/") && said.err.contains(platform.at("cache")), "{said}");
    assert!(said.err.contains("max"), "{said}");
    platform.is(&[("cache", "replicas", json!(2)), ("settings", "data.mode", json!("normal"))]);
    assert_eq!(platform.operations(), 0);
}

/// Its bounds are moved out of the way first where the state says so.
#[test]
fn test_its_bounds_are_moved_first() {
    let platform = Platform::new();
    let text = "extends = \"baseline\"\n[resource.cache-hpa]\nmax = 8\n[resource.cache]\nreplicas = 8\n";
    platform.state("cached", text);
    let there = platform.ops.start(&["apply", "cached", "-y"]).ends(0);
    there.one_by_one(&platform.all(["cache-hpa", "cache"]));
    platform.is(&[("cache", "replicas", json!(8)), ("cache-hpa", "max", json!(8))]);
    let back = platform.ops.start(&["rollback", "-y"]).ends(0);
    back.one_by_one(&platform.all(["cache", "cache-hpa"]));
    platform.is(&[("cache", "replicas", json!(2)), ("cache-hpa", "max", json!(4))]);
}
