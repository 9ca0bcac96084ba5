//! The procedures of a streaming platform on two clusters; their states are in `streaming/`.

use serde_json::json;

use super::procedure::Procedure;
use super::{copy, hurry, is_there, lines};
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
const NODE: &str = "nodes:service/node-7";
const SCHEDULING: &str = "nodes:switch/node-7-scheduling";

fn platform() -> Repository {
    copy(
        "tests/seeds/streaming",
        &[("every = \"5s\"", "every = \"50ms\""), ("\"30m\"", "\"10s\""), ("\"5m\"", "\"10s\"")],
    )
}

#[track_caller]
fn is(ops: &Repository, settings: &[(&str, &str, serde_json::Value)]) {
    for (at, setting, value) in settings {
        assert_eq!(ops.simulated(at, setting), *value, "{at} {setting}");
    }
}

#[test]
fn test_the_cost_cut_and_its_way_back() {
    let ops = platform();
    let said = ops.done(&["plan", "cheap"]);
    assert!(
        said.out.contains("hpa/media/ome-transcoder holds replicas of") && said.out.contains("lets go at 0"),
        "{said}"
    );
    let procedure = Procedure::of(&ops);
    let way = [EDGE, PACKAGER, TRANSCODER, GPU_NODES];
    procedure.there("cheap", &way);
    is(&ops, &[(EDGE, "replicas", json!(2)), (PACKAGER, "replicas", json!(1)), (TRANSCODER, "replicas", json!(0))]);
    is(&ops, &[(GPU_NODES, "desired", json!(0)), (GPU_NODES, "min", json!(0))]);
    // Nodes come first, viewers last.
    let back = [GPU_NODES, TRANSCODER, PACKAGER, EDGE];
    procedure.back(&back);
    procedure.there("cheap", &way);
    procedure.taken_back(&back);
}

/// What can be saved is saved where one part of it fails.
#[test]
fn test_a_cost_cut_takes_what_it_can_get() {
    let ops = platform();
    let procedure = Procedure::of(&ops);
    ops.done(&["sim", "set", TRANSCODER, "sim.fail=a job cannot be evicted"]);
    let said = ops.ends(7, &["apply", "cheap", "-y"]);
    assert!(said.out.contains("replicas 3 → 0: a job cannot be evicted"), "{said}");
    is(&ops, &[(EDGE, "replicas", json!(2)), (PACKAGER, "replicas", json!(1)), (GPU_NODES, "desired", json!(3))]);
    ops.done(&["sim", "set", TRANSCODER, "sim.fail"]);
    procedure.taken_back(&[TRANSCODER, PACKAGER, EDGE]);
}

#[test]
fn test_the_shield_is_skipped_and_asked_again() {
    let ops = platform();
    let procedure = Procedure::of(&ops);
    let way = [TOPOLOGY, CONTROLLER];
    procedure.there("no-shield", &way);
    is(&ops, &[(TOPOLOGY, "data.shield.max-hosts", json!("0"))]);
    let without = ops.simulated(CONTROLLER, "config_digest");
    assert!(without.is_string(), "it was not started anew");
    // It is started anew on the way back too, by either of the two.
    procedure.back(&way);
    let with = ops.simulated(CONTROLLER, "config_digest");
    assert!(with.is_string() && with != without, "{with}");
    procedure.there("no-shield", &way);
    assert_eq!(ops.simulated(CONTROLLER, "config_digest"), without);
    procedure.taken_back(&way);
    assert_eq!(ops.simulated(CONTROLLER, "config_digest"), with);
}

/// Data, what reads it, what serves it, and only then who comes.
#[test]
fn test_the_failover_to_the_west_and_its_way_back() {
    let ops = platform();
    let said = ops.done(&["plan", "west"]);
    for line in ["viewers moves: dns-east 100 → 0, dns-west 0 → 100", "RTO 15m", "Way back  5 steps"] {
        assert!(said.out.contains(line), "{line}\n{said}");
    }
    let procedure = Procedure::of(&ops);
    let way = [SCYLLA_WEST, CATALOG_WEST, EDGE_WEST, "west-is-ready", DNS_WEST, DNS_EAST];
    procedure.there("west", &way);
    is(&ops, &[(EDGE_WEST, "replicas", json!(10)), (DNS_EAST, "weight", json!(0)), (DNS_WEST, "weight", json!(100))]);
    // Home: viewers leave the west before it shrinks.
    let back = [DNS_EAST, DNS_WEST, EDGE_WEST];
    procedure.back(&back);
    let said = ops.done(&["apply", "west", "-y"]);
    assert!(said.out.contains("west is applied.") && said.out.contains("RTO 15m held"), "{said}");
    procedure.taken_back(&back);
}

