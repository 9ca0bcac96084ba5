//! Ctrl-C, once and twice.

use std::time::Duration;

use super::bed::*;
use super::run_test::{WORLD, replicas};
use super::*;
use crate::snapshot::{Outcome, Status};

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
