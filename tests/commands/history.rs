use std::time::Duration;

use crate::harness::Repository;
use crate::stopped::{hanging, signal};

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
fn test_whether_it_kept_to_its_time() {
    let repository = Repository::small();
    repository.done(&["apply", "drained", "--confirm", "drained"]);
    let said = repository.done(&["show"]);
    assert!(said.out.contains(", RTO 10m held\n"), "{said}");
    let shown = repository.json(&["show"]);
    assert_eq!((&shown["rto"]["held"], &shown["rto"]["within"]["secs"]), (&true.into(), &600.into()), "{shown}");
    repository.done(&["apply", "baseline", "-y"]);
    assert!(repository.json(&["show"])["rto"].is_null());
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
fn test_blame_tells_what_is_live_and_what_is_open() {
    let edge = "k8s:deployment/cdn/edge";
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", edge, "replicas=7", "--by", "ben"]);
    insta::assert_snapshot!(repository.opsctl(&["blame", edge]), @"
    k8s:deployment/cdn/edge
      replicas  2 → 5  ID  busy, AGO by ana
                    7  now                not opsctl: by ben, AGO
    ");
    let document = repository.json(&["blame", edge]);
    assert_eq!((&document["turns"][0]["to"], &document["turns"][0]["now"]["to"]), (&5.into(), &7.into()), "{document}");
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    insta::assert_snapshot!(repository.opsctl(&["blame", edge]), @"
    k8s:deployment/cdn/edge
      replicas  2 → 5  ID  busy, AGO by ana
    Whether it is so now is not known: unreachable: nobody answers.
    ");

    let repository = Repository::small();
    let (mut child, _lines) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    insta::assert_snapshot!(repository.opsctl(&["blame", edge]), @"
    k8s:deployment/cdn/edge
      replicas      2  untouched          since the first snapshot, AGO
                2 → 5  ID  busy, AGO by ana: it is open, and is about to set it
    ");
    insta::assert_snapshot!(repository.opsctl(&["blame", "k8s:deployment/data/origin"]), @"
    k8s:deployment/data/origin
      replicas      1  untouched          since the first snapshot, AGO
                1 → 2  ID  busy, AGO by ana: it is open, and has set it
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

/// What could not be done can be done by hand.
#[test]
fn test_what_a_person_would_type() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.fail=no quota"]);
    let said = repository.ends(7, &["apply", "busy", "-y", "-q"]);
    let by_hand = "kubectl scale deployment/origin -n data --current-replicas=1 --replicas=2  # at k8s";
    assert!(said.out.contains(&format!("by hand     {by_hand}")), "{said}");
    let said = repository.done(&["show"]);
    assert!(said.out.contains(&format!("by hand: {by_hand}")), "{said}");
    assert!(said.out.contains("kubectl scale deployment/edge"), "{said}");
    assert!(repository.json(&["show"])["by_hand"].to_string().contains(by_hand));
}

/// Its time runs on while nobody does the rest.
#[test]
fn test_the_time_of_the_rest_is_that_of_the_whole() {
    let repository = Repository::small();
    repository.write("states/busy.toml", &format!("rto = \"1s\"\n{}", include_str!("small/busy.toml")));
    let (child, _lines) = hanging(&repository);
    std::thread::sleep(Duration::from_millis(1200));
    signal(&child, "INT");
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.settle=0s"]);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(7));
    let first = repository.operation(0);
    let said = repository.done(&["resume", "-y", "-q"]);
    assert!(said.out.contains("RTO 1s, of which"), "{said}");
    let missed =
        regex::Regex::new(&format!(r"RTO 1s missed by [0-9.]+s, counted from the beginning of {first}\.")).unwrap();
    assert!(missed.is_match(&said.out), "{said}");
    assert_eq!(repository.json(&["show"])["rto"]["held"], false);
    repository.done(&["log"]);
}

/// Whether it kept to its time was told when it came to its end: what is done long after is held to none.
#[test]
fn test_what_was_owed_is_held_to_no_time() {
    let repository = Repository::small();
    let moved = "extends = \"busy\"\nrto = \"10m\"\ntolerates_unreachable = [\"k8s:*\"]\n";
    repository.write("states/moved.toml", moved);
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    let said = repository.ends(10, &["apply", "moved", "-y"]);
    assert!(said.out.contains("RTO 10m held"), "{said}");
    repository.done(&["sim", "set", "k8s", "sim.unreachable=false"]);
    let said = repository.done(&["resume", "-y"]);
    assert!(said.out.contains("The rest of moved is done.") && !said.out.contains("RTO"), "{said}");
}

/// Of a commit that is lost nobody can tell what came before it.
#[test]
fn test_a_lost_commit_is_told_with_what_to_do() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    let git = git2::Repository::open(repository.path("snapshots")).unwrap();
    let first = git.head().unwrap().peel_to_commit().unwrap().parent_id(0).unwrap().to_string();
    std::fs::remove_file(git.path().join("objects").join(&first[..2]).join(&first[2..])).unwrap();
    for arguments in
        [&["status"][..], &["log"], &["snapshot", "list"], &["rollback", "-y"], &["apply", "baseline", "-y"]]
    {
        let said = repository.ends(1, arguments);
        assert!(said.err.contains("error[E0315]: the snapshot repository "), "{said}");
        assert!(said.err.contains(" cannot be read: object not found - no match for id ("), "{said}");
        assert!(said.err.contains("= find out what it lacks: git -C "), "{said}");
    }
}
