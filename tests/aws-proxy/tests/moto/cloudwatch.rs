use opsctl_aws_proxy::{Call, Method, Proxy, late};
use serde_json::json;

use crate::client::{EAST, ask};

#[test]
fn test_alarms_and_metrics_are_read_in_json() {
    let aws = Proxy::start();
    let console = aws.console(EAST);
    let alarm = json!({ "AlarmName": "lag", "Namespace": "Edge", "MetricName": "Lag", "Statistic": "Average", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold" });
    console.json("monitoring", "PutMetricAlarm", &alarm);
    let state = json!({ "AlarmName": "lag", "StateValue": "ALARM", "StateReason": "a test" });
    console.json("monitoring", "SetAlarmState", &state);
    let names = json!({ "AlarmNames": ["lag"] });
    let read = ask(&aws, &Call::json("monitoring", EAST, "DescribeAlarms", &names)).json();
    let alarm = &read["MetricAlarms"][0];
    assert_eq!((&alarm["StateValue"], &alarm["ActionsEnabled"]), (&json!("ALARM"), &json!(true)));
    assert!(alarm["StateUpdatedTimestamp"].is_number());
    console.json("monitoring", "DisableAlarmActions", &names);
    let read = ask(&aws, &Call::json("monitoring", EAST, "DescribeAlarms", &names)).json();
    assert_eq!(read["MetricAlarms"][0]["ActionsEnabled"], json!(false));
}

#[test]
fn test_what_speaks_cbor_is_answered_in_cbor() {
    let aws = Proxy::start();
    let path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
    // {_ "AlarmNames": [_ "lag"]}
    let mut call = Call::rest("monitoring", EAST, Method::POST, path, &b"\xbf\x6aAlarmNames\x9f\x63lag\xff\xff"[..]);
    call.headers.insert("smithy-protocol", "rpc-v2-cbor".parse().unwrap());
    let reply = ask(&aws, &call);
    assert_eq!((reply.status, aws.count("monitoring", "DescribeAlarms")), (200, 1));
    assert!(reply.body[0] >> 5 == 5 && reply.text().contains("MetricAlarms"), "{:?}", reply.body);
    aws.when("monitoring", "*").throttle();
    let reply = ask(&aws, &call);
    assert!(reply.status == 400 && reply.body[0] >> 5 == 5 && reply.text().contains("Throttling"), "{:?}", reply.body);
}

#[test]
fn test_targets_have_the_health_that_a_test_gives_them() {
    let aws = Proxy::start();
    let console = aws.console(EAST);
    let vpc = console.form("ec2", "CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).at("vpc/vpcId").to_owned();
    let fields = [("Name", "edge"), ("Protocol", "HTTP"), ("Port", "80"), ("VpcId", &vpc), ("TargetType", "ip")];
    let made = console.form("elasticloadbalancing", "CreateTargetGroup", &fields);
    let arn = made.all("TargetGroupArn")[0].text.clone();
    let group = ("TargetGroupArn", arn.as_str());
    console.form("elasticloadbalancing", "RegisterTargets", &[group, ("Targets.member.1.Id", "10.0.0.4")]);
    let health = || {
        let read = ask(&aws, &Call::form("elasticloadbalancing", EAST, "DescribeTargetHealth", &[group])).xml();
        read.all("TargetHealth")[0].at("State").to_owned()
    };
    aws.when("elasticloadbalancing", "DescribeTargetHealth").times(1).alter(late::target_health("initial"));
    assert_eq!([health(), health()], ["initial", "healthy"]);
}
