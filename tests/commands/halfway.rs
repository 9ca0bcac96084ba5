//! A change of several calls that ended in the middle: what was set on the way and not set again is told.

use crate::harness::{Repository, Said};
use crate::stopped::signal;

const DB: &str = "lab:machine/db";

/// A machine that is stopped, resized and started again.
fn machine() -> Repository {
    let db = "[resource.db]\nat = \"lab:machine/db\"\nrunning = true\nsize = \"s\"\n";
    Repository::of(&[
        ("opsctl.toml", "[provider.lab]\ntype = \"sim\"\nworld = \"world.toml\"\n"),
        ("world.toml", db),
        ("states/baseline.toml", db),
        ("states/larger.toml", "extends = \"baseline\"\n[resource.db]\nsize = \"m\"\n"),
    ])
}

/// One that was killed while the machine stops.
fn killed() -> Repository {
    let repository = machine();
    repository.done(&["sim", "set", DB, "sim.settle=1h"]);
    let mut child = repository.start(&["apply", "larger", "-y"]);
    while repository.simulated(DB, "running") == true {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    signal(&child, "KILL");
    child.wait().unwrap();
    repository.done(&["sim", "set", DB, "sim.settle=0s"]);
    repository
}

#[test]
fn test_what_is_still_ahead_of_it_is_told() {
    let repository = killed();
    insta::assert_snapshot!(repository.opsctl(&["resume"]), @r#"
    --- stderr
    An operation did not end: ID (larger), begun AGO by ana on host a17, last record AGO.
      sent, not yet seen to be true 1
      sent     lab machine/db running true → false: it took effect
    Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
    Gone on with, this is still to be done:
      to do    lab machine/db size "s" → "m", running false → true
    error: nobody can be asked here; nothing was changed
      = say yes on the command line: -y
    --- exit 3
    "#);
    repository.done(&["resume", "-y"]);
    assert_eq!(repository.simulated(DB, "running"), true);
    assert_eq!(repository.simulated(DB, "size"), "m");
    insta::assert_snapshot!(repository.opsctl(&["show"]), @r#"
    ID   done
      what      larger
      who       ana on a17
      when      TIME UTC, AGO; took TIME
      plan      HASH
      snapshot  before HASH
      snapshot  after HASH
      calls     7 API calls: lab 7

      ✓ lab  machine/db  running true    TIME
                         size "s" → "m"
    "#);
}

#[test]
fn test_what_was_left_on_the_way_is_told() {
    let repository = killed();
    insta::assert_snapshot!(repository.opsctl(&["resume", "--abandon", "later"]), @r#"
    larger was abandoned. What was done stays as it is.   TIME.   Operation ID
      settling    lab machine/db running true (left at false), size "s" → "m"
      done 0   sent, not yet seen to be true 1   failed 0   unknown 0   owed 0   not started 0
      look        opsctl show ID
      back        opsctl rollback
    "#);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    larger was abandoned AGO by ana (ID). 1 setting is as it should be.
    1 setting is as larger left it on its way:
      lab  machine/db  running  true, now false
    No operation is open, nothing is owed, nobody holds the lock.
    --- exit 10
    ");
    insta::assert_snapshot!(repository.opsctl(&["show"]), @r#"
    ID   abandoned
      what      larger
      who       ana on a17
      when      TIME UTC, AGO; took TIME
      closed    later
      plan      HASH
      snapshot  before HASH
      snapshot  after HASH

      · lab  machine/db  running true (left at false)  settling
                         size "s" → "m"
        by hand: opsctl sim set lab:machine/db running=false  # was sent: look first whether it is on its way
        by hand: opsctl sim set lab:machine/db size=m
        by hand: opsctl sim set lab:machine/db running=true
    "#);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated(DB, "running"), true);
    // Who starts it by hand is told nothing any more.
    let repository = killed();
    repository.done(&["resume", "--abandon", "later"]);
    repository.done(&["sim", "set", DB, "running=true"]);
    let said = repository.done(&["status"]);
    assert!(!said.out.contains("on its way"), "{said}");
}

/// One that was killed while the machine starts again, and has not been started by that.
fn killed_in_the_last_call() -> Repository {
    let repository = machine();
    repository.done(&["sim", "set", DB, "sim.settle=1s"]);
    let mut child = repository.start(&["apply", "larger", "-y"]);
    while repository.simulated(DB, "size") == "s" || repository.simulated(DB, "running") == false {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    signal(&child, "KILL");
    child.wait().unwrap();
    repository.done(&["sim", "set", DB, "sim.settle=0s", "running=false"]);
    repository
}

/// What it was stopped for is taken back, and so is that it was stopped.
#[test]
fn test_what_did_not_start_again_is_started_on_the_way_back() {
    let repository = killed_in_the_last_call();
    repository.done(&["resume", "--abandon", "later"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    larger was abandoned AGO by ana (ID). 1 setting is as it should be.
    1 setting is as larger left it on its way:
      lab  machine/db  running  true, now false
    No operation is open, nothing is owed, nobody holds the lock.
    --- exit 10
    ");
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y", "-q"]), @r#"
    rollback of ID   to what was there before larger   now: larger (abandoned), AGO by ana

      lab  sim   simulated lab

    Steps                                        waits until  after
      1 + lab  machine/db  running false → true  ready
                           size    "m" → "s"
                in 2 calls, one after the other

    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    2 to change, 0 as they should be.   4 API calls: lab 4.   Plan HASH

    rollback of ID is done.   TIME.   Operation ID
      done 1   failed 0   unknown 0   owed 0   not started 0
    "#);
    assert_eq!(repository.simulated(DB, "running"), true);
    assert_eq!(repository.simulated(DB, "size"), "s");
    // It goes back from the open one, too, and from one that came about after all.
    for running in ["running=false", "running=true"] {
        let repository = killed_in_the_last_call();
        repository.done(&["sim", "set", DB, running]);
        repository.done(&["rollback", "-y"]);
        assert_eq!(repository.simulated(DB, "running"), true);
        assert_eq!(repository.simulated(DB, "size"), "s");
        repository.done(&["status"]);
    }
}

/// A step that fails because it was set back is taken back from there.
#[test]
fn test_what_was_set_back_in_the_last_call_is_as_it_was_before() {
    let repository = machine();
    // It may not have been seen to run before that.
    repository.append("states/baseline.toml", "timeout = \"8s\"\n");
    repository.done(&["sim", "set", DB, "sim.settle=1s"]);
    let mut child = repository.start(&["apply", "larger", "-y", "--on-failure", "rollback"]);
    while repository.simulated(DB, "size") == "s" || repository.simulated(DB, "running") == false {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    repository.done(&["sim", "set", DB, "sim.settle=0s", "running=false"]);
    assert_eq!(child.wait().unwrap().code(), Some(6));
    assert_eq!(repository.simulated(DB, "running"), true);
    assert_eq!(repository.simulated(DB, "size"), "s");
}

/// That it runs again is no wish of the state, and is of the operation for all that.
#[test]
fn test_what_the_state_does_not_name_is_set_again_by_whoever_goes_on() {
    let halfway = || {
        let repository = machine();
        repository.write("states/baseline.toml", "[resource.db]\nat = \"lab:machine/db\"\nsize = \"s\"\n");
        repository.done(&["sim", "set", DB, "sim.conflict=1"]);
        repository.ends(7, &["apply", "larger", "-y"]);
        repository.done(&["sim", "set", DB, "sim.conflict=0"]);
        assert_eq!(repository.simulated(DB, "running"), false);
        repository
    };
    let resumed = |repository: Repository| {
        repository.done(&["resume", "-y"]);
        assert_eq!(repository.simulated(DB, "running"), true);
        assert_eq!(repository.simulated(DB, "size"), "m");
        repository.done(&["status"]);
    };
    resumed(halfway());
    // So it is where somebody has already seen to all that the state names.
    let repository = halfway();
    repository.done(&["sim", "set", DB, "size=m"]);
    resumed(repository);
}

/// A step that fails in the middle says so, too, and what it left is still to be done.
#[test]
fn test_a_conflict_on_the_way() {
    let repository = machine();
    repository.done(&["sim", "set", DB, "sim.conflict=1"]);
    insta::assert_snapshot!(repository.opsctl(&["apply", "larger", "-y", "-q"]), @r#"
    larger   now: nothing was applied yet

      lab  sim   simulated lab

    Look twice
      interrupts  lab:machine/db is running = false while its size is changed

    Steps                                  waits until  after
      1 ~ lab  machine/db  size "s" → "m"  ready
                on the way: running true → false, then running false → true
                in 3 calls, one after the other

    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 1 as they should be.   3 API calls: lab 3.   Plan HASH

    larger failed. What was done stays as it is.   TIME.   Operation ID
      failed      lab machine/db running true (left at false), size "s" → "m": conflict: size is "theirs" and not "s" (somebody else)
      by hand     opsctl sim set lab:machine/db size=m
      by hand     opsctl sim set lab:machine/db running=true
      done 0   failed 1   unknown 0   owed 0   not started 0
      go on       opsctl resume
      look        opsctl show ID
      back        opsctl rollback
    --- exit 7
    "#);
    assert_eq!(repository.simulated(DB, "running"), false);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @r#"
    larger failed AGO by ana (ID). 2 settings are not yet as they should be.
    1 step of larger (ID) still to be done (opsctl resume):
      failed      lab machine/db running true (left at false), size "s" → "m": conflict: size is "theirs" and not "s" (somebody else)
    No operation is open, 1 step still to be done, nobody holds the lock.
    --- exit 10
    "#);
    repository.done(&["sim", "set", DB, "sim.conflict=0"]);
    repository.done(&["resume", "-y"]);
    assert_eq!(repository.simulated(DB, "running"), true);
    repository.done(&["status"]);
}

/// What was only stopped and started for another change was written, too: whoever stopped it since is told of.
#[test]
fn test_a_colleagues_change_of_what_was_moved_on_the_way_is_left_alone() {
    let repository = machine();
    repository.done(&["apply", "larger", "-y"]);
    repository.done(&["sim", "set", DB, "running=false", "--by", "ben"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y", "-q"]), @r#"
    rollback of ID   to what was there before larger   now: larger, AGO by ana

      lab  sim   simulated lab

    Left alone
      lab  machine/db  running  was true, opsctl set true, now false: changed since by ben
           opsctl rollback ID --force lab:machine/db takes it back too

    Steps                                  waits until  after
      1 ~ lab  machine/db  size "m" → "s"  ready

    Accepted  1 of 1 in a dry run
    Time      about TIME (1 run)
    Way back  1 step, about TIME, nothing is irreversible

    1 to change, 0 as they should be.   4 API calls: lab 4.   Plan HASH

    rollback of ID is done, but for what was left alone.   TIME.   Operation ID
      left alone  lab machine/db running false → true: changed since by ben
      done 1   failed 0   unknown 0   owed 0   not started 0   left alone 1
      force       opsctl rollback ID --force lab:machine/db
    --- exit 10
    "#);
    assert_eq!(repository.simulated(DB, "running"), false);
    assert_eq!(repository.simulated(DB, "size"), "s");
}

/// A stream that is to have eight times as many shards, by calls that double them.
fn stream(check: &str) -> Repository {
    let stream = |shards: u32| format!("[resource.stream]\nat = \"aws:kinesis-stream/events\"\nshards = {shards}\n");
    Repository::of(&[
        ("opsctl.toml", "[provider.aws]\ntype = \"sim\"\nemulates = \"aws\"\nworld = \"world.toml\"\n"),
        ("world.toml", &stream(4)),
        ("states/baseline.toml", &stream(4)),
        ("states/peak.toml", &format!("extends = \"baseline\"\n[resource.stream]\nshards = 32\n{check}")),
    ])
}

const STREAM: &str = "aws:kinesis-stream/events";

/// An apply that is interrupted while a setting is this, and the end of what it said with its exit code.
fn interrupted(repository: &Repository, state: &str, at: &str, setting: &str, value: &str) -> (String, Option<i32>) {
    repository.done(&["sim", "set", at, "sim.settle=2s"]);
    let child = repository.start(&["apply", state, "-y", "-q"]);
    let value: serde_json::Value = value.parse().unwrap();
    while repository.simulated(at, setting) != value {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let end = out.split("\n\n").last().unwrap();
    let exit = output.status.code();
    (Said { out: end.to_owned(), err: String::new(), exit }.to_string(), exit)
}

/// What is called next would be something new.
#[test]
fn test_ctrl_c_ends_between_two_calls() {
    let repository = stream("");
    let (said, exit) = interrupted(&repository, "peak", STREAM, "shards", "8");
    insta::assert_snapshot!(said, @r#"
    peak was stopped. What was done stays as it is.   TIME.   Operation ID
      halfway     aws kinesis-stream/events shards 4 → 32 (left at 8): stopped after 1 of 3 calls
      done 0   failed 0   unknown 0   owed 0   halfway 1   not started 0
      go on       opsctl resume
      look        opsctl show ID
      back        opsctl rollback
    --- exit 7
    "#);
    assert_eq!((exit, repository.simulated(STREAM, "shards")), (Some(7), 8.into()));
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    peak was stopped AGO by ana (ID). 1 setting is not yet as it should be.
    1 step of peak (ID) still to be done (opsctl resume):
      not started aws kinesis-stream/events shards 4 → 32 (left at 8): stopped after 1 of 3 calls
    No operation is open, 1 step still to be done, nobody holds the lock.
    --- exit 10
    ");
    repository.done(&["sim", "set", STREAM, "sim.settle=0s"]);
    repository.done(&["resume", "-y"]);
    assert_eq!(repository.simulated(STREAM, "shards"), 32);
    repository.done(&["status"]);
    // From there or from halfway, back is where it began.
    repository.done(&["rollback", "-y"]);
    let (said, exit) = interrupted(&repository, "peak", STREAM, "shards", "16");
    assert_eq!((exit, repository.simulated(STREAM, "shards")), (Some(7), 16.into()), "{said}");
    repository.done(&["sim", "set", STREAM, "sim.settle=0s"]);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated(STREAM, "shards"), 4);
}

/// A machine that was stopped for its size is started again.
#[test]
fn test_ctrl_c_leaves_nothing_as_it_was_only_on_the_way() {
    let repository = machine();
    let (said, exit) = interrupted(&repository, "larger", DB, "running", "false");
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!((repository.simulated(DB, "running"), repository.simulated(DB, "size")), (true.into(), "m".into()));
}

/// Whether all holds when all is done, nobody has seen.
#[test]
fn test_ctrl_c_in_the_last_call_leaves_the_checks_unmeasured() {
    let repository = stream("[check.open]\nat = \"stream\"\nsetting = \"shards\"\nis = 5\n");
    let (said, exit) = interrupted(&repository, "peak", STREAM, "shards", "32");
    insta::assert_snapshot!(said, @r#"
    peak is applied, and was stopped before its checks were measured.   TIME.   Operation ID
      check       open was not measured
      done 1   failed 0   unknown 0   owed 0   not started 0
      measure     opsctl check
      back        opsctl rollback
    --- exit 7
    "#);
    assert_eq!((exit, repository.simulated(STREAM, "shards")), (Some(7), 32.into()));
}
