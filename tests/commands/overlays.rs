use crate::harness::Repository;

const CLOSED: &str = r#"
over = "baseline"
summary = "Nobody writes"
[resource.settings]
data.mode = "closed"
[resource.spare]
replicas = 1
"#;

const LOUD: &str = "over = \"baseline\"\n[resource.settings]\ndata.mode = \"loud\"\n";

fn small() -> Repository {
    let repository = Repository::small();
    repository.write("states/closed.toml", CLOSED);
    repository.write("states/loud.toml", LOUD);
    repository
}

#[test]
fn test_over_whatever_is_live() {
    let repository = small();
    insta::assert_snapshot!(repository.opsctl(&["plan", "closed"]), @r#"
    closed   Nobody writes   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                                             waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "normal" → "closed"  ready
        + k8s  deployment/cdn/spare    replicas  0 → 1                ready

    Accepted  2 of 2 in a dry run
    Time      unknown: no earlier operation tells
    Way back  2 steps, nothing is irreversible

    2 to change, 0 as they should be.   10 API calls: aws 3, k8s 7.   Plan HASH
    Nothing was changed. To do it: opsctl apply closed
    "#);
}

#[test]
fn test_over_a_state() {
    let repository = small();
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy+closed"]), @r#"
    busy+closed   More of everything; Nobody writes   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                                             waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "normal" → "closed"  ready
        + k8s  deployment/data/origin  replicas  1 → 2                ready
      2 + k8s  deployment/cdn/edge     replicas  2 → 5                ready        1
        + k8s  deployment/cdn/spare    replicas  0 → 1                ready        1

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  4 of 4 in a dry run
    Time      unknown: no earlier operation tells
    Way back  4 steps, nothing is irreversible

    4 to change, 2 as they should be.   12 API calls: aws 3, k8s 9.   Plan HASH
    Nothing was changed. To do it: opsctl apply busy+closed
    "#);
    insta::assert_snapshot!(repository.opsctl(&["check", "busy+closed"]), @"
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1  replicas = 2
    The check of busy+closed holds.
    ");
}

#[test]
fn test_names_that_do_not_go_together() {
    let repository = small();
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy+closed+loud"]), @r#"
    --- stderr
    error[E0151]: closed and loud differ in data.mode of settings: "closed" and "loud"
      ┌ states/loud.toml:3:6
    3 │ data.mode = "loud"
      │      ^^^^
      ┌ states/closed.toml:5:6
    5 │ data.mode = "closed"
      │      ^^^^
      = neither is above the other: leave one of them out, or let them say the same

    1 error in 1 file; opsctl explain E0151 says more.
    Nothing was changed.
    --- exit 1
    "#);
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy+clsed"]), @"
    --- stderr
    error: there is no state `clsed`
      = did you mean `closed`?
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["plan", "closed+busy"]), @"
    --- stderr
    error: `busy` is a state, and only an overlay can be laid over another state
      = overlays: closed, loud
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy+closed+closed"]), @"
    --- stderr
    error: `closed` is named twice
      = once is enough
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy+"]), @"
    --- stderr
    error: `busy+`: a `+` stands between two names
      = write STATE, or STATE+OVERLAY
    --- exit 1
    ");
}

#[test]
fn test_a_column_of_its_own() {
    let repository = small();
    insta::assert_snapshot!(repository.opsctl(&["states"]), @r#"
                          live  baseline      busy   +closed   drained     +loud
    aws  route53-record/Z1/live.example.com/CNAME/east
           weight          100       100         =                   0
    aws  route53-record/Z1/live.example.com/CNAME/west
           weight            0         0         =                 100
    k8s  configmap/cdn/settings
           data.mode  "normal"  "normal"    "busy"  "closed"         =    "loud"
    k8s  deployment/cdn/edge
           replicas          2         2         5                   0
    k8s  deployment/cdn/spare
           replicas          0         0         =         1         3
    k8s  deployment/data/origin
           replicas          1         1         2                   =
                                 as live  3 differ  2 differ  4 differ  1 differ
    "#);
}

/// What it sets by a wildcard it sets on each member, also where a state says the same of that one by name.
#[test]
fn test_a_column_of_what_a_wildcard_sets() {
    let repository = Repository::small();
    let all = "\n[resource.all]\nat = \"k8s:deployment/cdn/*\"\nreplicas = 1\n";
    repository.append("states/baseline.toml", all);
    repository.write("states/night.toml", "over = \"baseline\"\n[resource.all]\nreplicas = 7\n");
    repository.done(&["plan", "night"]);
    insta::assert_snapshot!(repository.opsctl(&["states"]), @r#"
                          live  baseline      busy   drained    +night
    aws  route53-record/Z1/live.example.com/CNAME/east
           weight          100       100         =         0
    aws  route53-record/Z1/live.example.com/CNAME/west
           weight            0         0         =       100
    k8s  configmap/cdn/settings
           data.mode  "normal"  "normal"    "busy"         =
    k8s  deployment/cdn/edge
           replicas          2         2         5         0         7
    k8s  deployment/cdn/spare
           replicas          0         0         =         3         7
    k8s  deployment/data/origin
           replicas          1         1         2         =
                                 as live  3 differ  4 differ  2 differ
    "#);
}

/// Every command that tells of an operation tells of this one.
#[test]
fn test_the_name_of_an_operation() {
    let repository = small();
    repository.done(&["apply", "busy+closed", "-y"]);
    let said = repository.done(&["status"]);
    assert!(said.out.starts_with("busy+closed was applied"), "{said}");
    let said = repository.done(&["plan", "busy+closed"]);
    assert!(said.out.starts_with("busy+closed: nothing to change."), "{said}");
    let said = repository.done(&["plan", "baseline"]);
    assert!(said.out.contains("now: busy+closed"), "{said}");
    let said = repository.done(&["log"]);
    assert!(said.out.contains("busy+closed"), "{said}");
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "data.mode=odd"]);
    let said = repository.done(&["status"]);
    assert!(said.out.contains("\"closed\", now \"odd\""), "{said}");
    repository.ends(10, &["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
    assert_eq!(repository.simulated("k8s:deployment/cdn/spare", "replicas"), 0);
}

/// What is owed of a composition is done by its own name.
#[test]
fn test_the_rest_of_it() {
    let repository = small();
    repository.write(
        "states/closed.toml",
        &format!("tolerates_unreachable = [\"aws:*\"]\n{CLOSED}[resource.west]\nweight = 7\n"),
    );
    repository.done(&["sim", "set", "aws", "sim.unreachable=true"]);
    repository.ends(10, &["apply", "baseline+closed", "-y"]);
    repository.done(&["sim", "set", "aws", "sim.unreachable=false"]);
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("of baseline+closed"), "{said}");
    repository.done(&["resume", "-y"]);
    assert_eq!(repository.simulated("aws:route53-record/Z1/live.example.com/CNAME/west", "weight"), 7);
    repository.done(&["status"]);
}

#[test]
fn test_what_is_not_restored_is_told() {
    let repository = small();
    let baseline = std::fs::read_to_string(repository.path("states/baseline.toml")).unwrap();
    repository.write("states/baseline.toml", &baseline.replace("\"normal\"", "{ restore = true }"));
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline"]), @"baseline: nothing to change. 5 settings of 5 resources read from aws, k8s are as they should be.");
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline", "-v"]), @"
    baseline: nothing to change. 5 settings of 5 resources read from aws, k8s are as they should be.
    k8s:configmap/cdn/settings data.mode stays as it is: opsctl never set it.
    8 API calls: aws 3 (1 GET identity, 2 GET route53-record), k8s 5 (1 GET configmap, 3 GET deployment, 1 GET identity).
    ");
    repository.done(&["apply", "closed", "-y"]);
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "data.mode=odd", "--by", "kubectl-edit"]);
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline"]), @r#"
    baseline   As always   now: closed, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      restore     k8s:configmap/cdn/settings data.mode stays "odd": opsctl left "closed", and it was
                  changed since by kubectl-edit

    Steps                                            waits until  after
      1 - k8s  deployment/cdn/spare  replicas 1 → 0  ready

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, about TIME, nothing is irreversible

    1 to change, 4 as they should be.   9 API calls: aws 3, k8s 6.   Plan HASH
    Nothing was changed. To do it: opsctl apply baseline
    "#);
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "data.mode=closed"]);
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline"]), @r#"
    baseline   As always   now: closed, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                                             waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "closed" → "normal"  ready
        - k8s  deployment/cdn/spare    replicas  1 → 0                ready

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  2 of 2 in a dry run
    Time      at least TIME (1 run); nothing tells of 1 of 2 steps
    Way back  2 steps, about TIME, nothing is irreversible

    2 to change, 4 as they should be.   10 API calls: aws 3, k8s 7.   Plan HASH
    Nothing was changed. To do it: opsctl apply baseline
    "#);
    insta::assert_snapshot!(repository.opsctl(&["states"]), @r#"
                          live  baseline      busy   +closed   drained     +loud
    aws  route53-record/Z1/live.example.com/CNAME/east
           weight          100       100         =                   0
    aws  route53-record/Z1/live.example.com/CNAME/west
           weight            0         0         =                 100
    k8s  configmap/cdn/settings
           data.mode  "closed"   restore    "busy"  "closed"         =    "loud"
    k8s  deployment/cdn/edge
           replicas          2         2         5                   0
    k8s  deployment/cdn/spare
           replicas          1         0         =         1         3
    k8s  deployment/data/origin
           replicas          1         1         2                   =
                                1 differ  4 differ   as live  4 differ  1 differ
    "#);
}

