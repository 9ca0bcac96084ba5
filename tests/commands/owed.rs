use crate::harness::{Repository, Said};
use crate::stopped::{hanging, signal, wait_for};

const EDGE: &str = "k8s:deployment/cdn/edge";
const EAST: &str = "aws:route53-record/Z1/live.example.com/CNAME/east";

/// An apply of `busy` that was stopped before the edge.
pub(crate) fn stopped() -> (Repository, Said) {
    let repository = Repository::small();
    let said = interrupted(&repository);
    (repository, said)
}

fn interrupted(repository: &Repository) -> Said {
    let (child, mut lines) = hanging(repository);
    signal(&child, "INT");
    wait_for(&mut lines, "Once more ends at once");
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    let output = child.wait_with_output().unwrap();
    let said = Said { out: String::from_utf8(output.stdout).unwrap(), err: String::new(), exit: output.status.code() };
    assert_eq!(said.exit, Some(7), "{said}");
    said
}

/// A check that stands before what is owed is owed with it: the summary and the status count alike.
#[test]
fn test_what_was_not_started_is_what_is_owed() {
    let repository = Repository::small();
    let busy = include_str!("small/busy.toml");
    let check = "at = \"origin\"\nsetting = \"replicas\"\nis = { at_least = 2 }\n";
    repository.write("states/busy.toml", &format!("{busy}\n[check.grown]\ngates = [\"edge\"]\n{check}"));
    let said = interrupted(&repository);
    assert!(said.out.contains("not started 2"), "{said}");
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("2 steps of busy (") && said.out.contains("not started check grown"), "{said}");
    repository.done(&["resume", "-y"]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 5);
    repository.done(&["status"]);
}

#[test]
fn test_a_later_apply_makes_it_void_even_where_it_changes_nothing_there() {
    let (repository, _) = stopped();
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("1 step of busy ("), "{said}");
    repository.done(&["apply", "baseline", "-y"]);
    let said = repository.done(&["status"]);
    assert!(said.out.contains("nothing is owed"), "{said}");
    repository.done(&["resume", "-y"]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 2);
}

/// Only what itself stands makes it void: taken back, it is owed again.
#[test]
fn test_it_is_owed_again_once_what_came_on_top_is_taken_back() {
    let (repository, _) = stopped();
    for state in ["busy", "baseline"] {
        repository.done(&["apply", state, "-y"]);
        repository.done(&["status"]);
        repository.done(&["rollback", "-y"]);
        let said = repository.ends(10, &["status"]);
        assert!(said.out.contains("What stands is busy.") && said.out.contains("1 step of busy ("), "{said}");
    }
    repository.done(&["resume", "-y"]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 5);
    repository.done(&["status"]);
}

