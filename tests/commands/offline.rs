use crate::harness::Repository;

/// A repository with a snapshot, whose cluster does not answer any more.
fn cut_off() -> Repository {
    let repository = Repository::small();
    repository.done(&["snapshot", "take"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=7"]);
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    repository
}

#[test]
fn test_the_last_snapshot_stands_for_what_is_live() {
    let repository = cut_off();
    insta::assert_snapshot!(repository.done(&["plan", "busy", "--offline"]), @r#"
    Offline: what is live was not asked. Planned against snapshot HASH, taken AGO.

    busy   More of everything   now: nothing was applied yet

      aws  sim aws         not asked: snapshot HASH
      k8s  sim kubernetes  not asked: snapshot HASH

    Steps                                                           waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "normal" → "busy"  ready
        + k8s  deployment/data/origin  replicas  1 → 2              ready
      2 + k8s  deployment/cdn/edge     replicas  2 → 5              ready        1

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  0 of 3 in a dry run; 3 cannot be told: not asked (offline)
    Time      unknown: no earlier operation tells
    Way back  3 steps, nothing is irreversible

    3 to change, 3 as they should be.   0 API calls.   Plan HASH
    Nothing was asked, and nothing was changed. To ask what is live: opsctl plan busy
    "#);
    insta::assert_snapshot!(repository.done(&["plan", "baseline", "--offline"]), @"
    Offline: what is live was not asked. Planned against snapshot HASH, taken AGO.

    baseline: nothing to change. 6 settings of 6 resources read from aws, k8s are as they should be.
    Nothing was asked, and nothing was changed. To ask what is live: opsctl plan baseline
    ");
    repository.ends(2, &["plan", "busy", "--offline", "--detailed-exitcode"]);
}

#[test]
fn test_no_apply_obeys_what_was_planned_offline() {
    let repository = Repository::small();
    repository.done(&["snapshot", "take"]);
    let plan = |arguments: &[&str]| repository.json(&[&["plan", "busy"], arguments].concat());
    let (online, mut offline) = (plan(&[]), plan(&["--offline"]));
    assert_eq!(offline["plan"]["steps"], online["plan"]["steps"]);
    assert_ne!(offline["plan"]["digest"], online["plan"]["digest"]);
    assert!(offline["situation"]["offline"]["snapshot"].is_string() && online["situation"]["offline"].is_null());
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy", "--offline", "--out", "plan.json"]), @"
    --- stderr
    error: the argument '--offline' cannot be used with '--out <FILE>'

    Usage: opsctl plan --offline <STATE[+OVERLAY…] | @N>

    For more information, try '--help'.
    --- exit 64
    ");
    // Nor where somebody makes a file of it by hand.
    repository.write("plan.json", &offline["plan"].take().to_string());
    insta::assert_snapshot!(repository.opsctl(&["apply", "plan.json", "-y"]), @r#"
    busy   More of everything   now: nothing was applied yet

      aws  sim aws         not asked: snapshot HASH
      k8s  sim kubernetes  not asked: snapshot HASH

    Steps                                                           waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "normal" → "busy"  ready
        + k8s  deployment/data/origin  replicas  1 → 2              ready
      2 + k8s  deployment/cdn/edge     replicas  2 → 5              ready        1

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  0 of 3 in a dry run; 3 cannot be told: not asked (offline)
    Time      unknown: no earlier operation tells
    Way back  3 steps, nothing is irreversible

    3 to change, 3 as they should be.   0 API calls.   Plan HASH
    --- stderr
      TIME  checking
    error: `aws` is simulated aws and the plan was made for not asked: snapshot HASH
      = look at opsctl.toml, and plan again. Nothing was changed.
    --- exit 3
    "#);
}

#[test]
fn test_what_the_snapshot_does_not_have_is_said() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.ends(1, &["plan", "busy", "--offline"]), @"
    --- stderr
    error: there is no snapshot to plan against
      = every apply takes one, and so does opsctl snapshot take; both ask what is live
    --- exit 1
    ");
    repository.done(&["snapshot", "take"]);
    repository.append("states/busy.toml", "\n[resource.late]\nat = \"k8s:deployment/cdn/late\"\nreplicas = 1\n");
    repository.append("states/baseline.toml", "\n[resource.all]\nat = \"k8s:deployment/cdn/*\"\nrestart = \"x\"\n");
    insta::assert_snapshot!(repository.ends(1, &["plan", "busy", "--offline"]), @"
    --- stderr
    warning[W0301]: busy sets replicas of late, and baseline does not: it has no way back
       ┌ states/busy.toml:15:1
    15 │ replicas = 1
       │ ^^^^^^^^
       = give it a value, or { restore = true }, in states/baseline.toml

    1 warning in 1 file; opsctl explain W0301 says more.
    error[E0304]: k8s:deployment/cdn/edge: `restart` cannot be read: snapshot HASH does not have it
      written at states/baseline.toml:40:1
    error[E0304]: k8s:deployment/cdn/late: `replicas` cannot be read: snapshot HASH does not have it
      written at states/busy.toml:15:1
    error[E0304]: k8s:deployment/cdn/spare: `restart` cannot be read: snapshot HASH does not have it
      written at states/baseline.toml:40:1

    3 errors.
    Nothing was changed.
    --- exit 1
    ");
}

/// `unless` is a question, too.
#[test]
fn test_nobody_is_asked_whether_an_action_has_anything_to_do() {
    let repository = Repository::small();
    let action = "[action.purge]\nrun = [\"true\"]\nwhen = \"always\"\nunless = { run = [\"touch\", \"asked\"] }\n";
    repository.append("states/busy.toml", &format!("\n{action}"));
    repository.done(&["snapshot", "take"]);
    let said = repository.done(&["plan", "busy", "--offline"]);
    assert!(!repository.path("asked").exists(), "{said}");
    assert!(said.out.contains("actions     whether action purge has anything to do is not known offline"), "{said}");
    assert!(said.out.contains("> action purge"), "{said}");
    repository.done(&["plan", "busy"]);
}
