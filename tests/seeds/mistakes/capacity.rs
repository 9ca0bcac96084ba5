use serde_json::json;

use super::repository;
use crate::seeds::order::Order;

const TRANSCODER: &str = "east:deployment/media/transcoder";

const MEDIA: &str = r#"
[resource.transcoder]
at = "east:deployment/media/transcoder"
replicas = 3
[resource.transcoder-hpa]
at = "east:hpa/media/transcoder"
min = 2
max = 6
confines = ["east:deployment/media/transcoder"]
[resource.packager]
at = "east:deployment/media/packager"
replicas = 20
[resource.gateway]
at = "east:deployment/media/gateway"
replicas = 1
"#;

/// One replica, which the HPA would make two again.
const ONE: &str = r#"
[resource.transcoder]
at = "east:deployment/media/transcoder"
replicas = 1
"#;

/// And so it lasts.
const ONE_FOR_GOOD: &str = r#"
[resource.transcoder]
at = "east:deployment/media/transcoder"
replicas = 1
[resource.transcoder-hpa]
at = "east:hpa/media/transcoder"
min = 1
"#;

#[test]
fn test_a_deployment_is_not_scaled_against_its_autoscaler() {
    let ops = repository(MEDIA, &[("cheap", ONE)]);
    let said = ops.ends(3, &["apply", "cheap", "-y"]);
    assert!(said.err.contains("1 would not last; set min and max of hpa/media/transcoder"), "{said}");
    assert_eq!(ops.simulated(TRANSCODER, "replicas"), json!(3));

    ops.write("states/cheap.toml", ONE_FOR_GOOD);
    ops.done(&["apply", "cheap", "-y"]);
    assert_eq!(ops.simulated(TRANSCODER, "replicas"), json!(1));
}

#[test]
fn test_that_zero_replicas_switch_an_autoscaler_off_is_said() {
    let ops = repository(MEDIA, &[("off", &ONE.replace("= 1", "= 0"))]);
    let said = ops.done(&["plan", "off", "-v"]);
    assert!(said.out.contains("lets go at 0: it scales nothing until another value is set"), "{said}");
}

const BUSY: &str = r#"
summary = "At least three of each, whatever runs there"
[resource.media]
at = "east:deployment/media/*"
replicas = { at_least = 3 }
"#;

#[test]
fn test_a_scale_up_never_lowers_what_runs_more() {
    let ops = repository(MEDIA, &[("busy", BUSY)]);
    Order::of(&ops, "busy").spares("east:deployment/media/packager");
    ops.done(&["apply", "busy", "-y"]);
    assert_eq!(ops.simulated("east:deployment/media/packager", "replicas"), json!(20));
    assert_eq!(ops.simulated("east:deployment/media/gateway", "replicas"), json!(3));
    ops.done(&["plan", "busy", "--detailed-exitcode"]);
    ops.done(&["rollback", "-y"]);
    assert_eq!(ops.simulated("east:deployment/media/gateway", "replicas"), json!(1));
}

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
at = "dns:route53-record/Z1/live.example.com/CNAME/east"
weight = 100
[resource.dns-west]
at = "dns:route53-record/Z1/live.example.com/CNAME/west"
weight = 0
"#;

const EAST: &str = r#"
[resource.edge]
at = "east:deployment/cdn/edge"
replicas = 4
[resource.edge-west]
at = "west:deployment/cdn/edge"
replicas = 1
[resource.dns-east]
at = "dns:route53-record/Z1/live.example.com/CNAME/east"
weight = 100
needs = ["edge"]
pool = "viewers"
[resource.dns-west]
at = "dns:route53-record/Z1/live.example.com/CNAME/west"
weight = 0
needs = ["edge-west"]
pool = "viewers"
"#;

/// What comes first is written nowhere here.
const WEST: &str = r#"
extends = "east"
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
    let ops = repository(REGIONS, &[("east", EAST), ("west", WEST)]);
    let [edge, edge_west] = ["east:deployment/cdn/edge", "west:deployment/cdn/edge"];
    let dns = |set| format!("dns:route53-record/Z1/live.example.com/CNAME/{set}");
    let way = [edge_west, &dns("west"), &dns("east"), edge];
    Order::of(&ops, "west").one_by_one(&way);
    ops.start(&["apply", "west", "-y"]).ends(0).one_by_one(&way);
    ops.done(&["plan", "west", "--detailed-exitcode"]);

    // The way back is described as well: nobody has to write it.
    let back = [edge, &dns("east"), &dns("west"), edge_west];
    Order::of(&ops, "east").one_by_one(&back);
    ops.start(&["rollback", "-y"]).ends(0).one_by_one(&back);
    ops.done(&["plan", "east", "--detailed-exitcode"]);
}

#[test]
fn test_dns_does_not_move_to_what_never_gets_ready() {
    let ops = repository(REGIONS, &[("east", EAST), ("west", WEST)]);
    ops.done(&["sim", "set", "west:deployment/cdn/edge", "sim.fail=no node has room"]);
    let said = ops.ends(7, &["apply", "west", "-y"]);
    assert!(said.out.contains("no node has room"), "{said}");
    assert_eq!(ops.simulated("dns:route53-record/Z1/live.example.com/CNAME/east", "weight"), json!(100));
    assert_eq!(ops.simulated("dns:route53-record/Z1/live.example.com/CNAME/west", "weight"), json!(0));
}

#[test]
fn test_a_stream_grows_by_steps_that_its_service_takes() {
    let world = "[resource.clicks]\nat = \"lab:stream/clicks\"\nshards = 4\n";
    let ops = repository(world, &[("peak", &world.replace('4', "32"))]);
    let said = ops.done(&["plan", "peak"]);
    assert!(said.out.contains("shards 4 → 32") && said.out.contains("in 3 calls, one after the other"), "{said}");
    let plan = ops.json(&["plan", "peak"]);
    let hops = plan["plan"]["steps"][0]["work"]["change"]["hops"].as_array().unwrap();
    let to: Vec<_> = hops.iter().map(|hop| hop["edits"][0]["to"].clone()).collect();
    assert_eq!(to, [8, 16, 32]);
    ops.done(&["apply", "peak", "-y"]);
    assert_eq!(ops.simulated("lab:stream/clicks", "shards"), json!(32));
    ops.done(&["rollback", "-y"]);
    assert_eq!(ops.simulated("lab:stream/clicks", "shards"), json!(4));
}
