use std::collections::BTreeMap;

use opsctl_api::{Address, Pattern, Query, Reading, Selector, Wanted};

use super::failure::Failure;
use super::repository::Repository;
use crate::instance::Instances;
use crate::plan::{Plan, Skipped, SkippedWhy};
use crate::snapshot::{Operation, OperationKind, Recorded, Status, StepRecord, Store, StoreError};
use crate::state::{Bound, Goal};

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
pub(super) fn recent(store: &Store) -> Result<Vec<Recorded>, StoreError> {
    store.operations()?.take(RECENT).collect()
}

/// All that is owed, newest first: what could not be reached and what was never started, as far as live is not so by now.
///
/// A later operation that had a say in the same setting makes it void, and so does one that took the operation back.
///
/// # Errors
/// The plan of an operation is damaged.
pub(super) async fn all<'a>(
    newest_first: &'a [Recorded],
    repository: &Repository,
    store: &Store,
    instances: &Instances,
) -> Result<Vec<Debt<'a>>, Failure> {
    let mut plans = BTreeMap::new();
    let (mut steps, mut wishes) = (Vec::new(), Vec::new());
    for (age, recorded) in newest_first.iter().enumerate() {
        let (later, operation) = (&newest_first[..age], &recorded.operation);
        let reverted = || later.iter().any(|later| later.operation.reverts.as_ref() == Some(&operation.id));
        let undone: Vec<&StepRecord> = operation.steps.iter().filter(|step| is_undone(step)).collect();
        if operation.ended.is_none() || operation.kind == OperationKind::Take || undone.is_empty() || reverted() {
            continue;
        }
        for recorded in &newest_first[..=age] {
            if !plans.contains_key(recorded.operation.id.as_str()) {
                plans.insert(recorded.operation.id.as_str(), repository.planned(store, recorded)?);
            }
        }
        let plan = |recorded: &Recorded| plans.get(recorded.operation.id.as_str()).and_then(Option::as_ref);
        for step in undone {
            let goals = goals(step, plan(recorded));
            let decided = |wish: &Wish| later.iter().filter_map(plan).any(|later| decides(later, wish));
            if !goals.is_empty() && !goals.iter().any(decided) {
                steps.push((recorded, step, wishes.len()..wishes.len() + goals.len()));
                wishes.extend(goals);
            }
        }
    }
    let granted = granted(&wishes, instances).await;
    let mut debts: Vec<Debt<'_>> = Vec::new();
    for (recorded, step, wishes) in steps {
        if granted[wishes].iter().all(|granted| *granted) {
            continue;
        }
        match debts.last_mut().filter(|debt| debt.operation.id == recorded.operation.id) {
            Some(debt) => debt.steps.push(step),
            None => debts.push(Debt { operation: &recorded.operation, steps: vec![step] }),
        }
    }
    Ok(debts)
}

fn is_undone(step: &StepRecord) -> bool {
    matches!(step.status, Status::Owed | Status::Skipped) && step.at.is_some()
}

/// A setting and what it should be.
type Wish = (Address, String, Goal);

/// What a step should have brought about. What is owed was never planned in full: it stands beside the plan's steps.
fn goals(step: &StepRecord, plan: Option<&Plan>) -> Vec<Wish> {
    let Some(at) = &step.at else { return Vec::new() };
    let beside = plan.and_then(|plan| plan.skipped.get(step.step.checked_sub(plan.steps.len())?));
    if let Some(Skipped { setting: Some(setting), why: SkippedWhy::Owed { wants, .. }, .. }) = beside {
        return vec![(at.clone(), setting.clone(), wants.clone())];
    }
    let goal = |to: &Option<_>| match to {
        Some(value) => Goal::Exact(Clone::clone(value)),
        None => Goal::Bound(Box::new(Bound { absent: true, ..Bound::default() })),
    };
    step.edits.iter().map(|edit| (at.clone(), edit.setting.clone(), goal(&edit.to))).collect()
}

/// Whether a plan says what a setting shall be; of a wildcard, that of any that it stands for.
fn decides(plan: &Plan, (at, key, _): &Wish) -> bool {
    let meant = Pattern::new(at.to_string());
    let left_out = |at: &Address| {
        plan.skipped.iter().any(|skipped| {
            skipped.why == SkippedWhy::NotTargeted
                && skipped.at == at.as_str()
                && skipped.setting.as_ref().is_none_or(|setting| setting == key)
        })
    };
    let seen = plan.resources.iter().any(|(at, seen)| {
        let said = seen.settings.get(key).is_some_and(|setting| setting.goal.is_some());
        said && meant.matches(at) && !left_out(at)
    });
    // It may be owed once more.
    seen || plan.skipped.iter().any(|skipped| {
        matches!(skipped.why, SkippedWhy::Owed { .. })
            && skipped.at == at.as_str()
            && skipped.setting.as_ref() == Some(key)
    })
}

/// Which settings are as they should be by now; none of those that cannot be told.
async fn granted(wishes: &[Wish], instances: &Instances) -> Vec<bool> {
    let query = |(at, key, _): &Wish| Query {
        at: match Pattern::is_pattern(at.as_str()) {
            true => Selector::Many { pattern: Pattern::new(at.to_string()), labels: BTreeMap::new() },
            false => Selector::One(at.clone()),
        },
        settings: Wanted::Only([key.clone()].into()),
        receipt: None,
    };
    let readings = instances.read(&wishes.iter().map(query).collect::<Vec<_>>()).await;
    let granted = wishes.iter().zip(&readings).map(|((_, key, goal), reading)| match reading {
        Reading::Members { found, complete } => *complete && found.iter().all(|live| goal.holds(live.value(key))),
        Reading::Fault(_) => false,
    });
    granted.collect()
}
