//! The procedures of a streaming platform on two clusters; their states are in `streaming/`.

use serde_json::json;

use super::order::Order;
use super::{copy, is_there};
use crate::harness::Repository;

const EDGE: &str = "east:deployment/cdn/ats-edge";
const PACKAGER: &str = "east:deployment/media/shaka-packager";
const TRANSCODER: &str = "east:deployment/media/ome-transcoder";
const GPU_NODES: &str = "nodes:pool/gpu";
const TOPOLOGY: &str = "east:configmap/cdn/atc-topology";
const CONTROLLER: &str = "east:deployment/cdn/atc-controller";
const MIRROR: &str = "east:deployment/data/mm2-replicator";
const WEB: &str = "east:deployment/platform/web-client";
const SCYLLA_WEST: &str = "west:configmap/data/scylla-config";
const CATALOG_WEST: &str = "west:deployment/platform/catalog";
const EDGE_WEST: &str = "west:deployment/cdn/ats-edge";
const DNS_EAST: &str = "dns:route53-record/Z123456/streaming.example.com/CNAME/east";
const DNS_WEST: &str = "dns:route53-record/Z123456/streaming.example.com/CNAME/west";

fn platform() -> Repository {
    let ops = copy("streaming", "", "");
    is_there(&ops, "baseline");
    ops
}

#[test]
fn test_the_cost_cut_and_its_way_back() {
    let ops = platform();
    Order::of(&ops, "cheap").one_by_one(&[EDGE, PACKAGER, TRANSCODER, GPU_NODES]);
    ops.start(&["apply", "cheap", "-y"]).ends(0).one_by_one(&[EDGE, PACKAGER, TRANSCODER, GPU_NODES]);
    for (at, setting, is) in
        [(EDGE, "replicas", 2), (PACKAGER, "replicas", 1), (TRANSCODER, "replicas", 0), (GPU_NODES, "desired", 0)]
    {
        assert_eq!(ops.simulated(at, setting), json!(is), "{at}");
    }
    is_there(&ops, "cheap");

    // Nodes come first, viewers last.
    Order::of(&ops, "baseline").one_by_one(&[GPU_NODES, TRANSCODER, PACKAGER, EDGE]);
    ops.done(&["apply", "baseline", "-y"]);
    assert_eq!(ops.simulated(TRANSCODER, "replicas"), json!(3));
    assert_eq!(ops.simulated(GPU_NODES, "desired"), json!(3));
    is_there(&ops, "baseline");
}

/// What can be saved is saved where one part of it fails.
#[test]
fn test_a_cost_cut_takes_what_it_can_get() {
    let ops = platform();
    ops.done(&["sim", "set", TRANSCODER, "sim.fail=a job cannot be evicted"]);
    let said = ops.ends(7, &["apply", "cheap", "-y"]);
    assert!(said.out.contains("a job cannot be evicted"), "{said}");
    assert_eq!(ops.simulated(EDGE, "replicas"), json!(2));
    assert_eq!(ops.simulated(GPU_NODES, "desired"), json!(3));
}

#[test]
fn test_the_shield_is_skipped_and_asked_again() {
    let ops = platform();
    Order::of(&ops, "no-shield").one_by_one(&[TOPOLOGY, CONTROLLER]);
    ops.start(&["apply", "no-shield", "-y"]).ends(0).one_by_one(&[TOPOLOGY, CONTROLLER]);
    assert_eq!(ops.simulated(TOPOLOGY, "data.shield.max-hosts"), json!("0"));
    let without = ops.simulated(CONTROLLER, "config_digest");
    assert!(without.is_string(), "it was not started anew");
    is_there(&ops, "no-shield");

    ops.start(&["apply", "baseline", "-y"]).ends(0).one_by_one(&[TOPOLOGY, CONTROLLER]);
    assert_eq!(ops.simulated(TOPOLOGY, "data.shield.max-hosts"), json!("2"));
    assert_ne!(ops.simulated(CONTROLLER, "config_digest"), without);
    is_there(&ops, "baseline");
}

/// Data, what reads it, what serves it, and only then who comes.
#[test]
fn test_the_failover_to_the_west_and_its_way_back() {
    let ops = platform();
    let way = [SCYLLA_WEST, CATALOG_WEST, EDGE_WEST, "west-is-ready", DNS_WEST, DNS_EAST];
    Order::of(&ops, "west").one_by_one(&way);
    let course = ops.start(&["apply", "west", "-y"]).ends(0);
    course.one_by_one(&[SCYLLA_WEST, CATALOG_WEST, EDGE_WEST, DNS_WEST, DNS_EAST]);
    assert_eq!(ops.simulated(EDGE_WEST, "replicas"), json!(10));
    assert_eq!((ops.simulated(DNS_EAST, "weight"), ops.simulated(DNS_WEST, "weight")), (json!(0), json!(100)));
    is_there(&ops, "west");

    // Home: viewers leave the west before it shrinks.
    Order::of(&ops, "baseline").one_by_one(&[DNS_EAST, DNS_WEST, EDGE_WEST]);
    ops.start(&["apply", "baseline", "-y"]).ends(0).one_by_one(&[DNS_EAST, DNS_WEST, EDGE_WEST]);
    assert_eq!((ops.simulated(DNS_EAST, "weight"), ops.simulated(DNS_WEST, "weight")), (json!(100), json!(0)));
    is_there(&ops, "baseline");
}

