use opsctl_aws_proxy::{Call, Proxy};
use serde_json::json;

use crate::client::{EAST, Reply, ask};

fn stream(shards: u32) -> Proxy {
    let aws = Proxy::start();
    aws.console(EAST).json("kinesis", "CreateStream", &json!({ "StreamName": "events", "ShardCount": shards }));
    aws
}

fn scale(aws: &Proxy, target: u32) -> Reply {
    let body = json!({ "StreamName": "events", "TargetShardCount": target, "ScalingType": "UNIFORM_SCALING" });
    ask(aws, &Call::json("kinesis", EAST, "UpdateShardCount", &body))
}

fn open(aws: &Proxy) -> u64 {
    let read = aws.console(EAST).json("kinesis", "DescribeStreamSummary", &json!({ "StreamName": "events" }));
    read["StreamDescriptionSummary"]["OpenShardCount"].as_u64().unwrap()
}

#[test]
fn test_a_call_at_most_doubles_and_at_least_halves() {
    let aws = stream(4);
    for target in [32, 9, 1] {
        scale(&aws, target).assert_refused(400, "LimitExceededException");
    }
    assert_eq!(open(&aws), 4);
    for target in [8, 5, 3] {
        assert_eq!(scale(&aws, target).status, 200);
        assert_eq!(open(&aws), u64::from(target));
    }
}

#[test]
fn test_a_stream_is_scaled_ten_times_a_day() {
    let aws = stream(1);
    for round in 0..10 {
        assert_eq!(scale(&aws, 2 - round % 2).status, 200);
    }
    scale(&aws, 2).assert_refused(400, "LimitExceededException");
}
