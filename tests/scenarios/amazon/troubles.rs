//! What AWS does to whoever calls it, and an apply that gets through all the same.

use std::time::Duration;

use opsctl_aws_proxy::Refusal;
use serde_json::json;

use super::pipeline::Pipeline;

/// The west's workers alone.
const WORKERS: &str =
    "over = \"baseline\"\n[resource.processor-west]\ndesired_count = 3\n[resource.stream]\nshards = 8\n";

fn pipeline() -> Pipeline {
    let pipeline = Pipeline::new();
    pipeline.ops.write("states/workers.toml", WORKERS);
    pipeline.aws.forget();
    pipeline
}

impl Pipeline {
    /// It got through, and is there.
    #[track_caller]
    fn works(&self) {
        self.is(&[("processor-west", "desired_count", json!(3)), ("stream", "shards", json!(8))]);
        self.is_there("workers");
    }
}

#[test]
fn test_too_many_calls_are_made_again_more_slowly() {
    let pipeline = pipeline();
    pipeline.aws.when("ecs", "UpdateService").times(3).throttle();
    pipeline.aws.when("ecs", "DescribeServices").times(2).throttle();
    let said = pipeline.ops.done(&["apply", "workers", "-y"]);
    let slower = "west takes no more calls about ecs-service for now: it is written to more slowly";
    assert_eq!(said.err.matches(slower).count(), 1, "{said}");
    assert_eq!(pipeline.aws.count("ecs", "UpdateService"), 4);
    pipeline.works();
}

/// Of one that is in the middle of another change the others know nothing.
#[test]
fn test_what_is_busy_is_put_off_by_itself() {
    let pipeline = pipeline();
    let busy = Refusal::new("ResourceInUseException", "Stream user-events-prod is UPDATING.");
    pipeline.aws.when("kinesis", "UpdateShardCount").times(3).refuse(busy);
    let said = pipeline.ops.done(&["apply", "workers", "-y"]);
    let told = format!("{} is in the middle of another change and is tried again later", pipeline.at("stream"));
    assert_eq!(said.err.matches(&told).count(), 1, "{said}");
    assert!(said.err.contains("Stream user-events-prod is UPDATING"), "{said}");
    assert_eq!(pipeline.aws.count("kinesis", "UpdateShardCount"), 4);
    pipeline.works();
}

#[test]
fn test_late_answers_are_waited_for() {
    let pipeline = pipeline();
    for (service, operation) in [("ecs", "UpdateService"), ("kinesis", "UpdateShardCount"), ("ecs", "DescribeServices")]
    {
        pipeline.aws.when(service, operation).delay(Duration::from_millis(700));
    }
    pipeline.ops.done(&["apply", "workers", "-y"]);
    for (service, operation) in [("ecs", "UpdateService"), ("kinesis", "UpdateShardCount")] {
        assert_eq!(pipeline.aws.count(service, operation), 1);
    }
    pipeline.works();
}

/// It was done, and nobody heard of it: it is seen, and not done twice.
#[test]
fn test_what_was_done_without_an_answer_is_not_done_twice() {
    let pipeline = pipeline();
    pipeline.aws.when("ecs", "UpdateService").times(1).lose_answer();
    pipeline.aws.when("kinesis", "UpdateShardCount").times(1).lose_answer();
    let said = pipeline.ops.done(&["apply", "workers", "-y"]);
    for name in ["processor-west", "stream"] {
        assert!(said.err.contains(&format!("{}: no answer to the write", pipeline.at(name))), "{said}");
    }
    for (service, operation) in [("ecs", "UpdateService"), ("kinesis", "UpdateShardCount")] {
        assert_eq!(pipeline.aws.count(service, operation), 1);
    }
    pipeline.works();
}

/// What is refused for good is told in the service's own words, and what does not depend on it is done.
#[test]
fn test_a_refusal_is_told_and_the_rest_is_done() {
    let pipeline = pipeline();
    let refusal = Refusal::new("InvalidParameterException", "The service cannot be updated now.");
    pipeline.aws.when("ecs", "UpdateService").refuse(refusal);
    let said = pipeline.ops.ends(7, &["apply", "workers", "-y", "--on-failure", "continue"]);
    assert!(said.out.contains("InvalidParameterException: The service cannot be updated now."), "{said}");
    pipeline.is(&[("processor-west", "desired_count", json!(0)), ("stream", "shards", json!(8))]);
    assert_eq!(pipeline.aws.count("ecs", "UpdateService"), 1);
}
