use std::collections::BTreeSet;
use std::process::Child;

use crate::harness::Repository;
use crate::stopped::{hanging, signal};

/// What is done first, what is typed then, and with what it ends.
type Row<'a> = (i32, &'a str, Before<'a>, &'a [&'a str]);

/// What is done first.
enum Before<'a> {
    /// These commands.
    Typed(&'a [&'a [&'a str]]),
    /// This is written at the end of a file.
    Written(&'a str, &'a str),
    /// An apply, of which the snapshots are lost.
    Lost,
    /// An apply that is under way.
    Applying,
    /// An apply that was killed.
    Killed,
}

use Before::{Applying, Killed, Lost, Typed, Written};

const ORIGIN: &str = "k8s:deployment/data/origin";
const EDGE: &str = "k8s:deployment/cdn/edge";

const OWNED: &str = "sim.owners=[{name=\"Argo CD\", reverts=true, soon=\"10s\"}]";

const ROWS: &[Row<'_>] = &[
    (0, "nothing to change", Typed(&[]), &["apply", "baseline"]),
    (0, "all is done", Typed(&[]), &["apply", "busy", "-y"]),
    (0, "differences, unasked", Typed(&[]), &["plan", "busy"]),
    (0, "no differences", Typed(&[]), &["plan", "baseline", "--detailed-exitcode"]),
    (0, "a check holds", Typed(&[]), &["check", "baseline"]),
    (0, "somebody is applying, asked how it stands", Applying, &["status"]),
    (1, "no such state", Typed(&[]), &["plan", "bussy"]),
    (1, "no such snapshot", Typed(&[]), &["apply", "@", "-y"]),
    (1, "not reached", Typed(&[&["sim", "set", "k8s", "sim.unreachable=true"]]), &["apply", "busy", "-y"]),
    (2, "differences", Typed(&[]), &["plan", "busy", "--detailed-exitcode"]),
    (1, "the history lacks what was done", Lost, &["status"]),
    (3, "a guard says no", Written("opsctl.toml", "[guard]\nmax_resources = 1\n"), &["apply", "busy", "-y"]),
    (3, "an owner would undo it", Typed(&[&["sim", "set", EDGE, OWNED]]), &["apply", "busy", "-y"]),
    (3, "nobody says yes", Typed(&[]), &["apply", "busy"]),
    (3, "the preflight says no", Typed(&[&["sim", "set", ORIGIN, "sim.refuse=quota"]]), &["apply", "busy", "-y"]),
    (
        3,
        "what is unreachable could not be taken back",
        Typed(&[]),
        &["apply", "drained", "--confirm", "drained", "--on-failure", "rollback"],
    ),
    (
        4,
        "stale",
        Typed(&[&["plan", "busy", "--out", "p.json"], &["sim", "set", EDGE, "replicas=3"]]),
        &["apply", "p.json", "-y"],
    ),
    (5, "somebody is applying", Applying, &["apply", "busy", "-y"]),
    (5, "somebody is applying", Applying, &["rollback", "-y"]),
    (
        6,
        "a step fails, and what was done is taken back",
        Typed(&[&["sim", "set", EDGE, "sim.conflict=once"]]),
        &["apply", "busy", "-y", "--on-failure", "rollback"],
    ),
    (7, "a step fails", Typed(&[&["sim", "set", ORIGIN, "sim.fail=x"]]), &["apply", "busy", "-y"]),
    (
        7,
        "a step fails, on the way back too",
        Typed(&[&["sim", "set", ORIGIN, "sim.fail=x"]]),
        &["apply", "busy", "-y", "--on-failure", "rollback"],
    ),
    (7, "a check at the end does not hold", Typed(&[]), &["apply", "hoping", "-y"]),
    (8, "an operation did not end", Killed, &["apply", "busy", "-y"]),
    (8, "an operation did not end, asked how it stands", Killed, &["status"]),
    (9, "a check does not hold", Typed(&[]), &["check", "drained"]),
    (9, "a check before the first change does not hold", Typed(&[]), &["apply", "guarded", "-y"]),
    (
        10,
        "something is left alone",
        Typed(&[&["apply", "busy", "-y"], &["sim", "set", EDGE, "replicas=3"]]),
        &["rollback", "-y"],
    ),
    (10, "something is owed", Typed(&[&["sim", "set", "k8s", "sim.unreachable=true"]]), &["apply", "away", "-y"]),
    (10, "not all could be read", Typed(&[&["sim", "set", "k8s", "sim.unreachable=true"]]), &["snapshot", "take"]),
    (64, "usage", Typed(&[]), &["plan"]),
    (64, "usage", Typed(&[]), &["plan", "busy", "--nonsense"]),
    (64, "usage", Typed(&[]), &["fly"]),
    (
        64,
        "a rollback is not taken back",
        Typed(&[&["apply", "busy", "-y"]]),
        &["rollback", "-y", "--on-failure", "rollback"],
    ),
];

/// Asks before anything is changed, or after it, for what is not so.
const ASKING: &str = r#"
extends = "busy"
[check.many]
at = "edge"
setting = "replicas"
is = { at_least = 9 }
within = "100ms"
"#;

/// Of the east nothing is asked, and k8s may be away.
const AWAY: &str = r#"
extends = "baseline"
tolerates_unreachable = ["k8s:*"]
[resource.edge]
replicas = 0
"#;

/// Ends an apply that is under way, however the test ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn test_each_ending_has_its_code() {
    let wrong: Vec<String> = ROWS.iter().filter_map(|row| wrong(row)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong((exit, what, before, arguments): &Row<'_>) -> Option<String> {
    let repository = Repository::small();
    repository.write("states/away.toml", AWAY);
    repository.write("states/hoping.toml", ASKING);
    repository.write("states/guarded.toml", &format!("{ASKING}gates = [\"*\"]\n"));
    let under_way = match before {
        Typed(commands) => {
            commands.iter().for_each(|arguments| drop(repository.done(arguments)));
            None
        }
        Written(path, text) => {
            repository.append(path, text);
            None
        }
        Lost => {
            repository.done(&["apply", "busy", "-y"]);
            std::fs::remove_dir_all(repository.path("snapshots")).unwrap();
            None
        }
        Applying => Some(Ended(hanging(&repository).0)),
        Killed => {
            let mut child = hanging(&repository).0;
            signal(&child, "KILL");
            child.wait().unwrap();
            None
        }
    };
    let said = repository.opsctl(arguments);
    drop(under_way);
    (said.exit != Some(*exit)).then(|| format!("{what}: {arguments:?} ends with {exit}?\n{said}"))
}

/// Each code of the documentation is provoked here, and no other one is.
#[test]
fn test_the_documentation_has_the_codes_that_there_are() {
    let page = include_str!("../../docs/exit-codes.md");
    let first = |line: &str| line.strip_prefix("| ")?.split(' ').next()?.parse::<i32>().ok();
    let documented: BTreeSet<i32> = page.lines().filter_map(first).collect();
    assert_eq!(documented, ROWS.iter().map(|(exit, ..)| *exit).collect());
    assert_eq!(documented.len(), 12);
}
