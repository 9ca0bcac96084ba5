//! An operation that did not end is closed as it stands: nothing that may have been written is forgotten.

use opsctl_api::Value;

use super::bed::*;
use super::resume_test::{WORLD, plan};
use super::*;
use crate::plan::Plan;
use crate::snapshot::{Outcome, Status, unwind};

#[tokio::test]
async fn test_abandon() {
    let bed = Bed::new(WORLD);
    bed.set("a", "sim.settle=1h");
    let plan = plan(&bed).await;
    let press = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        bed.press.send_modify(|count| *count = 2);
    };
    let _ = tokio::join!(bed.apply(&plan), press);
    bed.press.send_modify(|count| *count = 0);
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let operation =
        abandon(bed.resumption(&bed.lock().unwrap(), events), Closing::Abandoned("it is over".into())).await.unwrap();
    assert_eq!((operation.outcome, operation.abandoned.as_deref()), (Outcome::Abandoned, Some("it is over")));
    assert_eq!(bed.store.read("@").unwrap().operation, operation);
    assert_eq!(unfinished(&bed.work_dir).unwrap(), None);
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    assert!(matches!(
        abandon(bed.resumption(&bed.lock().unwrap(), events), Closing::Abandoned(String::new())).await,
        Err(ApplyError::NothingOpen)
    ));
}

