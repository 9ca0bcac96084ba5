//! What `--target` and `--exclude` leave, and what they leave out.

use crate::harness::Repository;

/// The cluster is out of reach; `up` may go on without it, `baseline` may not.
fn unreachable() -> Repository {
    let kubernetes = "[provider.k8s]\ntype = \"sim\"\nemulates = \"kubernetes\"\nworld = \"world.toml\"\n";
    let aws = "[provider.aws]\ntype = \"sim\"\nemulates = \"aws\"\nworld = \"world.toml\"\n";
    let east = "[resource.east]\nat = \"aws:route53-record/Z1/x.example.com/CNAME/east\"\nweight = 90\n";
    let origin = "[resource.origin]\nat = \"k8s:deployment/d/origin\"\nreplicas = 3\n";
    let edge = "[resource.edges]\nat = \"k8s:deployment/cdn/*\"\nreplicas = 1\nneeds = [\"origin\"]\n";
    let served = "[resource.alarm]\nat = \"aws:asg/web\"\ndesired = 2\nneeds = [\"edges\"]\n";
    let repository = Repository::of(&[
        ("opsctl.toml", &format!("{kubernetes}{aws}")),
        (
            "world.toml",
            &format!(
                "{}{}{}{}",
                east.replace("90", "100"),
                origin,
                edge.replace("cdn/*", "cdn/edge").replace("needs = [\"origin\"]\n", ""),
                served.replace("needs = [\"edges\"]\n", "min = 0\nmax = 5\n").replace("desired = 2", "desired = 1")
            ),
        ),
        ("states/baseline.toml", &format!("{east}{origin}{edge}{served}")),
        ("states/up.toml", "extends = \"baseline\"\ntolerates_unreachable = [\"k8s:*\"]\n"),
    ]);
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    repository
}

