//! All members are restarted at once where one must go after the other.

use serde_json::json;

use super::repository;
use crate::seeds::procedure::Procedure;
use crate::seeds::{is_there, lines};

const VERSION: &str = "lab:document/broker-version";
const CLUSTER: &str = "[resource.version]\nat = \"lab:document/broker-version\"\ncontent = \"1\"\n";

/// A member is not there while it is restarted; `away` holds who.
const UPGRADED: &str = r#"
extends = "baseline"
[resource.version]
content = "2"
[action.restart]
after = ["version"]
each = ["broker-1", "broker-2", "broker-3"]
run = ["sh", "restart", "{{ member }}"]
between = { run = ["test", "-e", "{{ member }}.ready"], within = "WITHIN", every = "50ms" }
"#;

const RESTART: &str = "
rm $1.ready
ls *.ready | wc -l >> ready
echo $1 >> restarted
COMES_BACK
";

#[test]
fn test_members_are_restarted_one_at_a_time() {
    let upgraded = UPGRADED.replace("WITHIN", "10s");
    let ops = repository(CLUSTER, &[("baseline", CLUSTER), ("upgraded", &upgraded)]);
    ops.write("restart", &RESTART.replace("COMES_BACK", "(sleep 0.1; touch $1.ready) > /dev/null 2>&1 &"));
    for broker in 1..=3 {
        ops.write(&format!("broker-{broker}.ready"), "");
    }
    let procedure = Procedure::of(&ops);
    procedure.there("upgraded", &[VERSION, "restart"]);
    assert_eq!(lines(&ops, "restarted"), ["broker-1", "broker-2", "broker-3"]);
    // While one was away the two others were there.
    assert_eq!(lines(&ops, "ready"), ["2", "2", "2"]);
}

#[test]
fn test_no_member_is_restarted_after_one_that_does_not_come_back() {
    let upgraded = UPGRADED.replace("WITHIN", "200ms");
    let ops = repository(CLUSTER, &[("baseline", CLUSTER), ("upgraded", &upgraded)]);
    ops.write("restart", &RESTART.replace("COMES_BACK", "test $1 = broker-2 || touch $1.ready"));
    for broker in 1..=3 {
        ops.write(&format!("broker-{broker}.ready"), "");
    }
    let said = ops.ends(7, &["apply", "upgraded", "-y"]);
    assert!(
        said.out.contains("broker-2: it is done, and nothing may follow yet: exit 1; broker-3 was not called"),
        "{said}"
    );
    assert_eq!(lines(&ops, "restarted"), ["broker-1", "broker-2"]);
    assert!(ops.path("broker-3.ready").exists());
    ops.write("broker-2.ready", "");
    ops.done(&["resume", "-y"]);
    assert_eq!(lines(&ops, "restarted"), ["broker-1", "broker-2", "broker-3"]);
    is_there(&ops, "upgraded");
    ops.done(&["status"]);
}

/// Values too: what is written to come after another waits until that is ready again.
#[test]
fn test_resources_that_come_after_each_other_are_never_changed_at_once() {
    let broker = |n: u8, after: &str| {
        format!("[resource.broker-{n}]\nat = \"lab:service/broker-{n}\"\nversion = \"1\"\n{after}")
    };
    let world = "[sim]\nsettle = \"50ms\"\n".to_owned() + &(1..=3).map(|n| broker(n, "")).collect::<String>();
    let baseline = broker(1, "") + &broker(2, "after = [\"broker-1\"]\n") + &broker(3, "after = [\"broker-2\"]\n");
    let upgraded: String = (1..=3).map(|n| format!("[resource.broker-{n}]\nversion = \"2\"\n")).collect();
    let ops = repository(
        &world,
        &[("baseline", &baseline), ("upgraded", &("extends = \"baseline\"\n".to_owned() + &upgraded))],
    );
    let procedure = Procedure::of(&ops);
    let way = ["lab:service/broker-1", "lab:service/broker-2", "lab:service/broker-3"];
    procedure.there("upgraded", &way);
    assert_eq!(ops.simulated(way[2], "version"), json!("2"));
    procedure.back(&way);
    procedure.there("upgraded", &way);
    procedure.taken_back(&way);
}
