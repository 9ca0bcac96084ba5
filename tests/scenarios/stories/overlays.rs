use serde_json::json;

use crate::platform::Platform;

const MAINTENANCE: &str = r#"
over = "baseline"
summary = "The cache is read, and not filled"
[resource.settings]
data.mode = "read-only"
[resource.origin]
replicas = 3
"#;

/// The baseline has no word of its own for the mode: whatever it was before opsctl turned it.
fn platform() -> Platform {
    let platform = Platform::new();
    platform.state("maintenance", MAINTENANCE);
    let baseline = std::fs::read_to_string(platform.ops.path("states/baseline.toml")).unwrap();
    platform.state("baseline", &baseline.replace("data.mode = \"normal\"", "data.mode = { restore = true }"));
    platform.edit("settings", "data.mode", "evening");
    platform
}

#[test]
fn test_over_whatever_is_live_and_home_by_restore() {
    let platform = platform();
    platform.edit("edge", "replicas", 3);
    platform.ops.done(&["apply", "maintenance", "-y"]);
    // What it does not name stays, however that came about.
    platform.is(&[("settings", "data.mode", json!("read-only")), ("origin", "replicas", json!(3))]);
    platform.is(&[("edge", "replicas", json!(3))]);
    platform.ops.done(&["status"]);

    platform.ops.done(&["apply", "baseline", "-y"]);
    platform.is(&[("settings", "data.mode", json!("evening")), ("origin", "replicas", json!(1))]);
    platform.is(&[("edge", "replicas", json!(2))]);
    let said = platform.ops.done(&["status"]);
    assert!(said.out.contains("as they should be"), "{said}");
    platform.ops.done(&["plan", "baseline", "--detailed-exitcode"]);
}

#[test]
fn test_over_a_state_and_back() {
    let platform = platform();
    let there = platform.ops.start(&["apply", "busy+maintenance", "-y"]).ends(0);
    there.in_order();
    there.one_by_one(&platform.all(["origin", "edge"]));
    platform.is(&[("settings", "data.mode", json!("read-only")), ("origin", "replicas", json!(3))]);
    platform.is(&[("edge", "replicas", json!(5))]);
    // The state without the overlay takes the overlay off.
    platform.ops.done(&["apply", "busy", "-y"]);
    platform.is(&[("settings", "data.mode", json!("busy")), ("origin", "replicas", json!(2))]);
    platform.is(&[("edge", "replicas", json!(5))]);
    // Three operations, each from where the one before had ended: the run began in the evening.
    platform.ops.done(&["apply", "baseline", "-y"]);
    platform.is(&[("settings", "data.mode", json!("evening"))]);
    platform.ops.done(&["rollback", "-y"]);
    platform.is(&[("settings", "data.mode", json!("busy")), ("edge", "replicas", json!(5))]);
}

#[test]
fn test_what_a_colleague_set_since_is_not_restored() {
    let platform = platform();
    platform.ops.done(&["apply", "maintenance", "-y"]);
    platform.edit("settings", "data.mode", "emergency");
    let said = platform.ops.done(&["apply", "baseline", "-y"]);
    assert!(said.out.contains("stays \"emergency\""), "{said}");
    platform.is(&[("settings", "data.mode", json!("emergency")), ("origin", "replicas", json!(1))]);
    // A new run begins with what the colleague left.
    platform.ops.done(&["apply", "maintenance", "-y"]);
    platform.ops.done(&["apply", "baseline", "-y"]);
    platform.is(&[("settings", "data.mode", json!("emergency"))]);
}

/// A region that an overlay does not touch may be away.
#[test]
fn test_with_the_other_region_away() {
    let platform = platform();
    platform.state("west-maintenance", "over = \"baseline\"\n[resource.origin-west]\nreplicas = 2\n");
    platform.cut_off();
    platform.ops.done(&["apply", "west-maintenance", "-y"]);
    platform.is(&[("origin-west", "replicas", json!(2))]);
    platform.ops.done(&["rollback", "-y"]);
    platform.is(&[("origin-west", "replicas", json!(1))]);
}
