use crate::harness::Repository;

#[test]
fn test_a_state_is_written_that_changes_nothing() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=7"]);
    insta::assert_snapshot!(repository.done(&["capture", "now", "k8s:*/cdn/*", "aws:route53-record/*"]), @"
    states/now.toml: 5 settings of 5 resources.
    To see that nothing would change: opsctl plan now
    ");
    let text = std::fs::read_to_string(repository.path("states/now.toml")).unwrap();
    let text = regex::Regex::new(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?").unwrap().replace_all(&text, "DAY");
    insta::assert_snapshot!(text, @r#"
    # What was live on DAY UTC, captured by opsctl. From now on the file is yours: opsctl does not write it again.
    #
    # Every setting that stands here is set by `opsctl apply now`, so take out what nobody should turn. Where an exact value is too
    # much, write a bound, such as { at_least = 2 }. `needs` names what a resource depends on to serve: first up after it, first
    # down before it, in every change and on its way back.

    summary = "What was live on DAY"

    [resource.east]
    at = "aws:route53-record/Z1/live.example.com/CNAME/east"
    needs = ["edge"]
    pool = "live"
    weight = 100

    [resource.west]
    at = "aws:route53-record/Z1/live.example.com/CNAME/west"
    needs = ["spare"]
    pool = "live"
    weight = 0

    [resource.settings]
    at = "k8s:configmap/cdn/settings"
    # needs = []
    data.mode = "normal"

    [resource.edge]
    at = "k8s:deployment/cdn/edge"
    needs = ["origin"]
    replicas = 7

    [resource.spare]
    at = "k8s:deployment/cdn/spare"
    needs = ["origin"]
    replicas = 0

    [resource.origin]    # for its place in the order; nothing of it is set
    at = "k8s:deployment/data/origin"
    "#);
    insta::assert_snapshot!(repository.done(&["plan", "now"]), @"
    now: nothing to change. 5 settings of 5 resources read from aws, k8s are as they should be.
    1 setting that other states set is left alone (-v lists them).
    --- stderr
    warning[W0301]: baseline sets replicas of origin, and now does not: it has no way back
      ┌ states/baseline.toml:5:1
    5 │ replicas = 1
      │ ^^^^^^^^
      = give it a value, or { restore = true }, in states/now.toml

    1 warning in 1 file; opsctl explain W0301 says more.
    ");
}

#[test]
fn test_nothing_is_written_over() {
    let repository = Repository::small();
    let before = std::fs::read_to_string(repository.path("states/busy.toml")).unwrap();
    insta::assert_snapshot!(repository.opsctl(&["capture", "busy", "k8s:deployment/*"]), @"
    --- stderr
    error: states/busy.toml is there already, and nothing is written over it
      = take another name, or print what would be written: --stdout
    --- exit 1
    ");
    assert_eq!(std::fs::read_to_string(repository.path("states/busy.toml")).unwrap(), before);
    // What has comments alone says nothing yet, and keeps them.
    repository.write("states/new.toml", "# mine\n");
    repository.done(&["capture", "new", "k8s:deployment/cdn/spare"]);
    let text = std::fs::read_to_string(repository.path("states/new.toml")).unwrap();
    assert!(text.starts_with("# mine\n\n# What was live"), "{text}");
}

#[test]
fn test_it_is_only_printed() {
    let repository = Repository::small();
    let said = repository.done(&["capture", "-", "k8s:deployment/cdn/spare"]);
    assert!(said.out.contains("at = \"k8s:deployment/cdn/spare\"") && said.err.is_empty(), "{said}");
    assert!(said.out.contains("is set by `opsctl apply NAME`"), "{said}");
    repository.done(&["capture", "other", "k8s:deployment/cdn/spare", "--stdout"]);
    assert!(!repository.path("states/baseline-.toml").exists() && !repository.path("states/other.toml").exists());
    let document = repository.json(&["capture", "-", "k8s:deployment/cdn/*"]);
    assert_eq!(document["resources"][0]["name"], "edge");
    assert_eq!(document["resources"][0]["at"], "k8s:deployment/cdn/edge");
    assert!(document["text"].as_str().unwrap().contains("[resource.edge]"));
}

#[test]
fn test_what_cannot_be_read_is_said() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "aws", "sim.unreachable=nobody there"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "sim.hidden=[\"replicas\"]"]);
    insta::assert_snapshot!(repository.ends(1, &["capture", "now", "k8s:deployment/cdn/*", "aws:route53-record/*"]), @"
    states/now.toml: 1 setting of 2 resources.
      commented out  k8s:deployment/cdn/edge replicas: could not be read: it is hidden in this world
      not read       aws:route53-record/*: unreachable: nobody there
    To see that nothing would change: opsctl plan now
    --- exit 1
    ");
    assert!(repository.path("states/now.toml").exists());
    insta::assert_snapshot!(repository.ends(1, &["capture", "two", "aws:route53-record/*"]), @"
    --- stderr
    error: nothing was found that could be captured; aws:route53-record/*: unreachable: nobody there
      = what there is to be named: opsctl kinds
    --- exit 1
    ");
    assert!(!repository.path("states/two.toml").exists());
}

#[test]
fn test_what_is_no_address() {
    let repository = Repository::small();
    for (exit, state, address, why) in [
        (64, "now", "edge", "has no `:`"),
        (64, "now", "*:deployment/*", "several instances"),
        (64, "now", "k8s:deployment/edge", "write k8s:deployment/NAMESPACE/NAME"),
        (64, "a/b", "k8s:deployment/*", "no name of a state"),
        (1, "now", "gke:deployment/a/b", "opsctl.toml has: aws, k8s"),
        (1, "now", "k8s:pod/*", "kubernetes has no kind `pod`"),
        (1, "now", "k8s:deployment/nowhere/*", "nothing was found"),
    ] {
        let said = repository.ends(exit, &["capture", state, address]);
        assert!(said.err.contains(why), "{said}");
    }
}
