//! Checks of what AWS measures.

use opsctl_aws_proxy::{Proxy, late};
use serde_json::{Value as Json, json};

use crate::harness::Repository;

const REGION: &str = "us-east-1";

/// An alarm, a metric and a group of targets, as a failover would look at them.
const STATE: &str = r#"
[resource.alarm]
at = "aws:cloudwatch-alarm/api-errors"
actions_enabled = true

[check.errors]
at = "aws:cloudwatch-alarm/api-errors"
setting = "state"
is = "OK"

[check.lag]
at = "aws:cloudwatch-metric/Edge/ReplicaLag/Host=db-west"
setting = "maximum"
is = { at_most = 300 }

[check.targets]
at = "aws:target-group/edge"
setting = "healthy"
is = { at_least = 2 }
"#;

fn account() -> Proxy {
    let aws = Proxy::start();
    let console = aws.console(REGION);
    let alarm = json!({
        "AlarmName": "api-errors", "Namespace": "Edge", "MetricName": "Errors", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold",
    });
    console.json("monitoring", "PutMetricAlarm", &alarm);
    let vpc = console.form("ec2", "CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).at("vpc/vpcId").to_owned();
    let fields = [("Name", "edge"), ("Protocol", "HTTP"), ("Port", "80"), ("VpcId", &*vpc), ("TargetType", "ip")];
    let made = console.form("elasticloadbalancing", "CreateTargetGroup", &fields);
    let arn = &made.all("TargetGroupArn")[0].text;
    let targets =
        [("TargetGroupArn", &**arn), ("Targets.member.1.Id", "10.0.0.4"), ("Targets.member.2.Id", "10.0.0.5")];
    console.form("elasticloadbalancing", "RegisterTargets", &targets);
    aws
}

fn lag(aws: &Proxy, seconds: f64) {
    let dimensions = json!([{ "Name": "Host", "Value": "db-west" }]);
    let datum = json!({ "MetricName": "ReplicaLag", "Dimensions": dimensions, "Value": seconds });
    aws.console(REGION).json("monitoring", "PutMetricData", &json!({ "Namespace": "Edge", "MetricData": [datum] }));
}

fn repository(aws: &Proxy) -> Repository {
    let config = format!("[provider.aws]\ntype = \"aws\"\nregion = \"{REGION}\"\nendpoint = \"{}\"\n", aws.url());
    Repository::of(&[("opsctl.toml", &config), ("states/baseline.toml", STATE)])
}

/// Of each check whether it holds, and what was seen.
fn verdicts(repository: &Repository) -> Vec<(String, bool, String)> {
    let document = repository.json(&["check", "baseline"]);
    let checks = document["checks"].as_array().unwrap_or_else(|| panic!("{document}"));
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let verdict = |check: &Json| {
        let verdict = &check["verdict"];
        (text(&check["check"]["name"]), verdict["holds"].as_bool().unwrap(), text(&verdict["seen"]))
    };
    checks.iter().map(verdict).collect()
}

fn all(told: [(&str, bool, &str); 3]) -> Vec<(String, bool, String)> {
    told.map(|(name, holds, seen)| (name.to_owned(), holds, seen.to_owned())).into()
}

#[test]
fn test_an_alarm_a_metric_and_targets_are_checked() {
    let aws = account();
    let repository = repository(&aws);
    lag(&aws, 12.5);
    assert_eq!(
        verdicts(&repository),
        all([("errors", true, "state = \"OK\""), ("lag", true, "maximum = 12.5"), ("targets", true, "healthy = 2")])
    );
    repository.done(&["check", "baseline"]);
    // It gets worse: the alarm goes off, the replica falls behind, and one target is lost.
    let state = json!({ "AlarmName": "api-errors", "StateValue": "ALARM", "StateReason": "a test" });
    aws.console(REGION).json("monitoring", "SetAlarmState", &state);
    lag(&aws, 900.0);
    aws.when("elasticloadbalancing", "DescribeTargetHealth").alter(late::target_health("unhealthy"));
    assert_eq!(
        verdicts(&repository),
        all([
            ("errors", false, "state = \"ALARM\""),
            ("lag", false, "maximum = 900"),
            ("targets", false, "healthy = 0")
        ])
    );
    repository.ends(9, &["check", "baseline"]);
}

/// No number is no number below a threshold.
#[test]
fn test_what_was_not_measured_does_not_hold() {
    let aws = account();
    let repository = repository(&aws);
    let (_, holds, seen) = verdicts(&repository).remove(1);
    assert!(!holds && seen.contains("no values of Edge/ReplicaLag/Host=db-west in the last two weeks"), "{seen}");
}

/// A backup that is old does not hold, nor does none at all.
#[test]
fn test_the_age_of_a_backup_is_checked() {
    let aws = Proxy::start();
    let repository = repository(&aws);
    let check =
        "[check.backup]\nat = \"aws:rds-instance/orders\"\nsetting = \"snapshot_age\"\nis = { at_most = \"24h\" }\n";
    repository.write("states/baseline.toml", check);
    let verdict = || {
        let (_, holds, seen) = verdicts(&repository).remove(0);
        (holds, seen)
    };
    let (holds, seen) = verdict();
    assert!(!holds && seen.contains("orders"), "{seen}");
    let fields = [
        ("DBInstanceIdentifier", "orders"),
        ("DBInstanceClass", "db.t3.micro"),
        ("Engine", "postgres"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "ops"),
        ("MasterUserPassword", "a-long-password"),
    ];
    aws.console(REGION).form("rds", "CreateDBInstance", &fields);
    let making = aws.when("rds", "DescribeDBSnapshots").alter(|_, answer| {
        answer.alter_xml(|xml| xml.each("DBSnapshot", &mut |found| found.set("Status", "creating")));
    });
    assert_eq!(verdict(), (false, "snapshot_age is absent".to_owned()));
    making.end();
    let (holds, seen) = verdict();
    assert!(holds && seen.starts_with("snapshot_age = "), "{seen}");
    aws.when("rds", "DescribeDBSnapshots").alter(|_, answer| {
        let made = "2026-01-01T00:00:00.000Z";
        answer.alter_xml(|xml| xml.each("DBSnapshot", &mut |found| found.set("OriginalSnapshotCreateTime", made)));
    });
    let (holds, seen) = verdict();
    assert!(!holds && seen.starts_with("snapshot_age = "), "{seen}");
    repository.ends(9, &["check", "baseline"]);
}

/// An alarm is silenced for the time of a state, and speaks again after it.
#[test]
fn test_an_alarm_is_silenced_and_speaks_again() {
    let aws = account();
    lag(&aws, 1.0);
    let repository = repository(&aws);
    repository
        .write("states/maintenance.toml", "extends = \"baseline\"\n\n[resource.alarm]\nactions_enabled = false\n");
    let actions = || {
        let read = aws.console(REGION).json("monitoring", "DescribeAlarms", &json!({ "AlarmNames": ["api-errors"] }));
        read["MetricAlarms"][0]["ActionsEnabled"].as_bool().unwrap()
    };
    for (arguments, expected) in [(&["apply", "maintenance", "-y"][..], false), (&["rollback", "-y"], true)] {
        let said = repository.opsctl(arguments);
        assert_eq!((said.exit, actions()), (Some(0), expected), "{said}");
    }
}
