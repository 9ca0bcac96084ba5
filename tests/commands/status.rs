use crate::harness::Repository;

#[test]
fn test_before_anything_was_applied() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    Nothing was applied yet.
    No operation is open, nothing is owed, nobody holds the lock.
    ");
}

#[test]
fn test_drift_is_named_with_who_and_when() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    busy was applied AGO by ana (ID). 6 settings are as they should be.
    No operation is open, nothing is owed, nobody holds the lock.
    ");
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=7", "--by", "kubectl-scale"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    busy was applied AGO by ana (ID). 1 of 6 settings is not as it should be:
      k8s  deployment/cdn/edge  replicas  5, now 7   by kubectl-scale, AGO
    No operation is open, nothing is owed, nobody holds the lock.
    ");
}

#[test]
fn test_what_is_owed_is_told_and_done_later() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=2"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/spare", "replicas=3"]);
    // The spare serves already; then the cluster cannot be reached.
    repository.write("states/moved.toml", MOVED);
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    let said = repository.opsctl(&["apply", "moved", "-y", "-q"]);
    assert_eq!(said.exit, Some(10), "{said}");
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    moved was applied in part AGO by ana (ID). 2 settings are as they should be.
    k8s: 4 resources could not be read: unreachable: nobody answers
    1 step of moved (ID) still to be done (opsctl resume):
      owed        k8s deployment/cdn/edge replicas 0: nobody answers
    No operation is open, 1 step still to be done, nobody holds the lock.
    --- exit 10
    ");
    repository.done(&["sim", "set", "k8s", "sim.unreachable=false"]);
    let said = repository.opsctl(&["resume", "-y", "-q"]);
    assert_eq!(said.exit, Some(0), "{said}");
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 0);
    repository.done(&["status"]);
}

/// What cannot be seen is not gone.
#[test]
fn test_a_setting_that_is_hidden_is_not_absent() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "sim.hidden=[\"replicas\"]"]);
    let said = repository.opsctl(&["status"]);
    assert!(
        said.out.contains("k8s:deployment/cdn/edge replicas could not be read: it is hidden in this world"),
        "{said}"
    );
    assert!(!said.out.contains("now absent"), "{said}");
}

const MOVED: &str = r#"
tolerates_unreachable = ["k8s:*"]
[resource.edge]
at = "k8s:deployment/cdn/edge"
replicas = 0
[resource.east]
at = "aws:route53-record/Z1/live.example.com/CNAME/east"
weight = 50
needs = ["edge"]
"#;

/// What need not be there, and was not, could not be read by nobody.
#[test]
fn test_what_is_optional_and_missing_is_no_failure() {
    let repository = Repository::small();
    let late = "\n[resource.late]\nat = \"k8s:deployment/cdn/late\"\nreplicas = 1\noptional = true\n";
    repository.append("states/baseline.toml", late);
    repository.done(&["apply", "busy", "-y"]);
    let said = repository.done(&["status"]);
    assert!(!said.out.contains("could not be read"), "{said}");
    let said = repository.done(&["states"]);
    assert!(said.out.contains("missing") && !said.out.contains("unknown"), "{said}");
    repository.done(&["snapshot", "take"]);
    repository.done(&["plan", "baseline", "--offline"]);
}
