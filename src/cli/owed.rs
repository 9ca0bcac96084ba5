use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Pattern, Query, Reading, Selector, Wanted};

use super::failure::Failure;
use super::run::Setting;
use crate::instance::Instances;
use crate::plan::{Plan, Rest, Skipped, SkippedWhy};
use crate::snapshot::{Operation, OperationKind, Outcome, Recorded, Status, StepRecord};
use crate::state::{Bound, Goal, Target};
use crate::view::status::Owed;

/// What an ended operation did not do and that is still wanted.
#[derive(Debug, Clone)]
pub(super) struct Debt {
    pub(super) operation: Operation,
    /// Of each, only the edits that are still wanted.
    pub(super) steps: Vec<StepRecord>,
}

/// How far back debts are looked for.
const RECENT: usize = 30;

/// A setting of a resource.
type Key = (Address, String);

impl Debt {
    /// What is to be planned anew.
    pub(super) fn rest(&self) -> Rest {
        let mut settings: BTreeMap<Address, BTreeSet<String>> = BTreeMap::new();
        for (at, setting) in self.steps.iter().flat_map(settings_of) {
            settings.entry(at).or_default().insert(setting);
        }
        let action = |step: &StepRecord| Some((step.action()?.to_owned(), step.done.iter().cloned().collect()));
        let actions = self.steps.iter().filter_map(action).collect();
        Rest { operation: self.operation.id.clone(), settings, actions }
    }

    /// As it is shown.
    pub(super) fn told(&self) -> Owed<'_> {
        Owed {
            operation: &self.operation.id,
            name: &self.operation.name,
            steps: &self.steps,
            command: if self.operation.reverts.is_some() { "opsctl rollback" } else { "opsctl resume" },
        }
    }

    /// What of it a plan decides otherwise, or again.
    pub(super) fn decided_by(&self, plan: &Plan) -> Vec<StepRecord> {
        let decided = decided(plan);
        let idle = |name: &str| plan.skipped.iter().any(|skipped| is_idle(skipped, name));
        let of_plan = |step: &&StepRecord| match step.action() {
            Some(name) => idle(name),
            None => {
                let settings = settings_of(step);
                !settings.is_empty() && settings.iter().all(|setting| is_in(&decided, setting))
            }
        };
        self.steps.iter().filter(of_plan).cloned().collect()
    }
}

/// All that is owed, newest first: what could not be reached, was never started, or failed, as far as live is not so by now.
///
/// Void is what a later operation had a goal for, changed or not; what one was abandoned with; and what was taken back. An action
/// is void once a later operation had it, or changed what it was before or after.
///
/// # Errors
/// The history cannot be read, or something in it that is needed is damaged.
pub(super) async fn all(setting: &Setting<'_>) -> Result<Vec<Debt>, Failure> {
    let recent: Vec<Recorded> = setting.store.operations()?.take(RECENT).collect::<Result<_, _>>()?;
    // Plans are large: none is read where nothing is owed.
    let Some(oldest) = recent.iter().rposition(|recorded| undone(&recorded.operation).next().is_some()) else {
        return Ok(Vec::new());
    };
    let mut since: BTreeSet<Key> = BTreeSet::new();
    let mut later: Later<'_> = Later::default();
    let mut taken_back: BTreeSet<&str> = BTreeSet::new();
    let mut debts = Vec::new();
    for recorded in recent.iter().take(oldest + 1) {
        let operation = &recorded.operation;
        if operation.ended.is_none() {
            continue;
        }
        let plan = setting.repository.planned_if_read(setting.store, recorded)?;
        if taken_back.is_empty() {
            let still = |step: &StepRecord| match step.action() {
                Some(name) => (!later.decides(name, plan.as_ref())).then(|| step.clone()),
                None => without(step, &since),
            };
            let steps = undone(operation).filter_map(still).collect();
            let mut steps = not_so_yet(steps, plan.as_ref(), setting.instances).await;
            if !steps.is_empty() {
                steps.extend(ahead_of(&steps, operation, plan.as_ref()));
                steps.sort_by_key(|step| step.step);
                debts.push(Debt { operation: operation.clone(), steps });
            }
        }
        // A rollback takes back all down to that one.
        taken_back.remove(operation.id.as_str());
        taken_back.extend(operation.reverts.as_deref());
        later.add(operation);
        since.extend(operation.steps.iter().flat_map(settings_of));
        since.extend(plan.iter().flat_map(decided));
    }
    Ok(debts)
}

/// What operations have done to actions since.
#[derive(Default)]
struct Later<'a> {
    /// Those that they had.
    actions: BTreeSet<&'a str>,
    /// What they changed.
    changed: BTreeSet<&'a Address>,
}

impl<'a> Later<'a> {
    fn add(&mut self, operation: &'a Operation) {
        for step in &operation.steps {
            self.actions.extend(step.action());
            self.changed.extend(step.at.as_ref().filter(|_| step.edits.iter().any(|edit| edit.sent)));
        }
    }

    /// Whether an action that a plan had is not wanted any more, or again.
    fn decides(&self, name: &str, plan: Option<&Plan>) -> bool {
        let action = plan.and_then(|plan| Some((plan, plan.actions.iter().find(|action| action.name == name)?)));
        let Some((plan, action)) = action else { return self.actions.contains(name) };
        let beside = action.before.iter().chain(&action.after).filter_map(|beside| plan.declared.get(&beside.name));
        self.actions.contains(name)
            || beside.map(|declared| &declared.at).any(|target| match target {
                Target::One(at) => self.changed.contains(at),
                Target::Many { pattern, .. } => self.changed.iter().any(|at| pattern.matches(at)),
            })
    }
}

