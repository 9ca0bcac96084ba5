//! The procedures of an event pipeline in two regions of AWS; its states are the example in `examples/analytics`.

use serde_json::json;

use super::procedure::Procedure;
use super::{copy, is_there};
use crate::harness::Repository;

const STREAM: &str = "east:kinesis-stream/user-events-prod";
const INGESTION: &str = "east:ecs-service/prod-cluster/ingestion-api";
const PROCESSOR: &str = "east:ecs-service/prod-cluster/stream-processor";
const REPORTING: &str = "east:rds-instance/analytics-reporting";
const VALIDATOR: &str = "east:lambda-alias/event-validator/production";
const STREAM_WEST: &str = "west:kinesis-stream/user-events-dr";
const REPLICA: &str = "west:rds-instance/analytics-db-replica-1";
const CONNECTION: &str = "west:secret/prod/database/connection";
const INGESTION_WEST: &str = "west:ecs-service/dr-cluster/ingestion-api";
const PROCESSOR_WEST: &str = "west:ecs-service/dr-cluster/stream-processor";
const DATA_API_WEST: &str = "west:ecs-service/dr-cluster/data-api";
const API_EAST: &str = "dns:route53-alias/Z1234567890ABC/api.analytics.example.com/A/east";
const API_WEST: &str = "dns:route53-alias/Z1234567890ABC/api.analytics.example.com/A/west";
const LAG: &str = "west:cloudwatch-metric/AWS/RDS/ReplicaLag/DBInstanceIdentifier=analytics-db-replica-1";

/// The example with less to wait for; nobody types a name.
fn pipeline() -> Repository {
    let quick = [("\"1s\"", "\"100ms\""), ("\"2s\"", "\"100ms\""), ("\"3s\"", "\"100ms\""), ("\"4s\"", "\"100ms\"")];
    let others = [
        ("latency = \"", "latency = \"0ms\" #"),
        ("confirm = true", ""),
        ("within = \"", "every = \"50ms\"\nwithin = \""),
    ];
    copy("examples/analytics", &[&quick[..], &others].concat())
}

