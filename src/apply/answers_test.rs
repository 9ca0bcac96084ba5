//! What becomes of a step by what its writes are answered, or are not.

use std::time::Duration;

use opsctl_api::Value;

use super::bed::*;
use super::run_test::{WORLD, replicas};
use super::*;
use crate::snapshot::{Outcome, Status};

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
async fn test_what_is_throttled_until_its_time_is_over_names_the_call() {
    let bed = Bed::new(WORLD);
    let mut plan = bed.plan(vec![replicas("edge", 4)]).await;
    plan.steps[0].timeout = Duration::from_millis(50);
    bed.set("a:service/*", "sim.throttle=1.0");
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(
        (operation.steps[0].status, operation.steps[0].why.as_str()),
        (Status::Failed, "PATCH service is throttled")
    );
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
