use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Pattern, Value};

use super::{EditRecord, Operation, Status, StepRecord, Store, StoreError};
use crate::plan::{Left, Past, Setting3};

/// Follows each setting back through operations, the newest first, for as long as each began with what the one before had left.
///
/// Only what was sent counts. Where an operation began with something else than the one before it had left, somebody else set it
/// in between: what the later one found is what was before the run. What a rollback wrote is as it was before the operation that it
/// took back, whoever had set it in between: it is followed on from there, where that operation is among them. So is what a rollback found
/// to be as it was, and did not write: of what it took back nothing is followed but what it left alone.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// By id: the place of each operation, the newest one's first.
    places: BTreeMap<String, usize>,
    followed: BTreeMap<(Address, String), Followed>,
    /// What was taken back: all down to a place, but for what was left alone.
    taken_back: Vec<(usize, BTreeSet<(Address, String)>)>,
}

/// A setting on its way back.
#[derive(Debug)]
struct Followed {
    setting: Setting3,
    /// Of a secret: what the newest operation asked for.
    asked: Option<Value>,
    /// The place in the history from which on it is followed further; `None` where it has come to its end.
    from: Option<usize>,
}

impl Runs {
    /// Of none of these operations yet, the newest first.
    pub(super) fn among<'a>(newest_first: impl Iterator<Item = &'a str>) -> Self {
        let places = newest_first.enumerate().map(|(place, id)| (id.to_owned(), place));
        Self { places: places.collect(), ..Self::default() }
    }

    /// Takes in the next older one.
    pub(super) fn take(&mut self, operation: &Operation) {
        let place = |id: &String| self.places.get(id).copied();
        let taken_back = operation.reverts.as_ref().and_then(place);
        let place = place(&operation.id).unwrap_or_default();
        self.taken_back.retain(|(down_to, _)| place <= *down_to);
        for (at, step, edit) in edits_newest_first(operation) {
            let left = step.left(edit);
            let key = (at.clone(), edit.setting.clone());
            if self.taken_back.iter().any(|(_, left_alone)| !left_alone.contains(&key)) {
                continue;
            }
            let setting = self.followed.entry(key).or_insert_with(|| Followed::from(step, edit, &left));
            setting.through(place, edit, &left, taken_back);
        }
        if let Some(down_to) = taken_back.filter(|_| operation.took_all_back()) {
            let left_alone = operation.steps.iter().filter(|step| step.status != Status::Done);
            self.taken_back.push((down_to, left_alone.flat_map(StepRecord::settings).collect()));
        }
    }

    /// What was before each run, and what it left.
    pub(super) fn past(self) -> Past {
        let mut past = Past::new();
        for ((at, key), Followed { mut setting, asked, .. }) in self.followed {
            // Whatever reference it has got by that: a secret that was put back is what it was.
            if asked.is_some() && setting.before == asked {
                setting.before = setting.left.first().cloned().flatten();
            }
            past.entry(at).or_default().insert(key, setting);
        }
        past
    }
}

