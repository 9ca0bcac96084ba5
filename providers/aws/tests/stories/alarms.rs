use opsctl_api::{Fault, Owner, Query, Reading, Value, Written};
use serde_json::json;

use crate::account::{Account, address, all, text};

const AT: &str = "cloudwatch-alarm/errors";

fn account() -> Account {
    let account = Account::new();
    for name in ["errors", "lag", "TargetTracking-service/edge/web-AlarmHigh-1"] {
        let alarm = json!({
            "AlarmName": name, "Namespace": "Edge", "MetricName": "Errors", "Statistic": "Sum", "Period": 60,
            "EvaluationPeriods": 1, "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold",
        });
        account.console().json("monitoring", "PutMetricAlarm", &alarm);
    }
    account
}

pub(crate) fn how_it_stands_is_seen() {
    let account = account();
    let state = json!({ "AlarmName": "errors", "StateValue": "ALARM", "StateReason": "a story" });
    account.console().json("monitoring", "SetAlarmState", &state);
    let live = account.read(AT);
    assert_eq!(live.value("state"), Some(&text("ALARM")));
    assert_eq!(live.value("actions_enabled"), Some(&Value::Bool(true)));
    let found = account.ask(&[all("cloudwatch-alarm/TargetTracking-*", "state")]).remove(0);
    let Reading::Members { found, complete: true } = found else { panic!("{found:?}") };
    let owners: Vec<&Owner> = found[0].owners_of("actions_enabled").collect();
    assert_eq!((found.len(), owners.len(), owners[0].reverts), (1, 1, false));
}

/// An alarm of alarms is told in a list of its own, and only to who asks for that.
pub(crate) fn an_alarm_of_alarms_is_one_too() {
    let account = account();
    account.proxy.when("monitoring", "DescribeAlarms").alter(|call, answer| {
        assert_eq!(call.as_json()["AlarmTypes"], json!(["MetricAlarm", "CompositeAlarm"]));
        answer.alter_json(|body| {
            let lag = json!({ "AlarmName": "lag", "ActionsEnabled": false, "StateValue": "INSUFFICIENT_DATA" });
            body["CompositeAlarms"] = json!([lag]);
            body["MetricAlarms"] = json!([]);
        });
    });
    let live = account.read("cloudwatch-alarm/lag");
    assert_eq!(live.value("state"), Some(&text("INSUFFICIENT_DATA")));
    assert_eq!(live.value("actions_enabled"), Some(&Value::Bool(false)));
}

pub(crate) fn many_are_silenced_by_one_call() {
    let account = account();
    let off = || Value::Bool(false);
    let written =
        account.write_all(&[(AT, "actions_enabled", off()), ("cloudwatch-alarm/lag", "actions_enabled", off())]);
    assert!(written.iter().all(|written| matches!(written, Written::Sent { .. })), "{written:?}");
    assert_eq!(account.proxy.count("monitoring", "DisableAlarmActions"), 1);
    for at in [AT, "cloudwatch-alarm/lag"] {
        assert_eq!(account.read(at).value("actions_enabled"), Some(&off()));
    }
}

pub(crate) fn an_answer_is_lost() {
    let account = account();
    account.proxy.when("monitoring", "DisableAlarmActions").times(1).lose_answer();
    let written = account.write(AT, "actions_enabled", Value::Bool(false));
    assert!(matches!(written, Written::Unknown(Fault::Unreachable(_))), "{written:?}");
    assert_eq!(account.proxy.count("monitoring", "DisableAlarmActions"), 1);
    assert_eq!(account.read(AT).value("actions_enabled"), Some(&Value::Bool(false)));
}

pub(crate) fn it_is_throttled() {
    let account = account();
    account.proxy.when("monitoring", "DisableAlarmActions").times(1).throttle();
    let written = account.write(AT, "actions_enabled", Value::Bool(false));
    assert_eq!(written, Written::Refused(Fault::throttled("cloudwatch:DisableAlarmActions", None)));
    account.proxy.when("monitoring", "DescribeAlarms").times(1).throttle();
    let read = account.ask(&[Query::one(address(AT))]).remove(0);
    assert_eq!(read, Reading::Fault(Fault::throttled("cloudwatch:DescribeAlarms", None)));
}
