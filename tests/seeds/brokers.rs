//! The procedures of a cluster of brokers with an admin API; their states are in `brokers/`.

use serde_json::json;

use super::order::Order;
use super::{by_hand, copy, is_there};
use crate::harness::Repository;
use crate::server::Server;

const BROKERS: [&str; 4] = ["broker-1", "broker-2", "broker-3", "broker-4"];
const READ_ONLY: &str = "brokers:switch/read-only";
const BROKER_4: &str = "brokers:service/broker-4";

/// What an operator calls for one of them.
const BROKER: &str = "
case $1 in
    is-up) grep -q $2 said ;;
    quorum) echo $(wc -l < said) of 4 ;;
    start) START && echo $1 $2 >> said ;;
    restart) STOP && START && echo $1 $2 >> said ;;
esac
";

/// All of them are up, and the second one leads.
fn cluster() -> (Server, Repository) {
    let server = Server::new();
    for broker in BROKERS {
        let state = if broker == "broker-2" { "leader" } else { "follower" };
        server.answers(&format!("GET /{broker}/raft"), 200, &json!({ "state": state }).to_string());
        server.answers(&format!("GET /{broker}/health"), 200, "");
    }
    let ops = copy("brokers", "BROKERS", server.url());
    let [stop, start] = ["false", "true"].map(|to| by_hand(&format!("brokers:service/$2 running={to}")));
    ops.write("broker", &BROKER.replace("STOP", &stop).replace("START", &start));
    is_there(&ops, "baseline");
    (server, ops)
}

/// What the script was told.
fn told(ops: &Repository) -> String {
    std::fs::read_to_string(ops.path("said")).unwrap_or_default()
}

#[test]
fn test_brokers_are_restarted_for_their_settings_the_leader_last() {
    let (_server, ops) = cluster();
    Order::of(&ops, "slow-flush").one_by_one(&["brokers:document/broker.yaml", "restart"]);
    ops.done(&["apply", "slow-flush", "-y"]);
    assert_eq!(told(&ops), "restart broker-1\nrestart broker-3\nrestart broker-4\nrestart broker-2\n");
    is_there(&ops, "slow-flush");
    // Back are the settings; that the brokers read them anew is another restart, and the page says that none is undone.
    let said = ops.done(&["rollback", "-y"]);
    assert!(said.out.contains("action restart was called, and is not undone"), "{said}");
    is_there(&ops, "baseline");
}

#[test]
fn test_after_an_outage_the_former_leader_starts_first() {
    let (_server, ops) = cluster();
    for broker in BROKERS {
        ops.done(&["sim", "set", &format!("brokers:service/{broker}"), "running=false"]);
        ops.write(&format!("{broker}.log"), if broker == "broker-3" { "became leader in term 7" } else { "follows" });
    }
    ops.done(&["apply", "started", "-y"]);
    assert_eq!(told(&ops), "start broker-3\nstart broker-1\nstart broker-2\nstart broker-4\n");
    is_there(&ops, "baseline");
    // Those that run are not started again.
    is_there(&ops, "started");
}

#[test]
fn test_read_only_mode_ends() {
    let (server, ops) = cluster();
    server.answers("POST /compact?aggressive=true", 202, "");
    server.turns("POST /compact?aggressive=true", "GET /disk", "45% used");
    Order::of(&ops, "read-only").one_by_one(&[READ_ONLY, "compact"]);
    ops.done(&["apply", "read-only", "-y"]);
    assert_eq!(ops.simulated(READ_ONLY, "on"), json!(true));
    is_there(&ops, "read-only");
    // Baseline names the mode, so nobody has to remember it.
    ops.done(&["apply", "baseline", "-y"]);
    assert_eq!(ops.simulated(READ_ONLY, "on"), json!(false));
    is_there(&ops, "baseline");
    assert_eq!(server.called(), ["POST /compact?aggressive=true"]);
}

/// Drained, out of the cluster, and only then stopped.
#[test]
fn test_a_broker_is_removed_and_comes_back() {
    let (server, ops) = cluster();
    server.answers("GET /4/partitions", 200, "{\"count\": 12}");
    server.answers("GET /members", 200, "1 2 3 4.");
    server.answers("POST /4/drain", 202, "");
    server.answers("POST /leave", 200, "");
    server.turns("POST /4/drain", "GET /4/partitions", "{\"count\": 0}");
    server.turns("POST /leave", "GET /members", "1 2 3.");
    Order::of(&ops, "without-4").one_by_one(&["drain-4", "leave-4", BROKER_4]);
    ops.done(&["apply", "without-4", "-y"]);
    assert_eq!(server.called(), ["POST /4/drain", "POST /leave"]);
    assert_eq!(ops.simulated(BROKER_4, "running"), json!(false));
    is_there(&ops, "without-4");
    // It runs again; nothing is called for that.
    ops.done(&["apply", "baseline", "-y"]);
    assert_eq!(ops.simulated(BROKER_4, "running"), json!(true));
    assert_eq!(server.called().len(), 2);
    is_there(&ops, "baseline");
}

#[test]
fn test_a_broker_that_cannot_be_drained_stays_in_the_cluster() {
    let (server, ops) = cluster();
    server.answers("GET /4/partitions", 200, "{\"count\": 12}");
    server.answers("GET /members", 200, "1 2 3 4.");
    server.answers("POST /4/drain", 409, "partition 7 has no other replica");
    let said = ops.ends(7, &["apply", "without-4", "-y"]);
    assert!(said.out.contains("partition 7 has no other replica"), "{said}");
    assert_eq!(server.called(), ["POST /4/drain"]);
    assert_eq!(ops.simulated(BROKER_4, "running"), json!(true));
}
