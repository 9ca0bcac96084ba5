//! Applies over simulated worlds: what becomes of a plan, in the world, in the record and in the history.

use std::time::Duration;

use opsctl_api::{Secret, Source, Value};

use super::bed::*;
use super::*;
use crate::check::{Check, Gate, Probe};
use crate::snapshot::{Outcome, Status, Which};
use crate::state::{Goal, OnFailure, Target};

pub(super) const WORLD: &str = r#"
[resource.edge]
at = "a:service/edge"
replicas = 1
[resource.origin]
at = "a:service/origin"
replicas = 1
[resource.shield]
at = "a:service/shield"
replicas = 1
[resource.stream]
at = "a:stream/s"
shards = 1
[resource.east]
at = "a:record/live/east"
weight = 100
ttl = "10s"
[resource.west]
at = "a:record/live/west"
weight = 0
ttl = "10s"
[resource.pool]
at = "a:pool/p"
min = 1
max = 10
desired = 1
[resource.scaler]
at = "a:scaler/h"
min = 1
max = 10
confines = ["a:service/scaled"]
[resource.scaled]
at = "a:service/scaled"
replicas = 2
"#;

pub(super) fn replicas(name: &str, to: i64) -> Planned {
    integers(&format!("a:service/{name}"), &[("replicas", to)])
}

pub(super) fn setting_check(name: &str, gate: Gate, address: &str, is: i64) -> Check {
    Check {
        name: name.into(),
        probe: Probe::Setting {
            at: Target::One(at(address)),
            setting: "replicas".into(),
            is: Goal::Exact(Value::Integer(is)),
        },
        within: Duration::from_millis(100),
        hold: Duration::ZERO,
        every: Duration::from_millis(50),
        gate,
        place: None,
    }
}

#[tokio::test]
async fn test_all_is_done_in_order_and_recorded() {
    let bed = Bed::new(WORLD);
    bed.set("a", "sim.settle=30ms");
    let plan = bed
        .plan(vec![
            replicas("origin", 3),
            joint().after(&[0]),
            replicas("edge", 4).after(&[1]),
            integers("a:stream/s", &[("shards", 8)]),
        ])
        .await;
    let (done, events) = bed.apply(&plan).await;
    let operation = done.unwrap();
    assert_eq!(operation.outcome, Outcome::Done);
    assert_eq!(statuses(&operation), [Status::Done; 3]);
    assert!(operation.id.ends_with("-ana") && operation.ended.is_some());
    assert_eq!(operation.steps[2].edits[0].to, Some(Value::Integer(8)));
    assert_eq!(operation.calls["a"]["PATCH stream"], 3);
    assert_eq!(bed.integer("a:service/edge", "replicas").await, 4);
    assert_eq!(bed.integer("a:stream/s", "shards").await, 8);
    let place = |wanted: fn(&Happened) -> bool| events.iter().position(wanted).unwrap();
    let origin_done = place(|what| matches!(what, Happened::Ended { step: 0, status: Status::Done, .. }));
    let edge_sent = place(|what| matches!(what, Happened::Sent { step: 2, .. }));
    assert!(origin_done < edge_sent);
    let history = bed.store.history().unwrap();
    assert_eq!(history.iter().map(|entry| entry.which).collect::<Vec<_>>(), [Which::After, Which::Before]);
    assert_eq!(bed.store.read("@").unwrap().operation, operation);
    assert_eq!(bed.store.read("@1").unwrap().plan().unwrap().unwrap().steps, plan.steps);
    assert_eq!(unfinished(&bed.work_dir).unwrap(), None);
    assert_eq!(holder(&bed.work_dir).unwrap(), None);
}

#[tokio::test]
async fn test_what_fails_stops_the_rest_or_what_depends_on_it() {
    for (on_failure, third) in [(OnFailure::Stop, Status::Skipped), (OnFailure::Continue, Status::Done)] {
        let mut bed = Bed::new(WORLD);
        bed.on_failure = Some(on_failure);
        bed.parallelism = Some(1);
        bed.set("a:service/origin", "sim.fail=no node has room");
        let plan = bed.plan(vec![replicas("origin", 3), replicas("edge", 4).after(&[0]), replicas("shield", 2)]).await;
        let operation = bed.apply(&plan).await.0.unwrap();
        assert_eq!(operation.outcome, Outcome::Failed);
        assert_eq!(statuses(&operation), [Status::Failed, Status::Skipped, third]);
        assert_eq!(operation.steps[0].why, "no node has room");
        assert_eq!(bed.store.read("@").unwrap().operation, operation);
    }
}

#[tokio::test]
async fn test_what_failed_stays_open_until_its_rollback_has_begun() {
    let mut bed = Bed::new(WORLD);
    bed.on_failure = Some(OnFailure::Rollback);
    bed.set("a:service/edge", "sim.conflict=once");
    let plan = bed.plan(vec![replicas("origin", 2), replicas("edge", 2).after(&[0])]).await;
    let failed = bed.apply(&plan).await.0.unwrap();
    assert_eq!((failed.outcome, failed.ended), (Outcome::Failed, None));
    let open = unfinished(&bed.work_dir).unwrap().unwrap();
    assert!(open.takes_back && open.operation == failed.id);

    bed.on_failure = None;
    let mut back = bed.plan(vec![replicas("origin", 1)]).await;
    assert!(matches!(bed.apply(&back).await.0, Err(ApplyError::Unfinished(_))));
    // Who goes on with it has nothing to do but that.
    let resumed = bed.resume().await.0.unwrap();
    assert_eq!((resumed.outcome, resumed.ended), (Outcome::Failed, None));
    back.intent.reverts = Some(failed.id.clone());
    // Since it was looked at somebody has gone on with it.
    bed.over = Some(open.mark());
    assert!(matches!(bed.apply(&back).await.0, Err(ApplyError::Touched(id)) if id == failed.id));
    bed.over = Some(unfinished(&bed.work_dir).unwrap().unwrap().mark());
    let child = bed.apply(&back).await.0.unwrap();
    assert_eq!((child.outcome, child.reverts.as_ref()), (Outcome::Done, Some(&failed.id)));
    assert_eq!(unfinished(&bed.work_dir).unwrap(), None);
    let history: Vec<(String, Which, String)> =
        bed.store.history().unwrap().into_iter().map(|entry| (entry.operation, entry.which, entry.outcome)).collect();
    let entry = |id: &str, which, outcome: &str| (id.to_owned(), which, outcome.to_owned());
    assert_eq!(
        history,
        [
            entry(&child.id, Which::After, "done"),
            entry(&child.id, Which::Before, "running"),
            entry(&failed.id, Which::After, "failed"),
            entry(&failed.id, Which::Before, "running"),
        ]
    );
}

