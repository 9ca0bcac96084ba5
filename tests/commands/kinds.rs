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
}

#[test]
fn test_a_code_is_explained() {
    let nowhere = Repository::of(&[]);
    let said = nowhere.done(&["explain", "e0104"]);
    assert!(said.out.starts_with("E0104: unknown setting"), "{said}");
    insta::assert_snapshot!(nowhere.opsctl(&["explain", "E9999"]), @"
    --- stderr
    error: there is no code `E9999`
      = all of them are in docs/errors.md
    --- exit 1
    ");
}
