use std::time::Duration;

use opsctl_api::{Fault, Readiness, Value, Written};
use opsctl_aws_proxy::{Refusal, Xml, late};

use crate::account::{Account, text};

const AT: &str = "rds-instance/main";

fn account() -> Account {
    let account = Account::new();
    let fields = [
        ("DBInstanceIdentifier", "main"),
        ("DBInstanceClass", "db.t3.micro"),
        ("Engine", "postgres"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "ops"),
        ("MasterUserPassword", "a-long-password"),
    ];
    account.console().form("rds", "CreateDBInstance", &fields);
    account
}

/// What is stopping does not run any more, and has not stopped yet; a class that waits is no class yet.
pub(crate) fn it_is_on_its_way() {
    let account = account();
    let read = || account.proxy.when("rds", "DescribeDBInstances");
    read().after("StopDBInstance").times(1).alter(late::rds_status("stopping"));
    assert!(matches!(account.write(AT, "running", Value::Bool(false)), Written::Sent { .. }));
    let stopping = account.read(AT);
    assert_eq!(stopping.value("running"), Some(&Value::Bool(false)));
    let what = "stopping".to_owned();
    assert_eq!(stopping.readiness, Readiness::Progressing { done: 0, total: 0, what });
    assert_eq!(account.read(AT).readiness, Readiness::Ready);
    account.console().form("rds", "StartDBInstance", &[("DBInstanceIdentifier", "main")]);
    let fields = [("DBInstanceIdentifier", "main"), ("DBInstanceClass", "db.m5.large")];
    account.console().form("rds", "ModifyDBInstance", &fields);
    let what = "the class db.m5.large is pending".to_owned();
    assert_eq!(account.read(AT).readiness, Readiness::Progressing { done: 0, total: 0, what });
    read().times(1).alter(late::rds_status("storage-full"));
    assert_eq!(account.read(AT).readiness, Readiness::Failed("storage-full".to_owned()));
}

/// The same word of the API: while it is on its way it may be asked again; else it never takes it.
pub(crate) fn what_is_busy_is_asked_again() {
    let account = account();
    let refuse = || {
        let refusal = Refusal::new("InvalidDBInstanceState", "Instance main is not in available state.");
        account.proxy.when("rds", "ModifyDBInstance").times(1).refuse(refusal)
    };
    refuse();
    let written = account.write(AT, "class", text("db.m5.large"));
    assert!(matches!(written, Written::Refused(Fault::Invalid(_))), "{written:?}");
    refuse();
    let modifying = account.proxy.when("rds", "DescribeDBInstances").alter(late::rds_status("modifying"));
    assert_eq!(account.write(AT, "class", text("db.m5.large")), Written::Refused(Fault::Throttled(None)));
    modifying.end();
}

pub(crate) fn a_stopped_one_starts_itself() {
    let account = account();
    let live = account.read(AT);
    let owner = live.owners_of("running").next().unwrap();
    assert_eq!(owner.soon, Some(Duration::from_secs(7 * 24 * 3600)));
    assert!(owner.reverts && owner.allows(&Value::Bool(true)) && !owner.allows(&Value::Bool(false)));
}

pub(crate) fn a_cluster_stops_its_own() {
    let account = account();
    account.proxy.when("rds", "DescribeDBInstances").alter(|_, answer| {
        answer.alter_xml(|xml| {
            xml.each("DBInstance", &mut |found| found.put(Xml::leaf("DBClusterIdentifier", "orders")));
        });
    });
    let live = account.read(AT);
    let owner = live.owners_of("running").next().unwrap();
    assert_eq!((owner.name.as_str(), owner.reverts, owner.soon), ("DB cluster orders", true, None));
}
