use std::collections::BTreeMap;

use opsctl_api::{Address, Value};

use super::{EditRecord, Operation, OperationKind, Outcome, Status, StepRecord};
use crate::plan::{Left, Past, Setting3};

/// What a rollback goes by: of each setting that was written, what it was before and what opsctl left.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unwound {
    /// By address and key. A setting that was left as it was before is in here, too: whoever changed it since is told.
    pub values: Past,
    /// The operations that are taken back, newest first.
    pub reverts: Vec<String>,
}

/// Takes operations back on paper: those from the newest to `down_to`, which is included.
///
/// Only what was sent counts. A setting is followed back as long as each edit began with what the one before had left; where it
/// did not, somebody else set it in between, and it stops there. What a rollback among them wrote is as it was before the operation
/// that it took back, whoever had set it in between: it is followed on from there. Nothing is taken back where `down_to` is not
/// among them.
pub fn unwind(operations_newest_first: &[Operation], down_to: &str) -> Unwound {
    let Some(last) = operations_newest_first.iter().position(|operation| operation.id == down_to) else {
        return Unwound::default();
    };
    let range = &operations_newest_first[..=last];
    let places: BTreeMap<&str, usize> =
        range.iter().enumerate().map(|(place, operation)| (operation.id.as_str(), place)).collect();
    let mut followed: BTreeMap<(&Address, &str), Followed> = BTreeMap::new();
    for (place, operation) in range.iter().enumerate() {
        let taken_back = operation.reverts.as_deref().and_then(|id| places.get(id)).copied();
        for (at, edit, left) in edits_newest_first(operation) {
            let setting = followed.entry((at, &edit.setting)).or_insert_with(|| Followed::from(edit, &left));
            setting.through(place, edit, &left, taken_back);
        }
    }
    let mut values = Past::new();
    for ((at, key), Followed { setting, .. }) in followed {
        values.entry(at.clone()).or_default().insert(key.to_owned(), setting);
    }
    let reverts = range.iter().filter(|operation| operation.kind != OperationKind::Take);
    Unwound { values, reverts: reverts.map(|operation| operation.id.clone()).collect() }
}

impl Unwound {
    /// Whether all was left as it was before.
    pub fn is_nothing(&self) -> bool {
        let mut settings = self.values.values().flat_map(BTreeMap::values);
        settings.all(|setting| setting.left.iter().all(|left| *left == setting.before))
    }
}

/// A setting on its way back.
struct Followed {
    setting: Setting3,
    /// The place in the history from which on it is followed further; `None` where it has come to its end.
    from: Option<usize>,
}

impl Followed {
    fn from(edit: &EditRecord, left: &Left) -> Self {
        let setting = Setting3 { before: edit.what_it_left().cloned(), left: left.clone() };
        Self { setting, from: Some(0) }
    }

    /// Takes back an edit of the operation at a place, or with a rollback all down to that which it took back.
    fn through(&mut self, place: usize, edit: &EditRecord, left: &Left, taken_back: Option<usize>) {
        if self.from.is_none_or(|from| place < from) {
            return;
        }
        if !left.contains(&self.setting.before) {
            self.from = None;
            return;
        }
        match taken_back {
            Some(down_to) => {
                self.setting.before.clone_from(&edit.to);
                self.from = Some(down_to + 1);
            }
            None => self.setting.before.clone_from(&edit.from),
        }
    }
}

/// What a rollback takes back when nobody says: the last operation that sent or called anything and is neither a rollback nor rolled back. With the
/// rest of an operation, which was done later, it is the whole of it.
///
/// A rollback that failed, was stopped, or left something alone has not taken all back: what it was for is still the answer. `None` where
/// that is not among these operations.
pub fn last_to_roll_back(operations_newest_first: &[Operation]) -> Option<&Operation> {
    let mut rest = operations_newest_first;
    while let Some((operation, older)) = rest.split_first() {
        rest = match (operation.kind, &operation.reverts) {
            (OperationKind::Apply, _) if may_have_sent(operation) || operation.has_called() => {
                return whole(operation, older);
            }
            (OperationKind::Rollback, Some(reverts)) => {
                let down_to = older.iter().position(|operation| operation.id == *reverts)?;
                // It took back all down to that one, rollbacks among them.
                match operation.outcome {
                    Outcome::Done | Outcome::CheckFailed => &older[down_to + 1..],
                    _ => return Some(&older[down_to]),
                }
            }
            (OperationKind::Apply | OperationKind::Rollback | OperationKind::Take | OperationKind::LetGo, _) => older,
        };
    }
    None
}

/// Of what was the rest of an operation that operation, where nothing else was sent in between.
fn whole<'o>(operation: &'o Operation, older: &'o [Operation]) -> Option<&'o Operation> {
    let Some(first) = &operation.rest_of else { return Some(operation) };
    for other in older {
        if other.id == *first {
            return Some(other);
        }
        if may_have_sent(other) && other.rest_of != operation.rest_of {
            return Some(operation);
        }
    }
    None
}

/// What has no end has no steps in the history either.
fn may_have_sent(operation: &Operation) -> bool {
    operation.ended.is_none() || edits_newest_first(operation).next().is_some()
}

/// What an operation sent, what it sent last first, with what it left by that.
pub(super) fn edits_newest_first(operation: &Operation) -> impl Iterator<Item = (&Address, &EditRecord, Left)> {
    operation.steps.iter().rev().flat_map(|step| {
        let edits = step.edits.iter().rev().filter(|edit| edit.sent);
        edits.filter_map(|edit| Some((step.at.as_ref()?, edit, step.left(edit))))
    })
}

