use crate::harness::Repository;

#[test]
fn test_a_colleagues_edit_is_spared() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=7", "--by", "kubectl-scale"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y", "-q"]), @r#"
    rollback of ID   to what was there before busy   now: busy, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Left alone
      k8s  deployment/cdn/edge  replicas  was 2, opsctl set 5, now 7: changed since by kubectl-scale
           opsctl rollback ID --force k8s:deployment/cdn/edge takes it back too
    Held back
      k8s  deployment/data/origin  replicas  edge is left as it is, and needs it

    Steps                                                           waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "busy" → "normal"  ready

    Accepted  1 of 1 in a dry run
    Time      about TIME (1 run)
    Way back  1 step, about TIME, nothing is irreversible

    1 to change, 0 as they should be.   10 API calls: aws 3, k8s 7.   Plan HASH

    rollback of ID is done, but for what was left alone.   TIME.   Operation ID
      left alone  k8s deployment/cdn/edge replicas 7 → 2: changed since by kubectl-scale
      left alone  k8s deployment/data/origin replicas: edge is left as it is, and needs it
      done 1   failed 0   unknown 0   owed 0   not started 0   left alone 2
      force       opsctl rollback ID --force k8s:deployment/cdn/edge
    --- exit 10
    "#);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 7);
    assert_eq!(repository.simulated("k8s:deployment/data/origin", "replicas"), 2);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    rollback of ID was applied in part AGO by ana (ID). What stands is nothing that was applied. 4 of 6 settings are as they should be.
    2 settings were left alone:
      k8s deployment/cdn/edge replicas 7 → 2: changed since by kubectl-scale
      k8s deployment/data/origin replicas: edge is left as it is, and needs it
      To take that back too: opsctl rollback ID --force k8s:deployment/cdn/edge
    No operation is open, nothing is owed, nobody holds the lock.
    ");
    insta::assert_snapshot!(repository.opsctl(&["show"]), @r#"
    ID   done in part
      what      rollback of ID: to what was there before busy
      who       ana on a17
      when      TIME UTC, AGO; took TIME
      reverts   ID
      plan      HASH
      snapshot  before HASH
      snapshot  after HASH
      calls     10 API calls: aws 3, k8s 7

      ✓ k8s  configmap/cdn/settings  data.mode "busy" → "normal"  TIME
      ! k8s  deployment/cdn/edge     replicas 7 → 2               left alone: changed since by kubectl-scale
      ! k8s  deployment/data/origin                               left alone: edge is left as it is, and needs it
    "#);
    assert_eq!(repository.json(&["status"])["left_alone"][0]["status"], "left_alone");
    // What is as it was by now is not told any more.
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=2"]);
    let said = repository.done(&["status"]);
    assert!(said.out.contains("1 setting was left alone:"), "{said}");
}

#[test]
fn test_force_takes_it_back_too() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=7", "--by", "kubectl-scale"]);
    repository.done(&["rollback", "-y", "--force", "k8s:deployment/cdn/edge"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
}

#[test]
fn test_a_rollback_inside_an_apply_says_what_it_takes_back() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "sim.fail=no quota"]);
    insta::assert_snapshot!(repository.opsctl(&["apply", "busy", "-y", "-q", "--on-failure", "rollback"]), @r#"
    busy   More of everything   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                                           waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "normal" → "busy"  ready
        + k8s  deployment/data/origin  replicas  1 → 2              ready
      2 + k8s  deployment/cdn/edge     replicas  2 → 5              ready        1

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  3 of 3 in a dry run
    If not    a step that fails stops all, and what was done is taken back
    Time      unknown: no earlier operation tells
    Way back  3 steps, nothing is irreversible

    3 to change, 3 as they should be.   11 API calls: aws 3, k8s 8.   Plan HASH

    busy failed. What was done is being taken back.   Operation ID
      failed      k8s deployment/cdn/edge replicas 2 → 5: no quota
      done 2   failed 1   unknown 0   owed 0   not started 0

    rollback of ID   to what was there before busy   now: busy (failed), AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      unready     k8s:deployment/cdn/edge: no quota

    Steps                                                           waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "busy" → "normal"  ready
        - k8s  deployment/cdn/edge     replicas  5 → 2              ready
      2 - k8s  deployment/data/origin  replicas  2 → 1              ready        1

    Accepted  3 of 3 in a dry run
    Time      unknown: no earlier operation tells
    Way back  3 steps, nothing is irreversible

    3 to change, 0 as they should be.   37 API calls: aws 9, k8s 28.   Plan HASH

    rollback of ID failed. Not all is taken back.   TIME.   Operation ID
      failed      k8s deployment/cdn/edge replicas 5 → 2: no quota
      by hand     kubectl scale deployment/edge -n cdn --current-replicas=5 --replicas=2  # at k8s
      1 step was not started because of that.
      done 1   failed 1   unknown 0   owed 0   not started 1
      go on       opsctl rollback
      look        opsctl show ID
    --- exit 7
    "#);
}

#[test]
fn test_broken_states_do_not_block_the_way_back() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.write("states/baseline.toml", "this is no TOML");
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
}

#[test]
fn test_several_operations_are_unwound() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["apply", "drained", "--confirm", "drained"]);
    let log = repository.done(&["log", "--json"]);
    let log: serde_json::Value = serde_json::from_str(&log.out).unwrap();
    let first = log["operations"][1]["id"].as_str().unwrap();
    repository.done(&["rollback", first, "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
    assert_eq!(repository.simulated("k8s:deployment/cdn/spare", "replicas"), 0);
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.mode"), "normal");
}

#[test]
fn test_nothing_to_roll_back() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y"]), @"
    --- stderr
    error: there is no operation to roll back
      = all of them: opsctl log
    --- exit 1
    ");
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["rollback", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y"]), @"
    --- stderr
    error: there is no operation to roll back
      = all of them: opsctl log
    --- exit 1
    ");
}

#[test]
fn test_the_snapshots_of_a_rollback_are_whole() {
    let repository = Repository::small();
    repository.done(&["snapshot", "take"]);
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["rollback", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["snapshot", "diff", "@4", "@"]), @"@4 and @ are the same.");
}

#[test]
fn test_an_instance_that_is_down_is_told_once_and_no_state_file_is_named() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    let said = repository.ends(1, &["apply", "@1", "-y"]).err;
    assert_eq!(said.matches("E0301").count(), 1, "{said}");
    assert!(said.contains("try again when k8s answers"), "{said}");
    assert!(!said.contains("tolerates_unreachable"), "{said}");
    let said = repository.ends(1, &["rollback", "-y"]).err;
    assert_eq!(said.matches("E0301").count(), 1, "{said}");
    assert!(said.contains("roll back again when k8s answers"), "{said}");
}

/// A gate was for the steps of its own plan: on the way back it is not measured.
#[test]
fn test_no_gate_of_what_was_before_is_measured() {
    let repository = Repository::small();
    let gates = "[check.first]\nrun = [\"test\", \"!\", \"-e\", \"went\"]\ngates = [\"*\"]\n\
                 [check.between]\nrun = [\"test\", \"!\", \"-e\", \"went\"]\ngates = [\"edge\"]\n";
    let state = format!("extends = \"baseline\"\n[resource.edge]\nreplicas = 3\n{gates}");
    repository.write("states/gated.toml", &state);
    repository.done(&["apply", "gated", "-y"]);
    repository.write("went", "");
    let said = repository.done(&["check"]);
    assert!(said.out.contains("edge") && !said.out.contains("first") && !said.out.contains("between"), "{said}");
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 3);
}
