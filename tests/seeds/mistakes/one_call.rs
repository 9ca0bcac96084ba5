//! A stream of 4 shards is made one of 32 in one call, which the service refuses.

use serde_json::json;

use super::repository;
use crate::seeds::procedure::Procedure;

const CLICKS: &str = "lab:stream/clicks";
const FOUR: &str = "[resource.clicks]\nat = \"lab:stream/clicks\"\nshards = 4\n";

#[test]
fn test_a_stream_grows_and_shrinks_by_steps_that_its_service_takes() {
    let stream = || {
        let peak = "extends = \"baseline\"\n[resource.clicks]\nshards = 32\n";
        repository(FOUR, &[("baseline", FOUR), ("peak", peak)])
    };
    let ops = stream();
    let procedure = Procedure::of(&ops);
    let hops = |state| -> Vec<_> {
        let plan = ops.json(&["plan", state]);
        let hops = plan["plan"]["steps"][0]["work"]["change"]["hops"].as_array().unwrap().clone();
        hops.iter().map(|hop| hop["edits"][0]["to"].clone()).collect()
    };
    let said = ops.done(&["plan", "peak"]);
    assert!(said.out.contains("shards 4 → 32") && said.out.contains("in 3 calls, one after the other"), "{said}");
    assert_eq!(hops("peak"), [8, 16, 32]);
    procedure.there("peak", &[CLICKS]);
    assert_eq!(ops.simulated(CLICKS, "shards"), json!(32));
    assert_eq!(hops("baseline"), [16, 8, 4]);
    procedure.back(&[CLICKS]);
    // Another one: twice there and back is more than a stream takes in a day.
    let ops = stream();
    let procedure = Procedure::of(&ops);
    procedure.there("peak", &[CLICKS]);
    procedure.taken_back(&[CLICKS]);
}
