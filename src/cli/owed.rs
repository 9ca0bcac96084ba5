use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Identity, Pattern, Query, Reading, Selector, Wanted};

use super::failure::Failure;
use super::run::Setting;
use crate::apply::{self, ApplyError};
use crate::instance::Instances;
use crate::plan::{Plan, Rest, Skipped, SkippedWhy};
use crate::snapshot::{Operation, OperationKind, Operations, Outcome, Recorded, Status, StepRecord};
use crate::state::{Bound, Goal, Target};
use crate::view::status::Owed;

/// What an ended operation did not do and that is still wanted.
#[derive(Debug)]
pub(super) struct Debt {
    pub(super) operation: Operation,
    /// Of each, only the edits that are still wanted.
    pub(super) steps: Vec<StepRecord>,
    /// The instances that are not what they were: it cannot be done there.
    pub(super) strangers: Vec<ApplyError>,
}

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
            strangers: self.strangers.iter().map(ToString::to_string).collect(),
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
    let operations = setting.store.operations()?;
    let mut debts = Vec::new();
    for (place, claim) in claims(setting, &operations)? {
        let plan = setting.repository.planned_if_read(setting.store, &claim.recorded)?;
        let targets = targets(place, &claim.steps, setting, &operations)?;
        let found = setting.instances.identities(&targets.keys().map(String::as_str).collect::<Vec<_>>()).await;
        let strangers = apply::strangers(targets.iter(), &found);
        let operation = claim.recorded.operation;
        let mut steps = not_so_yet(claim.steps, plan.as_ref(), &strangers, setting.instances).await;
        if !steps.is_empty() {
            steps.extend(ahead_of(&steps, &operation, plan.as_ref()));
            steps.sort_by_key(|step| step.step);
            debts.push(Debt { operation, steps, strangers: strangers.into_values().collect() });
        }
    }
    Ok(debts)
}

/// What an operation has not done, as long as no later one decides on it.
struct Claim {
    recorded: Recorded,
    steps: Vec<StepRecord>,
    /// What each of its actions stood beside.
    beside: BTreeMap<String, Vec<Target>>,
}

/// What is not decided on since, newest first, each with its operation's place in the history.
///
/// The history is gone through towards now, and only while something is open: it is as long as it is, and what was not done is
/// decided on soon.
fn claims(setting: &Setting<'_>, operations: &Operations) -> Result<Vec<(usize, Claim)>, Failure> {
    let places: BTreeMap<&str, usize> =
        operations.entries().enumerate().map(|(place, entry)| (entry.operation.as_str(), place)).collect();
    let mut open: Vec<(usize, Claim)> = Vec::new();
    for (place, entry) in operations.entries().enumerate().rev() {
        if open.is_empty() && entry.outcome == Outcome::Done.to_string() {
            continue;
        }
        let recorded = operations.read(place)?;
        let operation = &recorded.operation;
        if operation.ended.is_none() {
            continue;
        }
        // A rollback takes back all down to that one.
        if let Some(down_to) = operation.reverts.as_deref().and_then(|reverts| places.get(reverts)) {
            open.retain(|(owed, _)| owed > down_to);
        }
        let settings = operation.steps.iter().flat_map(settings_of).collect();
        open.retain_mut(|(_, claim)| claim.outlives(&settings) && claim.outlives_done(operation));
        let steps: Vec<StepRecord> = undone(operation).cloned().collect();
        // Plans are large: none is read where nothing is open.
        if open.is_empty() && steps.iter().all(|step| step.action().is_none()) {
            open.extend((!steps.is_empty()).then(|| (place, Claim { recorded, steps, beside: BTreeMap::new() })));
            continue;
        }
        let plan = setting.repository.planned_if_read(setting.store, &recorded)?;
        let settings = plan.as_ref().map(decided).unwrap_or_default();
        open.retain_mut(|(_, claim)| claim.outlives(&settings));
        if !steps.is_empty() {
            let actions = steps.iter().filter_map(StepRecord::action);
            let beside = actions.map(|name| (name.to_owned(), beside(name, plan.as_ref()))).collect();
            open.push((place, Claim { recorded, steps, beside }));
        }
    }
    open.reverse();
    Ok(open)
}

impl Claim {
    /// Takes out what is decided on by these settings; whether anything is left.
    fn outlives(&mut self, decided: &BTreeSet<Key>) -> bool {
        let left = self.steps.drain(..).filter_map(|step| match step.action() {
            Some(_) => Some(step),
            None => without(&step, decided),
        });
        self.steps = left.collect();
        !self.steps.is_empty()
    }

