use crate::harness::Repository;

#[test]
fn test_another_operator() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["sim", "show", "k8s:deployment/*"]), @"
    k8s
      deployment/cdn/edge     config_digest absent
                              replicas      2
                              restart       absent
      deployment/cdn/spare    config_digest absent
                              replicas      0
                              restart       absent
      deployment/data/origin  config_digest absent
                              replicas      1
                              restart       absent
    ");
    insta::assert_snapshot!(repository.opsctl(&["sim", "set", "k8s:deployment/cdn/*", "replicas=4", "sim.settle=5s"]), @"
    k8s:deployment/cdn/edge replicas 2 → 4
    k8s:deployment/cdn/edge sim.settle = 5s
    k8s:deployment/cdn/spare replicas 0 → 4
    k8s:deployment/cdn/spare sim.settle = 5s
    ");
    insta::assert_snapshot!(repository.opsctl(&["sim", "set", "k8s:deployment/cdn/edge", "replcias=4"]), @"
    --- stderr
    error: k8s:deployment/cdn/edge: unknown setting `replcias` of kind deployment did you mean `replicas`?
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["sim", "set", "gke:deployment/cdn/edge", "replicas=4"]), @"
    --- stderr
    error: there is no simulated instance `gke`
      = there are: aws, k8s
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["sim", "reset"]), @"As at first: aws, k8s.");
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
}
