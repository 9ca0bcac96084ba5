use crate::harness::Repository;

/// What is done first, what is typed then, and with what it ends. Codes that need a process to be stopped are in `stopped`.
type Row<'a> = (&'a str, &'a [&'a [&'a str]], &'a [&'a str], i32);

const ROWS: &[Row<'_>] = &[
    ("nothing to change", &[], &["apply", "baseline"], 0),
    ("differences, unasked", &[], &["plan", "busy"], 0),
    ("no such state", &[], &["plan", "bussy"], 1),
    ("no such snapshot", &[], &["apply", "@", "-y"], 1),
    ("differences", &[], &["plan", "busy", "--detailed-exitcode"], 2),
    ("no differences", &[], &["plan", "baseline", "--detailed-exitcode"], 0),
    ("nobody says yes", &[], &["apply", "busy"], 3),
    (
        "the preflight says no",
        &[&["sim", "set", "k8s:deployment/data/origin", "sim.refuse=quota"]],
        &["apply", "busy", "-y"],
        3,
    ),
    (
        "stale",
        &[&["plan", "busy", "--out", "p.json"], &["sim", "set", "k8s:deployment/cdn/edge", "replicas=3"]],
        &["apply", "p.json", "-y"],
        4,
    ),
    ("a step fails", &[&["sim", "set", "k8s:deployment/data/origin", "sim.fail=x"]], &["apply", "busy", "-y"], 7),
    ("a check does not hold", &[], &["check", "drained"], 9),
    ("a check holds", &[], &["check", "baseline"], 0),
    (
        "something is left alone",
        &[&["apply", "busy", "-y"], &["sim", "set", "k8s:deployment/cdn/edge", "replicas=3"]],
        &["rollback", "-y"],
        10,
    ),
    ("usage", &[], &["plan"], 64),
    ("usage", &[], &["plan", "busy", "--nonsense"], 64),
    ("usage", &[], &["fly"], 64),
];

#[test]
fn test_each_ending_has_its_code() {
    for (what, before, arguments, exit) in ROWS {
        let repository = Repository::small();
        for arguments in *before {
            repository.done(arguments);
        }
        let said = repository.opsctl(arguments);
        assert_eq!(said.exit, Some(*exit), "{what}: {arguments:?}\n{said}");
    }
}
