//! Applies over simulated worlds: what becomes of a plan, in the world, in the record and in the history.

use std::time::Duration;

use opsctl_api::{Secret, Source, Value};

use super::bed::*;
use super::*;
use crate::check::{Check, Gate, Probe};
use crate::snapshot::{Outcome, Status, Which};
use crate::state::{Goal, OnFailure, Target};

const WORLD: &str = r#"
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

fn replicas(name: &str, to: i64) -> Planned {
    integers(&format!("a:service/{name}"), &[("replicas", to)])
}

fn setting_check(name: &str, gate: Gate, address: &str, is: i64) -> Check {
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
async fn test_somebody_in_between_is_a_conflict() {
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![replicas("edge", 4)]).await;
    bed.set("a:service/edge", "sim.conflict=once");
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Failed);
    assert!(operation.steps[0].why.starts_with("conflict: replicas is "), "{}", operation.steps[0].why);
    assert!(operation.steps[0].why.contains("(somebody else)"), "{}", operation.steps[0].why);
    assert!(!operation.steps[0].edits[0].sent);
}

#[tokio::test]
async fn test_a_lost_answer_is_waited_out_and_found_done() {
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![replicas("edge", 4), replicas("origin", 2).after(&[0])]).await;
    bed.set("a:service/edge", "sim.lose_answer=once");
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Done);
    assert_eq!(operation.calls["a"]["PATCH service"], 2);
}

#[tokio::test]
async fn test_throttled_writes_come_through_later() {
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![replicas("edge", 4), replicas("origin", 2), replicas("shield", 2)]).await;
    bed.set("a:service/*", "sim.throttle=0.5");
    let (done, events) = bed.apply(&plan).await;
    assert_eq!(done.unwrap().outcome, Outcome::Done);
    assert!(events.iter().any(|what| matches!(what, Happened::Sent { attempt: 2, .. })));
}

#[tokio::test]
async fn test_what_is_not_ready_in_time_has_failed() {
    let bed = Bed::new(WORLD);
    bed.set("a", "sim.settle=1h");
    let plan = bed.plan(vec![replicas("edge", 4).within(60)]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Failed);
    let why = &operation.steps[0].why;
    assert!(why.starts_with("not ready within 60ms; last seen: ") && why.contains("of 4"), "{why}");
    assert!(operation.steps[0].edits[0].sent);
}

#[tokio::test]
async fn test_what_goes_out_of_reach_in_the_middle_is_owed() {
    use Status::{Done, Failed, Owed, Skipped};
    for (tolerated, statuses_then, outcome) in [
        (&["a:*"][..], [Done, Owed, Owed], Outcome::DoneInPart),
        // What comes after it and is to be reached has not been done, and that is said.
        (&["a:service/edge"], [Done, Owed, Skipped], Outcome::Failed),
        (&[], [Done, Failed, Skipped], Outcome::Failed),
    ] {
        let bed = Bed::new(WORLD);
        bed.set("a:service/origin", "sim.settle=100ms");
        let mut plan = bed
            .plan(vec![replicas("origin", 3), replicas("edge", 4).after(&[0]), replicas("shield", 2).after(&[1])])
            .await;
        plan.intent.tolerates_unreachable = tolerated.iter().map(|named| opsctl_api::Pattern::new(*named)).collect();
        let lost = async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            bed.set("a:service/edge", "sim.unreachable=the cable is cut");
        };
        let ((done, _), ()) = tokio::join!(bed.apply(&plan), lost);
        let operation = done.unwrap();
        assert_eq!((statuses(&operation), operation.outcome), (statuses_then.to_vec(), outcome), "{operation:?}");
        assert!(operation.steps[1].why.contains("the cable is cut"), "{operation:?}");
        assert_eq!(unfinished(&bed.work_dir).unwrap(), None);
    }
}

#[tokio::test]
async fn test_what_may_have_gone_out_is_not_owed() {
    let bed = Bed::new(WORLD);
    bed.set("a:service/edge", "sim.settle=1h");
    let mut plan = bed.plan(vec![replicas("edge", 4).within(80)]).await;
    plan.intent.tolerates_unreachable = vec![opsctl_api::Pattern::new("a:*")];
    let lost = async {
        tokio::time::sleep(Duration::from_millis(40)).await;
        bed.set("a:service/edge", "sim.unreachable=true");
    };
    let ((done, _), ()) = tokio::join!(bed.apply(&plan), lost);
    assert_eq!(statuses(&done.unwrap()), [Status::Failed]);
}

