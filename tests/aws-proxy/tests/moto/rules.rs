use std::io;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use opsctl_aws_proxy::{Answer, Call, Proxy, Refusal, late};
use serde_json::{Value as Json, json};

use crate::client::{Client, EAST, ask, send};

fn list() -> Call {
    Call::json("ecs", EAST, "ListClusters", &json!({}))
}

fn create(name: &str) -> Call {
    Call::json("ecs", EAST, "CreateCluster", &json!({ "clusterName": name }))
}

fn clusters(proxy: &Proxy) -> usize {
    let found: Json = proxy.console(EAST).json("ecs", "ListClusters", &json!({}));
    found["clusterArns"].as_array().unwrap().len()
}

#[test]
fn test_a_call_goes_through_and_is_counted() {
    let aws = Proxy::start();
    assert_eq!(ask(&aws, &create("edge")).status, 200);
    let found = ask(&aws, &list()).json();
    let arn = format!("arn:aws:ecs:us-east-1:{}:cluster/edge", aws.account());
    assert_eq!(found["clusterArns"], json!([arn]));
    assert_eq!(aws.count("ecs", "CreateCluster"), 1);
    assert_eq!(Vec::from_iter(aws.counts()), [("ecs:CreateCluster".to_owned(), 1), ("ecs:ListClusters".to_owned(), 1)]);
    aws.forget();
    assert!(aws.calls().is_empty());
}

#[test]
fn test_each_proxy_is_an_account_of_its_own() {
    let (one, other) = (Proxy::start(), Proxy::start());
    ask(&one, &create("edge"));
    assert_eq!((clusters(&one), clusters(&other)), (1, 0));
}

#[test]
fn test_throttles_come_in_the_services_own_words_and_end() {
    let aws = Proxy::start();
    let rule = aws.when("*", "*").times(4).throttle();
    ask(&aws, &list()).assert_refused(400, "ThrottlingException");
    ask(&aws, &Call::form("ec2", EAST, "DescribeInstances", &[])).assert_refused(503, "RequestLimitExceeded");
    ask(&aws, &Call::form("rds", EAST, "DescribeDBInstances", &[])).assert_refused(400, "<Code>Throttling</Code>");
    let zones = Call::rest("route53", EAST, opsctl_aws_proxy::Method::GET, "/2013-04-01/hostedzone", "");
    ask(&aws, &zones).assert_refused(400, "<Code>Throttling</Code>");
    assert_eq!(ask(&aws, &list()).status, 200);
    assert_eq!(rule.hits(), 4);
}

#[test]
fn test_a_rule_is_for_the_calls_that_it_names() {
    let aws = Proxy::start();
    let refusal = Refusal::new("AccessDeniedException", "no").status(400);
    let rule = aws.when("ecs", "CreateCluster").says("edge").refuse(refusal);
    assert_eq!(ask(&aws, &create("core")).status, 200);
    ask(&aws, &create("edge")).assert_refused(400, "AccessDeniedException");
    assert_eq!(clusters(&aws), 1);
    rule.end();
    assert_eq!(ask(&aws, &create("edge")).status, 200);
    assert_eq!(rule.hits(), 1);
}

#[test]
fn test_a_rule_may_last_for_a_time() {
    let aws = Proxy::start();
    let past = aws.when("ecs", "ListClusters").lasting(Duration::ZERO).close();
    let now = aws.when("ecs", "ListClusters").lasting(Duration::from_secs(3600)).throttle();
    ask(&aws, &list()).assert_refused(400, "ThrottlingException");
    ask(&aws, &list()).assert_refused(400, "ThrottlingException");
    assert_eq!((past.hits(), now.hits()), (0, 2));
}

#[test]
fn test_an_answer_can_be_lost_and_a_call_can_get_lost() {
    let aws = Proxy::start();
    aws.when("ecs", "CreateCluster").times(1).lose_answer();
    send(&aws, &create("done")).map(|reply| reply.status).unwrap_err();
    assert_eq!(clusters(&aws), 1);
    aws.when("ecs", "CreateCluster").times(1).close();
    send(&aws, &create("lost")).map(|reply| reply.status).unwrap_err();
    assert_eq!(clusters(&aws), 1);
    assert_eq!(aws.count("ecs", "CreateCluster"), 2);
    assert_eq!(ask(&aws, &create("again")).status, 200);
}

