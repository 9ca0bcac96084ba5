//! Mistakes that the pipeline's runbook made possible, on AWS itself.

use opsctl_aws_proxy::{Call, Refusal, late};
use serde_json::json;

use super::order::Order;
use super::pipeline::Pipeline;

/// A database in the west stands by itself, and the connection is to it alone.
const CONNECTED: &str =
    "over = \"baseline\"\n[resource.connection-west]\njson.host = { file = \"connections/west\" }\n";

/// A whole secret is written for one key of it: the runbook had its user gone. Here the others stay, to the byte.
#[test]
fn test_one_key_of_a_secret_is_changed_and_the_others_stay() {
    let pipeline = Pipeline::new();
    let console = pipeline.console("west");
    let secret = pipeline.path("connection-west");
    let text = "{\n  \"host\": \"analytics-db.example.us-east-1.rds.amazonaws.com\",\n  \"user\": \"\\u0061na\",\n  \"port\" : 5432\n}";
    console.json("secretsmanager", "PutSecretValue", &json!({ "SecretId": secret, "SecretString": text }));
    let current = || {
        let asked = json!({ "SecretId": secret, "VersionStage": "AWSCURRENT" });
        let read = console.json("secretsmanager", "GetSecretValue", &asked);
        read["SecretString"].as_str().unwrap().to_owned()
    };
    pipeline.ops.write("states/connected.toml", CONNECTED);
    let said = pipeline.ops.done(&["apply", "connected", "-y"]);
    assert!(!said.to_string().contains("analytics-db-replica-1.example"), "{said}");
    let west = text.replace("analytics-db.example.us-east-1", "analytics-db-replica-1.example.us-west-2");
    assert_eq!(current(), west);
    pipeline.is_there("connected");
    pipeline.ops.done(&["rollback", "-y"]);
    assert_eq!(current(), text);

    // There is no setting for the whole.
    let whole = CONNECTED.replace("json.host", "text");
    pipeline.ops.write("states/connected.toml", &whole);
    let said = pipeline.ops.ends(1, &["plan", "connected"]);
    assert!(said.err.contains("unknown setting `text` of kind secret"), "{said}");
}

/// Who writes the whole by hand all the same is seen, and only the one key is put back.
#[test]
fn test_a_secret_that_was_overwritten_by_hand_is_named() {
    let pipeline = Pipeline::new();
    pipeline.ops.write("states/connected.toml", CONNECTED);
    pipeline.ops.done(&["apply", "connected", "-y"]);
    let said = pipeline.ops.done(&["status"]);
    assert!(said.out.contains("21 settings are as they should be") && !said.out.contains("is not as"), "{said}");
    let whole = json!({ "host": "elsewhere" }).to_string();
    let body = json!({ "SecretId": pipeline.path("connection-west"), "SecretString": whole });
    pipeline.console("west").json("secretsmanager", "PutSecretValue", &body);
    let said = pipeline.ops.done(&["status"]);
    assert!(said.out.contains("1 of 21 settings is not as it should be"), "{said}");
    let said = pipeline.ops.ends(10, &["rollback", "-y"]);
    assert!(said.out.contains("now (sensitive, ") && said.out.contains("): changed since"), "{said}");
    pipeline.is(&[("connection-west", "host", json!("elsewhere"))]);
}

/// The runbook moved DNS first, to a region whose stream nobody reads while it stands by.
#[test]
fn test_dns_does_not_move_to_what_has_no_capacity() {
    let pipeline = Pipeline::new();
    let dns = "over = \"baseline\"\n[resource.api-west]\nweight = 100\n[resource.api-east]\nweight = 0\n";
    pipeline.ops.write("states/dns.toml", dns);
    let said = pipeline.ops.ends(3, &["apply", "dns", "-y"]);
    let why = "it would have traffic, and needs processor-west, of which desired_count is 0";
    assert!(said.err.contains(why), "{said}");
    // Where what grows is left out, so is what needs it, and nobody is left to be asked.
    let said = pipeline.ops.ends(3, &["apply", "dr-active", "-y", "--exclude", "ingestion-west"]);
    assert!(said.err.contains("pool api: no member would have any traffic left"), "{said}");
    // And where DNS alone is asked for, what it needs comes first all the same.
    let way = ["database-west", "connection-west", "processor-west", "ingestion-west", "west-ready", "api-west"];
    pipeline.does(0, &["apply", "dr-active", "-y", "--target", "api-west"], &way);
    pipeline.is(&[("api-west", "weight", json!(100)), ("api-east", "weight", json!(100))]);
}