#[tokio::test]
async fn test_what_is_busy_holds_nothing_else_up() {
    let bed = Bed::new(WORLD);
    bed.set("a:service/edge", "sim.busy=1");
    let plan = bed.plan(vec![replicas("edge", 4), replicas("origin", 3), replicas("shield", 2).after(&[1])]).await;
    let free = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        bed.set("a:service/edge", "sim.busy=0");
    };
    let ((done, happened), ()) = tokio::join!(bed.apply(&plan), free);
    assert_eq!(statuses(&done.unwrap()), [Status::Done; 3]);
    let ended = happened.iter().filter_map(|what| match what {
        What::Ended { step, .. } => Some(*step),
        _ => None,
    });
    assert_eq!(ended.collect::<Vec<_>>(), [1, 2, 0]);
    let told: Vec<&String> = happened
        .iter()
        .filter_map(|what| match what {
            What::Notice { text } => Some(text),
            _ => None,
        })
        .collect();
    let [told] = &told[..] else { panic!("{told:?}") };
    assert!(told.starts_with("a:service/edge is in the middle of another change and is tried again later: "), "{told}");
}

#[tokio::test]
async fn test_records_of_one_call_go_together() {
    let bed = Bed::new(WORLD);
    let plan = bed
        .plan(vec![
            integers("a:record/live/west", &[("weight", 50)]),
            integers("a:record/live/east", &[("weight", 50)]).drains(30),
        ])
        .await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Done);
    assert_eq!(operation.calls["a"]["PATCH record"], 1);
    assert!(operation.steps[1].took >= Duration::from_millis(30));
}

#[tokio::test]
async fn test_who_shared_a_call_with_a_conflict_is_written_alone() {
    let bed = Bed::new(WORLD);
    let plan = bed
        .plan(vec![
            integers("a:record/live/west", &[("weight", 50)]),
            integers("a:record/live/east", &[("weight", 50)]),
        ])
        .await;
    bed.set("a:record/live/west", "sim.conflict=once");
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(statuses(&operation), [Status::Failed, Status::Done]);
    assert_eq!(bed.integer("a:record/live/east", "weight").await, 50);
}

#[tokio::test]
async fn test_what_the_api_moves_along_is_gone_on_from() {
    let bed = Bed::new(WORLD);
    let mut plan =
        bed.plan(vec![integers("a:pool/p", &[("min", 3)]), integers("a:pool/p", &[("desired", 5)]).after(&[0])]).await;
    // A plan that did not predict what is moved along.
    if let crate::plan::Work::Change { hops, .. } = &mut plan.steps[1].work {
        assert_eq!(hops[0].edits[0].from, Some(Value::Integer(1)));
    }
    let (done, events) = bed.apply(&plan).await;
    let operation = done.unwrap();
    assert_eq!(operation.outcome, Outcome::Done, "{operation:?}");
    assert_eq!(bed.integer("a:pool/p", "desired").await, 5);
    assert!(events.iter().any(|what| matches!(what, Happened::Notice { .. })));
    let coupled = &operation.steps[0].edits;
    assert_eq!(coupled.iter().map(|edit| edit.setting.as_str()).collect::<Vec<_>>(), ["desired", "min"]);
}

#[tokio::test]
async fn test_a_raised_floor_settles_with_what_it_confines() {
    let bed = Bed::new(WORLD);
    bed.set("a", "sim.sync=20ms");
    bed.set("a:service/scaled", "sim.settle=40ms");
    let plan = bed.plan(vec![integers("a:scaler/h", &[("min", 4)]), replicas("scaled", 6).after(&[0])]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Done, "{operation:?}");
    assert!(operation.steps[0].took >= Duration::from_millis(60), "{:?}", operation.steps[0].took);
    assert_eq!(operation.steps[1].edits[0].from, Some(Value::Integer(4)));
}

#[tokio::test]
async fn test_what_needs_some_goes_on_and_what_needs_all_waits() {
    for settles in [true, false] {
        let bed = Bed::new(WORLD);
        // One of three was there before, and is enough.
        bed.set("a:service/origin", if settles { "sim.settle=300ms" } else { "sim.settle=1h" });
        let all = replicas("shield", 2).after(&[0]);
        let plan = bed.plan(vec![
            replicas("origin", 3).enough(1).within(if settles { 5_000 } else { 300 }),
            joint().relies(&[0]),
            replicas("edge", 2).relies(&[1]),
            all,
        ]);
        let (operation, happened) = bed.apply(&plan.await).await;
        let ended: Vec<usize> = happened
            .iter()
            .filter_map(|what| match what {
                What::Ended { step, status: Status::Done | Status::Failed, .. } => Some(*step),
                _ => None,
            })
            .collect();
        assert_eq!(ended[..2], [2, 0], "{happened:?}");
        let [origin, shield] = if settles { [Status::Done; 2] } else { [Status::Failed, Status::Skipped] };
        assert_eq!(statuses(&operation.unwrap()), [origin, Status::Done, shield]);
    }
}