impl StepRecord {
    /// What it left by an edit that was sent. One that is not done may have left what was there before, too, and what was there before its last call:
    /// nobody knows whether a write without an answer was done, and what was done may have been set back.
    pub fn left(&self, edit: &EditRecord) -> Left {
        let mut left = vec![edit.what_it_left().cloned()];
        if self.status != Status::Done {
            left.extend([edit.to.clone(), edit.from.clone()]);
            left.extend(edit.last_from.clone().map(Some));
        }
        left
    }
}

impl EditRecord {
    /// What opsctl left: what it observed last, and what it asked for where that is all that is known.
    pub fn what_it_left(&self) -> Option<&Value> {
        self.left.as_ref().or(self.to.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::{StepRecord, sample};

    const A: &str = "k8s:deployment/cdn/edge";

    /// An operation that sets `replicas` of some addresses.
    fn applied(id: &str, edits: &[(&str, i64, i64)]) -> Operation {
        let mut operation = sample::operation(id, Outcome::Done);
        for (at, from, to) in edits {
            operation.steps.push(sample::step(at, "replicas", Some(*from), Some(*to)));
        }
        operation
    }

    fn rolled_back(id: &str, reverts: &str, outcome: Outcome) -> Operation {
        let kind = OperationKind::Rollback;
        Operation { kind, reverts: Some(reverts.to_owned()), ..sample::operation(id, outcome) }
    }

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
                let (applied, back) =
                    (failed("a", Status::Done, before, Some(4)), failed("r", status, Some(4), before));
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
            assert_eq!(
                of(&unwind(&[applied("b", &[(A, 2, 9)]), halfway(status)], "a"), A),
                Some((&count(1), &count(9)))
            );
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

    #[test]
    fn test_the_default() {
        let (a, b) = (applied("a", &[(A, 1, 2)]), applied("b", &[(A, 2, 3)]));
        let back = |id: &str, reverts: &str| rolled_back(id, reverts, Outcome::Done);
        let default = |operations: &[&Operation]| {
            let operations: Vec<Operation> = operations.iter().map(|&operation| operation.clone()).collect();
            last_to_roll_back(&operations).map(|operation| operation.id.clone())
        };
        assert_eq!(default(&[]), None);
        assert_eq!(default(&[&b, &a]).as_deref(), Some("b"));
        assert_eq!(default(&[&back("r", "b"), &b, &a]).as_deref(), Some("a"));
        assert_eq!(default(&[&back("r", "a"), &b, &a]), None);
        assert_eq!(default(&[&back("r2", "r"), &back("r", "b"), &b, &a]).as_deref(), Some("b"));
        assert_eq!(default(&[&rolled_back("r", "b", Outcome::Failed), &b, &a]).as_deref(), Some("b"));
        let take = Operation { kind: OperationKind::Take, ..sample::operation("t", Outcome::Done) };
        assert_eq!(default(&[&take, &b]).as_deref(), Some("b"));
        // What was left alone may still be taken back, and what failed was for more than the last one.
        assert_eq!(default(&[&rolled_back("r", "b", Outcome::DoneInPart), &b, &a]).as_deref(), Some("b"));
        assert_eq!(default(&[&rolled_back("r", "a", Outcome::Failed), &b, &a]).as_deref(), Some("a"));
        assert_eq!(default(&[&rolled_back("r", "a", Outcome::Failed), &b]), None);
        // What called something is taken back as far as that can be, and nothing behind it unasked.
        let mut called = applied("c", &[]);
        called.steps.push(StepRecord { called: vec!["drain".into()], ..sample::step(A, "replicas", None, None) });
        called.steps[0].edits.clear();
        assert_eq!(default(&[&called, &b, &a]).as_deref(), Some("c"));
        // What sent nothing is nothing to take back.
        assert_eq!(default(&[&applied("c", &[]), &b]).as_deref(), Some("b"));
        let running = Operation { ended: None, ..applied("c", &[]) };
        assert_eq!(default(&[&running, &b]).as_deref(), Some("c"));
    }

    #[test]
    fn test_the_default_is_the_whole_of_what_was_done_in_parts() {
        let rest = |id: &str| Operation { rest_of: Some("b".into()), ..applied(id, &[(A, 3, 4)]) };
        let (a, b, c) = (applied("a", &[(A, 1, 2)]), applied("b", &[(A, 2, 3)]), applied("c", &[(A, 4, 5)]));
        let default = |operations: &[&Operation]| {
            let operations: Vec<Operation> = operations.iter().map(|&operation| operation.clone()).collect();
            last_to_roll_back(&operations).map(|operation| operation.id.clone())
        };
        assert_eq!(default(&[&rest("d"), &rest("c"), &b, &a]).as_deref(), Some("b"));
        assert_eq!(default(&[&rest("d"), &c, &b, &a]).as_deref(), Some("d"));
        assert_eq!(default(&[&rest("d")]), None);
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
                    .map(|(_, edit, _)| edit)
                    .collect();
                prop_assert!(edits.iter().any(|edit| edit.from == settings["replicas"].before));
                prop_assert_eq!(std::slice::from_ref(&edits[0].to), &settings["replicas"].left);
            }
        }
    }
}
