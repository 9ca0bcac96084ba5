use std::collections::BTreeSet;

use opsctl_api::Address;

use crate::snapshot::{Operation, OperationKind, Status, StepRecord, Store, StoreError};

/// What an ended operation did not do and that is still wanted.
pub(super) struct Debt<'a> {
    pub(super) operation: &'a Operation,
    pub(super) steps: Vec<&'a StepRecord>,
}

/// How far back debts are looked for.
const RECENT: usize = 30;

/// The newest operations, newest first.
///
/// # Errors
/// The repository cannot be read, or one of their records is damaged.
pub(super) fn recent(store: &Store) -> Result<Vec<Operation>, StoreError> {
    store.operations()?.take(RECENT).map(|recorded| Ok(recorded?.operation)).collect()
}

/// All that is owed, newest first: what could not be reached, and what was never started. A later operation that set the same
/// setting makes it void, and so does one that took the operation back.
pub(super) fn all(newest_first: &[Operation]) -> Vec<Debt<'_>> {
    let mut since: BTreeSet<(&Address, &str)> = BTreeSet::new();
    let mut reverted: BTreeSet<&str> = BTreeSet::new();
    let mut debts = Vec::new();
    for operation in newest_first.iter().filter(|operation| operation.ended.is_some()) {
        if operation.kind == OperationKind::Take {
            continue;
        }
        let void = |step: &StepRecord| settings(step).any(|setting| since.contains(&setting));
        let wanted = |step: &&StepRecord| {
            matches!(step.status, Status::Owed | Status::Skipped) && step.at.is_some() && !void(step)
        };
        let steps: Vec<&StepRecord> = operation.steps.iter().filter(wanted).collect();
        if !steps.is_empty() && !reverted.contains(operation.id.as_str()) {
            debts.push(Debt { operation, steps });
        }
        since.extend(operation.steps.iter().flat_map(settings));
        reverted.extend(operation.reverts.as_deref());
    }
    debts
}

/// What a step is about. What is owed was never planned in full: it has no edits, and begins with its setting.
fn settings(step: &StepRecord) -> impl Iterator<Item = (&Address, &str)> {
    let owed = step.edits.is_empty().then(|| step.what.split(' ').next()).flatten();
    let settings = step.edits.iter().map(|edit| edit.setting.as_str()).chain(owed);
    step.at
        .iter()
        .zip(std::iter::repeat(settings))
        .flat_map(|(at, settings)| settings.map(move |setting| (at, setting)))
}