/// Tasks that do not start keep DNS where it is, and the service's own words are told.
#[test]
fn test_dns_does_not_move_to_what_never_gets_ready() {
    let pipeline = Pipeline::new();
    let why = "ECS deployment circuit breaker: tasks failed to start.";
    let fails = pipeline.aws.when("ecs", "DescribeServices").says("ingestion-api").after("UpdateService");
    let fails = fails.is(|call| call.region == "us-west-2").alter(late::ecs_failed(why));
    let said = pipeline.ops.ends(7, &["apply", "dr-active", "-y"]);
    assert!(said.out.contains(why) && said.out.contains("4 steps were not started because of that"), "{said}");
    pipeline.is(&[("api-west", "weight", json!(0)), ("api-east", "weight", json!(100))]);
    pipeline.is(&[("processor", "desired_count", json!(4))]);
    // It is mended: the rest is done.
    fails.end();
    pipeline.does(0, &["apply", "dr-active", "-y"], &["api-west", "api-east", "processor"]);
    pipeline.is_there("dr-active");
}

/// A release, a version and a class that are not there: the plan says so and what there is, whatever comes before them, and nothing is begun.
#[test]
fn test_what_is_not_there_is_refused_by_the_plan() {
    let pipeline = Pipeline::new();
    let before = pipeline.all();
    let wrong = "over = \"baseline\"\n[resource.processor]\ndesired_count = 6\n[resource.ingestion]\ntask_definition = \"ingestion-api:99\"\n\
                 [resource.validator]\nversion = \"99\"\n[resource.reporting]\nclass = \"db.r6g.lrage\"\n";
    pipeline.ops.write("states/wrong.toml", wrong);
    let said = pipeline.ops.ends(3, &["plan", "wrong"]);
    let whys = [
        "no active task definition ingestion-api:99; the newest are ingestion-api:25, ingestion-api:24",
        "no version 99 of function event-validator; its newest are 15, 14",
        "no class db.r6g.lrage for postgres",
        "there are db.r6g.2xlarge, db.r6g.4xlarge, db.r6g.large, db.r6g.xlarge",
    ];
    for why in whys {
        assert!(said.to_string().split_whitespace().collect::<Vec<_>>().join(" ").contains(why), "{why}: {said}");
    }
    pipeline.ops.ends(3, &["apply", "wrong", "-y"]);
    assert_eq!(pipeline.all(), before);
}

/// The release to go back to was deregistered since: the rollback says so before anything is moved, and goes on without it.
#[test]
fn test_a_rollback_to_a_release_that_is_gone_is_told_before() {
    let pipeline = Pipeline::new();
    let next = "over = \"baseline\"\n[resource.ingestion]\ntask_definition = \"ingestion-api:25\"\n[resource.validator]\nversion = \"15\"\n";
    pipeline.ops.write("states/next.toml", next);
    pipeline.ops.done(&["apply", "next", "-y"]);
    pipeline.console("east").json("ecs", "DeregisterTaskDefinition", &json!({ "taskDefinition": "ingestion-api:24" }));
    let said = pipeline.ops.ends(3, &["rollback", "-y"]);
    let at = pipeline.at("ingestion");
    assert!(said.err.contains("no active task definition ingestion-api:24: it was deregistered"), "{said}");
    assert!(said.err.contains(&format!("leave it as it is with --exclude {at}")), "{said}");
    pipeline.is(&[("validator", "version", json!("15"))]);
    pipeline.ops.ends(10, &["rollback", "-y", "--exclude", at]);
    pipeline.is(&[("validator", "version", json!("14")), ("ingestion", "task_definition", json!("ingestion-api:25"))]);
}