#[tokio::test]
async fn test_a_drain_time_is_nothing_to_what_some_are_enough_for() {
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![
        replicas("origin", 3).enough(1).drains(200),
        replicas("edge", 2).relies(&[0]),
        replicas("shield", 2).after(&[0]),
    ]);
    let (operation, happened) = bed.apply(&plan.await).await;
    assert_eq!(operation.unwrap().outcome, Outcome::Done);
    let place = |is_it: &dyn Fn(&Happened) -> bool| happened.iter().position(is_it).unwrap();
    let drained = place(&|what| matches!(what, What::Ended { step: 0, .. }));
    assert!(place(&|what| matches!(what, What::Sent { step: 1, .. })) < drained);
    assert!(drained < place(&|what| matches!(what, What::Sent { step: 2, .. })));
}

#[tokio::test]
async fn test_checks_before_between_and_after() {
    let bed = Bed::new(WORLD);
    let mut plan = bed.plan(vec![replicas("edge", 4)]).await;
    plan.checks = vec![setting_check("ready", Gate::Before, "a:service/origin", 9)];
    let Err(ApplyError::BeforeChecks(failed)) = bed.apply(&plan).await.0 else { panic!() };
    assert_eq!(failed[0].0, "ready");

    let between = setting_check("edge", Gate::Between(vec!["origin".into()]), "a:service/edge", 4);
    let mut plan =
        bed.plan(vec![replicas("edge", 4), check(between).after(&[0]), replicas("origin", 2).after(&[1])]).await;
    plan.checks.push(setting_check("holds", Gate::After, "a:service/origin", 2));
    plan.checks.push(setting_check("not", Gate::After, "a:service/origin", 3));
    let (done, events) = bed.apply(&plan).await;
    let operation = done.unwrap();
    assert_eq!(operation.outcome, Outcome::CheckFailed);
    assert_eq!(operation.failed_checks.keys().collect::<Vec<_>>(), ["not"]);
    assert_eq!(statuses(&operation), [Status::Done; 3]);
    let held = |name: &str| {
        events
            .iter()
            .any(|what| matches!(what, Happened::Measured { check, holds: true, last: true, .. } if check == name))
    };
    assert!(held("edge") && held("holds") && !held("not"));
}

#[tokio::test]
async fn test_a_wait_is_for_what_is_on_its_way() {
    let bed = Bed::new(WORLD);
    bed.set("a:service/origin", "sim.settle=50ms");
    bed.set("a:service/origin", "replicas=3");
    let plan = bed.plan(vec![wait("a:service/origin"), replicas("edge", 2).after(&[0])]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Done);
    assert_eq!(operation.steps[0].what, "wait");
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
async fn test_the_first_press_lets_what_runs_end() {
    let bed = Bed::new(WORLD);
    bed.set("a", "sim.settle=100ms");
    let plan = bed.plan(vec![replicas("origin", 3), replicas("edge", 4).after(&[0])]).await;
    let press = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        bed.press.send_modify(|count| *count += 1);
    };
    let ((done, events), ()) = tokio::join!(bed.apply(&plan), press);
    let operation = done.unwrap();
    assert_eq!(operation.outcome, Outcome::Interrupted);
    assert_eq!(statuses(&operation), [Status::Done, Status::Skipped]);
    assert!(events.iter().any(|what| matches!(what, Happened::Stopping { settling: 1, .. })));
    assert_eq!(unfinished(&bed.work_dir).unwrap(), None);
}

#[tokio::test]
async fn test_the_second_press_ends_at_once_and_resume_goes_on() {
    let bed = Bed::new(WORLD);
    bed.set("a", "sim.settle=200ms");
    let plan = bed.plan(vec![replicas("origin", 3), replicas("edge", 4).after(&[0])]).await;
    let press = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        bed.press.send_modify(|count| *count += 2);
    };
    let ((done, _), ()) = tokio::join!(bed.apply(&plan), press);
    let operation = done.unwrap();
    assert_eq!((operation.outcome, operation.ended), (Outcome::Interrupted, None));
    let open = unfinished(&bed.work_dir).unwrap().unwrap();
    assert_eq!((open.count(Status::Settling), open.count(Status::Pending)), (1, 1));
    assert_eq!(open.look(&bed.instances).await.values().next(), Some(&Effect::TookEffect));
    bed.press.send_modify(|count| *count = 0);
    assert!(matches!(bed.apply(&plan).await.0, Err(ApplyError::Unfinished(_))));

    let (done, events) = bed.resume().await;
    let resumed = done.unwrap();
    assert_eq!((resumed.outcome, &resumed.id), (Outcome::Done, &operation.id));
    assert_eq!(statuses(&resumed), [Status::Done; 2]);
    assert!(!events.iter().any(|what| matches!(what, Happened::Sent { step: 0, .. })));
    let history = bed.store.history().unwrap();
    assert_eq!(history.len(), 2);
    assert!(matches!(bed.resume().await.0, Err(ApplyError::NothingOpen)));
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
