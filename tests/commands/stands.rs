//! What stands is named, however it came about, and its checks are measured.

use crate::harness::Repository;

const CLOSED: &str = "over = \"baseline\"\n[resource.settings]\ndata.mode = \"closed\"\n\
                      [check.closed]\nat = \"settings\"\nsetting = \"data.mode\"\nis = \"closed\"\n";

#[test]
fn test_after_a_rollback() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["apply", "drained", "--confirm", "drained"]);
    repository.done(&["rollback", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    rollback of ID was done AGO by ana (ID). What stands is busy. 6 settings are as they should be.
    No operation is open, nothing is owed, nobody holds the lock.
    ");
    insta::assert_snapshot!(repository.opsctl(&["check"]), @"
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1  replicas = 5
    The check of busy holds.
    ");
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline"]), @r#"
    baseline   As always   now: busy again, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                                           waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "busy" → "normal"  ready
        - k8s  deployment/cdn/edge     replicas  5 → 2              ready
      2 - k8s  deployment/data/origin  replicas  2 → 1              ready        1

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  3 of 3 in a dry run
    Time      about TIME (3 runs)
    Way back  3 steps, about TIME, nothing is irreversible

    3 to change, 3 as they should be.   11 API calls: aws 3, k8s 8.   Plan HASH
    Nothing was changed. To do it: opsctl apply baseline
    "#);
    assert_eq!(repository.json(&["status"])["stands"], serde_json::json!({ "state": "busy" }));
    // Before that nothing was applied.
    repository.done(&["rollback", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    rollback of ID was done AGO by ana (ID). What stands is nothing that was applied. 6 settings are as they should be.
    No operation is open, nothing is owed, nobody holds the lock.
    ");
    insta::assert_snapshot!(repository.opsctl(&["check"]), @"
    --- stderr
    error: nothing that was applied stands, so it is not clear which checks are meant
      = name a state: opsctl check STATE
    --- exit 1
    ");
}

#[test]
fn test_with_an_overlay() {
    let repository = Repository::small();
    repository.write("states/closed.toml", CLOSED);
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["apply", "closed", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    closed was applied AGO by ana (ID). It lies over busy. 6 settings are as they should be.
    No operation is open, nothing is owed, nobody holds the lock.
    ");
    insta::assert_snapshot!(repository.opsctl(&["check"]), @r#"
    ✓ closed  k8s:configmap/cdn/settings data.mode is "closed"  data.mode = "closed"
    ✓ edge    k8s:deployment/cdn/edge replicas is >= 1          replicas = 5
    All 2 checks of busy, with closed over it hold.
    "#);
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline", "--target", "settings"]), @r#"
    a part of baseline (--target settings)   As always   now: busy, with closed over it, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                                             waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "closed" → "normal"  ready

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  1 of 1 in a dry run
    Time      about TIME (2 runs)
    Way back  1 step, about TIME, nothing is irreversible

    1 to change, 3 as they should be, 2 left out.   9 API calls: aws 3, k8s 6.   Plan HASH
    Nothing was changed. To do it: opsctl apply baseline --target settings
    "#);
    // What a rollback goes back to is measured as it was.
    repository.done(&["apply", "drained", "--confirm", "drained"]);
    let said = repository.done(&["rollback", "-y"]);
    assert!(said.err.contains("check closed holds") && said.err.contains("check edge holds"), "{said}");
    let said = repository.done(&["check"]);
    assert!(said.out.contains("busy, with closed over it"), "{said}");
}

#[test]
fn test_with_a_part_of_another_state() {
    let repository = Repository::small();
    repository.done(&["apply", "baseline", "-y"]);
    repository.done(&["apply", "busy", "--target", "settings", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    A part of busy (--target settings) was applied AGO by ana (ID). It lies over baseline. 6 settings are as they should be.
    No operation is open, nothing is owed, nobody holds the lock.
    ");
}

/// What such a state expects is measured like that of any other, and nothing else of it.
#[test]
fn test_what_a_state_expects_that_finds_all_as_it_should_be() {
    let repository = Repository::small();
    let before = "\n[check.before]\ngates = [\"*\"]\nwithin = \"1s\"\n\
                  http = { get = \"http://127.0.0.1:1/\", header = { authorization = { env = \"NOWHERE\" } } }\n";
    repository.append("states/baseline.toml", before);
    repository.done(&["apply", "baseline", "-y"]);
    repository
        .append("states/busy.toml", "[check.more]\nat = \"edge\"\nsetting = \"replicas\"\nis = { at_least = 6 }\n");
    for (at, to) in [("cdn/edge", "replicas=5"), ("data/origin", "replicas=2")] {
        repository.done(&["sim", "set", &format!("k8s:deployment/{at}"), to]);
    }
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "data.mode=busy"]);
    insta::assert_snapshot!(repository.opsctl(&["apply", "busy", "-y", "-q"]), @"
    busy: nothing to change. 6 settings of 6 resources read from aws, k8s are as they should be.

    busy is applied, and a check does not hold.   TIME.   Operation ID
      check       more does not hold: replicas = 5
      look        opsctl check
    --- exit 7
    ");
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    busy was applied, with a check that did not hold, AGO by ana (ID). 6 settings are as they should be.
      check more did not hold: replicas = 5
    No operation is open, nothing is owed, nobody holds the lock.
    ");
}

/// What did not hold is told as long as what expects it stands, and nobody has seen it hold since.
#[test]
fn test_what_did_not_hold_is_not_forgotten_behind_what_comes_on_top() {
    let repository = Repository::small();
    repository.write("states/closed.toml", CLOSED);
    repository.append("states/busy.toml", "\n[check.ready]\nrun = [\"test\", \"-e\", \"ready\"]\nwithin = \"0s\"\n");
    repository.ends(7, &["apply", "busy", "-y"]);
    let busy = repository.operation(0);
    repository.done(&["apply", "closed", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    closed was applied AGO by ana (ID). It lies over busy. 6 settings are as they should be.
      check ready did not hold at the end of busy (ID): exit 1
    No operation is open, nothing is owed, nobody holds the lock.
    ");
    let told = &repository.json(&["status"])["unheld"];
    assert_eq!((&told[0]["check"], &told[0]["operation"], told[1].is_null()), (&"ready".into(), &busy.into(), true));
    repository.done(&["rollback", "-y"]);
    let said = repository.done(&["status"]);
    assert!(said.out.contains("check ready did not hold at the end of busy ("), "{said}");
    // Another state does not expect it.
    repository.done(&["apply", "baseline", "-y"]);
    assert!(!repository.done(&["status"]).out.contains("check ready"));
    repository.done(&["rollback", "-y"]);
    assert!(repository.done(&["status"]).out.contains("check ready"));
    repository.write("ready", "");
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=4"]);
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["apply", "closed", "-y"]);
    assert!(!repository.done(&["status"]).out.contains("check ready"));
}

/// Others have made live what a state says: that it stands now is recorded, once.
#[test]
fn test_a_state_that_finds_all_as_it_should_be() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=2"]);
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=1"]);
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "data.mode=normal"]);
    insta::assert_snapshot!(repository.opsctl(&["apply", "baseline", "-y", "-q"]), @"
    baseline: nothing to change. 6 settings of 6 resources read from aws, k8s are as they should be.

    baseline is applied.   TIME.   Operation ID
    ");
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    baseline was applied AGO by ana (ID). 6 settings are as they should be.
    No operation is open, nothing is owed, nobody holds the lock.
    ");
    insta::assert_snapshot!(repository.opsctl(&["apply", "baseline", "-y", "-q"]), @"baseline: nothing to change. 6 settings of 6 resources read from aws, k8s are as they should be.");
    let operations = || repository.done(&["log"]).out.lines().count();
    assert_eq!(operations(), 2);
    // A part and an overlay take no state's place.
    repository.write("states/closed.toml", &CLOSED.replace("\"closed\"\n", "\"normal\"\n"));
    repository.done(&["apply", "drained", "--target", "origin", "-y"]);
    repository.done(&["apply", "closed", "-y"]);
    assert_eq!(operations(), 2);
}

/// What somebody changed is not forgotten by what comes on top of it and is taken back, whatever kind of operation was last.
#[test]
fn test_a_drift_outlives_what_comes_on_top() {
    let repository = Repository::small();
    repository.write("states/closed.toml", CLOSED);
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=0", "--by", "bob"]);
    let is_told = || {
        let said = repository.done(&["status"]);
        assert!(said.out.contains("1 of 6 settings is not as it should be:"), "{said}");
        assert!(said.out.contains("k8s  deployment/data/origin  replicas  2, now 0   by bob"), "{said}");
    };
    is_told();
    repository.done(&["apply", "closed", "-y"]);
    is_told();
    repository.done(&["rollback", "-y"]);
    is_told();
    // Who puts it back has mended it, though no operation left it so.
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=2"]);
    let said = repository.done(&["status"]);
    assert!(said.out.contains("6 settings are as they should be."), "{said}");
}

/// What was done already is undone while the rest is under way: the last page says so.
#[test]
fn test_what_is_changed_during_an_apply_is_told_at_its_end() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "sim.settle=1s"]);
    let child = repository.start(&["apply", "busy", "-y"]);
    while repository.simulated("k8s:deployment/cdn/edge", "replicas") != 5 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=0", "--by", "bob"]);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("busy is applied, and not all is as it should be."), "{said}");
    assert!(
        said.contains("  changed     k8s:deployment/data/origin replicas should be 2, and is 0, by bob\n"),
        "{said}"
    );
    let said = repository.done(&["status"]);
    assert!(said.out.contains("busy was applied, but for what others changed meanwhile,"), "{said}");
    assert!(said.out.contains("1 of 6 settings is not as it should be:"), "{said}");
    let said = repository.done(&["show"]);
    assert!(said.out.contains("should be 2, and is 0, by bob"), "{said}");
}

/// Who interrupts while what is expected is still measured is told how to have it measured, and it is not forgotten.
#[test]
fn test_stopped_while_its_checks_are_measured() {
    let repository = Repository::small();
    let never = "\n[check.never]\nrun = [\"sh\", \"-c\", \"touch begun; false\"]\nwithin = \"1m\"\n";
    repository.append("states/busy.toml", never);
    let child = repository.start(&["apply", "busy", "-y"]);
    while !repository.path("begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    crate::stopped::signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("busy is applied, and was stopped before its checks were measured."), "{said}");
    assert!(said.contains("  measure     opsctl check\n") && !said.contains("go on"), "{said}");
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("stopped before its checks were measured (opsctl check)"), "{said}");
    repository.write("states/closed.toml", CLOSED);
    repository.done(&["apply", "closed", "-y"]);
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("  check never was not measured at the end of busy ("), "{said}");
    repository.ends(9, &["check"]);
}