#[tokio::test]
async fn test_stale() {
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![replicas("origin", 3), replicas("edge", 4)]).await;
    bed.set("a:service/edge", "replicas=2");
    let Err(ApplyError::Stale { moved, .. }) = bed.apply(&plan).await.0 else { panic!() };
    assert_eq!(moved.len(), 1);
    assert_eq!((moved[0].planned.clone(), moved[0].live.clone()), (Some(Value::Integer(1)), Some(Value::Integer(2))));
    assert_eq!(moved[0].by.as_ref().unwrap().by, "ben");
    assert_eq!(bed.integer("a:service/origin", "replicas").await, 1);
    assert!(bed.store.history().unwrap().is_empty());
}

#[tokio::test]
async fn test_another_target_is_refused() {
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![replicas("edge", 4)]).await;
    bed.set("a", "sim.identity=another");
    assert!(matches!(bed.apply(&plan).await.0, Err(ApplyError::WrongTarget { .. })));
    assert_eq!(bed.integer("a:service/edge", "replicas").await, 1);
}

#[tokio::test]
async fn test_a_denial_is_found_before_the_first_write() {
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![replicas("origin", 3), replicas("edge", 4)]).await;
    bed.set("a:service/edge", "sim.deny=write");
    let Err(ApplyError::Refused(refusals)) = bed.apply(&plan).await.0 else { panic!() };
    assert_eq!(refusals[0].at, "a:service/edge");
    assert_eq!(bed.integer("a:service/origin", "replicas").await, 1);
}

#[tokio::test]
async fn test_the_lock_is_held_by_one() {
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![replicas("edge", 4)]).await;
    let _lock = Lock::take(&bed.work_dir, "ben", "a18").unwrap();
    let Err(ApplyError::Locked(Some(holder))) = bed.apply(&plan).await.0 else { panic!() };
    assert_eq!(holder.operator, "ben");
}

#[tokio::test]
async fn test_a_secret_is_sent_and_stays_nowhere() {
    let bed = Bed::new(WORLD);
    let token = |name: &str| Value::from(Secret { source: Some(Source::Env(name.into())), ..Secret::default() });
    let plan = bed.plan(vec![change("a:service/edge", "token", token("NONE"))]).await;
    assert!(matches!(bed.apply(&plan).await.0, Err(ApplyError::Secrets(_))));
    let plan = bed.plan(vec![change("a:service/edge", "token", token("TOKEN"))]).await;
    let (done, events) = bed.apply(&plan).await;
    let operation = done.unwrap();
    assert_eq!(operation.outcome, Outcome::Done, "{operation:?}");
    let mut written = format!("{operation:?} {events:?}");
    for file in fs_err::read_dir(bed.work_dir.join("journal")).unwrap() {
        written += &fs_err::read_to_string(file.unwrap().path()).unwrap();
    }
    written += &bed.store.read("@").unwrap().live_toml;
    written += &serde_json::to_string(&bed.store.read("@1").unwrap().plan().unwrap()).unwrap();
    assert!(written.contains("TOKEN") && !written.contains("hunter2"));
}

#[tokio::test]
async fn test_whatever_goes_wrong_the_record_is_true() {
    let services: String =
        (0..12).map(|n| format!("[resource.s{n}]\nat = \"a:service/s{n}\"\nreplicas = 1\n")).collect();
    let mut ends = std::collections::BTreeSet::new();
    for seed in 0..8 {
        let knobs = "throttle = 0.1\nlose_answer = 0.3\nconflict = 0.1\nsettle = \"2ms\"\n";
        let mut bed = Bed::new(&format!("[sim]\nseed = {seed}\n{knobs}{services}"));
        bed.on_failure = Some(OnFailure::Continue);
        let steps = (0..12).map(|n| {
            let step = replicas(&format!("s{n}"), 5);
            if n % 4 == 0 { step } else { step.after(&[n - 1]) }
        });
        let plan = bed.plan(steps.collect()).await;
        let operation = bed.apply(&plan).await.0.unwrap();
        for step in &operation.steps {
            ends.insert(step.status);
            let live = bed.integer(step.at.as_ref().unwrap().as_str(), "replicas").await;
            match step.status {
                Status::Done => assert_eq!(live, 5),
                Status::Failed => assert!(step.why.starts_with("conflict: ") && live != 1, "{step:?} {live}"),
                Status::Skipped => {
                    assert_eq!(live, 1);
                    assert_ne!(operation.steps[step.step - 1].status, Status::Done);
                }
                _ => panic!("{step:?}"),
            }
        }
    }
    assert_eq!(ends.into_iter().collect::<Vec<_>>(), [Status::Done, Status::Failed, Status::Skipped]);
}
