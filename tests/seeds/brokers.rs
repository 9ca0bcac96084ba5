//! The procedures of a cluster of brokers with an admin API; their states are in `brokers/`.

use serde_json::json;

use super::procedure::Procedure;
use super::{by_hand, copy, is_there, lines};
use crate::harness::Repository;
use crate::server::Server;

const BROKERS: [&str; 4] =
    ["brokers:service/broker-1", "brokers:service/broker-2", "brokers:service/broker-3", "brokers:service/broker-4"];
const SETTINGS: &str = "brokers:document/broker.yaml";
const READ_ONLY: &str = "brokers:switch/read-only";

/// What an operator calls for one of them. Whoever starts reads the settings, and who led before it stopped does so no more.
const BROKER: &str = "
settings() { OPSCTL sim show SETTINGS | grep -o 'flush_interval: [0-9]*s' > $1.runs-with; }
case $1 in
    up) OPSCTL sim show brokers:service/$2 | grep -q 'running *true' ;;
    quorum) OPSCTL sim show 'brokers:service/*' | grep -c 'running *true' ;;
    leads) grep -qx $2 leader ;;
    leaders) wc -l < leader ;;
    runs-with) grep -qx \"$3\" $2.runs-with ;;
    start) START && echo start $2 >> said && settings $2 ;;
    restart)
        STOP && echo restart $2 >> said
        if grep -qx $2 leader; then ls *.runs-with | sed s/.runs-with// | grep -vx $2 | head -n 1 > elected; mv elected leader; echo >> elections; fi
        START && settings $2 ;;
esac
";

/// All of them are up, and the second one leads.
fn cluster() -> (Server, Repository) {
    let server = Server::new();
    server.answers("GET /members", 200, "{\"count\": 4}");
    server.answers("GET /rebalance-status", 200, "{\"state\": \"balanced\"}");
    server.answers("GET /metrics", 200, "disk_used_ratio 0.45\n");
    let real = "http://brokers.example.com:8080";
    let ops = copy(
        "tests/seeds/brokers",
        &[
            (real, server.url()),
            ("every = \"5s\"", "every = \"50ms\""),
            ("for = \"30m\"", "for = \"100ms\""),
            ("\"30m\"", "\"10s\""),
            ("\"5m\"", "\"10s\""),
        ],
    );
    script(&ops, &by_hand("brokers:service/$2 running=true"));
    ops.write("leader", "broker-2\n");
    for broker in 1..=4 {
        ops.write(&format!("broker-{broker}.runs-with"), "flush_interval: 1s\n");
    }
    (server, ops)
}

/// Writes what an operator calls, where a broker is started so.
fn script(ops: &Repository, start: &str) {
    let stop = by_hand("brokers:service/$2 running=false");
    let opsctl = env!("CARGO_BIN_EXE_opsctl");
    let script = BROKER.replace("START", start).replace("STOP", &stop).replace("SETTINGS", SETTINGS);
    ops.write("broker", &script.replace("OPSCTL", opsctl));
}

/// What the script was told.
fn told(ops: &Repository) -> Vec<String> {
    lines(ops, "said")
}

/// What every broker runs with.
fn runs_with(ops: &Repository) -> Vec<String> {
    (1..=4).flat_map(|broker| lines(ops, &format!("broker-{broker}.runs-with"))).collect()
}

#[track_caller]
fn run(ops: &Repository, running: [bool; 4]) {
    assert_eq!(BROKERS.map(|at| ops.simulated(at, "running")), running.map(|running| json!(running)));
}

#[test]
fn test_brokers_are_restarted_for_their_settings_the_leader_last() {
    let (_server, ops) = cluster();
    let procedure = Procedure::of(&ops);
    let way = [SETTINGS, "restart"];
    procedure.there("slow-flush", &way);
    assert_eq!(told(&ops), ["restart broker-1", "restart broker-3", "restart broker-4", "restart broker-2"]);
    assert_eq!(runs_with(&ops), ["flush_interval: 5s"; 4]);
    assert_eq!(lines(&ops, "elections").len(), 1);
    // Now the first one leads. Back they go the same way.
    procedure.back(&way);
    assert_eq!(told(&ops)[4..], ["restart broker-2", "restart broker-3", "restart broker-4", "restart broker-1"]);
    assert_eq!(runs_with(&ops), ["flush_interval: 1s"; 4]);
    assert_eq!(lines(&ops, "elections").len(), 2);
}

