//! The regional failover and its ways home.

use opsctl_aws_proxy::late;
use serde_json::json;

use super::pipeline::Pipeline;

/// Database, what computes, DNS; then the east is quiet. The database waits for the check of its lag.
const THERE: [&str; 9] = [
    "rpo",
    "database-west",
    "connection-west",
    "processor-west",
    "ingestion-west",
    "west-ready",
    "api-west",
    "api-east",
    "processor",
];

/// Viewers first reach the east again.
const HOME: [&str; 6] = ["processor", "api-east", "api-west", "ingestion-west", "processor-west", "stream-west"];

const ONE_WAY: &str = "it only goes one way, and cannot be taken back";

#[test]
fn test_to_the_west_and_home_by_name() {
    let pipeline = Pipeline::new();
    pipeline.is_there("baseline");
    // Secrets are compared by their texts: baseline is what is live.
    let states = pipeline.ops.done(&["states"]).out;
    let foot: Vec<&str> = states.lines().last().unwrap_or_default().split_whitespace().take(4).collect();
    assert_eq!(foot, ["as", "live", "as", "live"], "{states}");
    let page = pipeline.plan("dr-active").to_string().replace(pipeline.aws.account(), "ACCOUNT");
    // The version of a secret is another one each time.
    let (before, after) = page.split_once("(sensitive, ").unwrap();
    insta::assert_snapshot!(format!("{before}(sensitive, VERSION8{}", &after[8..]), @r#"
    dr-active   us-east-1 is lost: us-west-2 serves   now: nothing was applied yet

      dns   aws us-east-1  account ACCOUNT
      east  aws us-east-1  account ACCOUNT
      west  aws us-west-2  account ACCOUNT

    Look twice
      traffic     api moves: api-east 100 → 0, api-west 0 → 100
      one-way     west:rds-instance/analytics-db-replica-1 promoted false → true: there is no way back
      interrupts  west:rds-instance/analytics-db-replica-1 restarts when promoted is changed

    Steps                                                                    waits until        after
      1 + west  kinesis-stream/user-events-dr                                ready
                encryption absent → "alias/user-events"
                                                 shards          1 → 4
                in 3 calls, one after the other
        ? check rpo: maximum <= 300
      2 + west  rds-instance/analytics-db-replica-1
                                                 promoted      false → true  ready              1
      3 ~ west  secret/prod/database/connection                              ready              2
                json.host (sensitive, VERSION8) → (sensitive, file connections/west)
      4 + west  ecs-service/dr-cluster/data-api  desired_count   1 → 4       ready              2, 3
        + west  ecs-service/dr-cluster/stream-processor
                                                 desired_count   0 → 8       ready              1-3
      5 + west  ecs-service/dr-cluster/ingestion-api
                                                 desired_count   1 → 10      ready              1, 4
      6 ? check west-ready: healthy >= 1, within 5m                                             4, 5
      7 + dns   route53-alias/…/api.analytics.example.com/A/west
                                                 weight          0 → 100     ready, then 100ms  4-6
      8 - dns   route53-alias/…/api.analytics.example.com/A/east
                                                 weight        100 → 0       ready, then 100ms  7
      9 - east  ecs-service/prod-cluster/stream-processor
                                                 desired_count   4 → 0       ready              8

    Then      check backup: west:rds-instance/analytics-db-replica-1 snapshot_age is <= 24h
              check errors: west:cloudwatch-alarm/api-error-rate state is "OK", within 1m
              check targets: west:target-group/ingestion-api healthy is >= 1, within 1m
    Accepted  0 of 9 in a dry run; 9 cannot be told: the API has no dry run of this
    If not    a step that fails stops only what depends on it: the rest goes on
    Time      unknown: no earlier operation tells; RTO 15m
    Way back  7 steps; cannot be taken back: west:rds-instance/analytics-db-replica-1 promoted; what
              needs that stays as it is, too: west:secret/prod/database/connection

    10 to change, 11 as they should be.   20 API calls: dns 3, east 9, west 8.   Plan HASH
    Nothing was changed. To do it: opsctl apply dr-active
    "#);
    pipeline.there("dr-active", &THERE).one_by_one(&["stream-west", "processor-west"].map(|name| pipeline.at(name)));
    pipeline.is(&[
        ("stream-west", "shards", json!(4)),
        ("stream-west", "encryption", json!("alias/user-events")),
        ("database-west", "promoted", json!(true)),
        ("connection-west", "host", json!("analytics-db-replica-1.example.us-west-2.rds.amazonaws.com")),
        ("connection-west", "user", json!("analytics")),
        ("processor-west", "desired_count", json!(8)),
        ("ingestion-west", "desired_count", json!(10)),
        ("data-api-west", "desired_count", json!(4)),
        ("api-west", "weight", json!(100)),
        ("api-east", "weight", json!(0)),
        ("processor", "desired_count", json!(0)),
    ]);

    let home = pipeline.plan("baseline").out;
    assert!(home.contains("Held back") && home.contains(ONE_WAY), "{home}");
    pipeline.does(10, &["apply", "baseline", "-y"], &HOME);
    is_home(&pipeline);
}

/// The way back by what the history tells is the same, and holds back the same.
#[test]
fn test_to_the_west_and_taken_back() {
    let pipeline = Pipeline::new();
    pipeline.ops.done(&["apply", "dr-active", "-y"]);
    let said = pipeline.ops.ends(10, &["rollback", "-y"]);
    assert!(said.out.contains(ONE_WAY) && said.out.contains("it needs what cannot be taken back"), "{said}");
    is_home(&pipeline);
    // A second one has nothing more to take back, and says why.
    let said = pipeline.ops.ends(10, &["rollback", "-y"]);
    assert!(said.out.contains(ONE_WAY) && said.out.contains("0 to change"), "{said}");
}

/// All but what only goes one way, and what is written of it.
#[track_caller]
fn is_home(pipeline: &Pipeline) {
    pipeline.is(&[
        ("stream-west", "shards", json!(1)),
        ("stream-west", "encryption", json!(null)),
        ("database-west", "promoted", json!(true)),
        ("connection-west", "host", json!("analytics-db-replica-1.example.us-west-2.rds.amazonaws.com")),
        ("processor-west", "desired_count", json!(0)),
        ("ingestion-west", "desired_count", json!(1)),
        ("data-api-west", "desired_count", json!(1)),
        ("api-west", "weight", json!(0)),
        ("api-east", "weight", json!(100)),
        ("processor", "desired_count", json!(4)),
    ]);
}

/// RPO: a replica that lags further than that, or of which nobody knows, is not promoted unless somebody decides so.
#[test]
fn test_a_replica_that_lags_is_not_promoted() {
    let pipeline = Pipeline::new();
    let before = pipeline.all();
    let lags = pipeline.aws.when("monitoring", "GetMetricData").alter(|_, answer| {
        answer.alter_json(|body| {
            for result in body["MetricDataResults"].as_array_mut().into_iter().flatten() {
                for value in result["Values"].as_array_mut().into_iter().flatten() {
                    *value = json!(900.0);
                }
            }
        });
    });
    let said = pipeline.ops.ends(7, &["apply", "dr-active", "-y"]);
    assert!(said.out.contains("check rpo") && said.out.contains("maximum = 900"), "{said}");
    pipeline.is(&[("database-west", "promoted", json!(false)), ("api-east", "weight", json!(100))]);
    pipeline.ops.done(&["rollback", "-y"]);
    assert_eq!(pipeline.all(), before);
    pipeline.there("dr-active+accept-loss", &THERE);
    lags.end();
}

/// AWS takes longer than the step has: that it was asked for is neither forgotten nor asked for again.
#[test]
fn test_a_promotion_that_takes_longer_than_its_step_is_not_forgotten() {
    let pipeline = Pipeline::new();
    let baseline = std::fs::read_to_string(pipeline.ops.path("states/baseline.toml")).unwrap();
    let hurried = baseline.replace("promoted = { restore = true }", "promoted = { restore = true }\ntimeout = \"1s\"");
    pipeline.ops.write("states/baseline.toml", &hurried);
    let late = pipeline.aws.when("rds", "DescribeDBInstances").after("PromoteReadReplica");
    let late = late.alter(late::rds_replica("analytics-db"));

    let said = pipeline.ops.ends(7, &["apply", "dr-active", "-y"]);
    let unknown = "unknown     west rds-instance/analytics-db-replica-1 promoted false → true: not true within 1s";
    assert!(said.out.contains(unknown), "{said}");
    let by_hand = said.out.lines().find(|line| line.contains("rds promote-read-replica")).unwrap_or_default();
    assert!(by_hand.ends_with("# was sent: look first whether it is on its way"), "{said}");

    let under_way = "may yet become true (modifying)";
    let page = pipeline.ops.done(&["plan", "dr-active"]).out;
    assert!(page.contains("under way") && page.contains(under_way), "{page}");
    let said = pipeline.ops.ends(10, &["rollback", "-y"]);
    assert!(said.out.contains("Held back") && said.out.contains(under_way), "{said}");
    // Again, for as long as it lasts.
    let said = pipeline.ops.ends(10, &["rollback", "-y"]);
    assert!(said.out.contains(under_way), "{said}");
    late.end();
    let said = pipeline.ops.ends(10, &["rollback", "-y"]);
    assert!(said.out.contains(ONE_WAY), "{said}");
    assert_eq!(pipeline.aws.count("rds", "PromoteReadReplica"), 1);
    pipeline.is(&[("database-west", "promoted", json!(true)), ("stream-west", "shards", json!(1))]);
}

/// What the west runs is not enough until all of it runs: DNS waits.
#[test]
fn test_dns_waits_for_tasks_that_start_and_name_servers_that_learn() {
    let pipeline = Pipeline::new();
    let slow = |operation: &str| pipeline.aws.when("ecs", "DescribeServices").after(operation).times(3);
    slow("UpdateService").alter(late::ecs_running(1));
    let read = pipeline.aws.when("kinesis", "DescribeStreamSummary").after("UpdateShardCount").times(2);
    read.alter(late::kinesis_status("UPDATING"));
    let read = pipeline.aws.when("rds", "DescribeDBInstances").after("PromoteReadReplica").times(2);
    read.alter(late::rds_status("modifying"));
    let read = pipeline.aws.when("route53", "GetChange").after("ChangeResourceRecordSets").times(2);
    read.alter(late::route53_pending());
    pipeline.there("dr-active", &THERE);
    pipeline.is(&[("api-west", "weight", json!(100)), ("api-east", "weight", json!(0))]);
}
