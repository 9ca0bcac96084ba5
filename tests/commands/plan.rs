use crate::harness::Repository;

#[test]
fn test_what_would_change_and_what_it_waits_for() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["plan", "drained"]), @"
    drained   The spare serves   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      traffic     live moves: east 100 → 0, west 0 → 100

    Steps                                                                         waits until  after
      1 + k8s  deployment/cdn/spare                           replicas   0 → 3    ready
      2 + aws  route53-record/Z1/live.example.com/CNAME/west  weight     0 → 100  ready        1
      3 - aws  route53-record/Z1/live.example.com/CNAME/east  weight   100 → 0    ready        2
      4 - k8s  deployment/cdn/edge                            replicas   2 → 0    ready        3

    Then      check edge: k8s:deployment/cdn/spare replicas is >= 1
    Accepted  4 of 4 in a dry run
    Time      unknown: no earlier operation tells; RTO 10m
    Way back  4 steps, nothing is irreversible

    4 to change, 2 as they should be.   12 API calls: aws 5, k8s 7.   Plan HASH
    Nothing was changed. To do it: opsctl apply drained
    ");
}

#[test]
fn test_nothing_to_change_is_one_line() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline"]), @"baseline: nothing to change. 6 settings of 6 resources read from aws, k8s are as they should be.");
}

#[test]
fn test_a_target_takes_what_it_needs_along() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy", "--target", "edge"]), @"
    a part of busy (--target edge)   More of everything   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Steps                                              waits until  after
      1 + k8s  deployment/data/origin  replicas 1 → 2  ready
      2 + k8s  deployment/cdn/edge     replicas 2 → 5  ready        1

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  2 of 2 in a dry run
    Time      unknown: no earlier operation tells
    Way back  2 steps, nothing is irreversible

    2 to change, 3 as they should be, 1 left out.   10 API calls: aws 3, k8s 7.   Plan HASH
    Nothing was changed. To do it: opsctl apply busy --target edge
    ");
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy", "--exclude", "origin"]), @r#"
    a part of busy (--exclude origin)   More of everything   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Held back
      k8s  deployment/cdn/edge  replicas  it needs what is excluded

    Steps                                                           waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "normal" → "busy"  ready

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 3 as they should be, 1 left out.   9 API calls: aws 3, k8s 6.   Plan HASH
    Nothing was changed. To do it: opsctl apply busy --exclude origin
    "#);
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy", "--target", "edgy"]), @"
    --- stderr
    error[E0310]: edgy: it matches no resource of the state
      = name a resource as the state does, or its address; `*` stands for anything

    1 error.
    Nothing was changed.
    --- exit 1
    ");
}

/// Nobody would read half a word, and a refusal that is not shown was not told.
#[test]
fn test_a_long_summary_is_broken_between_words_and_refusals_are_all_told() {
    let repository = Repository::small();
    let summary = "More of everything, for the nights on which half a continent watches, and the morning after that";
    let busy = include_str!("small/busy.toml").replace("More of everything", summary);
    let mut more = String::new();
    let mut world = String::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        more.push_str(&format!("\n[resource.{name}]\nat = \"k8s:deployment/more/{name}\"\nreplicas = 2\n"));
        world.push_str(&format!("\n[resource.{name}]\nat = \"k8s:deployment/more/{name}\"\nreplicas = 1\n"));
    }
    repository.write("states/busy.toml", &format!("{busy}{more}"));
    repository.append("states/baseline.toml", &world);
    repository.append("world.toml", &world);
    repository.append("opsctl.toml", "\n[guard]\nprotect = [\"k8s:deployment/more/*\"]\n");
    let said = repository.ends(3, &["plan", "busy"]);
    let head: Vec<&str> = said.out.lines().take(3).collect();
    insta::assert_snapshot!(head.join("\n"), @"
    busy   More of everything, for the nights on which half a continent watches, and the morning after
           that
    now: nothing was applied yet
    ");
    assert_eq!(said.out.matches("  refused  ").count(), 6, "{said}");
}

