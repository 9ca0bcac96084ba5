use opsctl_aws_proxy::{Call, Proxy, Xml, late};

use crate::client::{EAST, Reply, ask};

/// A database and a replica of it.
fn databases() -> Proxy {
    let aws = Proxy::start();
    make(&aws);
    let replica = [("DBInstanceIdentifier", "copy"), ("SourceDBInstanceIdentifier", "main")];
    aws.console(EAST).form("rds", "CreateDBInstanceReadReplica", &replica);
    aws
}

fn make(aws: &Proxy) {
    let fields = [
        ("DBInstanceIdentifier", "main"),
        ("DBInstanceClass", "db.t3.micro"),
        ("Engine", "postgres"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "ops"),
        ("MasterUserPassword", "a-long-password"),
    ];
    aws.console(EAST).form("rds", "CreateDBInstance", &fields);
}

fn of(aws: &Proxy, operation: &str, name: &str, fields: &[(&str, &str)]) -> Reply {
    ask(aws, &Call::form("rds", EAST, operation, &[&[("DBInstanceIdentifier", name)], fields].concat()))
}

fn read(aws: &Proxy, name: &str) -> Xml {
    of(aws, "DescribeDBInstances", name, &[]).xml().all("DBInstance")[0].clone()
}

#[test]
fn test_a_promoted_replica_stands_alone() {
    let aws = databases();
    assert_eq!(read(&aws, "copy").at("ReadReplicaSourceDBInstanceIdentifier"), "main");
    assert_eq!(read(&aws, "main").all("ReadReplicaDBInstanceIdentifier").len(), 1);
    of(&aws, "PromoteReadReplica", "main", &[]).assert_refused(400, "InvalidDBInstanceState");
    let promoted = of(&aws, "PromoteReadReplica", "copy", &[]).xml();
    assert_eq!(promoted.all("ReadReplicaSourceDBInstanceIdentifier").len(), 0);
    assert_eq!(read(&aws, "copy").at("ReadReplicaSourceDBInstanceIdentifier"), "");
    assert_eq!(read(&aws, "main").all("ReadReplicaDBInstanceIdentifier").len(), 0);
    of(&aws, "PromoteReadReplica", "copy", &[]).assert_refused(400, "InvalidDBInstanceState");
    of(&aws, "PromoteReadReplica", "none", &[]).assert_refused(404, "DBInstanceNotFound");
}

#[test]
fn test_a_class_waits_unless_it_is_applied_at_once() {
    let aws = databases();
    let large = ("DBInstanceClass", "db.m5.large");
    assert_eq!(of(&aws, "ModifyDBInstance", "main", &[large]).status, 200);
    let waiting = read(&aws, "main");
    assert_eq!(
        (waiting.at("DBInstanceClass"), waiting.at("PendingModifiedValues/DBInstanceClass")),
        ("db.t3.micro", "db.m5.large")
    );
    assert_eq!(of(&aws, "ModifyDBInstance", "main", &[large, ("ApplyImmediately", "true")]).status, 200);
    let applied = read(&aws, "main");
    assert_eq!(
        (applied.at("DBInstanceClass"), applied.at("PendingModifiedValues/DBInstanceClass")),
        ("db.m5.large", "")
    );
}

#[test]
fn test_a_class_is_one_that_can_be_ordered() {
    let aws = databases();
    let options = |fields: &[(&str, &str)]| {
        let asked = [&[("Engine", "postgres"), ("EngineVersion", "16.3")], fields].concat();
        ask(&aws, &Call::form("rds", EAST, "DescribeOrderableDBInstanceOptions", &asked)).xml()
    };
    let count = |answer: &Xml| answer.all("OrderableDBInstanceOption").len();
    assert_eq!(count(&options(&[("DBInstanceClass", "db.m5.large")])), 2);
    assert_eq!(count(&options(&[("DBInstanceClass", "db.m9.large")])), 0);
    let page = options(&[("MaxRecords", "30")]);
    let marker = page.all("Marker")[0].text.clone();
    assert_eq!((count(&page), count(&options(&[("MaxRecords", "30"), ("Marker", &marker)]))), (30, 10));
    of(&aws, "ModifyDBInstance", "main", &[("DBInstanceClass", "db.m9.large")])
        .assert_refused(400, "InvalidParameterCombination");
}

#[test]
fn test_a_stopped_database_says_when_it_starts_again() {
    let aws = databases();
    of(&aws, "StartDBInstance", "main", &[]).assert_refused(400, "InvalidDBInstanceState");
    assert_eq!(of(&aws, "StopDBInstance", "main", &[]).status, 200);
    let stopped = read(&aws, "main");
    assert_eq!(stopped.at("DBInstanceStatus"), "stopped");
    assert!(!stopped.at("AutomaticRestartTime").is_empty());
    aws.when("rds", "DescribeDBInstances").after("StartDBInstance").times(1).alter(late::rds_status("starting"));
    assert_eq!(of(&aws, "StartDBInstance", "main", &[]).status, 200);
    assert_eq!(read(&aws, "main").at("DBInstanceStatus"), "starting");
    let started = read(&aws, "main");
    assert_eq!((started.at("DBInstanceStatus"), started.at("AutomaticRestartTime")), ("available", ""));
}

#[test]
fn test_a_snapshot_tells_whose_it_is() {
    let aws = databases();
    let taken = |name: &str| of(&aws, "CreateDBSnapshot", "main", &[("DBSnapshotIdentifier", name)]).status;
    let found = |id: &str| {
        let fields = [("Filters.Filter.1.Name", "dbi-resource-id"), ("Filters.Filter.1.Values.Value.1", id)];
        let snapshots = ask(&aws, &Call::form("rds", EAST, "DescribeDBSnapshots", &fields)).xml();
        let names = snapshots.all("DBSnapshotIdentifier").into_iter().map(|name| name.text.clone());
        // Beside those that were made when the instance was.
        names.filter(|name| !name.starts_with("rds:")).collect::<Vec<String>>()
    };
    assert_eq!(taken("first"), 200);
    let (main, copy) = (read(&aws, "main"), read(&aws, "copy"));
    assert_eq!((found(main.at("DbiResourceId")), found(copy.at("DbiResourceId"))), (vec!["first".to_owned()], vec![]));
    // Another one of the same name.
    assert_eq!(of(&aws, "DeleteDBInstance", "copy", &[("SkipFinalSnapshot", "true")]).status, 200);
    assert_eq!(of(&aws, "DeleteDBInstance", "main", &[("SkipFinalSnapshot", "true")]).status, 200);
    make(&aws);
    assert_eq!(taken("second"), 200);
    assert_eq!(found(read(&aws, "main").at("DbiResourceId")), ["second"]);
    assert_eq!(found(main.at("DbiResourceId")), ["first"]);
}