/// The rest of a rest is the rest of the whole: that is what a rollback goes back to.
#[test]
fn test_what_was_gone_on_with_twice_is_taken_back_whole() {
    let repository = Repository::small();
    repository.append("states/busy.toml", "\n[resource.spare]\nreplicas = 1\nneeds = [\"edge\"]\n");
    interrupted(&repository);
    repository.done(&["sim", "set", EDGE, "sim.settle=1h"]);
    let child = repository.start(&["resume", "-y"]);
    while repository.simulated(EDGE, "replicas") != 5 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    signal(&child, "INT");
    std::thread::sleep(std::time::Duration::from_millis(300));
    repository.done(&["sim", "set", EDGE, "sim.settle=0s"]);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(7));
    repository.done(&["resume", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/spare", "replicas"), 1);
    repository.done(&["rollback", "-y"]);
    for (at, replicas) in [("data/origin", 1), ("cdn/edge", 2), ("cdn/spare", 0)] {
        assert_eq!(repository.simulated(&format!("k8s:deployment/{at}"), "replicas"), replicas, "{at}");
    }
    let said = repository.done(&["status"]);
    assert!(said.out.contains("What stands is nothing that was applied."), "{said}");
}

/// What is still to be done is not as it should be, though it is as the operation left it; nor is it known of what one did that did not end.
#[test]
fn test_what_is_owed_is_not_counted_as_fine() {
    let (repository, _) = stopped();
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    busy was stopped AGO by ana (ID). 5 of 6 settings are as they should be.
    1 step of busy (ID) still to be done (opsctl resume):
      not started k8s deployment/cdn/edge replicas 2 → 5
    No operation is open, 1 step still to be done, nobody holds the lock.
    --- exit 10
    ");
    assert_eq!(repository.json(&["status"])["undone"], 1);
    repository.done(&["resume", "-y"]);
    let said = repository.done(&["status"]);
    assert!(said.out.contains(" 6 settings are as they should be."), "{said}");
    // Everything at k8s is owed, and cannot be compared.
    repository.done(&["apply", "baseline", "-y"]);
    repository.write("states/moved.toml", "tolerates_unreachable = [\"k8s:*\"]\nextends = \"busy\"\n");
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    repository.ends(10, &["apply", "moved", "-y"]);
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains(" 2 settings are as they should be."), "{said}");
    repository.done(&["sim", "set", "k8s", "sim.unreachable=false"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @r#"
    moved was applied in part AGO by ana (ID). 2 settings are as they should be.
    3 steps of moved (ID) still to be done (opsctl resume):
      owed        k8s configmap/cdn/settings data.mode "busy": nobody answers
      owed        k8s deployment/cdn/edge replicas 5: nobody answers
      owed        k8s deployment/data/origin replicas 2: nobody answers
    No operation is open, 3 steps still to be done, nobody holds the lock.
    --- exit 10
    "#);
}

#[test]
fn test_what_others_have_done_meanwhile_is_not_owed() {
    let (repository, _) = stopped();
    repository.done(&["sim", "set", EDGE, "replicas=5"]);
    repository.done(&["status"]);
}

/// What shall be is so already: nothing is changed, and it is decided all the same.
#[test]
fn test_an_apply_that_finds_all_as_it_should_be_lets_go_too() {
    let (repository, _) = stopped();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=1"]);
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "data.mode=normal"]);
    let said = repository.done(&["apply", "baseline", "-y"]);
    assert!(said.out.contains("nothing to change") && said.out.contains("baseline is applied."), "{said}");
    let said = repository.done(&["status"]);
    assert!(said.out.starts_with("baseline was applied"), "{said}");
    // It is no operation to go back from: there is only the other one, of which nothing is left.
    let said = repository.opsctl(&["rollback", "-y", "-q"]);
    assert!(said.out.contains("rollback of") || said.out.contains("nothing"), "{said}");
}

#[test]
fn test_it_is_abandoned() {
    let (repository, _) = stopped();
    let said = repository.done(&["resume", "--abandon", "not today"]);
    assert!(said.out.contains("let go of: not today."), "{said}");
    repository.done(&["status"]);
    let said = repository.done(&["resume"]);
    assert!(said.out.contains("nothing is owed"), "{said}");
    assert_eq!(repository.simulated(EDGE, "replicas"), 2);
}

/// What was abandoned is not owed.
#[test]
fn test_what_was_killed_and_abandoned_owes_nothing() {
    let repository = Repository::small();
    let (mut child, _lines) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    repository.done(&["resume", "--abandon", "kaput"]);
    repository.done(&["status"]);
}

#[test]
fn test_the_rest_is_no_apply_of_the_whole() {
    let (repository, _) = stopped();
    let said = repository.done(&["resume", "-y"]);
    assert!(said.out.contains("the rest of busy") && said.out.contains("The rest of busy is done."), "{said}");
    assert_eq!(repository.simulated(EDGE, "replicas"), 5);
    let said = repository.done(&["status"]);
    assert!(said.out.starts_with("The rest of busy was done"), "{said}");
}

/// What an open operation is about is told of that one.
#[test]
fn test_the_steps_of_a_killed_rest_are_counted_once() {
    let (repository, _) = stopped();
    repository.done(&["sim", "set", EDGE, "sim.settle=1h"]);
    let mut child = repository.start(&["resume", "-y"]);
    while repository.simulated(EDGE, "replicas") != 5 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    signal(&child, "KILL");
    child.wait().unwrap();
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    The rest of busy was begun AGO by ana (ID). 5 settings are as they should be.
    An operation did not end: ID (busy), begun AGO by ana on host a17, last record AGO.
      sent, not yet seen to be true 1
      sent     k8s deployment/cdn/edge replicas 2 → 5: it took effect
    Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
    An operation is open, nothing is owed, nobody holds the lock.
    --- exit 8
    ");
}

