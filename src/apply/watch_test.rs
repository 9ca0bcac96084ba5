//! What is waited for, and when it is enough.

use std::time::Duration;

use opsctl_api::Value;

use super::bed::*;
use super::run_test::{WORLD, replicas, setting_check};
use super::*;
use crate::check::Gate;
use crate::snapshot::{Outcome, Status};

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
