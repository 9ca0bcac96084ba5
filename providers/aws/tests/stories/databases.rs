use std::time::{Duration, SystemTime};

use opsctl_api::{Fault, LiveSetting, Preflight, Query, Readiness, Reading, Value, Wanted, Written};
use opsctl_aws_proxy::{Call, Refusal, Xml, late};

use crate::account::{Account, address, all, text};

const AT: &str = "rds-instance/main";

fn account() -> Account {
    let account = Account::new();
    make(&account, "main");
    account
}

fn make(account: &Account, id: &str) {
    let fields = [
        ("DBInstanceIdentifier", id),
        ("DBInstanceClass", "db.t3.micro"),
        ("Engine", "postgres"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "ops"),
        ("MasterUserPassword", "a-long-password"),
    ];
    account.console().form("rds", "CreateDBInstance", &fields);
}

/// The one setting, which is all that a check asks for.
fn snapshot_age(account: &Account, at: &str) -> Result<LiveSetting, Fault> {
    let settings = Wanted::Only(["snapshot_age".to_owned()].into());
    let live = account.ask(&[Query { settings, ..Query::one(address(at)) }]).remove(0).into_one()?;
    Ok(live.settings.get("snapshot_age").unwrap().clone())
}

/// Whether that is the age of what was made at the beginning of a day of January 2026.
fn is_of(setting: &LiveSetting, day: u64) -> bool {
    let LiveSetting::Is { value: Value::Duration(age), .. } = setting else { panic!("{setting:?}") };
    let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600 + (day - 1) * 24 * 3600);
    SystemTime::now().duration_since(made).unwrap().abs_diff(*age) < Duration::from_secs(60)
}

/// What is stopping does not run any more, and has not stopped yet. A class that somebody has put off is no class yet, and keeps
/// nobody waiting.
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
    let put_off = account.read(AT);
    let owner = put_off.owners_of("class").next().unwrap();
    assert_eq!((&put_off.readiness, put_off.value("class")), (&Readiness::Ready, Some(&text("db.t3.micro"))));
    assert_eq!((owner.does.as_str(), owner.reverts), ("makes it db.m5.large in its next maintenance window", false));
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
    let written = account.write(AT, "class", text("db.m5.large"));
    let Written::Refused(Fault::Busy(why)) = written else { panic!("{written:?}") };
    assert_eq!(why, "InvalidDBInstanceState: Instance main is not in available state.");
    modifying.end();
    // One that is backed up serves, and takes nothing meanwhile.
    let refusal = Refusal::new("InvalidDBInstanceState", "Instance main is not in available state.");
    account.proxy.when("rds", "StopDBInstance").times(1).refuse(refusal);
    let backing_up = account.proxy.when("rds", "DescribeDBInstances").alter(late::rds_status("backing-up"));
    assert_eq!(account.read(AT).readiness, Readiness::Ready);
    let written = account.write(AT, "running", Value::Bool(false));
    assert!(matches!(written, Written::Refused(Fault::Busy(_))), "{written:?}");
    backing_up.end();
}

/// What applies immediately takes along what waits for the maintenance window: that is nobody's intent.
pub(crate) fn what_is_pending_is_not_made_along() {
    let account = account();
    let pending = account.proxy.when("rds", "DescribeDBInstances").alter(|_, answer| {
        answer.alter_xml(|xml| {
            let waits = [Xml::leaf("DBInstanceClass", "db.r5.large"), Xml::leaf("EngineVersion", "17.2")];
            xml.each("DBInstance", &mut |found| found.put(Xml::new("PendingModifiedValues", waits.to_vec())));
        });
    });
    let refused =
        |why: &Fault| matches!(why, Fault::Invalid(why) if why.ends_with("maintenance window: engine version"));
    let told = account.preflight(AT, "class", text("db.m5.large"));
    assert!(matches!(&told, Preflight::Refused(why) if refused(why)), "{told:?}");
    let written = account.write(AT, "class", text("db.m5.large"));
    assert!(matches!(&written, Written::Refused(why) if refused(why)), "{written:?}");
    assert_eq!(account.proxy.count("rds", "ModifyDBInstance"), 0);
    assert!(matches!(account.preflight(AT, "running", Value::Bool(false)), Preflight::CannotTell(_)));
    pending.end();
    assert!(matches!(account.preflight(AT, "class", text("db.m5.large")), Preflight::CannotTell(_)));
}