/// Four shards to thirty-two in one call: AWS refuses it, and opsctl never asks for it.
#[test]
fn test_a_stream_grows_by_the_calls_that_it_takes() {
    let pipeline = Pipeline::new();
    let body = json!({ "StreamName": "user-events-prod", "TargetShardCount": 32, "ScalingType": "UNIFORM_SCALING" });
    let refused = pipeline.console("east").send(Call::json("kinesis", "us-east-1", "UpdateShardCount", &body));
    assert!(refused.text().contains("at most to double"), "{}", refused.text());
    pipeline.ops.write("states/peak.toml", "over = \"baseline\"\n[resource.stream]\nshards = 32\n");
    let said = pipeline.plan("peak");
    assert!(said.out.contains("in 3 calls, one after the other"), "{said}");
    pipeline.there("peak", &["stream"]);
    pipeline.does(0, &["rollback", "-y"], &["stream"]);
    pipeline.is(&[("stream", "shards", json!(4))]);
}

/// Others have scaled it today: the day's calls are used up halfway. What is there is told, and the rest is done a day later.
#[test]
fn test_a_stream_whose_calls_are_used_up_halfway() {
    let pipeline = Pipeline::new();
    let before = pipeline.all();
    let why = "Stream user-events-prod has been scaled 10 times in the last 24 hours.";
    let used_up = |from: i64| {
        let calls = pipeline.aws.when("kinesis", "UpdateShardCount");
        let calls = calls.is(move |call| call.as_json()["TargetShardCount"].as_i64() >= Some(from));
        calls.refuse(Refusal::new("LimitExceededException", why))
    };
    let growing = used_up(32);
    let said = pipeline.ops.ends(7, &["apply", "peak", "-y"]);
    // What is done is no more to be typed.
    assert!(said.out.contains(why) && !said.out.contains("--target-shard-count 8\n"), "{said}");
    assert!(said.out.contains("--target-shard-count 32\n") && said.out.contains("3 steps were not started"), "{said}");
    pipeline.is(&[("stream", "shards", json!(16)), ("ingestion", "desired_count", json!(6))]);
    let any = used_up(0);
    let said = pipeline.ops.ends(7, &["rollback", "-y"]);
    assert!(said.out.contains("shards 16 → 4") && said.out.contains(why), "{said}");
    for calls in [growing, any] {
        calls.end();
    }
    pipeline.ops.done(&["rollback", "-y"]);
    assert_eq!(pipeline.all(), before);
}

/// "Scale up to 10" leaves alone what runs 18; an exact value shows what it lowers.
#[test]
fn test_a_scale_up_never_lowers_what_runs_more() {
    let pipeline = Pipeline::new();
    let body = json!({ "cluster": "prod-cluster", "service": "ingestion-api", "desiredCount": 18 });
    pipeline.console("east").json("ecs", "UpdateService", &body);
    pipeline
        .ops
        .write("states/up.toml", "over = \"baseline\"\n[resource.ingestion]\ndesired_count = { at_least = 10 }\n");
    Order::of(&pipeline.ops, "up").spares(pipeline.at("ingestion"));
    pipeline.ops.done(&["apply", "up", "-y"]);
    pipeline.is(&[("ingestion", "desired_count", json!(18))]);
    pipeline.ops.write("states/up.toml", "over = \"baseline\"\n[resource.ingestion]\ndesired_count = 10\n");
    let said = pipeline.plan("up");
    assert!(said.out.contains("desired_count 18 → 10"), "{said}");
}

/// AWS starts a stopped database after a week: that is told before it is stopped, and when it was.
#[test]
fn test_a_stopped_database_is_started_again() {
    let pipeline = Pipeline::new();
    pipeline.ops.write("states/night.toml", "over = \"baseline\"\n[resource.reporting]\nrunning = false\n");
    let said = pipeline.plan("night");
    assert!(said.out.contains("RDS holds running of east:rds-instance/analytics-reporting"), "{said}");
    assert!(said.out.contains("by itself after seven days (within 168h)"), "{said}");
    pipeline.there("night", &["reporting"]);
    // A week later.
    pipeline.console("east").form("rds", "StartDBInstance", &[("DBInstanceIdentifier", "analytics-reporting")]);
    let said = pipeline.ops.done(&["status"]);
    assert!(
        said.out.contains("1 of 21 settings is not as it should be") && said.out.contains("false, now true   by RDS"),
        "{said}"
    );
    pipeline.there("night", &["reporting"]);
    pipeline.is(&[("reporting", "running", json!(false))]);
}
