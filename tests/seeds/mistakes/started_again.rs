//! A database is stopped to save its cost, and its service starts it again after a week.

use serde_json::json;

use super::repository;
use crate::seeds::is_there;
use crate::seeds::procedure::Procedure;

const DATABASE: &str = "lab:switch/reports-db";
const ON: &str = "[resource.reports]\nat = \"lab:switch/reports-db\"\non = true\n";
const NIGHT: &str = "extends = \"baseline\"\n[resource.reports]\non = false\n";

/// Who starts it again, and how soon.
fn owner(soon: &str) -> String {
    format!("sim = {{ owners = [{{ name = \"AWS\", settings = [\"on\"], reverts = true, soon = \"{soon}\" }}] }}\n")
}

#[test]
fn test_who_starts_it_again_and_how_soon_is_named_before_it_is_stopped() {
    let ops = repository(&(ON.to_owned() + &owner("168h")), &[("baseline", ON), ("night", NIGHT)]);
    let procedure = Procedure::of(&ops);
    let said = ops.done(&["plan", "night"]);
    assert!(said.out.contains("AWS holds on of lab:switch/reports-db and puts it back (within 168h)"), "{said}");
    // A week is longer than a night.
    procedure.there("night", &[DATABASE]);
    procedure.back(&[DATABASE]);

    // Whoever forgets it sees that it runs, and who did that.
    procedure.there("night", &[DATABASE]);
    ops.done(&["sim", "set", DATABASE, "on=true", "--by", "AWS"]);
    let said = ops.done(&["status"]);
    assert!(said.out.contains("switch/reports-db  on  false, now true   by AWS"), "{said}");
    ops.ends(2, &["plan", "night", "--detailed-exitcode"]);
    procedure.there("night", &[DATABASE]);
    assert_eq!(ops.simulated(DATABASE, "on"), json!(false));
}

/// What would be started again while the operator still looks is not stopped in vain.
#[test]
fn test_what_is_started_again_at_once_is_not_stopped() {
    let ops = repository(&(ON.to_owned() + &owner("5s")), &[("baseline", ON), ("night", NIGHT)]);
    let said = ops.ends(3, &["apply", "night", "-y"]);
    assert!(said.err.contains("AWS holds on and puts it back (within 5s): false would not last"), "{said}");
    assert_eq!(ops.simulated(DATABASE, "on"), json!(true));
    is_there(&ops, "baseline");
}