#[test]
fn test_a_guard_refuses() {
    let repository = Repository::small();
    repository.append("opsctl.toml", "\n[guard]\nprotect = [\"aws:*\"]\nmax_resources = 3\n");
    insta::assert_snapshot!(repository.opsctl(&["plan", "drained"]), @"
    drained   The spare serves   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      refused     aws:route53-record/Z1/live.example.com/CNAME/east: it is protected by `aws:*` in
                  opsctl.toml; leave it out with --exclude, or take it out of [guard] protect
      refused     aws:route53-record/Z1/live.example.com/CNAME/west: it is protected by `aws:*` in
                  opsctl.toml; leave it out with --exclude, or take it out of [guard] protect
      refused     4 resources: opsctl.toml allows 3 in one plan; plan a part with --target, or raise
                  [guard] max_resources
      traffic     live moves: east 100 → 0, west 0 → 100

    Steps                                                                         waits until  after
      1 + k8s  deployment/cdn/spare                           replicas   0 → 3    ready
      2 + aws  route53-record/Z1/live.example.com/CNAME/west  weight     0 → 100  ready        1
      3 - aws  route53-record/Z1/live.example.com/CNAME/east  weight   100 → 0    ready        2
      4 - k8s  deployment/cdn/edge                            replicas   2 → 0    ready        3

    Then      check edge: k8s:deployment/cdn/spare replicas is >= 1
    Accepted  4 of 4 in a dry run
    Time      unknown: no earlier operation tells; RTO 10m
    Way back  4 steps, nothing is irreversible

    4 to change, 2 as they should be.   12 API calls: aws 5, k8s 7.   Plan HASH
    An apply of it is refused, for 3 reasons.
    --- exit 3
    ");
}

#[test]
fn test_an_unreachable_instance_that_is_tolerated_is_owed() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    insta::assert_snapshot!(repository.opsctl(&["plan", "drained"]), @r#"
    drained   The spare serves   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  unreachable, tolerated: nobody answers

    Look twice
      refused     aws:route53-record/Z1/live.example.com/CNAME/west: west needs spare, which cannot be
                  reached: nobody answers; mend spare first, or leave west out with --exclude
      refused     k8s:deployment/cdn/spare: spare needs origin, which cannot be reached: nobody answers;
                  mend origin first, or leave spare out with --exclude
      traffic     live moves: east 100 → 0, west 0 → 100
      owed        4 edits at k8s cannot be done now; `opsctl resume` does them when k8s is back

    Steps                                                                          waits until  after
      1 + aws  route53-record/…/live.example.com/…/west  weight      0 → 100       ready
      2 - aws  route53-record/…/live.example.com/…/east  weight    100 → 0         ready        1
      … ! k8s  configmap/cdn/settings                    data.mode   ? → "normal"  owed: unreachable
        ! k8s  deployment/cdn/edge                       replicas    ? → 0         owed: unreachable
        ! k8s  deployment/cdn/spare                      replicas    ? → 3         owed: unreachable
        ! k8s  deployment/data/origin                    replicas    ? → 1         owed: unreachable

    Then      check edge: k8s:deployment/cdn/spare replicas is >= 1
    Accepted  2 of 2 in a dry run
    Time      unknown: no earlier operation tells; RTO 10m
    Way back  2 steps, nothing is irreversible

    2 to change, 4 owed, 0 as they should be.   25 API calls: aws 5, k8s 20.   Plan HASH
    An apply of it is refused, for 2 reasons.
    --- exit 3
    "#);
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy"]), @r#"
    --- stderr
    error[E0301]: k8s:deployment/cdn/edge, and 3 more at k8s: unreachable: nobody answers
      written at states/baseline.toml:7:11
      = leave it out (--exclude 'k8s:*'); if busy may always go on without it, say
        `tolerates_unreachable = ["k8s:*"]` in the state

    1 error.
    Nothing was changed.
    --- exit 1
    "#);
}

#[test]
fn test_all_mistakes_of_all_files_at_once() {
    let repository = Repository::small();
    repository.append("states/busy.toml", "replcias = 3\n");
    repository.append("states/drained.toml", "\n[resource.edge]\n");
    insta::assert_snapshot!(repository.opsctl(&["plan", "busy"]), @"
    --- stderr
    error[E0104]: unknown setting `replcias` of kind configmap
       ┌ states/busy.toml:12:1
    12 │ replcias = 3
       │ ^^^^^^^^
       = settings of configmap: data.KEY (opsctl kinds configmap)

    error[E0004]: `edge` is given twice
       ┌ states/drained.toml:24:11
    24 │ [resource.edge]
       │           ^^^^
       ┌ states/drained.toml:7:11
     7 │ [resource.edge]
       │           ^^^^ the first is here

    2 errors in 2 files; opsctl explain E0104 says more.
    Nothing was changed.
    --- exit 1
    ");
}

#[test]
fn test_the_document_has_the_facts_of_the_page() {
    let repository = Repository::small();
    let said = repository.done(&["plan", "drained", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["kind"], "plan");
    assert_eq!(document["totals"]["edits"], 4);
    assert_eq!(document["plan"]["traffic"][0]["pool"], "live");
    assert_eq!(document["plan"]["steps"].as_array().unwrap().len(), 4);
    assert_eq!(said.err, "");
}

#[test]
fn test_a_failure_is_a_document_too() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["plan", "bsy", "--json"]), @r#"
    {
      "version": 1,
      "kind": "error",
      "exit": 1,
      "error": "error",
      "message": [
        "there is no state `bsy`"
      ],
      "hint": "did you mean `busy`?"
    }
    --- stderr
    error: there is no state `bsy`
      = did you mean `busy`?
    --- exit 1
    "#);
}

#[test]
fn test_nothing_but_a_plan_is_written_over() {
    let repository = Repository::small();
    let config = std::fs::read_to_string(repository.path("opsctl.toml")).unwrap();
    repository.ends(1, &["plan", "busy", "--out", "opsctl.toml"]);
    assert_eq!(std::fs::read_to_string(repository.path("opsctl.toml")).unwrap(), config);
    repository.write("empty", "");
    for out in ["empty", "new.json", "new.json"] {
        repository.done(&["plan", "busy", "--out", out]);
    }
}
