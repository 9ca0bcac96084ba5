use opsctl_api::Value;
use proptest::prelude::*;

use super::past::edits_newest_first;
use super::sample::{applied, rolled_back};
use super::*;
use crate::plan::Past;

const A: &str = "k8s:deployment/cdn/edge";

fn of<'a>(unwound: &'a Unwound, at: &str) -> Option<(&'a Option<Value>, &'a Option<Value>)> {
    let setting = unwound.values.get(&at.parse().unwrap())?.get("replicas")?;
    Some((&setting.before, setting.left.first()?))
}

fn count(n: i64) -> Option<Value> {
    Some(Value::Integer(n))
}

#[test]
fn test_a_chain_gives_what_was_before_the_first() {
    let operations = [applied("c", &[(A, 4, 8)]), applied("b", &[(A, 2, 4)]), applied("a", &[(A, 1, 2)])];
    assert_eq!(of(&unwind(&operations, "b"), A), Some((&count(2), &count(8))));
    let unwound = unwind(&operations, "a");
    assert_eq!(of(&unwound, A), Some((&count(1), &count(8))));
    assert_eq!(unwound.reverts, ["c", "b", "a"]);
}

#[test]
fn test_it_stops_where_somebody_else_came_in_between() {
    let operations = [applied("b", &[(A, 5, 8)]), applied("a", &[(A, 1, 2)])];
    assert_eq!(of(&unwind(&operations, "a"), A), Some((&count(5), &count(8))));
}

#[test]
fn test_once_stopped_it_stays_stopped() {
    let operations = [applied("c", &[(A, 5, 8)]), applied("b", &[(A, 1, 2)]), applied("a", &[(A, 3, 5)])];
    assert_eq!(of(&unwind(&operations, "a"), A), Some((&count(5), &count(8))));
}

#[test]
fn test_what_was_not_sent_and_what_came_back_is_not_reverted() {
    let mut unsent = applied("a", &[(A, 1, 2)]);
    unsent.steps[0].edits[0].sent = false;
    assert_eq!(unwind(&[unsent], "a").values, Past::new());
    let there_and_back = [applied("b", &[(A, 2, 1)]), applied("a", &[(A, 1, 2)])];
    assert!(unwind(&there_and_back, "a").is_nothing());
    assert_eq!(unwind(&there_and_back, "z"), Unwound::default());
}

#[test]
fn test_what_an_owner_moved_is_what_was_left() {
    let mut moved = applied("a", &[(A, 1, 2)]);
    moved.steps[0].edits[0].left = count(3);
    assert_eq!(of(&unwind(&[moved.clone()], "a"), A), Some((&count(1), &count(3))));
    assert_eq!(of(&unwind(&[applied("b", &[(A, 3, 9)]), moved], "a"), A), Some((&count(1), &count(9))));
}

#[test]
fn test_what_is_not_done_may_have_left_what_was_there_before() {
    let failed = |id: &str, status, from: Option<i64>, to: Option<i64>| {
        let mut operation = applied(id, &[]);
        operation.steps.push(StepRecord { status, ..sample::step(A, "replicas", from, to) });
        operation
    };
    for status in [Status::Unknown, Status::Failed] {
        for before in [Some(1), None] {
            let (applied, back) = (failed("a", Status::Done, before, Some(4)), failed("r", status, Some(4), before));
            let before = before.map(Value::Integer);
            let unwound = unwind(&[back, applied], "a");
            let setting = &unwound.values[&A.parse().unwrap()]["replicas"];
            assert_eq!(setting.before, before);
            assert!(setting.left.contains(&before) && setting.left.contains(&count(4)), "{setting:?}");
        }
        // Whichever of the two the next one found, it goes on from there.
        for found in [1, 4] {
            let operations = [applied("b", &[(A, found, 8)]), failed("a", status, Some(1), Some(4))];
            assert_eq!(of(&unwind(&operations, "a"), A), Some((&count(1), &count(8))));
        }
    }
}

/// 1 → 2 → 4 → 8, of which the second call is out.
#[test]
fn test_what_ended_in_a_later_call_may_have_left_what_was_there_before_that_call() {
    let halfway = |status| {
        let mut operation = applied("a", &[(A, 1, 8)]);
        operation.steps[0].status = status;
        let edit = &mut operation.steps[0].edits[0];
        (edit.left, edit.last_from) = (count(4), count(2));
        operation
    };
    for status in [Status::Sent, Status::Settling, Status::Unknown, Status::Failed] {
        let setting = &unwind(&[halfway(status)], "a").values[&A.parse().unwrap()]["replicas"];
        assert_eq!(setting.before, count(1));
        assert_eq!(setting.left, [count(4), count(8), count(1), count(2)]);
        // Who found that goes on from there.
        assert_eq!(of(&unwind(&[applied("b", &[(A, 2, 9)]), halfway(status)], "a"), A), Some((&count(1), &count(9))));
    }
    // To be in the end what it was at first: it is not as it was for that.
    let mut there_and_back = applied("a", &[(A, 1, 1)]);
    there_and_back.steps[0].status = Status::Sent;
    there_and_back.steps[0].edits[0].last_from = count(0);
    let setting = &unwind(&[there_and_back], "a").values[&A.parse().unwrap()]["replicas"];
    assert_eq!((&setting.before, setting.left.contains(&count(0))), (&count(1), true));
}

fn back(id: &str, reverts: &str, edits: &[(&str, i64, i64)]) -> Operation {
    Operation { steps: applied(id, edits).steps, ..rolled_back(id, reverts, Outcome::DoneInPart) }
}

