use nix::sys::signal::Signal;
use serde_json::json;

use crate::platform::Platform;

const CAREFUL: &str = r#"
extends = "busy"
on_failure = "rollback"
[resource.edge]
timeout = "1s"
"#;

/// The settings and the origin are done before the edge fails; `restore` is what is there then.
fn careful() -> Platform {
    let platform = Platform::new();
    platform.state("careful", CAREFUL);
    platform.stall("edge");
    platform
}

fn is_as_before(platform: &Platform) {
    platform.is(&[
        ("settings", "data.mode", json!("normal")),
        ("origin", "replicas", json!(1)),
        ("edge", "replicas", json!(2)),
    ]);
}

#[test]
fn test_what_a_failed_apply_did_is_taken_back() {
    let platform = careful();
    let page = platform.ops.done(&["plan", "careful"]);
    assert!(page.out.contains("what was done is taken back"), "{page}");
    let said = platform.ops.opsctl(&["apply", "careful", "-y"]);
    assert!(said.out.contains("careful failed. What was done is being taken back."), "{said}");
    platform.mend("edge");
    // A simulated edge is as slow on its way back as it was before; a cluster only takes away the pods that found no node.
    if said.exit == Some(7) {
        platform.ops.done(&["rollback", "-y"]);
    } else {
        assert_eq!(said.exit, Some(6), "{said}");
    }
    is_as_before(&platform);
}

#[test]
fn test_what_only_grows_badly_is_back_and_the_next_apply_goes_through() {
    let platform = careful();
    let mut running = platform.ops.start(&["apply", "careful", "-y"]);
    running.until_event("stopping");
    platform.mend("edge");
    let course = running.ends(6);
    assert_eq!(course.operation_ended("rollback"), "done", "{course}");
    is_as_before(&platform);
    assert_eq!(platform.operations(), 2);
    platform.ops.done(&["status"]);
    platform.ops.done(&["apply", "careful", "-y"]);
    platform.is(&[("edge", "replicas", json!(5))]);
}

#[test]
fn test_stopped_while_it_is_taken_back() {
    let platform = careful();
    let mut running = platform.ops.start(&["apply", "careful", "-y"]);
    running.until_event("finished");
    running.until_sent(platform.at("edge"));
    // The way back is under the lock of the apply.
    let colleague = platform.ops.opsctl(&["apply", "baseline", "-y"]);
    running.signal(Signal::SIGINT);
    platform.mend("edge");
    // A cluster may be done with all of it before the signal arrives.
    let exit = running.ends_in(&[6, 7]);
    assert!(colleague.exit == Some(5) || exit == 6, "{colleague}");
    if exit == 7 {
        let status = platform.ops.opsctl(&["status"]);
        assert!(status.out.contains("opsctl rollback"), "{status}");
        platform.ops.done(&["rollback", "-y"]);
    }
    is_as_before(&platform);
}

#[test]
fn test_killed_before_it_is_taken_back() {
    for told in ["stopping", "finished"] {
        let platform = careful();
        let mut running = platform.ops.start(&["apply", "careful", "-y"]);
        running.until_event(told);
        running.kill();
        platform.mend("edge");
        let status = platform.ops.ends(8, &["status"]);
        assert!(status.out.contains("opsctl resume"), "{status}");
        platform.ops.ends(8, &["apply", "baseline", "-y"]);
        platform.ops.ends(6, &["resume", "-y"]);
        is_as_before(&platform);
        platform.ops.done(&["status"]);
    }
}

#[test]
fn test_killed_while_it_is_taken_back() {
    for command in ["resume", "rollback"] {
        let platform = careful();
        let mut running = platform.ops.start(&["apply", "careful", "-y"]);
        running.until_event("finished");
        running.until_written(platform.at("edge"));
        running.kill();
        platform.mend("edge");
        let status = platform.ops.ends(8, &["status"]);
        assert!(status.out.contains("rollback of"), "{status}");
        platform.ops.done(&[command, "-y"]);
        is_as_before(&platform);
        platform.ops.done(&["status"]);
    }
}

#[test]
fn test_what_is_tolerated_to_be_unreachable_cannot_be_taken_back() {
    let platform = Platform::new();
    let said = platform.ops.ends(3, &["apply", "west", "-y", "--on-failure", "rollback"]);
    assert!(said.err.contains("tolerates_unreachable"), "{said}");
    platform.is(&[("edge", "replicas", json!(2))]);
}
