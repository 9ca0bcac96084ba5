//! A wait of 300 seconds where it can take longer, and loops without an end.

use serde_json::json;

use super::repository;
use crate::seeds::procedure::Procedure;
use crate::seeds::{hurry, is_there, lines};

const NODES: &str = "lab:pool/gpu";
const TRANSCODER: &str = "lab:service/transcoder";
const ALARM: &str = "lab:switch/budget-alarm";

const WORLD: &str = r#"
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
[resource.alarm]
at = "lab:switch/budget-alarm"
on = true
"#;

/// The budget's alarm is only quiet once the nodes are really gone.
const BASELINE: &str = r#"
[resource.transcoder]
at = "lab:service/transcoder"
replicas = 2
needs = ["gpu-nodes"]
[resource.gpu-nodes]
at = "lab:pool/gpu"
desired = 2
[resource.alarm]
at = "lab:switch/budget-alarm"
on = true
after = ["gpu-nodes"]
"#;

const CHEAP: &str = r#"
extends = "baseline"
[resource.alarm]
on = false
[resource.gpu-nodes]
desired = 0
[resource.transcoder]
replicas = 0
"#;

#[test]
fn test_what_takes_longer_than_usual_is_waited_for_and_never_without_end() {
    let ops = repository(WORLD, &[("baseline", BASELINE), ("cheap", CHEAP)]);
    let procedure = Procedure::of(&ops);
    procedure.there("cheap", &[TRANSCODER, NODES, ALARM]);
    procedure.back(&[NODES, TRANSCODER]);

    hurry(&ops, NODES);
    ops.done(&["sim", "set", NODES, "sim.settle=1h"]);
    let said = ops.ends(7, &["apply", "cheap", "-y"]);
    assert!(said.out.contains("failed      lab pool/gpu desired 2 → 0: not ready within 300ms"), "{said}");
    assert!(said.out.contains("1 step was not started because of that"), "{said}");
    assert_eq!(ops.simulated(ALARM, "on"), json!(true));
    // What is still to be done is known, and is done when they are gone.
    let said = ops.ends(10, &["status"]);
    assert!(said.out.contains("not started lab switch/budget-alarm on true → false"), "{said}");
    ops.done(&["sim", "set", NODES, "sim.settle=0s"]);
    ops.done(&["resume", "-y"]);
    assert_eq!(ops.simulated(ALARM, "on"), json!(false));
    is_there(&ops, "cheap");
    procedure.back(&[NODES, TRANSCODER]);
}

const DRAINED: &str = r#"
extends = "baseline"
[action.drain]
run = ["sh", "-c", "echo drain >> drained"]
until = { run = ["cat", "pods"], number = 0, within = "200ms", every = "50ms" }
before = ["gpu-nodes"]
when = "shrinks"
[resource.gpu-nodes]
desired = 0
[resource.transcoder]
replicas = 0
"#;

#[test]
fn test_a_drain_that_never_ends_fails_and_leaves_what_comes_after_it() {
    let ops = repository(WORLD, &[("baseline", BASELINE), ("drained", DRAINED)]);
    ops.write("pods", "7");
    let said = ops.ends(7, &["apply", "drained", "-y"]);
    assert!(said.out.contains("action drain: it was called, and is not done: 7"), "{said}");
    assert_eq!(ops.simulated(NODES, "desired"), json!(2));
    // It is called again when that is asked for, and goes on from there.
    ops.write("pods", "0");
    ops.done(&["resume", "-y"]);
    assert_eq!(lines(&ops, "drained"), ["drain", "drain"]);
    assert_eq!(ops.simulated(NODES, "desired"), json!(0));
    is_there(&ops, "drained");
}

/// Nor does a command that hangs hold up the operator.
#[test]
fn test_a_command_that_hangs_is_ended() {
    let hangs = DRAINED.replace("echo drain >> drained", "sleep 600").replace("when =", "timeout = \"200ms\"\nwhen =");
    let ops = repository(WORLD, &[("baseline", BASELINE), ("drained", &hangs)]);
    ops.write("pods", "7");
    let said = ops.ends(7, &["apply", "drained", "-y"]);
    assert!(said.out.contains("unknown     action drain: it may be done"), "{said}");
    assert!(said.out.contains("nothing shows within 200ms that it is done: 7"), "{said}");
    assert_eq!(ops.simulated(NODES, "desired"), json!(2));
}