/// By force it went back from what somebody else had set: that is no goal of a second one.
#[test]
fn test_what_a_rollback_wrote_is_as_it_was_before_what_it_took_back() {
    let (a, b) = (applied("a", &[(A, 1, 2)]), applied("b", &[(A, 2, 4)]));
    let unwound = |operations: &[&Operation], down_to: &str| {
        unwind(&operations.iter().map(|&operation| operation.clone()).collect::<Vec<_>>(), down_to)
    };
    let by_force = back("r", "a", &[(A, 7, 1)]);
    assert!(unwound(&[&by_force, &a], "a").is_nothing());
    assert!(unwound(&[&by_force, &b, &a], "a").is_nothing());
    // It may not have come about.
    let mut failed = by_force.clone();
    failed.steps[0].edits[0].left = count(7);
    assert_eq!(of(&unwound(&[&failed, &a], "a"), A), Some((&count(1), &count(7))));
    // What went back to before a later one is followed on from there.
    let of_b = back("r", "b", &[(A, 7, 2)]);
    assert_eq!(of(&unwound(&[&of_b, &b, &a], "a"), A), Some((&count(1), &count(2))));
    // Itself taken back, it leads to what somebody else had set.
    assert_eq!(of(&unwound(&[&by_force, &a], "r"), A), Some((&count(7), &count(1))));
    assert_eq!(of(&unwound(&[&by_force, &b, &a], "b"), A), Some((&count(7), &count(1))));
}

/// Operations as they come about: each edit begins with what is live, and others change things in between.
fn history() -> impl Strategy<Value = Vec<(u8, i64, bool)>> {
    proptest::collection::vec((0_u8..4, 0_i64..6, prop::bool::weighted(0.2)), 1..12)
}

fn at(resource: u8) -> String {
    format!("k8s:deployment/cdn/edge-{resource}")
}

/// Plays a history, newest first; `true` is somebody else. With each operation, what was live before it.
fn play(moves: &[(u8, i64, bool)]) -> (Vec<Operation>, Vec<[i64; 4]>, [i64; 4]) {
    let mut live = [0; 4];
    let (mut operations, mut before) = (Vec::new(), Vec::new());
    for (index, &(resource, to, foreign)) in moves.iter().enumerate() {
        let from = std::mem::replace(&mut live[usize::from(resource)], to);
        if !foreign {
            let mut then = live;
            then[usize::from(resource)] = from;
            before.insert(0, then);
            operations.insert(0, applied(&index.to_string(), &[(&at(resource), from, to)]));
        }
    }
    (operations, before, live)
}

proptest! {
    #[test]
    fn test_unbroken_operations_lead_back_to_what_was(moves in history()) {
        let moves: Vec<_> = moves.into_iter().map(|(resource, to, _)| (resource, to, false)).collect();
        let (operations, before, live) = play(&moves);
        for (down_to, before) in operations.iter().zip(before) {
            let unwound = unwind(&operations, &down_to.id);
            let mut back = live;
            for resource in 0..4 {
                if let Some((was, left)) = of(&unwound, &at(resource)) {
                    let slot = &mut back[usize::from(resource)];
                    prop_assert_eq!(left, &count(*slot));
                    *slot = was.as_ref().and_then(Value::as_integer).unwrap();
                }
            }
            prop_assert_eq!(back, before);
        }
    }

    #[test]
    fn test_resources_do_not_influence_each_other(moves in history(), only in 0_u8..4) {
        let (operations, _, _) = play(&moves);
        prop_assume!(!operations.is_empty());
        let down_to = operations.last().unwrap().id.clone();
        let mut alone = operations.clone();
        for operation in &mut alone {
            operation.steps.retain(|step| step.at.as_ref().unwrap().as_str() == at(only));
        }
        let (all, alone) = (unwind(&operations, &down_to), unwind(&alone, &down_to));
        prop_assert_eq!(of(&all, &at(only)), of(&alone, &at(only)));
    }

    /// What is as it was before is nothing that could be taken back once more, whatever others had made of it when it was.
    #[test]
    fn test_what_was_taken_back_by_force_stays_so(moves in history()) {
        let (mut operations, _, live) = play(&moves);
        prop_assume!(!operations.is_empty());
        let down_to = operations.last().unwrap().id.clone();
        let unwound = unwind(&operations, &down_to);
        let mut steps = Vec::new();
        for (resource, live) in (0..4).zip(live) {
            if let Some((before, _)) = of(&unwound, &at(resource)) {
                let before = before.as_ref().and_then(Value::as_integer);
                steps.push(sample::step(&at(resource), "replicas", Some(live), before));
            }
        }
        let back = Operation { steps, ..rolled_back("r", &down_to, Outcome::DoneInPart) };
        operations.insert(0, back);
        prop_assert!(unwind(&operations, &down_to).is_nothing());
    }

    #[test]
    fn test_before_is_what_an_operation_found(moves in history()) {
        let (operations, _, _) = play(&moves);
        prop_assume!(!operations.is_empty());
        let unwound = unwind(&operations, &operations.last().unwrap().id);
        for (address, settings) in &unwound.values {
            let edits: Vec<&EditRecord> = operations
                .iter()
                .flat_map(edits_newest_first)
                .filter(|(at, ..)| *at == address)
                .map(|(.., edit)| edit)
                .collect();
            prop_assert!(edits.iter().any(|edit| edit.from == settings["replicas"].before));
            prop_assert_eq!(std::slice::from_ref(&edits[0].to), &settings["replicas"].left);
        }
    }
}
