use serde_json::{Value as Json, json};

use crate::platform::Platform;

/// The edge is started anew with its settings; busy changes these.
fn platform() -> Platform {
    let platform = Platform::new();
    let baseline = std::fs::read_to_string(platform.ops.path("states/baseline.toml")).unwrap();
    let edge = "needs = [\"origin\", \"settings\"]";
    platform.state("baseline", &baseline.replace(edge, "needs = [\"origin\"]\nrestarts_with = [\"settings\"]"));
    platform
}

#[test]
fn test_what_restarts_with_others_carries_what_they_come_to() {
    let platform = platform();
    // That it carries nothing yet is no change.
    platform.ops.ends(0, &["plan", "baseline", "--detailed-exitcode"]);
    let course = platform.ops.start(&["apply", "busy", "-y"]).ends(0);
    course.one_by_one(&platform.all(["settings", "edge"]));
    let busy = platform.live("edge", "config_digest");
    assert_eq!(busy.as_str().unwrap().len(), 16);
    platform.ops.ends(0, &["plan", "busy", "--detailed-exitcode"]);

    // A rollback takes it back with the rest.
    let course = platform.ops.start(&["rollback", "-y"]).ends(0);
    course.one_by_one(&platform.all(["settings", "edge"]));
    platform.is(&[("edge", "config_digest", Json::Null), ("settings", "data.mode", json!("normal"))]);

    // The same settings come to the same, whichever way they came about; others to others.
    platform.ops.done(&["apply", "busy", "-y"]);
    platform.is(&[("edge", "config_digest", busy.clone())]);
    let course = platform.ops.start(&["apply", "baseline", "-y"]).ends(0);
    course.one_by_one(&platform.all(["settings", "edge"]));
    assert_ne!(platform.live("edge", "config_digest"), busy);
}

#[test]
fn test_what_others_set_starts_it_anew_with_the_next_apply() {
    let platform = platform();
    platform.ops.done(&["apply", "busy", "-y"]);
    let busy = platform.live("edge", "config_digest");
    platform.edit("edge", "config_digest", "another");
    platform.ops.ends(2, &["plan", "busy", "--detailed-exitcode"]);
    platform.ops.done(&["apply", "busy", "-y"]);
    platform.is(&[("edge", "config_digest", busy)]);
}

/// What is left out of a plan starts nothing anew.
#[test]
fn test_only_what_is_done_counts() {
    let platform = platform();
    platform.ops.done(&["apply", "busy", "-y", "--target", "origin"]);
    platform.ops.done(&["apply", "busy", "-y", "--target", "edge"]);
    let busy = platform.live("edge", "config_digest");
    assert!(busy.is_string());
    platform.is(&[("settings", "data.mode", json!("busy"))]);
    // Without the settings it is not started anew with them.
    platform.ops.ends(10, &["apply", "baseline", "-y", "--exclude", "settings"]);
    platform.is(&[("edge", "config_digest", busy), ("edge", "replicas", json!(2))]);
}