impl Followed {
    fn from(step: &StepRecord, edit: &EditRecord, left: &Left) -> Self {
        let is_unseen = step.status.is_unseen();
        let setting = Setting3 { before: edit.what_it_left().cloned(), left: left.clone(), is_unseen };
        Self { setting, asked: edit.to.clone().filter(Value::is_secret), from: Some(0) }
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

/// What an operation sent, what it sent last first, with the step that sent it.
pub(super) fn edits_newest_first(operation: &Operation) -> impl Iterator<Item = (&Address, &StepRecord, &EditRecord)> {
    operation.steps.iter().rev().flat_map(|step| {
        let edits = step.edits.iter().rev().filter(|edit| edit.sent);
        edits.filter_map(move |edit| Some((step.at.as_ref()?, step, edit)))
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

impl Store {
    /// What was before the latest unbroken run of operations on each setting of these resources. Of all records it is looked whether
    /// they are whole; only those that name one of these are taken apart.
    ///
    /// # Errors
    /// The repository cannot be read, or a record is damaged.
    pub fn past(&self, wanted: &[Pattern]) -> Result<Past, StoreError> {
        let operations = self.operations()?;
        let mut runs = Runs::among(operations.entries().map(|entry| entry.operation.as_str()));
        for operation in operations.naming(wanted) {
            runs.take(&operation?);
        }
        Ok(runs.past())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::Outcome;
    use crate::snapshot::sample::{self, applied, rolled_back};

    const A: &str = "k8s:deployment/cdn/edge";

    fn count(n: i64) -> Option<Value> {
        Some(Value::Integer(n))
    }

    /// Operations, newest first: each from and to, and whether it was sent.
    fn past(operations: &[(i64, i64, bool)]) -> Option<(Option<Value>, Option<Value>)> {
        let mut runs = Runs::default();
        for &(from, to, sent) in operations {
            let mut operation = sample::operation("x", Outcome::Done);
            let mut step = sample::step(A, "replicas", Some(from), Some(to));
            step.edits[0].sent = sent;
            operation.steps = vec![step];
            runs.take(&operation);
        }
        let past = runs.past();
        let setting = past.get(&A.parse().unwrap())?.get("replicas")?.clone();
        Some((setting.before, setting.left.into_iter().next()?))
    }

    #[test]
    fn test_what_was_before_the_run() {
        assert_eq!(past(&[]), None);
        assert_eq!(past(&[(1, 2, false)]), None);
        assert_eq!(past(&[(1, 2, true)]), Some((count(1), count(2))));
        assert_eq!(past(&[(4, 8, true), (9, 9, false), (2, 4, true)]), Some((count(2), count(8))));
        // Somebody else set 5 after 2 had been left; what was before that is not looked at again.
        assert_eq!(past(&[(5, 8, true), (1, 2, true), (3, 5, true)]), Some((count(5), count(8))));
        // There and back is a run as well.
        assert_eq!(past(&[(2, 1, true), (1, 2, true)]), Some((count(1), count(1))));
    }

    /// Somebody else set 7 in between, and that was forced away: nobody wants it back.
    #[test]
    fn test_what_a_rollback_wrote_is_as_it_was_before_what_it_took_back() {
        let past = |operations: &[Operation]| {
            let mut runs = Runs::among(operations.iter().map(|operation| operation.id.as_str()));
            operations.iter().for_each(|operation| runs.take(operation));
            runs.past()[&A.parse().unwrap()]["replicas"].clone()
        };
        let by_force = Operation { steps: applied("r", &[(A, 7, 1)]).steps, ..rolled_back("r", "b", Outcome::Done) };
        let b = applied("b", &[(A, 1, 4)]);
        assert_eq!(
            past(&[by_force.clone(), b.clone()]),
            Setting3 { before: count(1), left: vec![count(1)], is_unseen: false }
        );
        let operations = [applied("c", &[(A, 1, 9)]), by_force, b, applied("a", &[(A, 0, 1)])];
        assert_eq!(past(&operations), Setting3 { before: count(0), left: vec![count(9)], is_unseen: false });
    }

    /// Somebody had put it back by hand: what is beneath is followed from there, but where the rollback left it alone.
    #[test]
    fn test_what_a_rollback_found_as_it_was_is_taken_back_by_that() {
        let past = |operations: &[&Operation]| {
            let mut runs = Runs::among(operations.iter().map(|operation| operation.id.as_str()));
            operations.iter().for_each(|operation| runs.take(operation));
            let setting = runs.past()[&A.parse().unwrap()]["replicas"].clone();
            (setting.before, setting.left)
        };
        let (a, b, c) = (applied("a", &[(A, 1, 2)]), applied("b", &[(A, 2, 4)]), applied("c", &[(A, 2, 9)]));
        let found = |outcome| rolled_back("r", "b", outcome);
        assert_eq!(past(&[&found(Outcome::Done), &b, &a]), (count(1), vec![count(2)]));
        assert_eq!(past(&[&c, &found(Outcome::Done), &b, &a]), (count(1), vec![count(9)]));
        let mut alone = found(Outcome::DoneInPart);
        alone.steps = vec![StepRecord { status: Status::LeftAlone, ..sample::step(A, "replicas", Some(7), Some(2)) }];
        alone.steps[0].edits[0].sent = false;
        for not_back in [alone, found(Outcome::Failed)] {
            assert_eq!(past(&[&not_back, &b, &a]), (count(1), vec![count(4)]));
            assert_eq!(past(&[&c, &not_back, &b, &a]), (count(2), vec![count(9)]));
        }
    }

    #[test]
    fn test_what_an_owner_moved_is_what_was_left() {
        let mut operation = sample::operation("x", Outcome::Done);
        operation.steps = vec![sample::step(A, "replicas", Some(1), Some(2))];
        operation.steps[0].edits[0].left = count(3);
        let mut runs = Runs::default();
        runs.take(&operation);
        assert_eq!(
            runs.past()[&A.parse().unwrap()]["replicas"],
            Setting3 { before: count(1), left: vec![count(3)], is_unseen: false }
        );
    }

    #[test]
    fn test_a_secret_that_was_put_back_is_what_it_was() {
        let secret = |reference: &str| -> Option<Value> {
            Some(opsctl_api::Secret { reference: Some(reference.into()), ..Default::default() }.into())
        };
        let operation = |from, to, left| {
            let mut operation = sample::operation("x", Outcome::Done);
            operation.steps = vec![sample::step(A, "token", None, None)];
            let edit = &mut operation.steps[0].edits[0];
            (edit.from, edit.to, edit.left) = (secret(from), secret(to), secret(left));
            operation
        };
        let mut runs = Runs::default();
        // Rotated from v1 to v2, and put back, which the provider calls v3.
        runs.take(&operation("v2", "v1", "v3"));
        runs.take(&operation("v1", "new", "v2"));
        let setting = &runs.past()[&A.parse().unwrap()]["token"];
        assert_eq!((&setting.before, &setting.left), (&secret("v3"), &vec![secret("v3")]));
    }

    proptest! {
        /// The naive model: what was live when the last stretch of opsctl's own began.
        #[test]
        fn test_as_played(moves in proptest::collection::vec((0_i64..5, prop::bool::weighted(0.3)), 1..12)) {
            let (mut live, mut operations, mut expected) = (0, Vec::new(), None);
            for (to, foreign) in moves {
                let from = std::mem::replace(&mut live, to);
                if !foreign {
                    operations.insert(0, (from, to, true));
                    expected = match expected {
                        Some((before, left)) if left == from => Some((before, to)),
                        _ => Some((from, to)),
                    };
                }
            }
            prop_assert_eq!(past(&operations), expected.map(|(before, left)| (count(before), count(left))));
        }
    }
}
