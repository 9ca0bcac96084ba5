use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Pattern, Value};

use super::unwind::edits_newest_first;
use super::{Operation, Store, StoreError};
use crate::plan::{Past, Setting3};

/// Follows each setting back through operations, the newest first, for as long as each began where the one before had ended.
///
/// Only what was sent counts. Where an operation began with something else than the one before it had left, somebody else set it
/// in between: what the later one found is what was before the run.
#[derive(Debug, Default)]
pub struct Runs {
    past: Past,
    broken: BTreeSet<(Address, String)>,
    /// Of secrets: what the newest operation asked for.
    asked: BTreeMap<(Address, String), Value>,
}

impl Runs {
    /// Takes in the next older operation.
    pub fn take(&mut self, operation: &Operation) {
        for (at, edit, left) in edits_newest_first(operation) {
            let key = (at.clone(), edit.setting.clone());
            if self.broken.contains(&key) {
                continue;
            }
            match self.past.entry(key.0.clone()).or_default().entry(key.1.clone()) {
                Entry::Vacant(entry) => {
                    if let Some(asked) = edit.to.as_ref().filter(|to| to.is_secret()) {
                        self.asked.insert(key, asked.clone());
                    }
                    entry.insert(Setting3 { before: edit.from.clone(), left });
                }
                Entry::Occupied(mut entry) if left.contains(&entry.get().before) => {
                    entry.get_mut().before.clone_from(&edit.from);
                }
                Entry::Occupied(_) => {
                    self.broken.insert(key);
                }
            }
        }
    }

    /// What was before each run, and what it left.
    pub fn past(mut self) -> Past {
        // Whatever reference it has got by that: a secret that was put back is what it was.
        for ((at, key), asked) in self.asked {
            if let Some(setting) = self.past.get_mut(&at).and_then(|settings| settings.get_mut(&key))
                && setting.before.as_ref() == Some(&asked)
                && let Some(left) = setting.left.first()
            {
                setting.before.clone_from(left);
            }
        }
        self.past
    }
}

impl Store {
    /// What was before the latest unbroken run of operations on each setting of these resources. Of all records it is looked whether
    /// they are whole; only those that name one of these are taken apart.
    ///
    /// # Errors
    /// The repository cannot be read, or a record is damaged.
    pub fn past(&self, wanted: &[Pattern]) -> Result<Past, StoreError> {
        let mut runs = Runs::default();
        for operation in self.operations()?.naming(wanted) {
            runs.take(&operation?);
        }
        Ok(runs.past())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::{Outcome, sample};

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

    #[test]
    fn test_what_an_owner_moved_is_what_was_left() {
        let mut operation = sample::operation("x", Outcome::Done);
        operation.steps = vec![sample::step(A, "replicas", Some(1), Some(2))];
        operation.steps[0].edits[0].left = count(3);
        let mut runs = Runs::default();
        runs.take(&operation);
        assert_eq!(runs.past()[&A.parse().unwrap()]["replicas"], Setting3 { before: count(1), left: vec![count(3)] });
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