#[test]
fn test_the_regional_failover_and_what_of_it_comes_back() {
    let ops = pipeline();
    is_there(&ops, "baseline");
    insta::assert_snapshot!(ops.opsctl(&["plan", "dr-active"]), @r#"
    dr-active   us-east-1 is lost: us-west-2 serves   now: nothing was applied yet

      dns   sim aws  simulated dns
      east  sim aws  simulated east
      west  sim aws  simulated west

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
                json.host (sensitive, v1) → (sensitive, file connections/west)
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
    Accepted  9 of 9 in a dry run
    If not    a step that fails stops only what depends on it: the rest goes on
    Time      unknown: no earlier operation tells; RTO 15m
    Way back  7 steps; cannot be taken back: west:rds-instance/analytics-db-replica-1 promoted; what
              needs that stays as it is, too: west:secret/prod/database/connection

    10 to change, 11 as they should be.   28 API calls: dns 5, east 10, west 13.   Plan HASH
    Nothing was changed. To do it: opsctl apply dr-active
    "#);
    let procedure = Procedure::of(&ops);
    // Stream and database, what computes, DNS.
    procedure.there("dr-active", &[REPLICA, CONNECTION, PROCESSOR_WEST, INGESTION_WEST, API_WEST, API_EAST, PROCESSOR]);
    procedure.there("dr-active", &[]);
    for (at, setting, value) in [
        (STREAM_WEST, "shards", json!(4)),
        (STREAM_WEST, "encryption", json!("alias/user-events")),
        (REPLICA, "promoted", json!(true)),
        (INGESTION_WEST, "desired_count", json!(10)),
        (API_EAST, "weight", json!(0)),
    ] {
        assert_eq!(ops.simulated(at, setting), value, "{at} {setting}");
    }

    // Home: viewers first reach the east, then the west shrinks. The replica stays promoted, and what is written of it stays too.
    let home = ops.done(&["plan", "baseline"]).out;
    let (_, home) = home.split_once("\n\nHeld back").unwrap();
    let (home, _) = home.split_once("\n\nThen").unwrap();
    insta::assert_snapshot!(home, @r#"
      west  rds-instance/analytics-db-replica-1  promoted   it only goes one way, and cannot be taken back
      west  secret/prod/database/connection      json.host  it needs what cannot be taken back

    Steps                                                                      waits until        after
      1 + east  ecs-service/prod-cluster/stream-processor
                                                      desired_count   0 → 4    ready
      2 + dns   route53-alias/…/api.analytics.example.com/A/east
                                                      weight          0 → 100  ready, then 100ms  1
      3 - dns   route53-alias/…/api.analytics.example.com/A/west
                                                      weight        100 → 0    ready, then 100ms  2
      4 - west  ecs-service/dr-cluster/data-api       desired_count   4 → 1    ready              3
        - west  ecs-service/dr-cluster/ingestion-api  desired_count  10 → 1    ready              3
      5 - west  ecs-service/dr-cluster/stream-processor
                                                      desired_count   8 → 0    ready              4
      6 - west  kinesis-stream/user-events-dr                                  ready              4, 5
                encryption "alias/user-events" → absent
                                                      shards          4 → 1
                in 3 calls, one after the other
    "#);
    ops.start(&["apply", "baseline", "-y"]).ends(10).one_by_one(&[
        PROCESSOR,
        API_EAST,
        API_WEST,
        INGESTION_WEST,
        PROCESSOR_WEST,
    ]);
    assert_eq!(ops.simulated(REPLICA, "promoted"), json!(true));
    assert_eq!(ops.simulated(DATA_API_WEST, "desired_count"), json!(1));
}

/// The way back by what the history tells holds back the same.
#[test]
fn test_a_failover_that_is_taken_back_leaves_the_replica_promoted() {
    let ops = pipeline();
    ops.done(&["apply", "dr-active", "-y"]);
    let said = ops.ends(10, &["rollback", "-y"]);
    assert!(said.out.contains("it only goes one way, and cannot be taken back"), "{said}");
    assert!(said.out.contains("it needs what cannot be taken back"), "{said}");
    assert_eq!(ops.simulated(API_EAST, "weight"), json!(100));
    assert_eq!(ops.simulated(REPLICA, "promoted"), json!(true));
}

/// RPO: a replica that lags further than that is not promoted, unless somebody decides so.
#[test]
fn test_a_replica_that_lags_is_not_promoted() {
    let ops = pipeline();
    for lag in ["maximum=900", "maximum"] {
        ops.done(&["sim", "set", LAG, lag]);
        let said = ops.ends(7, &["apply", "dr-active", "-y"]);
        assert!(said.out.contains("check rpo"), "{said}");
        assert_eq!(ops.simulated(REPLICA, "promoted"), json!(false));
        assert_eq!(ops.simulated(API_EAST, "weight"), json!(100));
        ops.done(&["rollback", "-y"]);
    }
    ops.done(&["apply", "dr-active+accept-loss", "-y"]);
    assert_eq!(ops.simulated(API_WEST, "weight"), json!(100));
}

/// One of two regions in the plan is out of reach: its steps are owed, and done when it is back.
#[test]
fn test_a_region_that_is_lost_owes_its_part() {
    let ops = pipeline();
    is_there(&ops, "baseline");
    ops.done(&["sim", "set", "east", "sim.unreachable=true"]);
    let said = ops.ends(0, &["plan", "dr-active"]);
    assert!(said.out.contains("owed"), "{said}");
    // What does not tolerate it says so, and changes nothing.
    let said = ops.ends(1, &["plan", "cost-cut"]);
    assert!(said.err.contains("unreachable") && said.err.contains("tolerates_unreachable"), "{said}");
    ops.ends(10, &["apply", "dr-active", "-y"]);
    assert_eq!(ops.simulated(API_WEST, "weight"), json!(100));
    ops.done(&["sim", "set", "east", "sim.unreachable"]);
    ops.ends(10, &["status"]);
    ops.done(&["resume", "-y"]);
    assert_eq!(ops.simulated(PROCESSOR, "desired_count"), json!(0));
    is_there(&ops, "dr-active");
}

#[test]
fn test_the_cost_cut_and_its_way_back() {
    let ops = pipeline();
    let said = ops.done(&["plan", "cost-cut"]);
    assert!(said.out.contains(&format!("AWS holds running of {REPORTING} and puts it back (within")), "{said}");
    let procedure = Procedure::of(&ops);
    let way = [INGESTION, PROCESSOR, STREAM];
    procedure.there("cost-cut", &way);
    assert_eq!(ops.simulated(REPORTING, "running"), json!(false));
    assert_eq!(ops.simulated(INGESTION, "desired_count"), json!(2));
    procedure.taken_back(&[STREAM, PROCESSOR, INGESTION]);
}

#[test]
fn test_the_peak_and_its_way_back() {
    let ops = pipeline();
    let said = ops.done(&["plan", "peak"]);
    assert!(
        said.out.contains("in 5 calls, one after the other") && said.out.contains("that uses them all up"),
        "{said}"
    );
    let procedure = Procedure::of(&ops);
    procedure.there("peak", &[STREAM, PROCESSOR, INGESTION]);
    assert_eq!(ops.simulated(STREAM, "shards"), json!(100));
    procedure.taken_back(&[INGESTION, PROCESSOR, STREAM]);
    // A "scale up" leaves alone what is up already.
    ops.done(&["sim", "set", INGESTION, "desired_count=30"]);
    let said = ops.ends(3, &["plan", "peak"]);
    assert!(!said.out.contains("30 → 20"), "{said}");
    // There and back took all of today's calls.
    assert!(said.out.contains("of which 10 are made"), "{said}");
}

#[test]
fn test_a_release_and_its_undoing() {
    let ops = pipeline();
    let procedure = Procedure::of(&ops);
    procedure.there("release", &[INGESTION]);
    assert_eq!(ops.simulated(INGESTION, "task_definition"), json!("ingestion-api:25"));
    procedure.back(&[INGESTION]);
    ops.done(&["sim", "set", INGESTION, "sim.refuse=the task definition is inactive"]);
    let said = ops.ends(3, &["apply", "release", "-y"]);
    assert!(said.err.contains("refused: the task definition is inactive"), "{said}");
    procedure.is_as_before();
}

#[test]
fn test_a_canary_and_more_of_the_log() {
    let ops = pipeline();
    let procedure = Procedure::of(&ops);
    procedure.there("canary", &[VALIDATOR]);
    assert_eq!(ops.simulated(VALIDATOR, "weights.15"), json!(0.1));
    procedure.back(&[VALIDATOR]);
    procedure.there("debug", &[INGESTION]);
    procedure.taken_back(&[INGESTION]);
}