/// Whether there was nothing to do for an action of this name.
fn is_idle(skipped: &Skipped, name: &str) -> bool {
    matches!(skipped.why, SkippedWhy::NothingToDo(_)) && skipped.at.strip_prefix("action ") == Some(name)
}

/// The steps that live is not as they want it.
async fn not_so_yet(steps: Vec<StepRecord>, plan: Option<&Plan>, instances: &Instances) -> Vec<StepRecord> {
    let mut left = Vec::new();
    let wishes: Vec<Vec<Wish>> = steps.iter().map(|step| goals(step, plan)).collect();
    let granted = granted(&wishes.concat(), instances).await;
    let mut granted = granted.into_iter();
    for (step, wishes) in steps.into_iter().zip(wishes) {
        let open = granted.by_ref().take(wishes.len()).filter(|granted| !granted).count();
        // Nothing that failed is done for being written: it may not be ready.
        if open > 0 || step.action().is_some() || matches!(step.status, Status::Failed | Status::Unknown) {
            left.push(step);
        }
    }
    left
}

/// Whether a setting is among these; of a wildcard, that of any that it stands for.
fn is_in(settings: &BTreeSet<Key>, setting: &Key) -> bool {
    let meant = Pattern::new(setting.0.to_string());
    settings.contains(setting) || settings.iter().any(|(at, key)| *key == setting.1 && meant.matches(at))
}

/// What a plan has a goal for, changed or not; what it leaves to others is not decided by it.
pub(super) fn decided(plan: &Plan) -> BTreeSet<Key> {
    let skipped = plan.skipped.iter().filter(|skipped| match skipped.why {
        SkippedWhy::NotTargeted
        | SkippedWhy::Owed { .. }
        | SkippedWhy::ChangedSince { .. }
        | SkippedWhy::HeldBack(_) => true,
        SkippedWhy::Missing
        | SkippedWhy::MissingUnasked
        | SkippedWhy::OwnNeed { .. }
        | SkippedWhy::GatesNothing
        | SkippedWhy::NeverSet
        | SkippedWhy::NotAsLeft { .. }
        | SkippedWhy::NothingToDo(_)
        | SkippedWhy::NotUndone => false,
    });
    let left: BTreeSet<(&str, Option<&str>)> =
        skipped.map(|skipped| (skipped.at.as_str(), skipped.setting.as_deref())).collect();
    // What is to be restored and is not opsctl's to restore shall be as it is.
    let as_it_is = |skipped: &Skipped| match skipped.why {
        SkippedWhy::NeverSet | SkippedWhy::NotAsLeft { .. } => {
            Some((skipped.at.parse().ok()?, skipped.setting.clone()?))
        }
        _ => None,
    };
    let mut decided: BTreeSet<Key> = plan.skipped.iter().filter_map(as_it_is).collect();
    for (at, seen) in &plan.resources {
        for (key, setting) in &seen.settings {
            if setting.goal.is_some() && !left.contains(&(at.as_str(), Some(key.as_str()))) {
                decided.insert((at.clone(), key.clone()));
            }
        }
    }
    decided
}

/// The waits and checks that these steps come after, as far as they were not done, either: what is owed begins with them.
fn ahead_of(steps: &[StepRecord], operation: &Operation, plan: Option<&Plan>) -> Vec<StepRecord> {
    let planned = plan.map_or(&[][..], |plan| &plan.steps);
    let mut wanted: BTreeSet<usize> = steps.iter().map(|step| step.step).collect();
    for (id, step) in planned.iter().enumerate().rev() {
        if wanted.contains(&id) {
            wanted.extend(step.after.iter().map(|edge| edge.step));
        }
    }
    let undone = operation.steps.iter().filter(|step| is_undone(step) && !is_wanted_itself(step));
    undone.filter(|step| wanted.contains(&step.step)).cloned().collect()
}

/// The steps of an ended operation that it did not do. Waits and checks are wanted only for the sake of others.
fn undone(operation: &Operation) -> impl Iterator<Item = &StepRecord> {
    let may_owe = match (operation.kind, operation.outcome) {
        (OperationKind::Take | OperationKind::LetGo, _) | (_, Outcome::Abandoned | Outcome::Running) => false,
        (OperationKind::Apply | OperationKind::Rollback, _) => operation.ended.is_some(),
    };
    let steps = operation.steps.iter().filter(move |_| may_owe);
    steps.filter(|step| is_undone(step) && is_wanted_itself(step))
}

fn is_undone(step: &StepRecord) -> bool {
    matches!(step.status, Status::Owed | Status::Skipped | Status::Failed | Status::Unknown)
}

/// Whether a step is no wait and no check.
fn is_wanted_itself(step: &StepRecord) -> bool {
    step.action().is_some() || !settings_of(step).is_empty()
}

/// A step without what was decided since; `None` where nothing is left of it.
fn without(step: &StepRecord, since: &BTreeSet<Key>) -> Option<StepRecord> {
    let at = step.at.as_ref()?;
    let mut left = step.clone();
    left.edits.retain(|edit| !is_in(since, &(at.clone(), edit.setting.clone())));
    let void = match step.edits.is_empty() {
        true => settings_of(step).iter().all(|setting| is_in(since, setting)),
        false => left.edits.is_empty(),
    };
    (!void).then_some(left)
}

/// What a step is about. What is owed was never planned in full: it has no edits, and begins with its setting.
fn settings_of(step: &StepRecord) -> Vec<Key> {
    let Some(at) = &step.at else { return Vec::new() };
    let owed = (step.status == Status::Owed && step.edits.is_empty()).then(|| step.what.split(' ').next()).flatten();
    let settings = step.edits.iter().map(|edit| edit.setting.as_str()).chain(owed);
    settings.map(|setting| (at.clone(), setting.to_owned())).collect()
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
