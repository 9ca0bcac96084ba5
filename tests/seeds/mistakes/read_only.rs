//! A read-only mode that nothing ever unsets.

use serde_json::json;

use super::repository;
use crate::seeds::procedure::Procedure;

const MODE: &str = "lab:switch/read-only";

const WORLD: &str = r#"
[resource.read-only]
at = "lab:switch/read-only"
on = false
[resource.reports]
at = "lab:switch/reports"
on = true
"#;

const BASELINE: &str = "[resource.reports]\nat = \"lab:switch/reports\"\non = true\n";
const MODE_OF_BASELINE: &str = "[resource.read-only]\nat = \"lab:switch/read-only\"\non = { restore = true }\n";
const READ_ONLY: &str = "over = \"baseline\"\n[resource.read-only]\nat = \"lab:switch/read-only\"\non = true\n";

#[test]
fn test_a_mode_that_nothing_unsets_is_named() {
    let ops = repository(WORLD, &[("baseline", BASELINE), ("read-only", READ_ONLY)]);
    let hole = "read-only sets on of read-only, and baseline does not: it has no way back";
    let said = ops.done(&["plan", "read-only"]);
    assert!(said.err.contains(hole) && said.err.contains("{ restore = true }, in states/baseline.toml"), "{said}");
    // And again by the one that leaves it.
    ops.done(&["apply", "read-only", "-y"]);
    let said = ops.done(&["plan", "baseline"]);
    assert!(said.out.contains("1 setting that other states set is left alone"), "{said}");
    // It has one by the history all the same.
    ops.done(&["rollback", "-y"]);
    assert_eq!(ops.simulated(MODE, "on"), json!(false));
}

#[test]
fn test_a_mode_for_a_while_is_unset() {
    let baseline = BASELINE.to_owned() + MODE_OF_BASELINE;
    let read_only = READ_ONLY.replace("at = \"lab:switch/read-only\"\n", "");
    let ops = repository(WORLD, &[("baseline", &baseline), ("read-only", &read_only)]);
    let procedure = Procedure::of(&ops);
    assert_eq!(ops.done(&["plan", "read-only"]).err, "");
    procedure.there("read-only", &[MODE]);
    assert_eq!(ops.simulated(MODE, "on"), json!(true));
    procedure.back(&[MODE]);
    procedure.there("read-only", &[MODE]);
    procedure.taken_back(&[MODE]);
    // One that somebody else has set is theirs to unset.
    ops.done(&["sim", "set", MODE, "on=true", "--by", "maintenance"]);
    ops.done(&["apply", "baseline", "-y"]);
    assert_eq!(ops.simulated(MODE, "on"), json!(true));
}
