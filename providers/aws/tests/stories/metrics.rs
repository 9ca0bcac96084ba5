use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use opsctl_api::{Fault, LiveSetting, Query, Reading, Value};
use opsctl_aws_proxy::Answer;
use serde_json::{Value as Json, json};

use crate::account::{Account, address, all};

const AT: &str = "cloudwatch-metric/Edge/Lag/Host=a";

/// What a host measured so many seconds ago.
fn measured(account: &Account, host: &str, ago: u64, value: f64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let datum = json!({
        "MetricName": "Lag", "Dimensions": [{ "Name": "Host", "Value": host }], "Value": value, "Timestamp": now - ago,
    });
    account.console().json("monitoring", "PutMetricData", &json!({ "Namespace": "Edge", "MetricData": [datum] }));
}

fn number(number: f64) -> Option<Value> {
    Some(Value::Number(number))
}

/// What was before does not count; what comes late does.
pub(crate) fn five_minutes_are_measured() {
    let account = Account::new();
    for (ago, value) in [(500, 1000.0), (180, 1.0), (120, 2.0), (121, 3.0), (60, 10.0)] {
        measured(&account, "a", ago, value);
    }
    let live = account.read(AT);
    let of = |setting: &str| live.value(setting).cloned();
    assert_eq!([of("minimum"), of("maximum"), of("sum"), of("average")], [1.0, 10.0, 16.0, 4.0].map(number));
    measured(&account, "b", 400, 7.0);
    assert_eq!(account.read("cloudwatch-metric/Edge/Lag/Host=b").value("sum").cloned(), number(7.0));
}

/// One that is silent has no values; one that never had any is not there.
pub(crate) fn silence_is_no_number() {
    let account = Account::new();
    measured(&account, "a", 1200, 1.0);
    assert!(account.read(AT).settings.iter().all(|(_, setting)| *setting == LiveSetting::Absent));
    let never = account.ask(&[Query::one(address("cloudwatch-metric/Edge/Lag/Host=b"))]).remove(0);
    let Reading::Fault(Fault::Missing(why)) = never else { panic!("{never:?}") };
    assert!(why.contains("no values of Edge/Lag/Host=b"), "{why}");
    // One that a pattern finds is there, and asked for by no further call.
    account.proxy.forget();
    let found = account.ask(&[all("cloudwatch-metric/Edge/Lag/Host=*", "sum")]).remove(0);
    let Reading::Members { found, complete: true } = found else { panic!("{found:?}") };
    assert_eq!((found.len(), found[0].settings.get("sum")), (1, Some(&LiveSetting::Absent)));
    assert_eq!(account.proxy.count("monitoring", "ListMetrics"), 1);
    let vague = account.ask(&[all("cloudwatch-metric/Edge*", "sum")]).remove(0);
    assert!(matches!(vague, Reading::Fault(Fault::Invalid(_))), "{vague:?}");
}

/// An answer in two pages, the first of which says that it is not all; and one metric that may not be read.
pub(crate) fn an_answer_in_parts_is_put_together() {
    let account = Account::new();
    measured(&account, "a", 60, 1.0);
    measured(&account, "b", 60, 1.0);
    let part = |call: &opsctl_aws_proxy::Call, status: &str, ago: i64| -> Json {
        let asked = call.as_json();
        let at = asked["EndTime"].as_i64().unwrap() - ago;
        json!({ "Id": asked["MetricDataQueries"][0]["Id"], "Timestamps": [at], "Values": [2.0], "StatusCode": status })
    };
    account.proxy.when("monitoring", "GetMetricData").times(1).answer(move |call| {
        Answer::json(&json!({ "MetricDataResults": [part(call, "PartialData", 60)], "NextToken": "more" }))
    });
    account.proxy.when("monitoring", "GetMetricData").times(1).answer(move |call| {
        assert_eq!(call.as_json()["NextToken"], "more");
        Answer::json(&json!({ "MetricDataResults": [part(call, "Complete", 120)] }))
    });
    let sum = |at: &str| {
        let wanted = opsctl_api::Wanted::Only(["sum".to_owned()].into());
        account.ask(&[Query { settings: wanted, ..Query::one(address(at)) }]).remove(0).into_one().unwrap()
    };
    assert_eq!(sum(AT).value("sum").cloned(), number(4.0));
    account.proxy.when("monitoring", "GetMetricData").times(1).alter(|_, answer| {
        answer.alter_json(|body| body["MetricDataResults"][0]["StatusCode"] = json!("Forbidden"));
    });
    assert_eq!(sum(AT).settings.get("sum"), Some(&LiveSetting::Hidden("CloudWatch says Forbidden".to_owned())));
}

/// Five hundred statistics a call, of which each has four.
pub(crate) fn two_hundred_take_two_calls() {
    let account = Account::new();
    let hosts: Vec<String> = (0..200).map(|nth| format!("edge-{nth}")).collect();
    let datum =
        |host: &String| json!({ "MetricName": "Lag", "Dimensions": [{ "Name": "Host", "Value": host }], "Value": 1 });
    for hosts in hosts.chunks(20) {
        let data: Vec<Json> = hosts.iter().map(datum).collect();
        account.console().json("monitoring", "PutMetricData", &json!({ "Namespace": "Edge", "MetricData": data }));
    }
    let asked: Vec<Query> =
        hosts.iter().map(|host| Query::one(address(&format!("cloudwatch-metric/Edge/Lag/Host={host}")))).collect();
    let read = account.ask(&asked);
    assert!(read.into_iter().all(|reading| reading.into_one().unwrap().value("sum").cloned() == number(1.0)));
    assert_eq!(account.cx.calls.by_verb(), BTreeMap::from([("cloudwatch:GetMetricData".to_owned(), 2)]));
}