/// Begins an apply of so many replicas and ends it as a kill would, while a write is out.
async fn killed_while_a_write_is_out(bed: &Bed, replicas: i64) -> Plan {
    bed.set("a:service/origin", "sim.latency=300ms");
    let plan = bed.plan(vec![integers("a:service/origin", &[("replicas", replicas)])]).await;
    let journals = bed.work_dir.join("journal");
    let intended = async {
        loop {
            let open = super::journal::open_journals(&journals).unwrap();
            if open.iter().any(|path| fs_err::read_to_string(path).unwrap().contains("\"intent\"")) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    // The future is dropped: nothing is journalled any more.
    tokio::select! {
        done = bed.apply(&plan) => panic!("{done:?}"),
        () = intended => {}
    }
    plan
}

#[tokio::test]
async fn test_a_write_whose_answer_never_came_is_taken_back_too() {
    let mut bed = Bed::new(WORLD);
    bed.tempo.lost_answer = Some(std::time::Duration::from_secs(5));
    killed_while_a_write_is_out(&bed, 3).await;
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    // It is waited for: the write is done while the operation is looked at.
    let (standing, _) = settled(bed.resumption(&bed.lock().unwrap(), events)).await.unwrap();
    assert_eq!((standing.outcome, standing.ended), (Outcome::Running, None));
    assert_eq!(bed.integer("a:service/origin", "replicas").await, 3);
    assert!(unfinished(&bed.work_dir).unwrap().is_some(), "it was closed");
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let closed =
        abandon(bed.resumption(&bed.lock().unwrap(), events), Closing::TakenBack("rolled back".into())).await.unwrap();
    for operation in [standing, closed] {
        assert_eq!(statuses(&operation), [Status::Unknown]);
        let back = unwind(std::slice::from_ref(&operation), &operation.id);
        assert!(back.values.contains_key(&at("a:service/origin")), "{back:?}");
    }
}

#[tokio::test]
async fn test_who_does_not_want_to_wait_for_a_lost_answer_changes_nothing() {
    let mut bed = Bed::new(WORLD);
    bed.tempo.lost_answer = Some(std::time::Duration::from_secs(600));
    killed_while_a_write_is_out(&bed, 3).await;
    bed.set("a:service/origin", "replicas=9");
    bed.press.send_modify(|count| *count = 1);
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    assert!(matches!(settled(bed.resumption(&bed.lock().unwrap(), events)).await, Err(ApplyError::Interrupted)));
    assert!(unfinished(&bed.work_dir).unwrap().is_some());
}

#[tokio::test]
async fn test_a_write_that_never_arrived_is_not_taken_as_done() {
    let bed = Bed::new(WORLD);
    let applied = bed.apply(&bed.plan(vec![integers("a:service/origin", &[("replicas", 3)])]).await).await.0.unwrap();
    killed_while_a_write_is_out(&bed, 1).await;
    // To a reader it is the same as if it had been lost on its way.
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    bed.set("a:service/origin", "replicas=3");
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let (standing, _) = settled(bed.resumption(&bed.lock().unwrap(), events)).await.unwrap();
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let closed =
        abandon(bed.resumption(&bed.lock().unwrap(), events), Closing::TakenBack("rolled back".into())).await.unwrap();
    for back in [standing, closed] {
        assert_eq!(statuses(&back), [Status::Unknown]);
        let unwound = unwind(&[back, applied.clone()], &applied.id);
        let setting = &unwound.values[&at("a:service/origin")]["replicas"];
        assert_eq!(setting.before, Some(Value::Integer(1)));
        assert!(setting.left.contains(&Some(Value::Integer(3))), "{setting:?}");
    }
}

/// An operation whose journal has no more than that it begins, as a kill leaves it.
fn begun(bed: &Bed, plan: Plan, takes_over: Option<String>) -> String {
    let operation = "20991231-2359-ana".to_owned();
    let mut journal = super::journal::Journal::create(&journals(&bed.work_dir), &operation).unwrap();
    let begin = super::entry::Begin {
        format: super::entry::FORMAT,
        operation: operation.clone(),
        operator: "ana".into(),
        host: "a17".into(),
        began: jiff::Timestamp::now(),
        on_failure: plan.intent.on_failure,
        parallelism: None,
        takes_over,
        plan: std::sync::Arc::new(plan),
    };
    journal.append(vec![super::entry::Entry::Begin(Box::new(begin))]).unwrap();
    operation
}

#[tokio::test]
async fn test_what_takes_back_another_stands_for_it_once_that_is_closed() {
    for is_closed in [false, true] {
        let bed = Bed::new(WORLD);
        killed_while_a_write_is_out(&bed, 3).await;
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        let first = unfinished(&bed.work_dir).unwrap().unwrap().operation;
        let mut back = bed.plan(vec![integers("a:service/origin", &[("replicas", 1)])]).await;
        back.intent.reverts = Some(first.clone());
        if is_closed {
            let (events, _) = tokio::sync::mpsc::unbounded_channel();
            abandon(bed.resumption(&bed.lock().unwrap(), events), Closing::TakenBack("rolled back".into()))
                .await
                .unwrap();
        }
        let second = begun(&bed, back, Some(first.clone()));
        let open = unfinished(&bed.work_dir).unwrap().unwrap();
        assert_eq!(open.operation, if is_closed { &second } else { &first }.clone());
        let resumed = bed.resume().await.0.unwrap();
        assert_eq!((&resumed.id, resumed.outcome), (&open.operation, Outcome::Done));
        assert_eq!(bed.integer("a:service/origin", "replicas").await, if is_closed { 1 } else { 3 });
        assert_eq!(unfinished(&bed.work_dir).unwrap(), None);
        let history = bed.store.history().unwrap();
        let of_second = history.iter().filter(|entry| entry.operation == second);
        assert_eq!(of_second.count(), if is_closed { 2 } else { 0 });
    }
}

#[tokio::test]
async fn test_what_cannot_be_recorded_stays_open() {
    let bed = Bed::new(WORLD);
    killed_while_a_write_is_out(&bed, 3).await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    let repository = git2::Repository::open(bed.store.path()).unwrap();
    let head = repository.head().unwrap();
    repository.set_head_detached(head.target().unwrap()).unwrap();
    let close = async || {
        let (events, _) = tokio::sync::mpsc::unbounded_channel();
        abandon(bed.resumption(&bed.lock().unwrap(), events), Closing::Abandoned("it is over".into())).await
    };
    assert!(close().await.is_err());
    let open = unfinished(&bed.work_dir).unwrap().unwrap();
    repository.set_head(head.name().unwrap()).unwrap();
    let closed = close().await.unwrap();
    assert_eq!((closed.id, closed.outcome), (open.operation, Outcome::Abandoned));
    assert_eq!(bed.store.read("@").unwrap().operation.outcome, Outcome::Abandoned);
}

#[tokio::test]
async fn test_what_is_to_be_taken_back_stays_open_where_that_is_refused() {
    let mut bed = Bed::new(WORLD);
    killed_while_a_write_is_out(&bed, 3).await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    let back = bed.plan(vec![integers("a:service/origin", &[("replicas", 1)])]).await;
    bed.over = Some(unfinished(&bed.work_dir).unwrap().unwrap().mark());
    bed.set("a:service/origin", "replicas=9");
    assert!(matches!(bed.apply(&back).await.0, Err(ApplyError::Stale { .. })));
    assert!(unfinished(&bed.work_dir).unwrap().is_some());
}