/// A rollback calls nothing, and says so. What the brokers still run with is then known to whoever looks at baseline.
#[test]
fn test_brokers_that_run_with_what_was_taken_back_are_restarted_by_baseline() {
    let (_server, ops) = cluster();
    let procedure = Procedure::of(&ops);
    procedure.there("slow-flush", &[SETTINGS, "restart"]);
    let said = ops.done(&["rollback", "-y"]);
    assert!(said.out.contains("action restart was called, and is not undone"), "{said}");
    procedure.is_as_before();
    assert_eq!(runs_with(&ops), ["flush_interval: 5s"; 4]);
    let said = ops.ends(2, &["plan", "baseline", "--detailed-exitcode"]);
    assert!(said.out.contains("> action restart: 4 calls, one at a time"), "{said}");
    procedure.back(&["restart"]);
    assert_eq!(runs_with(&ops), ["flush_interval: 1s"; 4]);
    assert_eq!(lines(&ops, "elections").len(), 2);
}

#[test]
fn test_no_broker_is_restarted_after_one_that_does_not_come_back() {
    let (_server, ops) = cluster();
    let state = "states/baseline.toml";
    let baseline = std::fs::read_to_string(ops.path(state)).unwrap();
    ops.write(state, &baseline.replace("within = \"10s\"", "within = \"300ms\""));
    let start = by_hand("brokers:service/$2 running=true");
    script(&ops, &format!("if test $2 != broker-3; then {start}; fi"));
    let procedure = Procedure::of(&ops);
    let said = ops.ends(7, &["apply", "slow-flush", "-y"]);
    let why =
        "action restart: broker-3: it is done, and nothing may follow yet: exit 1; broker-2, broker-4 were not called";
    assert!(said.out.contains(why), "{said}");
    assert_eq!(told(&ops), ["restart broker-1", "restart broker-3"]);
    run(&ops, [true, true, false, true]);
    ops.ends(10, &["status"]);
    // It is mended by hand, and the others follow: each broker was restarted once.
    script(&ops, &start);
    ops.done(&["sim", "set", BROKERS[2], "running=true"]);
    ops.done(&["resume", "-y"]);
    assert_eq!(told(&ops), ["restart broker-1", "restart broker-3", "restart broker-4", "restart broker-2"]);
    is_there(&ops, "slow-flush");
    ops.done(&["status"]);
    procedure.back(&[SETTINGS, "restart"]);
}

/// Stops all of them, the third of which had led.
fn stopped(ops: &Repository) {
    let course = ops.start(&["apply", "stopped", "--confirm", "stopped"]).ends(0);
    course.one_by_one(&BROKERS);
    run(ops, [false; 4]);
    is_there(ops, "stopped");
    for broker in 1..=4 {
        ops.write(&format!("broker-{broker}.log"), if broker == 3 { "became leader in term 7" } else { "follows" });
    }
}

#[test]
fn test_after_an_outage_the_former_leader_starts_first() {
    let (_server, ops) = cluster();
    let procedure = Procedure::of(&ops);
    stopped(&ops);
    procedure.there("started", &["start"]);
    assert_eq!(told(&ops), ["start broker-3", "start broker-1", "start broker-2", "start broker-4"]);
    run(&ops, [true; 4]);
    procedure.is_as_before();
    is_there(&ops, "baseline");
    // Those that run are not started again.
    ops.done(&["sim", "set", BROKERS[3], "running=false"]);
    procedure.there("started", &["start"]);
    assert_eq!(told(&ops)[4..], ["start broker-4"]);
}

/// Nobody knows who led, or nobody asks: then they start in their order, and still never two at once.
#[test]
fn test_brokers_that_were_stopped_never_start_at_once() {
    let (_server, ops) = cluster();
    let procedure = Procedure::of(&ops);
    stopped(&ops);
    procedure.back(&BROKERS);
    stopped(&ops);
    procedure.taken_back(&BROKERS);
}

#[test]
fn test_no_broker_is_started_after_one_that_does_not_come_up() {
    let (_server, ops) = cluster();
    let state = "states/started.toml";
    let started = std::fs::read_to_string(ops.path(state)).unwrap();
    ops.write(state, &started.replace("within = \"10s\"", "within = \"300ms\""));
    let procedure = Procedure::of(&ops);
    stopped(&ops);
    let start = by_hand("brokers:service/$2 running=true");
    script(&ops, &format!("if test $2 = broker-3; then {start}; fi"));
    let said = ops.ends(7, &["apply", "started", "-y"]);
    let why = "action start: broker-1: it was called, and is not done: exit 1; broker-2, broker-4 were not called";
    assert!(said.out.contains(why), "{said}");
    run(&ops, [false, false, true, false]);
    script(&ops, &start);
    ops.done(&["apply", "started", "-y"]);
    procedure.is_as_before();
}

/// The disks fill up, and compacting makes room.
fn full(server: &Server) {
    server.answers("GET /metrics", 200, "disk_used_ratio 0.97\n");
    server.answers("POST /compact?aggressive=true", 202, "");
    server.turns("POST /compact?aggressive=true", "GET /metrics", "disk_used_ratio 0.6\n");
}

