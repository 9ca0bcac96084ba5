//! A part of a state is no state: wherever it is told of, that is said.

use crate::harness::Repository;
use crate::owed::stopped;

#[test]
fn test_a_part_is_not_told_as_the_whole() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["apply", "busy", "--target", "settings", "-y", "-q"]), @r#"
    a part of busy (--target settings)   More of everything   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                                           waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "normal" → "busy"  ready

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 3 as they should be, 2 left out.   9 API calls: aws 3, k8s 6.   Plan HASH

    A part of busy (--target settings) is applied.   TIME.   Operation ID
      done 1   failed 0   unknown 0   owed 0   not started 0
      back        opsctl rollback
    "#);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    A part of busy (--target settings) was applied AGO by ana (ID). It lies over nothing that was applied. 6 settings are as they should be.
    No operation is open, nothing is owed, nobody holds the lock.
    ");
    insta::assert_snapshot!(repository.opsctl(&["log"]), @"ID  a part of busy (--target settings)  done  1 of 1 steps  AGO by ana, took TIME");
    insta::assert_snapshot!(repository.opsctl(&["show"]), @r#"
    ID   done
      what      a part of busy (--target settings): More of everything
      who       ana on a17
      when      TIME UTC, AGO; took TIME
      plan      HASH
      snapshot  before HASH
      snapshot  after HASH
      calls     11 API calls: aws 3, k8s 8

      ✓ k8s  configmap/cdn/settings  data.mode "normal" → "busy"  TIME
    "#);
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy"]), @"
    busy   More of everything   now: a part of busy (--target settings), AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                              waits until  after
      1 + k8s  deployment/data/origin  replicas 1 → 2  ready
      2 + k8s  deployment/cdn/edge     replicas 2 → 5  ready        1

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  2 of 2 in a dry run
    Time      unknown: no earlier operation tells
    Way back  2 steps, nothing is irreversible

    2 to change, 4 as they should be.   10 API calls: aws 3, k8s 7.   Plan HASH
    Nothing was changed. To do it: opsctl apply busy
    ");
    insta::assert_snapshot!(repository.opsctl(&["blame", "k8s:configmap/cdn/settings"]), @r#"
    k8s:configmap/cdn/settings
      data.mode  "normal" → "busy"  ID  a part of busy (--target settings), AGO by ana
    "#);
    let part = serde_json::json!({ "target": ["settings"] });
    assert_eq!(repository.json(&["status"])["last"]["part"], part);
    assert_eq!(repository.json(&["show"])["operation"]["part"], part);
    // All of it is all of it.
    repository.done(&["apply", "busy", "-y"]);
    let said = repository.done(&["status"]);
    assert!(said.out.starts_with("busy was applied"), "{said}");
    assert!(repository.json(&["status"])["last"]["part"].is_null());
}

/// The time that a state may take is that of all of it.
#[test]
fn test_a_part_is_held_to_no_time() {
    let repository = Repository::small();
    let arguments = ["apply", "drained", "--target", "spare", "--confirm", "drained", "-q"];
    insta::assert_snapshot!(repository.opsctl(&arguments), @"
    a part of drained (--target spare)   The spare serves   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                            waits until  after
      1 + k8s  deployment/cdn/spare  replicas 0 → 3  ready

    Then      check edge: k8s:deployment/cdn/spare replicas is >= 1
    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 2 as they should be, 3 left out.   9 API calls: aws 3, k8s 6.   Plan HASH

    A part of drained (--target spare) is applied.   TIME.   Operation ID
      done 1   failed 0   unknown 0   owed 0   not started 0
      back        opsctl rollback
    ");
    assert!(repository.json(&["show"])["rto"].is_null());
}

/// The rest of a part is asked for as that was.
#[test]
fn test_the_rest_of_a_part() {
    let repository = Repository::small();
    repository.write("states/moved.toml", "tolerates_unreachable = [\"k8s:*\"]\nextends = \"busy\"\n");
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    repository.ends(10, &["apply", "moved", "--target", "settings", "-y", "-q"]);
    repository.done(&["sim", "set", "k8s", "sim.unreachable=false"]);
    let said = repository.done(&["resume", "-y", "-q"]);
    assert!(said.out.contains("The rest of moved (--target settings) is done."), "{said}");
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.mode"), "busy");
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
    repository.done(&["status"]);
}

/// What `--exclude` leaves of a way back.
#[test]
fn test_a_part_of_a_rollback() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.ends(10, &["rollback", "--exclude", "settings", "-y"]);
    insta::assert_snapshot!(repository.ends(0, &["log"]), @"
    ID  a part of rollback of ID (--exclude settings)  done in part  2 of 3 steps  AGO by ana, took TIME
    ID    busy                                                          done          3 of 3 steps  AGO by ana, took TIME
    ");
}

/// It leaves what is owed of the others, whether it changes anything or not.
#[test]
fn test_a_part_of_a_rollback_lets_go_of_nothing_that_it_does_not_name() {
    let (repository, _) = stopped();
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "data.mode=normal"]);
    for _ in 0..2 {
        repository.opsctl(&["rollback", "--target", "origin", "-y"]);
        let said = repository.ends(10, &["status"]);
        assert!(said.out.contains("not started k8s deployment/cdn/edge replicas 2 → 5"), "{said}");
    }
}

/// What is left out is not as it should be, and not counted as if it were.
#[test]
fn test_nothing_to_change_of_what_was_asked_for() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy", "--target", "spare", "--exclude", "origin"]), @"
    a part of busy (--target spare --exclude origin): nothing to change. 3 of 6 settings of 6 resources read from aws, k8s are as they should be.
    3 changes are left out by --target or --exclude.
    ");
}

/// It decides on what it names: what else an earlier operation owes stays owed.
#[test]
fn test_a_part_lets_go_of_nothing_that_it_does_not_name() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.fail=no room"]);
    repository.ends(7, &["apply", "busy", "-y", "-q"]);
    let owed = |said: &crate::harness::Said| said.out.matches("deployment/cdn/edge").count();
    let before = repository.ends(10, &["status"]);
    assert!(owed(&before) > 0, "{before}");
    repository.opsctl(&["apply", "baseline", "--target", "settings", "-y", "-q"]);
    let after = repository.ends(10, &["status"]);
    assert_eq!(owed(&after), owed(&before), "{after}");
}
