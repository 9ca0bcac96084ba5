//! A restore wipes first and looks for the backup afterwards; a local copy goes although its upload failed.

use serde_json::json;

use super::repository;
use crate::harness::Repository;
use crate::seeds::is_there;

const BROKERS: &str = "lab:service/brokers";
const WORLD: &str = "[resource.brokers]\nat = \"lab:service/brokers\"\nrunning = true\n";
const STOPPED: &str = "over = \"baseline\"\n[resource.brokers]\nrunning = false\n";

/// Each step is only begun when the one before it has shown that it is done: fetched, whole, wiped, restored, started.
const RESTORED: &str = r#"
over = "baseline"
[resource.brokers]
running = true

[action.fetch]
run = ["cp", "bucket/backup", "fetched"]
before = ["brokers"]
when = "grows"
until = { file = "fetched", size = { at_least = "4" } }

[action.verify]
run = ["grep", "-qx", "end of backup", "fetched"]
after = ["fetch"]
before = ["brokers"]
when = "grows"

[action.wipe]
run = ["rm", "data"]
after = ["verify"]
before = ["brokers"]
when = "grows"

[action.restore]
run = ["cp", "fetched", "data"]
after = ["wipe"]
before = ["brokers"]
when = "grows"
until = { run = ["cmp", "fetched", "data"] }
"#;

fn data(ops: &Repository) -> String {
    std::fs::read_to_string(ops.path("data")).unwrap()
}

#[test]
fn test_nothing_is_wiped_before_the_backup_is_there_and_whole() {
    let ops = repository(WORLD, &[("baseline", WORLD), ("stopped", STOPPED), ("restored", RESTORED)]);
    ops.write("data", "damaged");
    ops.done(&["apply", "stopped", "-y"]);
    for (backup, why) in [
        (None, "action fetch: exit 1: cp: "),
        (Some(""), "action fetch: it was called, and is not done: "),
        (Some("cut off in the mid"), "action verify: exit 1"),
    ] {
        if let Some(backup) = backup {
            ops.write("bucket/backup", backup);
        }
        let said = ops.ends(7, &["apply", "restored", "-y"]);
        assert!(said.out.contains(why), "{why}\n{said}");
        assert_eq!(data(&ops), "damaged");
        assert_eq!(ops.simulated(BROKERS, "running"), json!(false));
    }
    ops.write("bucket/backup", "events\nend of backup\n");
    let course = ops.start(&["apply", "restored", "-y"]).ends(0);
    course.one_by_one(&["fetch", "verify", "wipe", "restore", BROKERS]);
    assert_eq!(data(&ops), "events\nend of backup\n");
    is_there(&ops, "restored");
    is_there(&ops, "baseline");
}

/// The same as one check, before anything is done.
#[test]
fn test_a_check_before_everything_holds_back_actions_too() {
    let wiped = "over = \"baseline\"\n[action.wipe]\nrun = [\"rm\", \"data\"]\n\
                 [check.backup]\nfile = \"bucket/*\"\nage = { at_most = \"24h\" }\nsize = { at_least = \"4\" }\ngates = [\"*\"]\n";
    let ops = repository(WORLD, &[("baseline", WORLD), ("wiped", wiped)]);
    ops.write("data", "damaged");
    for (file, why) in [("other", "no such file"), ("bucket/backup", "0 bytes")] {
        ops.write(file, "");
        let said = ops.ends(9, &["apply", "wiped", "-y"]);
        assert!(said.err.contains("backup") && said.err.contains(why), "{said}");
        assert_eq!(data(&ops), "damaged");
    }
    ops.write("bucket/backup", "events");
    ops.done(&["apply", "wiped", "-y"]);
    assert!(!ops.path("data").exists());
}

const ARCHIVED: &str = r#"
over = "baseline"
[action.upload]
run = ["cp", "segment", "archive/segment"]
unless = { run = ["test", "!", "-e", "segment"] }
until = { run = ["cmp", "segment", "archive/segment"] }
[action.clean-up]
run = ["rm", "segment"]
after = ["upload"]
unless = { run = ["test", "!", "-e", "segment"] }
"#;

#[test]
fn test_the_local_copy_stays_when_its_upload_fails() {
    let ops = repository(WORLD, &[("baseline", WORLD), ("archived", ARCHIVED)]);
    ops.write("segment", "events");
    let said = ops.ends(7, &["apply", "archived", "-y"]);
    assert!(said.out.contains("failed      action upload: exit 1: cp: "), "{said}");
    assert!(said.out.contains("1 step was not started because of that"), "{said}");
    assert!(ops.path("segment").exists());
    // One that says it went well, and did not.
    ops.write("archive/segment", "even");
    ops.write("states/archived.toml", &ARCHIVED.replace("\"cp\", \"segment\"", "\"test\", \"-e\""));
    let said = ops.ends(7, &["apply", "archived", "-y"]);
    assert!(said.out.contains("failed      action upload: it was called, and is not done: exit 1"), "{said}");
    assert!(ops.path("segment").exists());

    ops.write("states/archived.toml", ARCHIVED);
    let course = ops.start(&["apply", "archived", "-y"]).ends(0);
    course.one_by_one(&["upload", "clean-up"]);
    assert!(!ops.path("segment").exists());
    assert_eq!(std::fs::read_to_string(ops.path("archive/segment")).unwrap(), "events");
    is_there(&ops, "archived");
}
