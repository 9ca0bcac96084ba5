use super::repository;

const NOTHING: &str = "[resource.brokers]\nat = \"lab:service/brokers\"\nreplicas = 3\n";

/// Wiped is only what a backup can bring back.
const RESTORED: &str = r#"
[resource.brokers]
at = "lab:service/brokers"
replicas = 3
[check.backup-is-there]
run = ["test", "-s", "backup"]
gates = ["*"]
[action.wipe]
run = ["rm", "data"]
[action.restore]
run = ["cp", "backup", "data"]
after = ["wipe"]
"#;

#[test]
fn test_nothing_is_wiped_before_the_backup_is_there() {
    let ops = repository(NOTHING, &[("restored", RESTORED)]);
    ops.write("data", "old");
    ops.write("backup", "");
    ops.ends(9, &["apply", "restored", "-y"]);
    assert_eq!(std::fs::read_to_string(ops.path("data")).unwrap(), "old");
    ops.write("backup", "good");
    ops.done(&["apply", "restored", "-y"]);
    assert_eq!(std::fs::read_to_string(ops.path("data")).unwrap(), "good");
}

const ARCHIVED: &str = r#"
[resource.brokers]
at = "lab:service/brokers"
replicas = 3
[action.upload]
run = ["cp", "segment", "archive/segment"]
until = { run = ["cmp", "segment", "archive/segment"], within = "1s" }
when = "always"
[action.clean-up]
run = ["rm", "segment"]
after = ["upload"]
"#;

#[test]
fn test_the_local_copy_stays_when_its_upload_fails() {
    let ops = repository(NOTHING, &[("archived", ARCHIVED)]);
    ops.write("segment", "events");
    let said = ops.ends(7, &["apply", "archived", "-y"]);
    assert!(said.out.contains("action clean-up"), "{said}");
    assert!(ops.path("segment").exists());
    ops.write("archive/.keep", "");
    ops.done(&["resume", "-y"]);
    assert!(!ops.path("segment").exists() && ops.path("archive/segment").exists());
}
