use super::past::edits_newest_first;
use super::{Operation, OperationKind, Outcome, Store, StoreError};

impl Store {
    /// What [`unwind`](super::unwind) needs to take an operation back: it and all that began since, newest first; the last one of
    /// the list is the one. Where none is named, it is the [default](last_to_roll_back). No older record is read.
    ///
    /// # Errors
    /// There is none of this name, or nothing to take back, or a record that is needed is damaged.
    pub fn to_roll_back(&self, id: Option<&str>) -> Result<Vec<Operation>, StoreError> {
        let id = id.map(|id| self.operation(id)).transpose()?.map(|recorded| recorded.operation.id);
        let mut operations: Vec<Operation> = Vec::new();
        for recorded in self.operations()? {
            operations.push(recorded?.operation);
            let meant = match &id {
                Some(id) => operations.last().filter(|operation| operation.id == *id),
                None => last_to_roll_back(&operations),
            };
            // Of a rest it is known only further back that something else came in between, and it alone is meant.
            if let Some(meant) = meant.map(|meant| meant.id.clone()) {
                let down_to = operations.iter().position(|operation| operation.id == meant);
                operations.truncate(down_to.map_or(0, |place| place + 1));
                return Ok(operations);
            }
        }
        Err(StoreError::NothingToRollBack)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::StepRecord;
    use crate::snapshot::sample::{self, applied, rolled_back};

    const A: &str = "k8s:deployment/cdn/edge";

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
}
