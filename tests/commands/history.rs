use crate::harness::Repository;

#[test]
fn test_log_show_and_blame() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["log"]), @"Nothing was applied yet.");
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["rollback", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["log"]), @"
    ID  rollback of ID  done  3 of 3 steps  AGO by ana, took TIME
    ID    busy                           done  3 of 3 steps  AGO by ana, took TIME
    ");
    insta::assert_snapshot!(repository.opsctl(&["show"]), @r#"
    ID   done
      what      rollback of ID: to what was there before busy
      who       ana on a17
      when      TIME UTC, AGO; took TIME
      reverts   ID
      plan      HASH
      snapshot  before HASH
      snapshot  after HASH
      calls     14 API calls: aws 3, k8s 11

      ✓ k8s  configmap/cdn/settings  data.mode "busy" → "normal"  TIME
      ✓ k8s  deployment/cdn/edge     replicas 5 → 2               TIME
      ✓ k8s  deployment/data/origin  replicas 2 → 1               TIME
    "#);
    insta::assert_snapshot!(repository.opsctl(&["blame", "k8s:deployment/cdn/edge"]), @"
    k8s:deployment/cdn/edge
      replicas  5 → 2  ID  rollback of ID, AGO by ana
    ");
    insta::assert_snapshot!(repository.opsctl(&["show", "19990101"]), @"
    --- stderr
    error: `19990101` names no operation
      = all of them: opsctl log
    --- exit 1
    ");
}

#[test]
fn test_blame_names_who_was_not_opsctl() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=7"]);
    repository.done(&["snapshot", "take"]);
    insta::assert_snapshot!(repository.opsctl(&["blame", "k8s:deployment/cdn/edge"]), @"
    k8s:deployment/cdn/edge
      replicas  5 → 7  outside  not by opsctl, AGO or after, AGO or before
    ");
}

#[test]
fn test_the_beginning_of_several_ids() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["rollback", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["show", "2"]), @"
    --- stderr
    error: `2` is the beginning of 2 operations
      = write more of it: ID, ID
    --- exit 1
    ");
}

/// The only record is damaged: that is not the same as none.
#[test]
fn test_a_damaged_record_is_not_an_empty_log() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    let objects = repository.path("snapshots/.git/objects");
    let git = |arguments: &[&str]| {
        let said =
            std::process::Command::new("git").arg("-C").arg(objects.join("../..")).args(arguments).output().unwrap();
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    };
    let blob = git(&["-c", "safe.directory=*", "rev-parse", "HEAD:operation.toml"]);
    let (folder, file) = blob.split_at(2);
    let object = objects.join(folder).join(file);
    std::fs::remove_file(&object).unwrap();
    let said = repository.ends(1, &["log"]);
    assert!(said.err.contains("is damaged"), "{said}");
    assert_eq!(said.out, "", "{said}");
}