/// The east is out of rotation, its edge is still there; then somebody brings the east back.
#[test]
fn test_nothing_is_taken_from_under_what_was_changed_since() {
    let repository = Repository::small();
    repository.done(&["sim", "set", EAST, "sim.settle=1h"]);
    let mut child = repository.start(&["apply", "drained", "--confirm", "drained"]);
    let mut lines = std::io::BufReader::new(child.stderr.take().unwrap());
    wait_for(&mut lines, "/east ");
    signal(&child, "INT");
    wait_for(&mut lines, "Once more ends at once");
    repository.done(&["sim", "set", EAST, "sim.settle=0s"]);
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(7), "{out}");
    // Nobody has kept to a time who did not come to the end.
    assert!(out.contains("drained was stopped") && !out.contains("RTO 10m held"), "{out}");

    repository.done(&["sim", "set", EAST, "weight=100"]);
    let said = repository.ends(3, &["resume", "--confirm", "drained"]);
    assert!(said.err.contains("`weight` is not as drained says"), "{said}");
    assert_eq!(repository.simulated(EDGE, "replicas"), 2);
    repository.done(&["sim", "set", EAST, "weight=0"]);
    repository.done(&["resume", "--confirm", "drained"]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 0);
}

/// What could not hold when it was left need not hold when it is gone back to.
#[test]
fn test_a_rollback_to_what_was_stopped_measures_none_of_its_checks() {
    let (repository, _) = stopped();
    repository.done(&["rollback", "-y", "-q"]);
    let grown = "extends = \"busy\"\n[check.grown]\nat = \"edge\"\nsetting = \"replicas\"\nis = { at_least = 5 }\n";
    repository.write("states/busy.toml", &grown.replace("busy", "more"));
    repository.write("states/more.toml", include_str!("small/busy.toml"));
    let (child, mut lines) = hanging(&repository);
    signal(&child, "INT");
    wait_for(&mut lines, "Once more ends at once");
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(7));
    repository.done(&["apply", "baseline", "-y"]);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/data/origin", "replicas"), 2);
}

/// It was done, and somebody undid it before the operation ended.
#[test]
fn test_a_change_by_others_meanwhile_is_told() {
    let repository = Repository::small();
    let (child, lines) = hanging(&repository);
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "data.mode=odd"]);
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    drop(lines);
    let said = repository.done(&["status"]);
    assert!(said.out.contains("is not as it should be:"), "{said}");
    assert!(said.out.contains("\"busy\", now \"odd\""), "{said}");
}

/// An edge that is out of reach and a record, with a state that leaves 3 of the edge and one that leaves none.
fn apart() -> Repository {
    let repository = Repository::small();
    repository.write(
        "states/baseline.toml",
        r#"
        tolerates_unreachable = ["k8s:*"]
        [resource.edge]
        at = "k8s:deployment/cdn/edge"
        replicas = 2
        [resource.east]
        at = "aws:route53-record/Z1/live.example.com/CNAME/east"
        weight = 100
        "#,
    );
    repository.write(
        "states/cut.toml",
        "extends = \"baseline\"\n[resource.edge]\nreplicas = 0\n[resource.east]\nweight = 1\n",
    );
    for state in ["busy", "drained"] {
        std::fs::remove_file(repository.path(&format!("states/{state}.toml"))).unwrap();
    }
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    repository
}

/// All that is left to do cannot be done now: that is wanted for all that, and what was wanted before is not any more.
#[test]
fn test_an_apply_of_which_all_is_owed_is_an_operation() {
    let repository = apart();
    repository.ends(10, &["apply", "cut", "-y"]);
    repository.done(&["sim", "set", EAST, "weight=100"]);
    repository.ends(2, &["plan", "baseline", "--detailed-exitcode"]);
    let said = repository.ends(10, &["apply", "baseline", "-y"]);
    assert!(said.out.contains("baseline is applied, with 1 step owed."), "{said}");
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("1 step of baseline (") && !said.out.contains("of cut ("), "{said}");
    // The rest of it cannot be done yet either, and is owed as it was.
    let operations = repository.done(&["log"]);
    repository.ends(10, &["resume", "-y"]);
    assert_eq!(repository.done(&["log"]).out.lines().count(), operations.out.lines().count());
    repository.done(&["sim", "set", "k8s", "sim.unreachable"]);
    repository.done(&["sim", "set", EDGE, "replicas=1"]);
    repository.done(&["resume", "-y"]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 2);
    repository.done(&["status"]);
}

