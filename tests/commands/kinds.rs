use crate::harness::Repository;

#[test]
fn test_kinds_need_no_repository() {
    let nowhere = Repository::of(&[]);
    let said = nowhere.done(&["kinds"]);
    assert!(said.out.contains("deployment/NAMESPACE/NAME"), "{said}");
    let said = nowhere.done(&["kinds", "hpa"]);
    assert!(said.out.contains("capacity: more is up"), "{said}");
    insta::assert_snapshot!(nowhere.opsctl(&["kinds", "pod"]), @"
    --- stderr
    error: there is no kind `pod`
      = those that there are: opsctl kinds
    --- exit 1
    ");
    insta::assert_snapshot!(nowhere.opsctl(&["kinds", "deploymen"]), @"
    --- stderr
    error: there is no kind `deploymen`
      = did you mean `deployment`?
    --- exit 1
    ");
}

#[test]
fn test_a_code_is_explained() {
    let nowhere = Repository::of(&[]);
    let said = nowhere.done(&["explain", "e0104"]);
    assert!(said.out.starts_with("E0104: unknown setting"), "{said}");
    insta::assert_snapshot!(nowhere.opsctl(&["explain", "E9999"]), @"
    --- stderr
    error: there is no code `E9999`
      = all of them: opsctl explain
    --- exit 1
    ");
}

#[test]
fn test_all_codes() {
    let nowhere = Repository::of(&[]);
    let said = nowhere.done(&["explain"]);
    let titled = |line: &str| line.split_once("  ").is_some_and(|(code, title)| code.len() == 5 && !title.is_empty());
    assert!(said.out.lines().count() > 60 && said.out.lines().all(titled), "{said}");
    assert!(said.out.contains("\nE0104  unknown setting\n"), "{said}");
    assert_eq!(nowhere.json(&["explain"])["codes"][0]["code"], "E0001");
}

#[test]
fn test_what_can_be_set_of_one_resource() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["kinds", "k8s:deployment/cdn/edge"]), @"
    k8s:deployment/cdn/edge
      A Deployment: how many pods, of which image, with how much of the node.

      replicas = 2   integer 0..2147483647; capacity: more is up
          How many pods it runs.

      image.CONTAINER   string; may be absent
          The image of one container; a change rolls all pods.

      cpu_request.CONTAINER   quantity such as 500m or 16Gi; may be absent
          The CPU that one container is promised; a change rolls all pods.

      memory_request.CONTAINER   quantity such as 500m or 16Gi; may be absent
          The memory that one container is promised; a change rolls all pods.

      cpu_limit.CONTAINER   quantity such as 500m or 16Gi; may be absent
          The CPU that one container may use at most; a change rolls all pods.

      memory_limit.CONTAINER   quantity such as 500m or 16Gi; may be absent
          The memory that one container may use at most; a change rolls all pods.

      restart = absent   string; may be absent
          A word in the annotation opsctl/restart of the pod template: a new one rolls all pods.

      config_digest = absent   string; may be absent
          What its pods were started with, in the annotation opsctl/config-digest of the pod template:
          `restarts_with` sets it.
    ");
    insta::assert_snapshot!(repository.opsctl(&["kinds", "k8s:configmap/cdn/settings"]), @r#"
    k8s:configmap/cdn/settings
      A ConfigMap, key by key. Who reads it once only, as an environment, must be restarted to see a
      new value.

      data.KEY   text; may be absent
        data.mode = "normal"
          The text of one key; the other keys stay as they are.
    "#);
    insta::assert_snapshot!(repository.opsctl(&["kinds", "k8s:pod/cdn/edge"]), @"
    --- stderr
    error: kubernetes has no kind `pod`
      = those that there are: opsctl kinds
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["kinds", "lob:deployment/cdn/edge"]), @"
    --- stderr
    error: there is no instance `lob`
      = opsctl.toml has: aws, k8s
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["kinds", "k8s:deployment/edge"]), @"
    --- stderr
    error: `k8s:deployment/edge` is no address of the kind `deployment`: write k8s:deployment/NAMESPACE/NAME
    --- exit 64
    ");
    insta::assert_snapshot!(repository.opsctl(&["kinds", "k8s:configmap/cdn/nothing"]), @"
    k8s:configmap/cdn/nothing
      A ConfigMap, key by key. Who reads it once only, as an environment, must be restarted to see a
      new value.
      what is live could not be read: not found: there is no configmap/cdn/nothing

      data.KEY   text; may be absent
          The text of one key; the other keys stay as they are.
    --- exit 1
    ");
    let document = repository.json(&["kinds", "k8s:deployment/cdn/edge"]);
    assert_eq!(document["live"]["replicas"], 2, "{document}");
}
