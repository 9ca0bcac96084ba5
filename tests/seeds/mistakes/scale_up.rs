//! All of a namespace is scaled to 3 in an outage, also what had 20; and "up" to 10 undercuts what ran more.

use serde_json::json;

use super::repository;
use crate::seeds::order::Order;
use crate::seeds::procedure::Procedure;

const PACKAGER: &str = "east:deployment/media/packager";
const GATEWAY: &str = "east:deployment/media/gateway";

const MEDIA: &str = r#"
[resource.packager]
at = "east:deployment/media/packager"
replicas = 20
[resource.gateway]
at = "east:deployment/media/gateway"
replicas = 1
"#;

/// What ran before is put back: nobody has to know how many.
const BASELINE: &str = r#"
[resource.media]
at = "east:deployment/media/*"
replicas = { restore = true }
"#;

const BUSY: &str = r#"
extends = "baseline"
summary = "At least three of each, whatever runs there"
[resource.media]
replicas = { at_least = 3 }
"#;

#[test]
fn test_a_scale_up_never_lowers_what_runs_more() {
    let ops = repository(MEDIA, &[("baseline", BASELINE), ("busy", BUSY)]);
    let procedure = Procedure::of(&ops);
    for least in [3, 10] {
        ops.write("states/busy.toml", &BUSY.replace("= 3 ", &format!("= {least} ")));
        Order::of(&ops, "busy").spares(PACKAGER);
        procedure.there("busy", &[GATEWAY]);
        assert_eq!(ops.simulated(PACKAGER, "replicas"), json!(20));
        assert_eq!(ops.simulated(GATEWAY, "replicas"), json!(least));
        procedure.back(&[GATEWAY]);
        procedure.there("busy", &[GATEWAY]);
        procedure.taken_back(&[GATEWAY]);
    }
}

/// Whoever writes an exact value is shown what it lowers.
#[test]
fn test_an_exact_value_shows_what_it_lowers() {
    let ops = repository(MEDIA, &[("baseline", BASELINE), ("busy", &BUSY.replace("{ at_least = 3 }", "3"))]);
    let said = ops.done(&["plan", "busy"]);
    assert!(said.out.contains("- east  deployment/media/packager  replicas 20 → 3"), "{said}");
}
