use std::time::{Duration, Instant};

use opsctl_api::{Fault, LiveSetting, Readiness, Reading, Value, Written};
use opsctl_aws_proxy::{Refusal, late};
use serde_json::json;

use crate::account::{Account, all};

const AT: &str = "kinesis-stream/events";

fn account() -> Account {
    let account = Account::new();
    account.console().json("kinesis", "CreateStream", &json!({ "StreamName": "events", "ShardCount": 4 }));
    account
}

pub(crate) fn it_is_on_its_way() {
    let account = account();
    let read = account.proxy.when("kinesis", "DescribeStreamSummary");
    read.after("UpdateShardCount").times(1).alter(late::kinesis_status("UPDATING"));
    let written = account.write(AT, "shards", Value::Integer(8));
    assert!(matches!(written, Written::Sent { .. }), "{written:?}");
    let what = "UPDATING".to_owned();
    assert_eq!(account.read(AT).readiness, Readiness::Progressing { done: 0, total: 0, what });
    assert_eq!(account.read(AT).readiness, Readiness::Ready);
}

/// One word of the API for two things: what is asked too often may be asked again, and the eleventh scaling of a day not.
pub(crate) fn a_rule_is_no_throttle() {
    let account = account();
    account.proxy.when("kinesis", "UpdateShardCount").times(1).throttle();
    assert_eq!(
        account.write(AT, "shards", Value::Integer(8)),
        Written::Refused(Fault::throttled("kinesis:UpdateShardCount", None))
    );
    for round in 0..10 {
        let written = account.write(AT, "shards", Value::Integer(5 + round % 2));
        assert!(matches!(written, Written::Sent { .. }), "{written:?}");
    }
    let Written::Refused(Fault::Invalid(why)) = account.write(AT, "shards", Value::Integer(4)) else { panic!() };
    assert!(why.contains("10 times in the last 24 hours"), "{why}");
}

pub(crate) fn what_is_busy_is_asked_again() {
    let account = account();
    let busy = Refusal::new("ResourceInUseException", "Stream events not ACTIVE, instead in state UPDATING");
    account.proxy.when("kinesis", "UpdateShardCount").times(1).refuse(busy);
    let written = account.write(AT, "shards", Value::Integer(8));
    assert!(matches!(written, Written::Refused(Fault::Busy(_))), "{written:?}");
    assert_eq!(account.read(AT).value("shards"), Some(&Value::Integer(4)));
}

pub(crate) fn on_demand_has_no_shards() {
    let account = Account::new();
    let mode = json!({ "StreamMode": "ON_DEMAND" });
    account.console().json("kinesis", "CreateStream", &json!({ "StreamName": "events", "StreamModeDetails": mode }));
    assert_eq!(account.read(AT).settings.get("shards"), Some(&LiveSetting::Absent));
}

/// An account may describe twenty streams a second, whatever one read asks for.
pub(crate) fn many_are_described_no_faster_than_aws_takes() {
    let account = Account::new();
    for nth in 0..40 {
        let stream = json!({ "StreamName": format!("events-{nth}"), "ShardCount": 1 });
        account.console().json("kinesis", "CreateStream", &stream);
    }
    let began = Instant::now();
    let found = account.ask(&[all("kinesis-stream/*", "shards")]).remove(0);
    assert!(matches!(&found, Reading::Members { found, complete: true } if found.len() == 40), "{found:?}");
    assert!(began.elapsed() > Duration::from_secs(2), "{:?}", began.elapsed());
}
