use crate::harness::Repository;

#[test]
fn test_the_checks_of_a_state_and_of_what_was_applied_last() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["check"]), @"
    --- stderr
    error: nothing was applied yet, so it is not clear which checks are meant
      = name a state: opsctl check STATE
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["check", "baseline"]), @"
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1  replicas = 2
    The check of baseline holds.
    ");
    insta::assert_snapshot!(repository.opsctl(&["check", "drained"]), @"
    ✗ edge  k8s:deployment/cdn/spare replicas is >= 1  replicas = 0
    The check of drained does not hold.
    --- exit 9
    ");
    repository.done(&["apply", "busy", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["check"]), @"
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1  replicas = 5
    The check of busy holds.
    ");
}