#[test]
fn test_what_is_not_asked_for_is_not_owed() {
    let repository = unreachable();
    insta::assert_snapshot!(repository.opsctl(&["plan", "up", "--target", "east"]), @"
    a part of up (--target east)   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  unreachable, tolerated: nobody answers

    Look twice
      traffic     east 100 → 90

    Steps                                                                   waits until  after
      1 - aws  route53-record/Z1/x.example.com/CNAME/east  weight 100 → 90  ready

    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 0 as they should be, 3 left out.   12 API calls: aws 4, k8s 8.   Plan HASH
    Nothing was changed. To do it: opsctl apply up --target east
    ");
    repository.done(&["apply", "up", "--target", "east", "-y"]);
    let said = repository.ends(1, &["status"]);
    assert!(said.out.contains("nothing is owed"), "{said}");
}

#[test]
fn test_what_is_out_of_reach_can_be_left_out() {
    let repository = unreachable();
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline"]), @r#"
    --- stderr
    error[E0301]: k8s:deployment/cdn/*, and 1 more at k8s: unreachable: nobody answers
      written at states/baseline.toml:7:11
      = leave it out (--exclude 'k8s:*'); if baseline may always go on without it, say
        `tolerates_unreachable = ["k8s:*"]` in the state

    1 error.
    Nothing was changed.
    --- exit 1
    "#);
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline", "--exclude", "k8s:*"]), @"
    a part of baseline (--exclude 'k8s:*')   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  unreachable: nobody answers

    Look twice
      traffic     east 100 → 90

    Held back
      aws  asg/web  desired  it needs what is excluded

    Steps                                                                   waits until  after
      1 - aws  route53-record/Z1/x.example.com/CNAME/east  weight 100 → 90  ready

    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 0 as they should be, 2 left out.   12 API calls: aws 4, k8s 8.   Plan HASH
    Nothing was changed. To do it: opsctl apply baseline --exclude 'k8s:*'
    ");
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline", "--target", "east"]), @"
    a part of baseline (--target east)   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  unreachable: nobody answers

    Look twice
      traffic     east 100 → 90

    Steps                                                                   waits until  after
      1 - aws  route53-record/Z1/x.example.com/CNAME/east  weight 100 → 90  ready

    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 0 as they should be, 3 left out.   12 API calls: aws 4, k8s 8.   Plan HASH
    Nothing was changed. To do it: opsctl apply baseline --target east
    ");
    // What is held back counts.
    repository.ends(10, &["apply", "baseline", "--exclude", "k8s:*", "-y"]);
    let said = repository.ends(1, &["status"]);
    assert!(said.out.contains("nothing is owed"), "{said}");
}

#[test]
fn test_which_members_of_a_wildcard_are_meant_only_live_tells() {
    let repository = unreachable();
    insta::assert_snapshot!(repository.ends(1, &["plan", "up", "--target", "k8s:deployment/cdn/edge"]), @"
    --- stderr
    error[E0301]: k8s:deployment/cdn/*: unreachable: nobody answers; which of its members are meant is not known
      written at states/baseline.toml:7:11
      = ask for all of edges, or leave all of it out: --exclude edges

    1 error.
    Nothing was changed.
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["plan", "up", "--target", "edges"]), @"
    a part of up (--target edges)   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  unreachable, tolerated: nobody answers

    Look twice
      owed        2 edits at k8s cannot be done now; `opsctl resume` does them when k8s is back

    Steps                                           waits until  after
      … ! k8s  deployment/cdn/*     replicas ? → 1  owed: unreachable
        ! k8s  deployment/d/origin  replicas ? → 3  owed: unreachable

    0 to change, 2 owed, 0 as they should be, 2 left out.   11 API calls: aws 3, k8s 8.   Plan HASH
    ");
}

/// What is left as it is, and what it needs shrinks.
#[test]
fn test_what_is_taken_from_under_what_stays_is_said() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    let undercut = |arguments: &[&str]| {
        let said = repository.done(&[&["plan", "baseline"], arguments].concat());
        said.out.lines().filter(|line| line.contains("undercut")).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(undercut(&["--exclude", "edge"]), @"  undercut    k8s:deployment/cdn/edge is left as it is, and origin, which it needs, shrinks");
    insta::assert_snapshot!(undercut(&["--target", "origin"]), @"  undercut    k8s:deployment/cdn/edge is left as it is, and origin, which it needs, shrinks");
    assert_eq!(undercut(&[]), "");
    assert_eq!(undercut(&["--target", "edge"]), "");
}

/// So is what only the provider knows to be needed.
#[test]
fn test_what_is_taken_from_under_what_needs_it_as_the_provider_knows_is_said() {
    let repository = Repository::small();
    let lone = "\n[resource.lone]\nat = \"k8s:deployment/cdn/lone\"\nreplicas = 1\n";
    repository.append("world.toml", &format!("{lone}sim = {{ needs = [\"k8s:deployment/data/origin\"] }}\n"));
    repository.append("states/baseline.toml", lone);
    repository.append("states/busy.toml", "\n[resource.lone]\nreplicas = 3\n");
    repository.done(&["apply", "busy", "-y"]);
    let said = repository.done(&["plan", "baseline", "--exclude", "lone"]);
    assert!(
        said.out.contains("k8s:deployment/cdn/lone is left as it is, and origin, which it needs, shrinks"),
        "{said}"
    );
}

/// What holds a workload from above would raise it, too.
#[test]
fn test_what_is_held_back_is_raised_by_nobody() {
    let repository = Repository::small();
    let hpa = "[resource.hpa]\nat = \"k8s:hpa/cdn/edge\"\nmin = 1\nmax = 9\n";
    repository.append("world.toml", &format!("\n{hpa}confines = [\"k8s:deployment/cdn/edge\"]\n"));
    repository.append("states/baseline.toml", &format!("\n{hpa}"));
    repository.append("states/busy.toml", "\n[resource.hpa]\nmin = 5\n");
    let said = repository.done(&["plan", "busy", "--exclude", "origin"]);
    let held: Vec<&str> = said.out.lines().filter(|line| line.contains("excluded") || line.contains("raise")).collect();
    insta::assert_snapshot!(held.join("\n"), @"
    k8s  deployment/cdn/edge  replicas  it needs what is excluded
    k8s  hpa/cdn/edge         min       it would raise deployment/cdn/edge, which is held back
    ");
    assert!(!said.out.contains("+ k8s"), "{said}");
}

/// Whatever is read with the same credentials fails for the same reason.
#[test]
fn test_what_cannot_be_read_for_one_reason_is_one_error() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s", "sim.deny=all"]);
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy"]), @"
    --- stderr
    error[E0304]: k8s:deployment/cdn/edge, and 3 more at k8s: denied: may not read anything
      written at states/baseline.toml:7:11
      = mend that, or leave it out: --exclude 'k8s:*'

    1 error.
    Nothing was changed.
    --- exit 1
    ");
}

/// What is throttled is not broken: there is nothing to mend.
#[test]
fn test_what_is_throttled_is_named_and_tried_again() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s", "sim.throttle=1.0"]);
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy"]), @"
    --- stderr
    error[E0304]: k8s:configmap/cdn/settings: GET configmap is throttled
      written at states/baseline.toml:17:11
      = try again when its API takes more calls, or leave it out: --exclude k8s:configmap/cdn/settings
    error[E0304]: k8s:deployment/cdn/edge, and 2 more at k8s: GET deployment is throttled
      written at states/baseline.toml:7:11
      = try again when its API takes more calls, or leave it out: --exclude 'k8s:*'

    2 errors.
    Nothing was changed.
    --- exit 1
    ");
}

/// What an overlay does not set need not be read.
#[test]
fn test_what_an_overlay_only_names_may_be_denied() {
    let repository = Repository::small();
    repository.write("states/debug.toml", "over = \"baseline\"\n[resource.settings]\ndata.mode = \"debug\"\n");
    repository.done(&["sim", "set", "k8s:deployment/cdn/spare", "sim.deny=all"]);
    repository.ends(1, &["plan", "busy"]);
    repository.done(&["plan", "debug"]);
}

#[test]
fn test_what_is_not_there_can_be_left_out() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "sim.missing=true"]);
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy"]), @"
    --- stderr
    error[E0302]: k8s:configmap/cdn/settings: there is no such resource
      written at states/baseline.toml:17:11
      = check the address of settings, or leave it out (--exclude settings); if it may always be
        missing, say `optional = true`

    1 error.
    Nothing was changed.
    --- exit 1
    ");
    repository.done(&["plan", "busy", "--exclude", "settings"]);
}