/// A class that its engine does not have is told with those that it has, and asked for once, however many get it.
pub(crate) fn a_class_that_cannot_be_ordered_is_told_before() {
    let account = account();
    make(&account, "other");
    let told = |class: &str| {
        let both = [AT, "rds-instance/other"].map(|at| (at, "class", text(class)));
        let mut told = account.preflight_all(&both);
        assert_eq!(told[0], told[1]);
        told.remove(0)
    };
    let refused = |told: Preflight| match told {
        Preflight::Refused(Fault::Missing(why)) => why.split_once(" in us-east-1").unwrap().1.to_owned(),
        other => panic!("{other:?}"),
    };
    assert!(matches!(told("db.m5.large"), Preflight::CannotTell(why) if why.contains("no dry run")));
    assert_eq!(account.proxy.count("rds", "DescribeOrderableDBInstanceOptions"), 1);
    assert_eq!(refused(told("db.m5.lrage")), "; there are db.m5.2xlarge, db.m5.4xlarge, db.m5.large, db.m5.xlarge");
    assert_eq!(refused(told("db.m9.large")), "; there are db.m5.*, db.r5.*, db.r6g.*, db.t3.*, db.t4g.*");
    let denied = Refusal::new("AccessDenied", "not authorized").status(403);
    account.proxy.when("rds", "DescribeOrderableDBInstanceOptions").refuse(denied);
    assert!(matches!(told("db.m9.large"), Preflight::CannotTell(why) if why.contains("could not be read: denied")));
}

/// AWS stops none that has a read replica; once that is promoted, it does.
pub(crate) fn one_with_replicas_is_not_stopped() {
    let account = account();
    let fields = [("DBInstanceIdentifier", "west"), ("SourceDBInstanceIdentifier", "main")];
    account.console().form("rds", "CreateDBInstanceReadReplica", &fields);
    let told = account.preflight(AT, "running", Value::Bool(false));
    let Preflight::Refused(Fault::Invalid(why)) = told else { panic!("{told:?}") };
    assert_eq!(why, "AWS stops none that has read replicas: west");
    assert!(matches!(account.write("rds-instance/west", "promoted", Value::Bool(true)), Written::Sent { .. }));
    assert!(matches!(account.preflight(AT, "running", Value::Bool(false)), Preflight::CannotTell(_)));
}

pub(crate) fn a_stopped_one_starts_itself() {
    let account = account();
    let live = account.read(AT);
    let owner = live.owners_of("running").next().unwrap();
    assert_eq!(owner.soon, Some(Duration::from_secs(7 * 24 * 3600)));
    assert!(owner.reverts && owner.allows(&Value::Bool(true)) && !owner.allows(&Value::Bool(false)));
    // Of one that is stopped AWS says when.
    assert!(matches!(account.write(AT, "running", Value::Bool(false)), Written::Sent { .. }));
    let starts = SystemTime::UNIX_EPOCH + Duration::from_secs(4_071_513_600);
    let soon = account.read(AT).owners_of("running").next().unwrap().soon.unwrap();
    let expected = starts.duration_since(SystemTime::now()).unwrap();
    assert!(soon.abs_diff(expected) < Duration::from_secs(60), "{soon:?} and not {expected:?}");
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
    let why = "snapshots are made of its cluster orders, and not of it".to_owned();
    assert_eq!(live.settings.get("snapshot_age"), Some(&LiveSetting::Hidden(why)));
    assert_eq!(account.proxy.count("rds", "DescribeDBSnapshots"), 0);
}

fn take(account: &Account, snapshot: &str, id: &str) {
    let fields = [("DBSnapshotIdentifier", snapshot), ("DBInstanceIdentifier", id)];
    account.console().form("rds", "CreateDBSnapshot", &fields);
}

