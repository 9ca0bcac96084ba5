use serde_json::json;

use crate::platform::Platform;

const SOME: &str = r#"
extends = "busy"
[resource.origin]
replicas = 3
enough = 1
"#;

/// The edge needs one origin of the three that there shall be: it grows while the others are not there yet.
#[test]
fn test_what_needs_some_goes_on_while_the_others_come() {
    let platform = Platform::new();
    platform.state("some", SOME);
    let page = platform.ops.done(&["plan", "some"]);
    assert!(page.out.contains("1 of 3 are ready"), "{page}");
    platform.stall("origin");
    let mut running = platform.ops.start(&["apply", "some", "-y"]);
    running.until_done(platform.at("edge"));
    platform.is(&[("origin", "replicas", json!(3)), ("edge", "replicas", json!(5))]);
    platform.mend("origin");
    running.ends(0).ended_in_turn(&platform.all(["edge", "origin"]));
    // On the way back all that needed it has left before it shrinks.
    let back = platform.ops.start(&["rollback", "-y"]).ends(0);
    back.one_by_one(&platform.all(["edge", "origin"]));
    platform.is(&[("origin", "replicas", json!(1)), ("edge", "replicas", json!(2))]);
}