/// However long it is ago: only what decides on it makes it void.
#[test]
fn test_what_is_owed_is_not_forgotten() {
    let repository = apart();
    repository.ends(10, &["apply", "cut", "-y"]);
    for weight in ["1", "2"] {
        let overlay = "over = \"baseline\"\n[resource.east]\nweight = ";
        repository.write(&format!("states/w{weight}.toml"), &format!("{overlay}{weight}\n"));
    }
    for _ in 0..16 {
        repository.done(&["apply", "w2", "-y", "-q"]);
        repository.done(&["apply", "w1", "-y", "-q"]);
    }
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("1 step of cut ("), "{said}");
    repository.done(&["sim", "set", "k8s", "sim.unreachable"]);
    repository.done(&["apply", "baseline", "-y", "-q"]);
    repository.done(&["status"]);
}

/// What is owed to one cluster is not done at another that has its name by now.
#[test]
fn test_what_is_owed_is_not_done_elsewhere() {
    let (repository, _) = stopped();
    repository.done(&["sim", "set", "k8s", "sim.identity=another"]);
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("  not here    `k8s` is simulated k8s (another)"), "{said}");
    let said = repository.ends(3, &["resume", "-y"]);
    assert!(said.err.contains("the plan was made for"), "{said}");
    assert_eq!(repository.simulated(EDGE, "replicas"), 2);
}

const WARMS: &str = "\n[action.warm-cache]\nrun = [\"true\"]\nafter = [\"edge\"]\nwhen = \"always\"\n";

/// An apply that was stopped before it called an action, and changed nothing of what that action comes after.
fn not_called() -> Repository {
    let repository = Repository::small();
    repository.append("states/busy.toml", WARMS);
    interrupted(&repository);
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("not started action warm-cache"), "{said}");
    repository
}

#[test]
fn test_an_action_is_not_owed_once_another_state_was_applied() {
    let repository = not_called();
    repository.done(&["apply", "baseline", "-y"]);
    repository.done(&["status"]);
    let said = repository.done(&["resume", "-y"]);
    assert!(said.out.contains("nothing is owed"), "{said}");
    // Nor where there was nothing to change for that.
    let repository = not_called();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=1"]);
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "data.mode=normal"]);
    let said = repository.done(&["apply", "baseline", "-y"]);
    assert!(said.out.contains("baseline is applied."), "{said}");
    repository.done(&["status"]);
}

/// The same state finds that there is nothing to do for it any more.
#[test]
fn test_an_action_is_not_owed_once_there_is_nothing_to_do() {
    let repository = Repository::small();
    let unless = "unless = { run = [\"test\", \"-e\", \"warm\"] }\n";
    repository.append("states/busy.toml", &format!("{WARMS}{unless}"));
    interrupted(&repository);
    repository.done(&["sim", "set", EDGE, "replicas=5"]);
    repository.write("warm", "");
    repository.ends(10, &["status"]);
    let said = repository.done(&["apply", "busy", "-y"]);
    assert!(said.out.contains("nothing to change"), "{said}");
    repository.done(&["status"]);
}

/// A part of another state, and an overlay, leave the rest to others.
#[test]
fn test_an_action_stays_owed_while_only_a_part_was_applied() {
    let repository = not_called();
    repository.done(&["apply", "baseline", "--target", "settings", "-y"]);
    repository.ends(10, &["status"]);
    repository.write("states/west.toml", "over = \"baseline\"\n[resource.west]\nweight = 1\n");
    repository.done(&["sim", "set", "k8s:deployment/cdn/spare", "replicas=1"]);
    repository.done(&["apply", "west", "-y"]);
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("not started action warm-cache"), "{said}");
    repository.done(&["resume", "-y"]);
    repository.done(&["status"]);
}

/// An overlay that only calls says nothing of what shall be, so no state takes its place: it is gone on with, or let go of.
#[test]
fn test_what_an_overlay_only_calls_stays_owed() {
    let repository = Repository::small();
    let compact = "over = \"baseline\"\n[action.compact]\nrun = [\"sh\", \"-c\", \"test -e quiet\"]\n";
    repository.write("states/compact.toml", compact);
    repository.ends(7, &["apply", "compact", "-y"]);
    repository.done(&["apply", "busy", "-y"]);
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("(opsctl resume)") && said.out.contains("action compact"), "{said}");
    repository.write("quiet", "");
    repository.done(&["resume", "-y"]);
    repository.done(&["status"]);
}

/// Takes the newest record out of the history's objects.
fn damage(repository: &Repository) {
    let git = git2::Repository::open(repository.path("snapshots")).unwrap();
    let tree = git.head().unwrap().peel_to_tree().unwrap();
    let blob = tree.get_name("operation.toml").unwrap().id().to_string();
    let (folder, file) = blob.split_at(2);
    std::fs::remove_file(git.path().join("objects").join(folder).join(file)).unwrap();
}