/// What is being made does not count, nor when one was copied, nor those of an earlier instance of the same name.
pub(crate) fn the_newest_snapshot_counts() {
    let account = account();
    take(&account, "of-an-earlier-one", "main");
    let fields = [("DBInstanceIdentifier", "main"), ("SkipFinalSnapshot", "true")];
    account.console().form("rds", "DeleteDBInstance", &fields);
    make(&account, "main");
    for snapshot in ["being-made", "copied", "nightly"] {
        take(&account, snapshot, "main");
    }
    let dated = account.proxy.when("rds", "DescribeDBSnapshots").alter(|_, answer| {
        answer.alter_xml(|xml| {
            xml.each("DBSnapshot", &mut |found| match found.at("DBSnapshotIdentifier") {
                "being-made" => found.set("Status", "creating"),
                "copied" => found.set("OriginalSnapshotCreateTime", "2026-01-02T00:00:00.000Z"),
                "nightly" => {
                    found.set("SnapshotCreateTime", "2026-01-03T00:00:00.000Z");
                    found.set("OriginalSnapshotCreateTime", "");
                }
                // moto has taken one by itself.
                _ => found.set("OriginalSnapshotCreateTime", "2026-01-01T00:00:00.000Z"),
            });
        });
    });
    assert!(is_of(&snapshot_age(&account, AT).unwrap(), 3));
    assert_eq!(account.proxy.count("rds", "DescribeDBSnapshots"), 1);
    dated.end();
    // None that could be restored, of three pages.
    for (page, marker) in [("", "second"), ("second", "third"), ("third", "")] {
        let asked = move |call: &Call| call.fields().get("Marker").map_or("", String::as_str) == page;
        account.proxy.when("rds", "DescribeDBSnapshots").is(asked).alter(move |_, answer| {
            answer.alter_xml(|xml| {
                xml.each("DBSnapshot", &mut |found| found.set("Status", "failed"));
                xml.each("DescribeDBSnapshotsResult", &mut |found| found.set("Marker", marker));
            });
        });
    }
    assert_eq!(snapshot_age(&account, AT).unwrap(), LiveSetting::Absent);
    assert_eq!(account.proxy.count("rds", "DescribeDBSnapshots"), 4);
}

/// Who does not ask for it pays nothing, and who asks for a few is told of no others.
pub(crate) fn snapshots_are_asked_for_where_they_are_wanted() {
    let account = account();
    for id in ["orders-1", "orders-2"] {
        make(&account, id);
    }
    account.proxy.forget();
    let members = |setting: &str| match account.ask(&[all("rds-instance/orders-*", setting)]).remove(0) {
        Reading::Members { found, complete: true } => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(members("running").len(), 2);
    assert!(matches!(account.write(AT, "running", Value::Bool(false)), Written::Sent { .. }));
    let before = account.proxy.count("rds", "DescribeDBSnapshots");
    account
        .proxy
        .when("rds", "DescribeDBSnapshots")
        .alter(|_, answer| assert_eq!(answer.text().matches("<DBSnapshot>").count(), 2));
    let found = members("snapshot_age");
    let aged = |live: &opsctl_api::Live| matches!(live.value("snapshot_age"), Some(Value::Duration(_)));
    assert!(found.len() == 2 && found.iter().all(aged), "{found:?}");
    assert_eq!((before, account.proxy.count("rds", "DescribeDBSnapshots")), (1, 2));
}

/// What may not be read is no reason to tell nothing else; what is throttled is asked again.
pub(crate) fn an_age_that_cannot_be_had_is_told() {
    let account = account();
    let denied = Refusal::new("AccessDenied", "not authorized to perform rds:DescribeDBSnapshots").status(403);
    account.proxy.when("rds", "DescribeDBSnapshots").times(1).refuse(denied);
    let live = account.read(AT);
    assert_eq!(live.value("running"), Some(&Value::Bool(true)));
    let Some(LiveSetting::Hidden(why)) = live.settings.get("snapshot_age") else { panic!("{live:?}") };
    assert!(why.contains("rds:DescribeDBSnapshots"), "{why}");
    account.proxy.when("rds", "DescribeDBSnapshots").times(1).throttle();
    assert_eq!(snapshot_age(&account, AT), Err(Fault::throttled("rds:DescribeDBSnapshots", None)));
}