#[test]
fn test_what_is_down_refuses_connections_until_it_is_up() {
    let aws = Proxy::start();
    let mut client = Client::new(&aws).unwrap();
    assert_eq!(client.send(&list()).unwrap().status, 200);
    for _ in 0..3 {
        aws.down();
        aws.down();
        client.send(&list()).map(|reply| reply.status).unwrap_err();
        let refused = Client::new(&aws).map(|_| ()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        aws.up().unwrap();
        client = Client::new(&aws).unwrap();
        assert_eq!(client.send(&list()).unwrap().status, 200);
    }
}

#[test]
fn test_a_delayed_call_is_done_though_the_client_has_gone() {
    let aws = Proxy::start();
    aws.when("ecs", "CreateCluster").delay(Duration::from_millis(200));
    let start = Instant::now();
    assert_eq!(ask(&aws, &create("slow")).status, 200);
    assert!(start.elapsed() >= Duration::from_millis(200));
    let mut client = Client::new(&aws).unwrap();
    client.write(&create("gone")).unwrap();
    while aws.count("ecs", "CreateCluster") < 2 {
        thread::sleep(Duration::from_millis(1));
    }
    drop(client);
    while clusters(&aws) < 2 {
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn test_answers_are_made_and_altered() {
    let aws = Proxy::start();
    aws.when("ecs", "ListClusters").alter(|_, answer| answer.alter_json(|body| body["clusterArns"] = json!(["x"])));
    aws.when("ecs", "ListServiceDeployments").answer(|call| Answer::json(&json!({ "asked": call.as_json() })));
    assert_eq!(ask(&aws, &list()).json()["clusterArns"], json!(["x"]));
    let deployments = Call::json("ecs", EAST, "ListServiceDeployments", &json!({ "service": "web" }));
    assert_eq!(ask(&aws, &deployments).json(), json!({ "asked": { "service": "web" } }));
    // A rule that panics ends its own call, and nothing else.
    aws.when("ecs", "ListServices").times(1).answer(|_| panic!("a mistake in a test"));
    send(&aws, &Call::json("ecs", EAST, "ListServices", &json!({}))).map(|reply| reply.status).unwrap_err();
    assert_eq!(ask(&aws, &list()).status, 200);
}

#[test]
fn test_what_settles_late_counts_from_the_write_on() {
    let aws = Proxy::start();
    let stream = json!({ "StreamName": "events" });
    aws.console(EAST).json("kinesis", "CreateStream", &json!({ "StreamName": "events", "ShardCount": 2 }));
    aws.when("kinesis", "DescribeStreamSummary")
        .after("UpdateShardCount")
        .times(2)
        .alter(late::kinesis_status("UPDATING"));
    let status = || {
        let read = ask(&aws, &Call::json("kinesis", EAST, "DescribeStreamSummary", &stream)).json();
        read["StreamDescriptionSummary"]["StreamStatus"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(), "ACTIVE");
    for target in [4, 2] {
        let body = json!({ "StreamName": "events", "TargetShardCount": target, "ScalingType": "UNIFORM_SCALING" });
        assert_eq!(ask(&aws, &Call::json("kinesis", EAST, "UpdateShardCount", &body)).status, 200);
        assert_eq!([status(), status(), status()], ["UPDATING", "UPDATING", "ACTIVE"]);
    }
}

#[test]
fn test_many_connections_are_served_at_once_and_each_keeps_its_own() {
    let aws = Proxy::start();
    let all = Barrier::new(64);
    thread::scope(|scope| {
        for connection in 0..64 {
            let (aws, all) = (&aws, &all);
            scope.spawn(move || {
                let mut client = Client::new(aws).unwrap();
                all.wait();
                for call in 0..3 {
                    let name = format!("c{connection}-{call}");
                    let made = client.send(&create(&name)).unwrap().json();
                    assert_eq!(made["cluster"]["clusterName"], json!(name));
                }
            });
        }
    });
    assert_eq!(aws.count("ecs", "CreateCluster"), 64 * 3);
}
