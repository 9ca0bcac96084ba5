//! Viewers are sent to the other region before it has room for them, and nothing tells how to get them home.

use serde_json::json;

use super::repository;
use crate::seeds::procedure::Procedure;

const EDGE: &str = "east:deployment/cdn/edge";
const EDGE_WEST: &str = "west:deployment/cdn/edge";
const DNS_EAST: &str = "aws:route53-record/Z1/live.example.com/CNAME/east";
const DNS_WEST: &str = "aws:route53-record/Z1/live.example.com/CNAME/west";

const REGIONS: &str = r#"
[sim]
settle = "50ms"
[resource.edge]
at = "east:deployment/cdn/edge"
replicas = 4
[resource.edge-west]
at = "west:deployment/cdn/edge"
replicas = 1
[resource.dns-east]
at = "aws:route53-record/Z1/live.example.com/CNAME/east"
weight = 100
[resource.dns-west]
at = "aws:route53-record/Z1/live.example.com/CNAME/west"
weight = 0
"#;

const BASELINE: &str = r#"
[resource.edge]
at = "east:deployment/cdn/edge"
replicas = 4
[resource.edge-west]
at = "west:deployment/cdn/edge"
replicas = 1
[resource.dns-east]
at = "aws:route53-record/Z1/live.example.com/CNAME/east"
weight = 100
needs = ["edge"]
pool = "viewers"
[resource.dns-west]
at = "aws:route53-record/Z1/live.example.com/CNAME/west"
weight = 0
needs = ["edge-west"]
pool = "viewers"
"#;

/// What comes first is written nowhere here, and it is written the wrong way round.
const WEST: &str = r#"
extends = "baseline"
[resource.dns-east]
weight = 0
[resource.dns-west]
weight = 100
[resource.edge]
replicas = 1
[resource.edge-west]
replicas = 10
"#;

#[test]
fn test_dns_moves_only_once_the_other_side_has_capacity() {
    let ops = repository(REGIONS, &[("baseline", BASELINE), ("west", WEST)]);
    let procedure = Procedure::of(&ops);
    procedure.there("west", &[EDGE_WEST, DNS_WEST, DNS_EAST, EDGE]);
    // The way back is described as well: nobody has to write it.
    let back = [EDGE, DNS_EAST, DNS_WEST, EDGE_WEST];
    procedure.back(&back);
    procedure.there("west", &[EDGE_WEST, DNS_WEST, DNS_EAST, EDGE]);
    procedure.taken_back(&back);
}

#[test]
fn test_dns_does_not_move_to_what_never_gets_ready() {
    let ops = repository(REGIONS, &[("baseline", BASELINE), ("west", WEST)]);
    let procedure = Procedure::of(&ops);
    ops.done(&["sim", "set", EDGE_WEST, "sim.fail=no node has room"]);
    let said = ops.ends(7, &["apply", "west", "-y"]);
    assert!(said.out.contains("west deployment/cdn/edge replicas 1 → 10: no node has room"), "{said}");
    assert!(said.out.contains("3 steps were not started because of that"), "{said}");
    assert_eq!(ops.simulated(DNS_EAST, "weight"), json!(100));
    assert_eq!(ops.simulated(DNS_WEST, "weight"), json!(0));
    assert_eq!(ops.simulated(EDGE, "replicas"), json!(4));
    ops.done(&["sim", "set", EDGE_WEST, "sim.fail"]);
    procedure.taken_back(&[EDGE_WEST]);
}

/// Only the DNS is moved, as the runbook did it, and nothing serves where it goes to.
#[test]
fn test_dns_does_not_move_to_what_has_no_capacity() {
    let dns = "over = \"baseline\"\n[resource.dns-east]\nweight = 0\n[resource.dns-west]\nweight = 100\n";
    let ops = repository(REGIONS, &[("baseline", BASELINE), ("west", WEST), ("dns", dns)]);
    ops.done(&["sim", "set", EDGE_WEST, "replicas=0"]);
    let said = ops.ends(3, &["apply", "dns", "-y"]);
    assert!(said.err.contains("it would have traffic, and needs edge-west, of which replicas is 0"), "{said}");
    assert_eq!(ops.simulated(DNS_EAST, "weight"), json!(100));
    // One alternative that serves is enough.
    ops.write("states/baseline.toml", &BASELINE.replace("[\"edge-west\"]", "[[\"edge-west\", \"edge\"]]"));
    ops.done(&["plan", "dns"]);
    ops.write("states/baseline.toml", BASELINE);
    // What brings it up moves it, and so does one who has brought it up before.
    ops.done(&["plan", "west"]);
    ops.done(&["sim", "set", EDGE_WEST, "replicas=1"]);
    ops.done(&["apply", "dns", "-y"]);
    // The same goes for the way back.
    ops.done(&["sim", "set", EDGE, "replicas=0"]);
    let said = ops.ends(3, &["rollback", "-y"]);
    assert!(said.err.contains("it would have traffic, and needs edge, of which replicas is 0"), "{said}");
    assert_eq!(ops.simulated(DNS_EAST, "weight"), json!(0));
    ops.done(&["sim", "set", EDGE, "replicas=4"]);
    ops.done(&["rollback", "-y"]);
    assert_eq!(ops.simulated(DNS_EAST, "weight"), json!(100));
}

/// Nor is the last one that is asked taken out.
#[test]
fn test_somebody_is_always_asked() {
    let nobody = "extends = \"baseline\"\n[resource.dns-east]\nweight = 0\n";
    let ops = repository(REGIONS, &[("baseline", BASELINE), ("nobody", nobody)]);
    let said = ops.ends(3, &["apply", "nobody", "-y"]);
    assert!(said.err.contains("pool viewers: no member would have any traffic left"), "{said}");
    assert_eq!(ops.simulated(DNS_EAST, "weight"), json!(100));
}