/// Its text is nowhere, so the provider's reference of what was there before is put back.
#[test]
fn test_a_secret_is_restored() {
    let baseline = "[resource.api]\nat = \"a:service/api\"\ntoken = { restore = true }\n";
    let repository = Repository::of(&[
        ("opsctl.toml", "[provider.a]\ntype = \"sim\"\nworld = \"world.toml\"\n"),
        ("world.toml", "[resource.api]\nat = \"a:service/api\"\nreplicas = 1\ntoken = { file = \"old\" }\n"),
        ("old", "one"),
        ("new", "another"),
        ("states/baseline.toml", baseline),
        ("states/rotated.toml", "over = \"baseline\"\n[resource.api]\ntoken = { file = \"new\" }\n"),
    ]);
    repository.done(&["apply", "rotated", "-y"]);
    repository.ends(2, &["plan", "baseline", "--detailed-exitcode"]);
    repository.done(&["apply", "baseline", "-y"]);
    repository.ends(0, &["plan", "baseline", "--detailed-exitcode"]);
    repository.ends(2, &["plan", "rotated", "--detailed-exitcode"]);
    // What a rollback compares is the reference as well.
    repository.done(&["rollback", "-y"]);
    repository.ends(0, &["plan", "rotated", "--detailed-exitcode"]);
    repository.done(&["sim", "set", "a:service/api", "token=third"]);
    let said = repository.done(&["plan", "baseline"]);
    assert!(
        said.out.contains("stays (sensitive, v5): opsctl left (sensitive, v4), and it was changed since"),
        "{said}"
    );
}
