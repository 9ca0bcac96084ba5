use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, Command};

use crate::harness::{Repository, Said};

/// Starts an apply of which one step never settles by itself, and waits until that one is under way.
pub(crate) fn hanging(repository: &Repository) -> (Child, BufReader<std::process::ChildStderr>) {
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=1h"]);
    let mut child = repository.start(&["apply", "busy", "-y"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    // Both of the first wave have gone out by then.
    wait_for(&mut lines, "✓");
    (child, lines)
}

pub(crate) fn wait_for(lines: &mut impl BufRead, text: &str) -> String {
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        if line.contains(text) {
            return line;
        }
        line.clear();
    }
    panic!("it ended without `{text}`");
}

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn test_the_second_ctrl_c_ends_at_once_and_it_stays_recorded() {
    let repository = Repository::small();
    let (mut child, mut lines) = hanging(&repository);
    signal(&child, "INT");
    wait_for(&mut lines, "Once more ends at once");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(7));
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(out.contains("busy was ended at once and stays open."), "{out}");
    assert!(out.contains("done 1   sent, not yet seen to be true 1   failed 0"), "{out}");
    assert!(out.contains("opsctl resume --abandon REASON"), "{out}");
    let said = repository.opsctl(&["apply", "busy", "-y"]);
    insta::assert_snapshot!(said, @"
    --- stderr
    An operation did not end: ID (busy), begun AGO by ana on host a17, last record AGO.
      done 1   sent, not yet seen to be true 1   not started 1
      sent     k8s deployment/data/origin replicas 1 → 2
    Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
    --- exit 8
    ");
}

#[test]
fn test_killed_told_and_resumed() {
    let repository = Repository::small();
    let (mut child, _) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    busy was begun AGO by ana (ID). 4 settings are as they should be.
    An operation did not end: ID (busy), begun AGO by ana on host a17, last record AGO.
      done 1   sent, not yet seen to be true 1   not started 1
      sent     k8s deployment/data/origin replicas 1 → 2: it took effect
    Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
    An operation is open, nothing is owed, nobody holds the lock.
    --- exit 8
    ");
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    let said = repository.ends(3, &["resume"]);
    assert!(said.err.contains("to do    k8s deployment/cdn/edge replicas 2 → 5"), "{said}");
    assert!(said.err.contains("nobody can be asked here"), "{said}");
    repository.done(&["resume", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 5);
    repository.done(&["status"]);
}

/// What is still to be done is read before anybody agrees to it: others may have been there since.
#[test]
fn test_what_is_still_to_be_done_is_read_again() {
    let repository = Repository::small();
    let (mut child, _) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    let edge = "k8s:deployment/cdn/edge";
    repository.done(&["sim", "set", edge, "replicas=7"]);
    insta::assert_snapshot!(repository.opsctl(&["resume"]), @"
    --- stderr
    An operation did not end: ID (busy), begun AGO by ana on host a17, last record AGO.
      done 1   sent, not yet seen to be true 1   not started 1
      sent     k8s deployment/data/origin replicas 1 → 2: it took effect
    Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
    Gone on with, this is still to be done:
      to do    k8s deployment/cdn/edge replicas 2 → 5: live says something else → replicas 7
    error: nobody can be asked here; nothing was changed
      = say yes on the command line: -y
    --- exit 3
    ");
    repository.done(&["sim", "set", edge, "replicas=5"]);
    let said = repository.ends(3, &["resume"]);
    assert!(said.err.contains("to do    k8s deployment/cdn/edge replicas 2 → 5: it is so already"), "{said}");
}

#[test]
fn test_killed_and_rolled_back() {
    let repository = Repository::small();
    let (mut child, _) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/data/origin", "replicas"), 1);
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.mode"), "normal");
    insta::assert_snapshot!(repository.opsctl(&["log"]), @"
    ID  rollback of ID  done         2 of 2 steps  AGO by ana, took TIME
    ID    busy                           interrupted  1 of 3 steps  AGO by ana, took TIME
    ");
}

#[test]
fn test_a_write_whose_answer_never_came_is_rolled_back_once_that_is_agreed_to() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.latency=1s"]);
    let mut child = repository.start(&["apply", "busy", "-y"]);
    wait_for(&mut BufReader::new(child.stderr.take().unwrap()), "origin");
    signal(&child, "KILL");
    child.wait().unwrap();
    // It took effect for all that.
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.latency=0s", "replicas=2"]);
    repository.ends(3, &["rollback"]);
    repository.ends(8, &["status"]);
    let said = repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/data/origin", "replicas"), 1, "{said}");
    repository.done(&["status"]);
}

/// A rollback waits until such a write cannot be done any more, and says for which, and how long.
#[test]
fn test_what_is_waited_for_is_told() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.latency=1s"]);
    let mut child = repository.start(&["apply", "busy", "-y"]);
    wait_for(&mut BufReader::new(child.stderr.take().unwrap()), "origin");
    signal(&child, "KILL");
    child.wait().unwrap();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.latency=0s"]);
    let mut child = repository.start(&["rollback"]);
    let told = "k8s:deployment/data/origin: a write was not answered and may still be done; waiting for that until";
    wait_for(&mut BufReader::new(child.stderr.take().unwrap()), told);
    signal(&child, "INT");
    child.wait().unwrap();
}

/// What a damaged journal says is to be typed works.
#[test]
fn test_a_damaged_journal_is_put_aside() {
    let repository = Repository::small();
    let (mut child, _lines) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    let folder = repository.path(".opsctl/journal");
    let journal = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&journal).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    for command in [&["status"][..], &["apply", "busy", "-y"], &["resume", "-y"], &["rollback", "-y"]] {
        let said = repository.ends(1, command);
        assert!(said.err.contains("is damaged at record 0") && said.err.contains("opsctl snapshot diff @"), "{said}");
    }
    let said = repository.done(&["snapshot", "diff", "@"]);
    assert!(said.out.contains("data.mode") && said.out.contains("replicas"), "{said}");
    std::fs::rename(&journal, journal.with_extension("open.damaged")).unwrap();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    repository.done(&["apply", "baseline", "-y"]);
}

/// Without its journal nobody knows what there is to take back: that is said, and what is to be typed instead works.
#[test]
fn test_what_lost_its_journal_is_not_called_unchanged() {
    let repository = Repository::small();
    let (mut child, _lines) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    let folder = repository.path(".opsctl/journal");
    let journal = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    std::fs::rename(&journal, journal.with_extension("open.damaged")).unwrap();
    repository.done(&["snapshot", "take"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    busy was begun AGO by ana (ID). What it left cannot be compared.
    ID did not end, and without its journal nobody knows what it has changed.
      opsctl snapshot diff @HASH tells what is not as it was; opsctl apply @HASH goes back
    An operation is open, nothing is owed, nobody holds the lock.
    --- exit 8
    ");
    insta::assert_snapshot!(repository.opsctl(&["log"]), @"ID  busy  did not end    AGO by ana");
    insta::assert_snapshot!(repository.opsctl(&["resume", "-y"]), @"
    --- stderr
    error: ID did not end, and without its journal nobody knows what it has changed
      = opsctl snapshot diff @HASH tells what is not as it was; opsctl apply @HASH goes back
    --- exit 1
    ");
    let said = repository.done(&["plan", "busy", "--target", "edge"]);
    assert!(said.out.contains("without its journal nobody knows what it has changed"), "{said}");
    let said = repository.ends(1, &["rollback", "-y"]);
    assert!(said.err.contains("without its journal nobody knows what it has changed"), "{said}");
    let (_, command) = said.err.split_once("; opsctl ").unwrap();
    let command: Vec<&str> = command.split_whitespace().take(2).collect();
    let diff = repository.done(&["snapshot", "diff", command[1]]);
    assert!(diff.out.contains("data.mode") && diff.out.contains("replicas"), "{diff}");
    repository.done(&[command[0], command[1], "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/data/origin", "replicas"), 1);
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.mode"), "normal");
}

/// So it is where its journal was emptied, or cut off in its first record.
#[test]
fn test_a_journal_without_a_beginning_tells_nothing() {
    for keep in [0, 100] {
        let repository = Repository::small();
        let (mut child, _lines) = hanging(&repository);
        signal(&child, "KILL");
        child.wait().unwrap();
        let folder = repository.path(".opsctl/journal");
        let journal = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
        std::fs::File::options().write(true).open(&journal).unwrap().set_len(keep).unwrap();
        let said = repository.ends(8, &["status"]);
        assert!(said.out.contains("without its journal nobody knows what it has changed"), "{said}");
        repository.ends(1, &["rollback", "-y"]);
        // A state that is applied whole takes its place.
        repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
        repository.done(&["apply", "baseline", "-y"]);
        repository.done(&["status"]);
    }
}

/// A part, which may be of something else, makes nothing known of it: only what is applied whole takes its place.
#[test]
fn test_what_is_lost_stays_so_behind_a_part() {
    let repository = Repository::small();
    let (mut child, _lines) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    std::fs::remove_dir_all(repository.path(".opsctl/journal")).unwrap();
    repository.done(&["apply", "baseline", "--target", "settings", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    A part of baseline (--target settings) was applied AGO by ana (ID). It lies over busy. 6 settings are as they should be.
    ID did not end, and without its journal nobody knows what it has changed.
      opsctl snapshot diff @HASH tells what is not as it was; opsctl apply @HASH goes back
    An operation is open, nothing is owed, nobody holds the lock.
    --- exit 8
    ");
    let said = repository.done(&["plan", "busy", "--target", "edge"]);
    assert!(said.out.contains("without its journal nobody knows what it has changed"), "{said}");
    let said = repository.ends(1, &["resume", "-y"]);
    assert!(said.err.contains("without its journal nobody knows what it has changed"), "{said}");
    repository.done(&["apply", "baseline", "-y"]);
    repository.done(&["status"]);
    repository.done(&["resume"]);
}

#[test]
fn test_killed_and_abandoned() {
    let repository = Repository::small();
    let (mut child, _) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    let said = repository.opsctl(&["resume", "--abandon", "the node is gone"]);
    assert_eq!(said.exit, Some(0), "{said}");
    let log = repository.done(&["log"]);
    assert!(log.out.contains("abandoned"), "{log}");
}

/// Who has the lock is at it: nothing of theirs is called open, or closed, by anybody else.
#[test]
fn test_somebody_else_is_applying() {
    let repository = Repository::small();
    let (mut child, _lines) = hanging(&repository);
    let all: [&[&str]; 4] = [
        &["apply", "drained", "--confirm", "drained"],
        &["resume", "-y"],
        &["resume", "--abandon", "it hangs"],
        &["rollback", "-y"],
    ];
    for command in all {
        let said = repository.ends(5, command);
        assert!(said.err.starts_with("error: ana on a17 (process"), "{said}");
        assert!(said.err.contains("is applying busy"), "{said}");
        assert!(said.err.contains("1 of 3 steps done, since"), "{said}");
        assert!(!said.err.contains("did not end") && !said.err.contains("closed"), "{said}");
        assert_eq!(said.out, "", "{said}");
    }
    let said = repository.done(&["status"]);
    assert!(said.out.starts_with("ana on a17") && said.out.lines().count() == 1, "{said}");
    let said = repository.done(&["plan", "busy"]);
    assert!(said.out.contains("is applying busy") && !said.out.contains("did not end"), "{said}");
    let said = repository.done(&["log"]);
    assert!(said.out.contains("running  1 of 3 steps"), "{said}");
    signal(&child, "KILL");
    child.wait().unwrap();
}

/// The history ends where it was killed; its journal tells the rest.
#[test]
fn test_what_was_killed_is_not_called_running() {
    let repository = Repository::small();
    let (mut child, _lines) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    let said = repository.done(&["log"]);
    assert!(said.out.contains("did not end  1 of 3 steps"), "{said}");
    let said = repository.done(&["show"]);
    assert!(said.out.contains("did not end") && !said.out.contains("running"), "{said}");
    assert!(said.out.contains("replicas 2 → 5"), "{said}");
    let said = repository.done(&["plan", "baseline"]);
    assert!(said.out.contains("now: busy (did not end)"), "{said}");
    assert_eq!(repository.json(&["show"])["operation"]["outcome"], "interrupted");
}

/// A plan that is refused has begun nothing.
#[test]
fn test_what_is_refused_did_not_begin() {
    let repository = Repository::small();
    repository.done(&["plan", "busy", "--out", "plan.json"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=3"]);
    let said = repository.ends(4, &["apply", "plan.json", "-y"]);
    assert!(!said.err.contains("began"), "{said}");
}

#[test]
fn test_nothing_to_resume() {
    let repository = Repository::small();
    let said: Said = repository.done(&["resume"]);
    insta::assert_snapshot!(said, @"No operation is open and nothing is owed.");
    insta::assert_snapshot!(repository.opsctl(&["resume", "--abandon", "x"]), @"
    --- stderr
    error: no operation is open and nothing is owed
    Nothing was changed.
    --- exit 1
    ");
}