/// What a record that nobody can read owes is not known; what others owe is.
#[test]
fn test_a_damaged_record_of_what_was_stopped_is_named() {
    let (repository, _) = stopped();
    damage(&repository);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    What was applied last is not known.
    E0315: the record of busy (ID, interrupted) cannot be read: snapshot HASH in snapshots is damaged: object not found - no match for id (HASH)
    No operation is open, what is owed is not known, nobody holds the lock.
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["resume"]), @"
    --- stderr
    E0315: the record of busy (ID, interrupted) cannot be read: snapshot HASH in snapshots is damaged: object not found - no match for id (HASH)
    error: busy (ID): what it did not do is not known, for its record is damaged; nothing was changed
      = apply the state that shall be, whole
    --- exit 3
    ");
    // A part says nothing of what it was about.
    repository.done(&["apply", "baseline", "--target", "settings", "-y"]);
    repository.ends(3, &["resume"]);
    // What was done since is told as ever, and a state that was applied whole has decided on all of it.
    repository.done(&["apply", "baseline", "-y"]);
    let said = repository.ends(1, &["status"]);
    assert!(said.out.contains("baseline was applied") && said.out.contains("E0315"), "{said}");
    assert!(said.out.contains("nothing is owed"), "{said}");
    let resumed = repository.done(&["resume"]);
    assert!(resumed.out.contains("nothing is owed"), "{resumed}");
    let said = repository.ends(1, &["rollback", "-y", &damaged_operation(&said)]);
    assert!(said.err.contains("error[E0315]") && said.err.contains("is damaged"), "{said}");
}

fn damaged_operation(said: &Said) -> String {
    let id = regex::Regex::new(r"the record of busy \((\S+),").unwrap();
    id.captures(&said.out).unwrap_or_else(|| panic!("{said}"))[1].to_owned()
}

/// Whoever came later may have decided on what is owed.
#[test]
fn test_what_is_owed_before_a_damaged_record_is_not_gone_on_with() {
    let (repository, _) = stopped();
    repository.write("states/west.toml", "over = \"baseline\"\n[resource.west]\nweight = 1\n");
    repository.done(&["sim", "set", "k8s:deployment/cdn/spare", "replicas=1"]);
    repository.done(&["apply", "west", "-y"]);
    damage(&repository);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    What was applied last is not known.
    E0315: the record of west (ID, done) cannot be read: snapshot HASH in snapshots is damaged: object not found - no match for id (HASH)
    1 step of busy (ID) still to be done (opsctl resume):
      not started k8s deployment/cdn/edge replicas 2 → 5
      not clear   whether it is still wanted is not known, for ID came later and its record is damaged
    No operation is open, 1 step still to be done, nobody holds the lock.
    --- exit 10
    ");
    insta::assert_snapshot!(repository.opsctl(&["resume", "-y"]), @"
    --- stderr
    E0315: the record of west (ID, done) cannot be read: snapshot HASH in snapshots is damaged: object not found - no match for id (HASH)
    error: busy (ID): whether it is still wanted is not known, for ID came later and its record is damaged; nothing was changed
      = apply the state that shall be, whole, or let go of it: opsctl resume --abandon REASON
    --- exit 3
    ");
    repository.done(&["resume", "--abandon", "done by hand"]);
    // What was done in full owes nothing, whatever its record said.
    let said = repository.ends(1, &["status"]);
    assert!(said.out.contains("nothing is owed"), "{said}");
    let said = repository.done(&["resume"]);
    assert!(said.out.contains("nothing is owed"), "{said}");
}

/// An apply failed at the edge, somebody scaled it by hand, and the rest was taken back.
#[test]
fn test_what_a_rollback_leaves_alone_stays_owed() {
    let repository = Repository::small();
    repository.done(&["sim", "set", EDGE, "sim.fail=no quota"]);
    repository.ends(7, &["apply", "busy", "-y", "-q"]);
    repository.done(&["sim", "set", EDGE, "sim.fail", "replicas=9", "--by", "ben"]);
    let owed = repository.ends(10, &["status"]);
    assert!(owed.out.contains("1 step of busy ("), "{owed}");
    repository.ends(10, &["rollback", "-y", "-q"]);
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.mode"), "normal");
    let owed = repository.ends(10, &["status"]);
    assert!(owed.out.contains("1 step of busy ("), "{owed}");
    // It is taken back after all.
    repository.done(&["rollback", "-y", "-q", "--force", EDGE]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 2);
    repository.done(&["status"]);
}
