//! A set of addresses, or a record, is replaced where one entry was to be added or one field changed.

use serde_json::json;

use super::repository;
use crate::seeds::is_there;
use crate::seeds::procedure::Procedure;

const ALLOWED: &str = "lab:record/allowed";
const EAST: &str = "aws:route53-record/Z1/live.example.com/CNAME/east";

const WORLD: &str = r#"
[resource.allowed]
at = "lab:record/allowed"
targets = ["192.0.2.1/32", "192.0.2.2/32"]
[resource.dns-east]
at = "aws:route53-record/Z1/live.example.com/CNAME/east"
weight = 100
values = ["east.example.com"]
ttl = 60
"#;

const BASELINE: &str = r#"
[resource.allowed]
at = "lab:record/allowed"
targets = { restore = true }
[resource.dns-east]
at = "aws:route53-record/Z1/live.example.com/CNAME/east"
weight = 100
"#;

const ONE_MORE: &str = r#"
extends = "baseline"
[resource.allowed]
targets = { includes = ["203.0.113.9/32"] }
"#;

#[test]
fn test_an_entry_is_added_to_a_set_and_the_others_stay() {
    let ops = repository(WORLD, &[("baseline", BASELINE), ("blocked", ONE_MORE)]);
    let procedure = Procedure::of(&ops);
    procedure.there("blocked", &[ALLOWED]);
    let three = json!({"set": ["192.0.2.1/32", "192.0.2.2/32", "203.0.113.9/32"]});
    assert_eq!(ops.simulated(ALLOWED, "targets"), three);
    procedure.back(&[ALLOWED]);
    procedure.there("blocked", &[ALLOWED]);
    procedure.taken_back(&[ALLOWED]);
}

/// One that somebody adds meanwhile is no reason to touch it again, and is not lost when the own one goes.
#[test]
fn test_what_others_add_to_a_set_stays() {
    let ops = repository(WORLD, &[("baseline", BASELINE), ("blocked", ONE_MORE)]);
    let three = json!({"set": ["192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"]});
    ops.done(&["apply", "blocked", "-y"]);
    let four = "targets=[\"192.0.2.1/32\", \"192.0.2.2/32\", \"192.0.2.3/32\", \"203.0.113.9/32\"]";
    ops.done(&["sim", "set", ALLOWED, four]);
    is_there(&ops, "blocked");
    ops.write("states/open.toml", &ONE_MORE.replace("includes", "excludes"));
    ops.done(&["apply", "open", "-y"]);
    assert_eq!(ops.simulated(ALLOWED, "targets"), three);
}

#[test]
fn test_of_a_record_only_the_weight_is_changed() {
    let ops = repository(
        WORLD,
        &[("baseline", BASELINE), ("half", "extends = \"baseline\"\n[resource.dns-east]\nweight = 50\n")],
    );
    let procedure = Procedure::of(&ops);
    let rest = || ["values", "ttl"].map(|setting| ops.simulated(EAST, setting));
    let before = rest();
    assert_eq!(before[0].to_string(), r#"{"set":["east.example.com"]}"#);
    procedure.there("half", &[EAST]);
    assert_eq!((ops.simulated(EAST, "weight"), rest()), (json!(50), before));
    procedure.back(&[EAST]);
}
