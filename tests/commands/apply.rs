use crate::harness::{Repository, Said};

#[test]
fn test_the_page_what_happens_and_what_became_of_it() {
    let repository = Repository::small();
    let said = repository.opsctl(&["apply", "busy", "-y"]);
    // What is under way at once ends in any order.
    for line in ["before snapshot", "replicas 2 → 5   ", "check edge holds: replicas = 5", "after snapshot"] {
        assert!(said.err.contains(line), "{said}");
    }
    insta::assert_snapshot!(Said { err: String::new(), ..said }, @r#"
    busy   More of everything   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                                           waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "normal" → "busy"  ready
        + k8s  deployment/data/origin  replicas  1 → 2              ready
      2 + k8s  deployment/cdn/edge     replicas  2 → 5              ready        1

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  3 of 3 in a dry run
    Time      unknown: no earlier operation tells
    Way back  3 steps, nothing is irreversible

    3 to change, 3 as they should be.   11 API calls: aws 3, k8s 8.   Plan HASH

    busy is applied.   TIME.   Operation ID
      done 3   failed 0   unknown 0   owed 0   not started 0
      back        opsctl rollback
    "#);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 5);
    insta::assert_snapshot!(repository.opsctl(&["apply", "busy", "-y"]), @"busy: nothing to change. 6 settings of 6 resources read from aws, k8s are as they should be.");
}

#[test]
fn test_without_a_terminal_a_flag_must_say_yes() {
    let repository = Repository::small();
    let refused = |arguments: &[&str]| {
        let said = repository.opsctl(arguments);
        assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
        format!("{}[{:?}]", said.err, said.exit)
    };
    insta::assert_snapshot!(refused(&["apply", "busy"]), @"
    error: nobody can be asked here; nothing was changed
      = say yes on the command line: -y
    [Some(3)]
    ");
    insta::assert_snapshot!(refused(&["apply", "drained", "-y"]), @"
    error: drained wants its name typed, and nobody can be asked here; -y alone does not suffice; nothing was changed
      = say it on the command line: --confirm drained
    [Some(3)]
    ");
    insta::assert_snapshot!(refused(&["apply", "drained", "--confirm", "drain"]), @"
    error: --confirm says `drain`, and this is `drained`; nothing was changed
    [Some(3)]
    ");
}

#[test]
fn test_a_name_that_is_typed_on_the_command_line() {
    let repository = Repository::small();
    repository.done(&["apply", "drained", "--confirm", "drained"]);
    assert_eq!(repository.simulated("aws:route53-record/Z1/live.example.com/CNAME/west", "weight"), 100);
}

#[test]
fn test_a_plan_file_is_obeyed_and_needs_no_states() {
    let repository = Repository::small();
    repository.done(&["plan", "busy", "--out", "plan.json"]);
    std::fs::remove_dir_all(repository.path("states")).unwrap();
    repository.done(&["apply", "plan.json", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 5);
}

/// It found nothing to do, and somebody has changed that since: nobody is told that all is well.
#[test]
fn test_a_plan_file_that_changes_nothing_is_stale_too() {
    let repository = Repository::small();
    repository.done(&["plan", "baseline", "--out", "plan.json"]);
    let said = repository.done(&["apply", "plan.json", "-y"]);
    assert!(said.out.contains("nothing to change"), "{said}");
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=1"]);
    let said = repository.ends(4, &["apply", "plan.json", "-y"]);
    assert!(!said.out.contains("nothing to change") && said.err.contains("deployment/cdn/edge"), "{said}");
}

#[test]
fn test_what_is_no_plan_says_how_to_get_one() {
    let repository = Repository::small();
    repository.done(&["plan", "busy", "--out", "plan.json"]);
    let plan = std::fs::read_to_string(repository.path("plan.json")).unwrap();
    repository.write("half.json", &plan[..plan.len() / 2]);
    repository.write("other.json", "{}");
    let said = |path: &str| repository.ends(1, &["apply", path, "-y"]).err;
    assert!(said("half.json").contains("\n  = write it with: opsctl plan STATE --out FILE\n"), "{}", said("half.json"));
    assert!(said("other.json").contains("\n  = write it with: opsctl plan STATE --out FILE\n"));
    assert!(said("./no.json").contains("\n  = write it with: opsctl plan STATE --out FILE\n"));
    assert!(said("./states/busy.toml").contains("\n  = a state is named without its folder: opsctl apply busy\n"));
}

/// What another version wrote, what somebody edited, and what never was a plan: each says what to do.
#[test]
fn test_a_plan_file_that_is_not_obeyed() {
    let repository = Repository::small();
    repository.done(&["plan", "busy", "--out", "plan.json"]);
    let mut plan: serde_json::Value =
        serde_json::from_slice(&std::fs::read(repository.path("plan.json")).unwrap()).unwrap();
    plan["intent"]["summary"] = "Something else".into();
    repository.write("edited.json", &plan.to_string());
    plan["format"] = 1.into();
    plan["estimate"] = serde_json::json!({ "soon": true });
    repository.write("old.json", &plan.to_string());
    let folder = format!("{}/", repository.path("").display()).replace("//", "/");
    let said = |path: &str| repository.opsctl(&["apply", path, "-y"]).to_string().replace(&folder, "");
    insta::assert_snapshot!(said("old.json"), @"
    --- stderr
    error[E0312]: old.json was written by another version of opsctl: it has the plan format 1, and this one reads 8
      = plan again: opsctl plan STATE --out old.json
    --- exit 1
    ");
    insta::assert_snapshot!(said("edited.json"), @"
    --- stderr
    error[E0313]: edited.json was changed after it was written: its digest is HASH and should be HASH
      = plan again: opsctl plan STATE --out edited.json
    --- exit 1
    ");
    assert_eq!(repository.json(&["apply", "old.json", "-y"])["code"], "E0312");
}

#[test]
fn test_a_plan_that_live_has_left_behind_is_stale() {
    let repository = Repository::small();
    repository.done(&["plan", "busy", "--out", "plan.json"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=4", "--by", "kubectl-scale"]);
    let said = repository.opsctl(&["apply", "plan.json", "-y"]);
    insta::assert_snapshot!(Said { out: String::new(), ..said }, @"
    --- stderr
      TIME  checking
    stale: 1 setting is not what the plan was made from
      k8s  deployment/cdn/edge  replicas  the plan saw 2, now 4 (kubectl-scale, AGO)
    Nothing was changed. Look again: opsctl plan busy
    --- exit 4
    ");
    assert_eq!(repository.simulated("k8s:deployment/data/origin", "replicas"), 1);
    assert!(repository.done(&["log"]).out.contains("Nothing was applied yet"));
}

#[test]
fn test_a_step_that_fails_is_told_first() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.fail=no node has room"]);
    let said = repository.opsctl(&["apply", "busy", "-y"]);
    assert!(said.err.contains("Stopping, k8s:deployment/data/origin failed: nothing new is started"), "{said}");
    let said = Said { err: String::new(), ..said };
    let summary = said.out.split_once("Plan ").unwrap().1.split_once("\n\n").unwrap().1.to_owned();
    insta::assert_snapshot!(Said { out: summary, ..said }, @"
    busy failed. What was done stays as it is.   TIME.   Operation ID
      failed      k8s deployment/data/origin replicas 1 → 2: no node has room
      by hand     kubectl scale deployment/origin -n data --current-replicas=1 --replicas=2  # at k8s
      1 step was not started because of that.
      done 1   failed 1   unknown 0   owed 0   not started 1
      go on       opsctl resume
      look        opsctl show ID
      back        opsctl rollback
    --- exit 7
    ");
}

#[test]
fn test_events_are_lines_of_json() {
    let repository = Repository::small();
    let said = repository.done(&["apply", "busy", "-y", "--json"]);
    let events: Vec<String> = said
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["event"].as_str().or(line["kind"].as_str()).unwrap().to_owned())
        .collect();
    assert_eq!(events.first().map(String::as_str), Some("plan"));
    assert_eq!(events.last().map(String::as_str), Some("finished"));
    assert!(events.iter().any(|event| event == "ended"));
    assert_eq!(said.err, "");
}

/// So many are begun and not ended, and no more.
#[test]
fn test_no_more_steps_at_once_than_that() {
    let service = |index: usize| format!("[resource.s{index}]\nat = \"lab:service/s{index}\"\nreplicas = 1\n");
    let services: String = (0..6).map(service).collect();
    let more: String = (0..6).map(|index| format!("[resource.s{index}]\nreplicas = 2\n")).collect();
    for (most, limit) in [(2, &["--parallelism", "2"][..]), (6, &[])] {
        let repository = Repository::of(&[
            ("opsctl.toml", "[provider.lab]\ntype = \"sim\"\nworld = \"world.toml\"\n"),
            ("world.toml", &format!("[sim]\nsettle = \"100ms\"\n{services}")),
            ("states/baseline.toml", &services),
            ("states/more.toml", &format!("extends = \"baseline\"\n{more}")),
        ]);
        let said = repository.done(&[&["apply", "more", "-y", "--json"], limit].concat());
        let (mut open, mut seen) = (0_i32, 0);
        for line in said.out.lines() {
            let said: serde_json::Value = serde_json::from_str(line).unwrap();
            open += i32::from(said["event"] == "sent") - i32::from(said["event"] == "ended");
            seen = seen.max(open);
        }
        assert_eq!((seen, open), (most, 0), "{said}");
    }
}

#[test]
fn test_back_to_a_snapshot() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["apply", "drained", "--confirm", "drained"]);
    // @ is after drained, @1 before it, @2 after busy, @3 before it.
    let meant = repository.json(&["snapshot", "show", "@3"])["snapshot"]["commit"].as_str().unwrap()[..10].to_owned();
    let said = repository.done(&["apply", "@3", "-y"]);
    assert!(said.out.starts_with(&format!("@{meant}   What was live at ")), "{said}");
    assert!(said.out.lines().next().unwrap().contains(" UTC, before busy "), "{said}");
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.mode"), "normal");
    // By now @3 is another one; what was applied keeps its name, and may be named so.
    assert_eq!(repository.json(&["show"])["operation"]["name"], format!("@{meant}"));
    let again = repository.done(&["plan", &format!("@{meant}")]);
    assert!(again.out.contains("nothing to change"), "{again}");
}

#[test]
fn test_what_a_plan_says_is_to_be_typed_does_it() {
    let repository = Repository::small();
    // The last one has the name of a state.
    for name in ["p.plan", "p.json", "busy"] {
        let said = repository.done(&["plan", "busy", "--out", name]);
        let (_, command) = said.out.trim_end().rsplit_once("To do it: opsctl ").unwrap();
        let mut words: Vec<&str> = command.split(' ').collect();
        words.push("-y");
        repository.done(&words);
        repository.done(&["rollback", "-y"]);
    }
}

/// Whoever reads events reads lines to the end.
#[test]
fn test_an_error_after_a_line_is_a_line() {
    let repository = Repository::small();
    let said = repository.ends(3, &["apply", "busy", "--json"]);
    let kinds: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].clone()).collect();
    assert_eq!(kinds, ["plan", "error"], "{said}");
}

#[test]
fn test_a_plan_whose_state_says_otherwise_by_now_is_obeyed_and_noted() {
    let repository = Repository::small();
    repository.done(&["plan", "busy", "--out", "busy.json"]);
    repository.append("states/busy.toml", "\n[resource.spare]\nreplicas = 1\n");
    let said = repository.done(&["apply", "busy.json", "-y"]);
    assert!(said.err.contains("note: busy says otherwise by now"), "{said}");
    assert_eq!(repository.simulated("k8s:deployment/cdn/spare", "replicas"), 0);
}
