use serde_json::json;

use super::repository;
use crate::seeds::order::Order;

const NODES: &str = r#"
[sim]
settle = "50ms"
[resource.transcoder]
at = "lab:service/transcoder"
replicas = 2
[resource.gpu-nodes]
at = "lab:pool/gpu"
desired = 2
min = 0
max = 4
[resource.budget]
at = "lab:switch/budget-alarm"
on = true
"#;

/// The budget's alarm is only quiet once the nodes are really gone.
const CHEAP: &str = r#"
[resource.budget]
at = "lab:switch/budget-alarm"
on = false
after = ["gpu-nodes"]
[resource.gpu-nodes]
at = "lab:pool/gpu"
desired = 0
timeout = "TIME"
[resource.transcoder]
at = "lab:service/transcoder"
replicas = 0
needs = ["gpu-nodes"]
"#;

#[test]
fn test_what_takes_longer_than_usual_is_waited_for_and_never_without_end() {
    let ops = repository(NODES, &[("cheap", &CHEAP.replace("TIME", "300ms"))]);
    let way = ["lab:service/transcoder", "lab:pool/gpu", "lab:switch/budget-alarm"];
    Order::of(&ops, "cheap").one_by_one(&way);
    ops.done(&["sim", "set", "lab:pool/gpu", "sim.settle=1h"]);
    let said = ops.ends(7, &["apply", "cheap", "-y"]);
    assert!(said.out.contains("not ready within 300ms"), "{said}");
    assert_eq!(ops.simulated("lab:switch/budget-alarm", "on"), json!(true));
    // What is still to be done is known, and is done when they are gone.
    ops.ends(10, &["status"]);
    ops.done(&["sim", "set", "lab:pool/gpu", "sim.settle=0s"]);
    ops.done(&["resume", "-y"]);
    assert_eq!(ops.simulated("lab:switch/budget-alarm", "on"), json!(false));
}

const DRAINED: &str = r#"
[resource.budget]
at = "lab:switch/budget-alarm"
on = true
[action.drain]
run = ["true"]
until = { run = ["test", "-e", "empty"], within = "200ms", every = "50ms" }
before = ["gpu-nodes"]
[resource.gpu-nodes]
at = "lab:pool/gpu"
desired = 0
"#;

#[test]
fn test_a_drain_that_never_ends_fails_and_leaves_what_comes_after_it() {
    let ops = repository(NODES, &[("drained", DRAINED)]);
    let said = ops.ends(7, &["apply", "drained", "-y"]);
    assert!(said.out.contains("action drain"), "{said}");
    assert_eq!(ops.simulated("lab:pool/gpu", "desired"), json!(2));
}

const CLUSTER: &str = r#"
[resource.version]
at = "lab:document/broker-version"
content = "1"
"#;

const RESTARTED: &str = r#"
[resource.version]
at = "lab:document/broker-version"
content = "2"
[action.restart]
after = ["version"]
each = ["broker-1", "broker-2", "broker-3"]
run = ["sh", "-c", "echo {{ member }} >> restarted; touch {{ member }}.ready"]
between = { run = ["test", "-e", "{{ member }}.ready"], within = "200ms", every = "50ms" }
"#;

#[test]
fn test_members_are_restarted_one_at_a_time_and_never_after_one_that_does_not_come_back() {
    let ops = repository(CLUSTER, &[("upgraded", RESTARTED)]);
    ops.write("states/upgraded.toml", &RESTARTED.replace("; touch {{ member }}.ready", ""));
    ops.write("broker-1.ready", "");
    let said = ops.ends(7, &["apply", "upgraded", "-y"]);
    assert!(said.out.contains("broker-3 was not called"), "{said}");
    let restarted = || std::fs::read_to_string(ops.path("restarted")).unwrap();
    assert_eq!(restarted(), "broker-1\nbroker-2\n");
    ops.write("broker-2.ready", "");
    ops.write("broker-3.ready", "");
    ops.done(&["resume", "-y"]);
    assert_eq!(restarted(), "broker-1\nbroker-2\nbroker-3\n");
}