#[test]
fn test_the_failover_goes_through_with_the_east_away() {
    let ops = platform();
    let procedure = Procedure::of(&ops);
    ops.done(&["sim", "set", "east", "sim.unreachable=the region is gone"]);
    let said = ops.ends(10, &["apply", "west", "-y"]);
    assert!(said.out.contains("unreachable, tolerated: the region is gone"), "{said}");
    is(&ops, &[(DNS_EAST, "weight", json!(0)), (DNS_WEST, "weight", json!(100)), (EDGE_WEST, "replicas", json!(10))]);
    // Nobody is sent home before the east is there again.
    let said = ops.ends(1, &["apply", "baseline", "-y"]);
    assert!(said.err.contains("unreachable: the region is gone"), "{said}");
    is(&ops, &[(DNS_EAST, "weight", json!(0)), (DNS_WEST, "weight", json!(100))]);
    ops.done(&["sim", "set", "east", "sim.unreachable=false"]);
    procedure.taken_back(&[DNS_EAST, DNS_WEST, EDGE_WEST]);
    is_there(&ops, "baseline");
}

/// What an operator calls for the connectors of the mirror: `stuck` has a line for each of them that does not run.
const CONNECTOR: &str = "
case $1 in
    runs) ! grep -qx $2 stuck ;;
    restart) echo $2 >> restarted; MENDS; true ;;
    lag) if [ -s stuck ]; then echo 95; else echo 3; fi ;;
esac
";
const MENDS: &str = "grep -vx $2 stuck > left; mv left stuck";

/// Its connectors 1, 3 and 4 are stuck.
fn mirror() -> Repository {
    let ops = platform();
    ops.write("connector", &CONNECTOR.replace("MENDS", MENDS));
    ops.write("stuck", "1\n3\n4\n");
    ops
}

#[test]
fn test_the_mirror_catches_up_and_is_as_large_as_before() {
    let ops = mirror();
    let procedure = Procedure::of(&ops);
    procedure.there("catching-up", &[MIRROR, "restart-connectors"]);
    is(&ops, &[(MIRROR, "replicas", json!(4))]);
    assert_eq!(lines(&ops, "restarted"), ["1", "3", "4"]);
    procedure.back(&[MIRROR]);

    ops.write("stuck", "2\n");
    procedure.there("catching-up", &[MIRROR, "restart-connectors"]);
    let said = ops.done(&["rollback", "-y"]);
    assert!(said.out.contains("action restart-connectors was called, and is not undone"), "{said}");
    procedure.is_as_before();
    assert_eq!(lines(&ops, "restarted"), ["1", "3", "4", "2"]);
}

/// A mirror that is larger already stays so, and what is stuck in it is started anew all the same.
#[test]
fn test_a_mirror_that_is_larger_stays_so() {
    let ops = mirror();
    ops.done(&["sim", "set", MIRROR, "replicas=6"]);
    ops.done(&["apply", "catching-up", "-y"]);
    is(&ops, &[(MIRROR, "replicas", json!(6))]);
    assert_eq!(lines(&ops, "restarted"), ["1", "3", "4"]);
    is_there(&ops, "catching-up");
}

#[test]
fn test_no_connector_is_restarted_after_one_that_does_not_come_back() {
    let ops = mirror();
    let state = "states/catching-up.toml";
    let text = std::fs::read_to_string(ops.path(state)).unwrap();
    ops.write(state, &text.replace("within = \"10s\"", "within = \"300ms\""));
    ops.write("connector", &CONNECTOR.replace("MENDS", &format!("test $2 = 3 || {{ {MENDS}; }}")));
    let procedure = Procedure::of(&ops);
    let said = ops.ends(7, &["apply", "catching-up", "-y"]);
    let why = "action restart-connectors: 3: it is done, and nothing may follow yet: exit 1; 2, 4 were not called";
    assert!(said.out.contains(why), "{said}");
    assert_eq!(lines(&ops, "restarted"), ["1", "3"]);
    ops.ends(10, &["status"]);
    // Somebody has mended it: those that are left follow.
    ops.write("stuck", "4\n");
    ops.write("connector", &CONNECTOR.replace("MENDS", MENDS));
    ops.done(&["resume", "-y"]);
    assert_eq!(lines(&ops, "restarted"), ["1", "3", "4"]);
    is_there(&ops, "catching-up");
    ops.done(&["status"]);
    procedure.back(&[MIRROR]);
}

/// The lag is a number: what says nothing has not caught up.
#[test]
fn test_a_mirror_that_does_not_catch_up_is_told_of() {
    let ops = mirror();
    let state = "states/catching-up.toml";
    let text = std::fs::read_to_string(ops.path(state)).unwrap();
    ops.write(state, &text.replace("within = \"10s\"", "within = \"100ms\""));
    for (lag, seen) in [("echo 100", "100"), ("true", "no number but nothing")] {
        ops.write("stuck", "1\n");
        ops.write("connector", &CONNECTOR.replace("MENDS", MENDS).replace("echo 3", lag));
        let said = ops.ends(7, &["apply", "catching-up", "-y"]);
        assert!(said.out.contains(&format!("lag does not hold: {seen}")), "{said}");
        is(&ops, &[(MIRROR, "replicas", json!(4))]);
        ops.done(&["apply", "baseline", "-y"]);
    }
}

/// A node with three pods on it.
fn node() -> Repository {
    let ops = platform();
    ops.write("pods", "cat left");
    ops.write("left", "3");
    ops.write("drain", "echo $1 >> drained; echo 0 > left");
    ops
}

