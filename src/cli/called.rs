//! What a rollback does not take back: the calls of actions.

use std::collections::BTreeSet;

use super::output::Output;
use super::repository::Repository;
use super::setting::Setting;
use crate::plan::{Plan, Skipped, SkippedWhy};
use crate::snapshot::{Operation, OperationKind, Outcome, StepRecord, Store};
use crate::state;
use crate::view;

/// The actions that these operations have called.
pub(super) fn called(operations: &[Operation]) -> BTreeSet<String> {
    let steps = operations.iter().flat_map(|operation| &operation.steps).filter(|step| !step.called.is_empty());
    steps.filter_map(StepRecord::action).map(str::to_owned).collect()
}

/// The state that was applied before an operation, where it has actions: they may undo what a rollback does not.
pub(super) fn undoing(repository: &Repository, store: &Store, operation: &str) -> Option<String> {
    let mut older = store.operations().ok()?.map_while(Result::ok).map(|recorded| recorded.operation);
    older.find(|older| older.id == operation)?;
    let name = loop {
        let before = older.next()?;
        match (before.kind, before.outcome, before.reverts) {
            (OperationKind::Take | OperationKind::LetGo, ..) => {}
            (OperationKind::Rollback, Outcome::Done | Outcome::CheckFailed, Some(reverts)) => {
                older.find(|older| older.id == reverts)?;
            }
            (OperationKind::Apply, Outcome::Done | Outcome::DoneInPart | Outcome::CheckFailed, _) => break before.name,
            (OperationKind::Apply | OperationKind::Rollback, ..) => return None,
        }
    };
    let mut loaded = state::load(&repository.config.root, &repository.catalogues);
    let state = loaded.find(&name).ok().filter(|state| state.over.is_none() && !state.actions.is_empty());
    state.filter(|_| !loaded.report.has_errors()).map(|_| name)
}

/// What a rollback did not take back of what was called, by its plan.
pub(super) fn not_undone(plan: &Plan, repository: &Repository, store: &Store) -> Vec<String> {
    let called: Vec<&Skipped> = plan.skipped.iter().filter(|skipped| skipped.why == SkippedWhy::NotUndone).collect();
    let Some(reverts) = plan.intent.reverts.as_deref().filter(|_| !called.is_empty()) else { return Vec::new() };
    let undoing = undoing(repository, store, reverts);
    called.into_iter().map(|skipped| view::action::not_undone(&skipped.at, undoing.as_deref())).collect()
}

/// Says which actions stay called.
pub(super) fn tell_called(setting: &Setting<'_>, operations: &[Operation], output: &Output) {
    let called = called(operations);
    let Some(operation) = operations.last().filter(|_| !called.is_empty()) else { return };
    let undoing = undoing(setting.repository, setting.store, &operation.id);
    for name in called {
        let text = view::action::not_undone(&format!("Action {name}"), undoing.as_deref());
        output.sentence(&format!("{text}."));
    }
}
