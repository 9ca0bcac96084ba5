//! The other procedures of the pipeline, each there and back.

use serde_json::json;

use super::pipeline::Pipeline;

#[test]
fn test_the_cost_cut_and_its_way_back() {
    let pipeline = Pipeline::new();
    let before = pipeline.all();
    let said = pipeline.plan("cost-cut");
    assert!(said.out.contains("RDS holds running of east:rds-instance/analytics-reporting"), "{said}");
    pipeline.there("cost-cut", &["ingestion", "processor", "stream"]);
    pipeline.is(&[
        ("reporting", "running", json!(false)),
        ("ingestion", "desired_count", json!(2)),
        ("ingestion-bounds", "max", json!(6)),
        ("stream", "shards", json!(2)),
        ("ingestion-west", "desired_count", json!(0)),
    ]);
    pipeline.does(0, &["rollback", "-y"], &["stream", "processor", "ingestion"]);
    assert_eq!(pipeline.all(), before);
    // And by name, from what the load had made of it.
    pipeline.there("cost-cut", &["ingestion", "processor", "stream"]);
    pipeline.there("baseline", &["stream", "processor", "ingestion"]);
    pipeline.is(&[("reporting", "running", json!(true)), ("ingestion", "desired_count", json!(4))]);
}

/// Four shards become a hundred by the calls that Kinesis takes.
#[test]
fn test_the_peak_and_its_way_back() {
    let pipeline = Pipeline::new();
    let before = pipeline.all();
    let said = pipeline.plan("peak");
    assert!(
        said.out.contains("in 5 calls, one after the other") && said.out.contains("that uses them all up"),
        "{said}"
    );
    pipeline.aws.forget();
    pipeline.there("peak", &["stream", "processor", "ingestion"]);
    let calls = || {
        let calls = pipeline.aws.calls().into_iter().filter(|call| call.operation == "UpdateShardCount");
        calls.map(|call| call.as_json()["TargetShardCount"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(calls(), [8, 16, 32, 64, 100]);
    pipeline.is(&[("stream", "shards", json!(100)), ("ingestion-bounds", "min", json!(20))]);
    pipeline.aws.forget();
    pipeline.does(0, &["rollback", "-y"], &["ingestion", "processor", "stream"]);
    assert_eq!(calls(), [50, 25, 13, 7, 4]);
    assert_eq!(pipeline.all(), before);
}

/// Another task definition comes up beside the old one.
#[test]
fn test_a_release_and_its_undoing() {
    let pipeline = Pipeline::new();
    let before = pipeline.all();
    for state in ["release", "debug"] {
        pipeline.there(state, &["ingestion"]);
        assert_ne!(pipeline.live("ingestion", "task_definition"), json!("ingestion-api:24"));
        pipeline.does(0, &["rollback", "-y"], &["ingestion"]);
        assert_eq!(pipeline.all(), before);
    }
    pipeline.there("release", &["ingestion"]);
    pipeline.is(&[("ingestion", "task_definition", json!("ingestion-api:25"))]);
    pipeline.there("baseline", &["ingestion"]);
    assert_eq!(pipeline.all(), before);
}

/// A release whose tasks do not start is taken back by itself.
#[test]
fn test_a_release_that_fails_is_taken_back() {
    let pipeline = Pipeline::new();
    let before = pipeline.all();
    pipeline.aws.when("ecs", "DescribeServices").alter(|_, answer| {
        answer.alter_json(|body| {
            let services = body["services"].as_array_mut().into_iter().flatten();
            for service in services.filter(|service| service["taskDefinition"].to_string().contains("ingestion-api:25"))
            {
                service["deployments"][0]["rolloutState"] = json!("FAILED");
                service["deployments"][0]["rolloutStateReason"] = json!("tasks failed to start");
            }
        });
    });
    let said = pipeline.ops.ends(6, &["apply", "release", "-y"]);
    assert!(said.out.contains("tasks failed to start"), "{said}");
    assert_eq!(pipeline.all(), before);
    pipeline.is_there("baseline");
}

/// A tenth of the events goes to another version, and comes back.
#[test]
fn test_a_canary_and_its_end() {
    let pipeline = Pipeline::new();
    let before = pipeline.all();
    pipeline.there("canary", &["validator"]);
    pipeline.is(&[("validator", "weights.15", json!(0.1)), ("validator", "version", json!("14"))]);
    pipeline.does(0, &["rollback", "-y"], &["validator"]);
    assert_eq!(pipeline.all(), before);
    pipeline.there("canary", &["validator"]);
    // It proves itself: all traffic moves at once, which is told beforehand.
    let promoted = "over = \"baseline\"\n[resource.validator]\nversion = \"15\"\nweights.15 = { absent = true }\n";
    pipeline.ops.write("states/promoted.toml", promoted);
    let said = pipeline.plan("promoted");
    assert!(said.out.contains("traffic     validator version \"14\" → \"15\""), "{said}");
    assert!(said.out.contains("validator weights.15 0.1 → absent"), "{said}");
    pipeline.there("promoted", &["validator"]);
    pipeline.is(&[("validator", "weights.15", json!(null)), ("validator", "version", json!("15"))]);
    pipeline.there("baseline", &["validator"]);
    assert_eq!(pipeline.all(), before);
}