    /// The same of its actions: void are those that an operation had, and those beside what it changed.
    fn outlives_done(&mut self, operation: &Operation) -> bool {
        let actions: BTreeSet<&str> = operation.steps.iter().filter_map(StepRecord::action).collect();
        let sent = operation.steps.iter().filter(|step| step.edits.iter().any(|edit| edit.sent));
        let changed: BTreeSet<&Address> = sent.filter_map(|step| step.at.as_ref()).collect();
        let beside = &self.beside;
        self.steps.retain(|step| match step.action() {
            None => true,
            Some(name) => {
                let mut beside = beside.get(name).into_iter().flatten();
                let is_moved = beside.any(|target| match target {
                    Target::One(at) => changed.contains(at),
                    Target::Many { pattern, .. } => changed.iter().any(|at| pattern.matches(at)),
                });
                !actions.contains(name) && !is_moved
            }
        });
        !self.steps.is_empty()
    }
}

/// What an action of a plan is before or after.
fn beside(name: &str, plan: Option<&Plan>) -> Vec<Target> {
    let Some(plan) = plan else { return Vec::new() };
    let action = plan.actions.iter().find(|action| action.name == name);
    let names = action.into_iter().flat_map(|action| action.before.iter().chain(&action.after));
    names.filter_map(|beside| Some(plan.declared.get(&beside.name)?.at.clone())).collect()
}

/// What the instances of these steps were: as the operation's own plan has it, or, of one that it could not reach, an earlier one.
fn targets(
    place: usize,
    steps: &[StepRecord],
    setting: &Setting<'_>,
    operations: &Operations,
) -> Result<BTreeMap<String, Identity>, Failure> {
    let mut wanted: BTreeSet<&str> = steps.iter().filter_map(|step| step.at.as_ref()).map(Address::instance).collect();
    let mut targets = BTreeMap::new();
    for place in place..operations.entries().len() {
        if wanted.is_empty() {
            break;
        }
        // Of what is damaged nothing more is known.
        let Ok(recorded) = operations.read(place) else { continue };
        let plan = setting.repository.planned_if_read(setting.store, &recorded)?;
        for (name, identity) in plan.iter().flat_map(Plan::targets) {
            if wanted.remove(name.as_str()) {
                targets.insert(name.clone(), identity.clone());
            }
        }
    }
    Ok(targets)
}

/// Whether there was nothing to do for an action of this name.
fn is_idle(skipped: &Skipped, name: &str) -> bool {
    matches!(skipped.why, SkippedWhy::NothingToDo(_)) && skipped.at.strip_prefix("action ") == Some(name)
}

/// The steps that live is not as they want it. What is at another instance of that name tells nothing of them.
async fn not_so_yet(
    steps: Vec<StepRecord>,
    plan: Option<&Plan>,
    strangers: &BTreeMap<String, ApplyError>,
    instances: &Instances,
) -> Vec<StepRecord> {
    let mut left = Vec::new();
    let is_strange = |step: &StepRecord| step.at.as_ref().is_some_and(|at| strangers.contains_key(at.instance()));
    let of = |step| if is_strange(step) { Vec::new() } else { goals(step, plan) };
    let wishes: Vec<Vec<Wish>> = steps.iter().map(of).collect();
    let granted = granted(&wishes.concat(), instances).await;
    let mut granted = granted.into_iter();
    for (step, wishes) in steps.into_iter().zip(wishes) {
        let open =
            usize::from(is_strange(&step)) + granted.by_ref().take(wishes.len()).filter(|granted| !granted).count();
        // Nothing that failed is done for being written: it may not be ready.
        if open > 0 || step.action().is_some() || matches!(step.status, Status::Failed | Status::Unknown) {
            left.push(step);
        }
    }
    left
}

/// Whether a setting is among these; of a wildcard, that of any that it stands for, and the other way round.
fn is_in(settings: &BTreeSet<Key>, setting: &Key) -> bool {
    let stands_for = |many: &Address, one: &Address| {
        Pattern::is_pattern(many.as_str()) && Pattern::new(many.to_string()).matches(one)
    };
    let meets = |(at, key): &Key| *key == setting.1 && (stands_for(&setting.0, at) || stands_for(at, &setting.0));
    settings.contains(setting) || settings.iter().any(meets)
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
        (OperationKind::Apply | OperationKind::Rollback, _) => {
            operation.ended.is_some() && operation.abandoned.is_none()
        }
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
