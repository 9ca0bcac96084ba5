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

/// What an operation was for is not reached while it is owed: its time runs on until the rest is done.
#[test]
fn test_no_time_is_held_while_what_it_was_for_is_owed() {
    let repository = Repository::small();
    let moved = "extends = \"busy\"\nrto = \"10m\"\ntolerates_unreachable = [\"k8s:*\"]\n";
    repository.write("states/moved.toml", moved);
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    let said = repository.ends(10, &["apply", "moved", "-y"]);
    let not_yet = "RTO 10m not reached yet: 4 steps are owed";
    assert!(said.out.contains(not_yet), "{said}");
    assert!(repository.done(&["show"]).out.contains(not_yet));
    let rto = &repository.json(&["show"])["rto"];
    assert!(rto["held"].is_null() && rto["lacks"] == "4 steps are owed", "{rto}");
    repository.done(&["sim", "set", "k8s", "sim.unreachable=false"]);
    let said = repository.done(&["resume", "-y"]);
    assert!(said.out.contains("RTO 10m held, counted from the beginning of "), "{said}");
}

/// Where it moves traffic it was for that, whatever is owed of what is lost: what is done long after is held to no time.
#[test]
fn test_what_is_owed_of_what_is_lost_holds_up_no_time() {
    let repository = Repository::small();
    let (unchecked, _) = include_str!("small/baseline.toml").split_once("[check").unwrap();
    let needless = unchecked.lines().filter(|line| !line.starts_with("needs"));
    repository.write("states/baseline.toml", &needless.collect::<Vec<_>>().join("\n"));
    repository.write(
        "states/shifted.toml",
        "extends = \"baseline\"\nrto = \"10m\"\ntolerates_unreachable = [\"k8s:*\", \"aws:*\"]\n\
         [resource.east]\nweight = 50\n[resource.settings]\ndata.mode = \"busy\"\n",
    );
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    let said = repository.ends(10, &["apply", "shifted", "-y"]);
    assert!(said.out.contains("owed") && said.out.contains("RTO 10m held"), "{said}");
    repository.done(&["sim", "set", "k8s", "sim.unreachable=false"]);
    let said = repository.done(&["resume", "-y"]);
    assert!(said.out.contains("The rest of shifted is done.") && !said.out.contains("RTO"), "{said}");
    // The records themselves are out of reach: the traffic stays where it is.
    repository.done(&["apply", "baseline", "-y"]);
    repository.done(&["sim", "set", "aws", "sim.unreachable=true"]);
    insta::assert_snapshot!(repository.opsctl(&["apply", "shifted", "-y", "-q"]), @r#"
    shifted   now: baseline, AGO by ana

      aws  sim aws         unreachable, tolerated: nobody answers
      k8s  sim kubernetes  simulated k8s

    Look twice
      traffic     live does not move: 2 settings at aws cannot be read or set now
      owed        2 edits at aws cannot be done now; `opsctl resume` does them when aws is back

    Steps                                                                             waits until  after
      1 ~ k8s  configmap/cdn/settings                    data.mode "normal" → "busy"  ready
      … ! aws  route53-record/…/live.example.com/…/east  weight    ? → 50             owed: unreachable
        ! aws  route53-record/…/live.example.com/…/west  weight    ? → 0              owed: unreachable

    Accepted  1 of 1 in a dry run
    Time      about TIME (2 runs); RTO 10m
    Way back  1 step, about TIME, nothing is irreversible

    1 to change, 2 owed, 3 as they should be.   18 API calls: aws 12, k8s 6.   Plan HASH

    shifted is applied, with 2 steps owed.   TIME, RTO 10m not reached yet: 2 steps are owed.   Operation ID
      owed        aws route53-record/Z1/live.example.com/CNAME/east weight 50: nobody answers
      owed        aws route53-record/Z1/live.example.com/CNAME/west weight 0: nobody answers
      done 1   failed 0   unknown 0   owed 2   not started 0
      owed        opsctl resume
      back        opsctl rollback
    --- exit 10
    "#);
}

/// What is expected of it is what it was for.
#[test]
fn test_no_time_is_held_while_a_check_does_not_hold() {
    let repository = Repository::small();
    repository.append("states/drained.toml", "\n[check.no]\nrun = [\"false\"]\nwithin = \"0s\"\n");
    let said = repository.ends(7, &["apply", "drained", "--confirm", "drained"]);
    assert!(said.out.contains("RTO 10m not reached yet: a check does not hold"), "{said}");
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
