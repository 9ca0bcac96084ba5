use crate::harness::Repository;

#[test]
fn test_taken_listed_shown_and_compared() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["snapshot", "list"]), @"There is no snapshot yet. Every apply takes one; so does: opsctl snapshot take");
    insta::assert_snapshot!(repository.opsctl(&["snapshot", "take"]), @"Snapshot HASH: 6 settings of 6 resources.");
    repository.done(&["apply", "busy", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["snapshot", "list"]), @"
    @   HASH  after busy: done  ID  AGO by ana
    @1  HASH  before busy       ID  AGO by ana
    @2  HASH  taken                                AGO by ana
    ");
    insta::assert_snapshot!(repository.opsctl(&["snapshot", "diff", "@2", "@"]), @r#"
    3 settings differ from @2 to @
      k8s  configmap/cdn/settings  data.mode  "normal" → "busy"
      k8s  deployment/cdn/edge     replicas          2 → 5
      k8s  deployment/data/origin  replicas          1 → 2
    "#);
    insta::assert_snapshot!(repository.opsctl(&["snapshot", "diff"]), @"@ and live are the same.");
    insta::assert_snapshot!(repository.opsctl(&["snapshot", "show", "@2"]), @r#"
    # What was live, written by opsctl: a valid state. Each version is a commit; what is edited here is overwritten.
    # `git log -p live.toml` is the history, `git blame live.toml` tells when each setting was last turned.

    [resource.east]
    at = "aws:route53-record/Z1/live.example.com/CNAME/east"
    needs = ["edge"]
    pool = "live"
    weight = 100

    [resource.edge]
    at = "k8s:deployment/cdn/edge"
    needs = ["origin"]
    replicas = 2

    [resource.origin]
    at = "k8s:deployment/data/origin"
    replicas = 1

    [resource.settings]
    at = "k8s:configmap/cdn/settings"
    data.mode = "normal"

    [resource.spare]
    at = "k8s:deployment/cdn/spare"
    needs = ["origin"]
    replicas = 0

    [resource.west]
    at = "aws:route53-record/Z1/live.example.com/CNAME/west"
    needs = ["spare"]
    pool = "live"
    weight = 0
    "#);
    insta::assert_snapshot!(repository.opsctl(&["snapshot", "show", "@9"]), @"
    --- stderr
    error: @9 is before the first snapshot: there are 3
      = `@` is the last snapshot, `@1` the one before; the others: opsctl snapshot list
    --- exit 1
    ");
}

#[test]
fn test_what_is_live_against_a_snapshot() {
    let repository = Repository::small();
    repository.done(&["snapshot", "take"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=7"]);
    insta::assert_snapshot!(repository.opsctl(&["snapshot", "diff", "--detailed-exitcode"]), @"
    1 setting differs from @ to live
      k8s  deployment/cdn/edge  replicas  2 → 7
    --- exit 2
    ");
}

#[test]
fn test_what_could_not_be_read_is_told_and_the_exit_code_says_so() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "aws", "sim.unreachable=true"]);
    insta::assert_snapshot!(repository.opsctl(&["snapshot", "take"]), @"
    Snapshot HASH: 4 settings of 4 resources.
    east could not be read: unreachable: nobody answers
    west could not be read: unreachable: nobody answers
    --- exit 10
    ");
}