#[test]
fn test_a_node_is_emptied_before_it_stops_and_takes_work_once_it_runs() {
    let ops = node();
    let procedure = Procedure::of(&ops);
    let way = [SCHEDULING, "drain-7", NODE];
    procedure.there("node-7-away", &way);
    is(&ops, &[(SCHEDULING, "on", json!(false)), (NODE, "running", json!(false))]);
    procedure.back(&[NODE, SCHEDULING]);
    ops.write("left", "2");
    procedure.there("node-7-away", &way);
    procedure.taken_back(&[NODE, SCHEDULING]);
    assert_eq!(lines(&ops, "drained"), ["node-7", "node-7"]);
}

#[test]
fn test_a_node_with_work_that_does_not_go_is_not_stopped() {
    let ops = node();
    let state = "states/node-7-away.toml";
    let text = std::fs::read_to_string(ops.path(state)).unwrap();
    ops.write(state, &text.replace("within = \"10s\"", "within = \"200ms\""));
    let procedure = Procedure::of(&ops);
    for (drain, why) in [
        ("echo cannot evict a pod with local storage >&2; exit 1", "exit 1: cannot evict a pod with local storage"),
        ("true", "it was called, and is not done: 3"),
        // A list that could not be had is no empty one.
        ("> left", "it was called, and is not done: no number but nothing"),
    ] {
        ops.write("drain", drain);
        let said = ops.ends(7, &["apply", "node-7-away", "-y"]);
        assert!(said.out.contains(&format!("action drain-7: {why}")), "{said}");
        is(&ops, &[(SCHEDULING, "on", json!(false)), (NODE, "running", json!(true))]);
        procedure.taken_back(&[SCHEDULING]);
    }
}

/// To what was there before it, to what was there before several, and by baseline, to which a release is nothing normal.
#[test]
fn test_a_release_is_undone() {
    let ops = platform();
    let procedure = Procedure::of(&ops);
    let release = |version: &str| {
        let text = std::fs::read_to_string(ops.path("states/release.toml")).unwrap();
        let old = text.split("web-client:").nth(1).unwrap().split('"').next().unwrap();
        ops.write("states/release.toml", &text.replace(old, version));
        procedure.there("release", &[WEB]);
        is(&ops, &[(WEB, "image.web", json!(format!("web-client:{version}")))]);
    };
    release("1.3.0");
    procedure.taken_back(&[WEB]);

    release("1.3.0");
    let first = ops.json(&["show"])["operation"]["id"].as_str().unwrap().to_owned();
    release("1.4.0");
    ops.done(&["rollback", "-y"]);
    is(&ops, &[(WEB, "image.web", json!("web-client:1.3.0"))]);
    release("1.5.0");
    ops.done(&["rollback", &first, "-y"]);
    procedure.is_as_before();

    release("1.3.0");
    release("1.4.0");
    procedure.back(&[WEB]);
}

/// What does not become ready is waited for so long, and said; what comes after it is not begun, and the way back is open.
#[test]
fn test_what_never_gets_ready_holds_up_what_comes_after_it() {
    for (state, slow, spared) in [
        ("cheap", GPU_NODES, &[][..]),
        ("cheap", EDGE, &[PACKAGER, TRANSCODER, GPU_NODES]),
        ("no-shield", TOPOLOGY, &[CONTROLLER]),
        ("no-shield", CONTROLLER, &[]),
        ("west", CATALOG_WEST, &[EDGE_WEST, DNS_WEST, DNS_EAST]),
        ("west", EDGE_WEST, &[DNS_WEST, DNS_EAST]),
        ("west", DNS_WEST, &[DNS_EAST]),
        ("catching-up", MIRROR, &[]),
        ("node-7-away", SCHEDULING, &[NODE]),
        ("release", WEB, &[]),
    ] {
        let ops = mirror();
        ops.write("pods", "echo 3");
        ops.write("drain", "touch drained");
        hurry(&ops, slow);
        let procedure = Procedure::of(&ops);
        let before: Vec<_> = spared.iter().map(|at| ops.json(&["sim", "show", at])).collect();
        ops.done(&["sim", "set", slow, "sim.settle=1h"]);
        let said = ops.ends(7, &["apply", state, "-y"]);
        let (instance, local) = slow.split_once(':').unwrap();
        let failed = said.out.lines().find(|line| line.starts_with("  failed "));
        let failed = failed.unwrap_or_else(|| panic!("{said}"));
        assert!(failed.contains(&format!("{instance} {local}")) && failed.contains("not ready within 300ms"), "{said}");
        let after: Vec<_> = spared.iter().map(|at| ops.json(&["sim", "show", at])).collect();
        assert_eq!(before, after, "{state}: {slow}");
        assert!(lines(&ops, "restarted").is_empty() && !ops.path("drained").exists());
        ops.ends(10, &["status"]);
        ops.done(&["sim", "set", slow, "sim.settle=0s"]);
        procedure.taken_back(&[]);
        is_there(&ops, "baseline");
    }
}