#[test]
fn test_read_only_mode_ends() {
    let (server, ops) = cluster();
    let procedure = Procedure::of(&ops);
    full(&server);
    procedure.there("read-only", &[READ_ONLY, "compact"]);
    assert_eq!(ops.simulated(READ_ONLY, "on"), json!(true));
    // Nobody has to remember it: it is what was applied last, and baseline ends it.
    assert!(ops.done(&["status"]).out.starts_with("read-only was applied"));
    procedure.back(&["room", READ_ONLY]);
    full(&server);
    procedure.there("read-only", &[READ_ONLY, "compact"]);
    procedure.taken_back(&[READ_ONLY]);
    assert_eq!(server.called(), ["POST /compact?aggressive=true"; 2]);
}

#[test]
fn test_read_only_mode_does_not_end_on_full_disks() {
    let (server, ops) = cluster();
    let state = "states/read-only.toml";
    let text = std::fs::read_to_string(ops.path(state)).unwrap();
    ops.write(state, &text.replace("within = \"10s\"", "within = \"100ms\""));
    let procedure = Procedure::of(&ops);
    full(&server);
    server.turns("POST /compact?aggressive=true", "GET /metrics", "disk_used_ratio 0.92\n");
    let said = ops.ends(7, &["apply", "read-only", "-y"]);
    assert!(said.out.contains("action compact: it was called, and is not done: 0.92"), "{said}");
    // Nor by who means well.
    let said = ops.ends(7, &["apply", "baseline", "-y"]);
    assert!(said.out.contains("check room: 0.92"), "{said}");
    assert_eq!(ops.simulated(READ_ONLY, "on"), json!(true));
    server.answers("GET /metrics", 200, "disk_used_ratio 0.5\n");
    procedure.back(&["room", READ_ONLY]);
}

/// What the cluster says of its fourth broker.
fn fourth(server: &Server) {
    server.answers("GET /brokers/4/partitions", 200, "{\"count\": 12}");
    server.answers("POST /brokers/4/drain", 202, "");
    server.answers("POST /leave", 200, "");
    server.answers("POST /rebalance", 202, "");
    server.turns("POST /brokers/4/drain", "GET /brokers/4/partitions", "{\"count\": 0}");
    server.turns("POST /leave", "GET /members", "{\"count\": 3}");
    server.turns("POST /leave", "GET /rebalance-status", "{\"state\": \"4 has nothing\"}");
    server.turns("POST /rebalance", "GET /members", "{\"count\": 4}");
    server.turns("POST /rebalance", "GET /rebalance-status", "{\"state\": \"balanced\"}");
}

/// Drained, out of the cluster, and only then stopped; back it runs first, and then gets partitions.
#[test]
fn test_a_broker_is_removed_and_comes_back() {
    let (server, ops) = cluster();
    fourth(&server);
    let procedure = Procedure::of(&ops);
    let way = ["drain-4", "leave-4", BROKERS[3]];
    procedure.there("without-4", &way);
    assert_eq!(server.called(), ["POST /brokers/4/drain", "POST /leave"]);
    run(&ops, [true, true, true, false]);
    procedure.back(&[BROKERS[3], "rebalance"]);
    assert_eq!(server.called()[2..], ["POST /rebalance"]);

    // A rollback starts it again, and what it does not call is left to baseline.
    server.answers("GET /brokers/4/partitions", 200, "{\"count\": 9}");
    procedure.there("without-4", &way);
    server.answers("GET /members", 200, "{\"count\": 4}");
    procedure.taken_back(&[BROKERS[3]]);
    assert_eq!(server.called().len(), 5);
    let said = ops.ends(2, &["plan", "baseline", "--detailed-exitcode"]);
    assert!(said.out.contains("> action rebalance"), "{said}");
    procedure.back(&["rebalance"]);
}

#[test]
fn test_a_broker_that_cannot_be_drained_stays_in_the_cluster() {
    let (server, ops) = cluster();
    let state = "states/without-4.toml";
    let text = std::fs::read_to_string(ops.path(state)).unwrap();
    ops.write(state, &text.replace("within = \"10s\"", "within = \"100ms\""));
    let procedure = Procedure::of(&ops);
    fourth(&server);
    server.answers("POST /brokers/4/drain", 409, "partition 7 has no other replica");
    server.turns("POST /brokers/4/drain", "GET /brokers/4/partitions", "{\"count\": 12}");
    let said = ops.ends(7, &["apply", "without-4", "-y"]);
    assert!(said.out.contains("action drain-4: status 409: partition 7 has no other replica"), "{said}");
    // Nor one of which the drain never comes to an end.
    server.answers("POST /brokers/4/drain", 202, "");
    let said = ops.ends(7, &["apply", "without-4", "-y"]);
    assert!(said.out.contains("action drain-4: it was called, and is not done: status 200, /count is 12"), "{said}");
    assert_eq!(server.called(), ["POST /brokers/4/drain"; 2]);
    procedure.is_as_before();
}
