use crate::harness::Repository;

#[test]
fn test_manual_pages() {
    let nowhere = Repository::of(&[]);
    let said = nowhere.done(&["man"]);
    assert!(said.out.contains(".TH opsctl 1") && said.out.contains("opsctl\\-rollback"), "{said}");
    assert!(said.out.contains("\n.SH EXAMPLES\n.nf\nExamples:\n  opsctl init  "), "{said}");
    insta::assert_snapshot!(nowhere.done(&["man", "share/man1"]), @"27 manual pages are in share/man1.");
    for page in ["opsctl.1", "opsctl-plan.1", "opsctl-snapshot-diff.1"] {
        let text = std::fs::read_to_string(nowhere.path("share/man1").join(page)).unwrap();
        assert!(text.contains("Everywhere") || text.contains("EVERYWHERE"), "{page}: {text}");
    }
    let pages = nowhere.json(&["man", "share/man1"])["pages"].as_array().unwrap().len();
    assert_eq!(pages, std::fs::read_dir(nowhere.path("share/man1")).unwrap().count());
}