#[test]
fn test_the_failover_goes_through_with_the_east_away() {
    let ops = platform();
    ops.done(&["sim", "set", "east", "sim.unreachable=true"]);
    // What could not be read there is owed.
    ops.ends(10, &["apply", "west", "-y"]);
    assert_eq!((ops.simulated(DNS_EAST, "weight"), ops.simulated(DNS_WEST, "weight")), (json!(0), json!(100)));
    // Nobody is sent home before the east is there again.
    ops.ends(1, &["apply", "baseline", "-y"]);
    assert_eq!(ops.simulated(DNS_WEST, "weight"), json!(100));
    ops.done(&["sim", "set", "east", "sim.unreachable=false"]);
    ops.done(&["rollback", "-y"]);
    is_there(&ops, "baseline");
}

const CONNECTOR: &str = "
case $1 in
    restart) echo $2 >> restarted ;;
    running) grep -q $2 restarted ;;
    lag) test $(wc -l < restarted) -ge 4 && echo 0 ;;
esac
";

#[test]
fn test_the_mirror_catches_up_and_is_as_large_as_before() {
    let ops = platform();
    ops.write("connector", CONNECTOR);
    Order::of(&ops, "catching-up").one_by_one(&[MIRROR, "restart-connectors"]);
    ops.done(&["apply", "catching-up", "-y"]);
    assert_eq!(ops.simulated(MIRROR, "replicas"), json!(4));
    let restarted = || std::fs::read_to_string(ops.path("restarted")).unwrap();
    assert_eq!(restarted(), "1\n2\n3\n4\n");
    is_there(&ops, "catching-up");

    let said = ops.done(&["rollback", "-y"]);
    assert!(said.out.contains("action restart-connectors was called, and is not undone"), "{said}");
    assert_eq!(ops.simulated(MIRROR, "replicas"), json!(2));
    assert_eq!(restarted(), "1\n2\n3\n4\n");
    is_there(&ops, "baseline");
}

#[test]
fn test_a_node_is_emptied_before_it_stops_and_takes_work_once_it_runs() {
    let [node, scheduling] = ["nodes:service/node-7", "nodes:switch/node-7-scheduling"];
    let ops = platform();
    ops.write("pods-left", "3 pods");
    ops.write("pods", "cat pods-left");
    ops.write("drain", "echo none > pods-left");
    Order::of(&ops, "node-7-away").one_by_one(&[scheduling, "drain-7", node]);
    ops.done(&["apply", "node-7-away", "-y"]);
    assert_eq!((ops.simulated(scheduling, "on"), ops.simulated(node, "running")), (json!(false), json!(false)));
    is_there(&ops, "node-7-away");

    Order::of(&ops, "baseline").one_by_one(&[node, scheduling]);
    ops.done(&["apply", "baseline", "-y"]);
    assert_eq!((ops.simulated(scheduling, "on"), ops.simulated(node, "running")), (json!(true), json!(true)));
    is_there(&ops, "baseline");
}

#[test]
fn test_a_node_with_work_that_does_not_go_is_not_stopped() {
    let ops = platform();
    ops.write("pods", "echo 3 pods");
    ops.write("drain", "echo cannot evict a pod with local storage >&2; exit 1");
    let said = ops.ends(7, &["apply", "node-7-away", "-y"]);
    assert!(said.out.contains("cannot evict a pod with local storage"), "{said}");
    assert_eq!(ops.simulated("nodes:service/node-7", "running"), json!(true));
    ops.done(&["rollback", "-y"]);
    assert_eq!(ops.simulated("nodes:switch/node-7-scheduling", "on"), json!(true));
}

/// By `rollback`, and by baseline, which gives back what was there.
#[test]
fn test_a_release_is_undone() {
    let ops = platform();
    for undone in [&["rollback", "-y"][..], &["apply", "baseline", "-y"]] {
        ops.done(&["apply", "release", "-y"]);
        assert_eq!(ops.simulated(WEB, "image.web"), json!("web-client:1.3.0"));
        is_there(&ops, "release");
        ops.done(undone);
        assert_eq!(ops.simulated(WEB, "image.web"), json!("web-client:1.2.0"));
        is_there(&ops, "baseline");
    }
}
