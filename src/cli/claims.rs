//! What ended operations have not done, as far as no later one decides on it: from the history alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use opsctl_api::{Address, Pattern};

use super::damage::Damage;
use super::failure::Failure;
use super::setting::Setting;
use crate::plan::{Plan, Seen, Skipped, SkippedWhy};
use crate::snapshot::{Entry, Operation, OperationKind, Operations, Outcome, Recorded, Status, StepRecord};
use crate::state::Target;

/// A setting of a resource.
pub(super) type Key = (Address, String);

/// What an operation has not done, as long as no later one decides on it.
#[derive(Debug)]
pub(super) struct Claim {
    /// The operation's place in the history.
    pub(super) place: usize,
    pub(super) recorded: Recorded,
    pub(super) steps: Vec<StepRecord>,
    /// What was planned around its actions; `None` where it has none, or where that is not known.
    pub(super) around: Option<Around>,
    /// Why it is not known whether it is still wanted.
    pub(super) unclear: Option<String>,
}

/// What the plan of an operation says of its actions.
#[derive(Debug, Clone)]
pub(super) struct Around {
    /// By action: what it stood beside.
    beside: BTreeMap<String, Vec<Target>>,
    /// What the plan had goals for.
    decided: BTreeSet<Key>,
}

/// What is not decided on since, newest first.
///
/// What was taken back decides on nothing. The history is gone through towards now, and only while something is open: it is as long as it is, and what was not done is
/// decided on soon.
///
/// # Errors
/// The history cannot be read. What is damaged is passed over.
pub(super) fn claims(
    setting: &Setting<'_>,
    operations: &Operations,
    damage: &mut Damage,
) -> Result<Vec<Claim>, Failure> {
    let places: BTreeMap<&str, usize> =
        operations.entries().enumerate().map(|(place, entry)| (entry.operation.as_str(), place)).collect();
    let standing: BTreeSet<usize> = operations.standing(None).collect::<Result<_, _>>()?;
    let mut open: Vec<Claim> = Vec::new();
    for (place, entry) in operations.entries().enumerate().rev() {
        if open.is_empty() && entry.outcome == Outcome::Done.to_string() {
            continue;
        }
        let Some(recorded) = damage.spare(operations.read(place))? else {
            open.iter_mut().for_each(|claim| claim.is_unclear_for(entry));
            continue;
        };
        let operation = &recorded.operation;
        let stands = standing.contains(&place) || operation.kind == OperationKind::LetGo;
        if !stands || operation.ended.is_none() || operation.never_began() {
            continue;
        }
        let steps: Vec<StepRecord> = undone(operation).cloned().collect();
        // A rollback takes back all down to that one, but for what it leaves alone.
        let down_to = operation.reverts.as_deref().and_then(|reverts| places.get(reverts));
        let alone = operation.steps.iter().filter(|step| step.status == Status::LeftAlone);
        let alone: BTreeSet<Key> = alone.flat_map(StepRecord::settings).collect();
        if let Some(down_to) = down_to.filter(|_| operation.part.is_whole()) {
            open.retain_mut(|claim| claim.place > *down_to || claim.is_left_alone(&alone));
            if operation.took_all_back() {
                // What was owed before is owed again: it decides on nothing but what it has not done itself.
                open.extend(left_alone(place + 1..=*down_to, &alone, operations, damage)?);
                if !steps.is_empty() {
                    open.push(Claim { place, recorded, steps, around: None, unclear: None });
                }
                continue;
            }
        }
        let had = operation.steps.iter().filter(|step| step.status != Status::LeftAlone);
        let settings = had.flat_map(StepRecord::settings).collect();
        open.retain_mut(|claim| claim.outlives(&settings) && claim.outlives_done(operation));
        // Plans are large: none is read where nothing is open.
        let mut around = None;
        if !open.is_empty() || steps.iter().any(|step| step.action().is_some()) {
            match damage.spare(setting.repository.planned_if_read(setting.store, &recorded))? {
                Some(Some(plan)) => {
                    let decided = plan.decided();
                    open.retain_mut(|claim| claim.outlives(&decided) && claim.outlives_state(&plan, &decided));
                    if let Some(down_to) = down_to.filter(|_| !operation.part.is_whole()) {
                        open.retain_mut(|claim| claim.place > *down_to || claim.is_left_out(&plan, &alone));
                    }
                    around = Some(Around::of(&steps, &plan, decided));
                }
                Some(None) => {}
                None => open.iter_mut().for_each(|claim| claim.is_unclear_for(entry)),
            }
        }
        if !steps.is_empty() {
            open.push(Claim { place, recorded, steps, around, unclear: None });
        }
    }
    open.reverse();
    Ok(open)
}

/// What operations that were taken back, at these places, owe of what was left alone by that.
fn left_alone(
    places: RangeInclusive<usize>,
    alone: &BTreeSet<Key>,
    operations: &Operations,
    damage: &mut Damage,
) -> Result<Vec<Claim>, Failure> {
    let mut open: Vec<Claim> = Vec::new();
    for place in places.rev().filter(|_| !alone.is_empty()) {
        let Some(recorded) = damage.spare(operations.read(place))? else { continue };
        let had = recorded.operation.steps.iter().filter(|step| step.status != Status::LeftAlone);
        let had = had.flat_map(StepRecord::settings).collect();
        open.retain_mut(|claim| claim.outlives(&had));
        let steps = undone(&recorded.operation).cloned().collect();
        let mut claim = Claim { place, recorded, steps, around: None, unclear: None };
        if claim.is_left_alone(alone) {
            open.push(claim);
        }
    }
    Ok(open)
}

impl Claim {
    /// A later operation may have decided on it, and its record does not tell.
    fn is_unclear_for(&mut self, later: &Entry) {
        self.unclear = Some(format!(
            "whether it is still wanted is not known, for {} came later and its record is damaged",
            later.operation
        ));
    }

    /// Takes out what is decided on by these settings; whether anything is left.
    fn outlives(&mut self, decided: &BTreeSet<Key>) -> bool {
        let left = self.steps.drain(..).filter_map(|step| match step.action() {
            Some(_) => Some(step),
            None => without(&step, decided),
        });
        self.steps = left.collect();
        !self.steps.is_empty()
    }

    /// Takes out what was taken back, which is all but these settings; whether anything is left.
    fn is_left_alone(&mut self, settings: &BTreeSet<Key>) -> bool {
        self.steps.retain(|step| step.settings().iter().any(|setting| is_in(settings, setting)));
        !self.steps.is_empty()
    }

    /// The same of a part of a rollback, which leaves out what it does not name, too.
    fn is_left_out(&mut self, plan: &Plan, alone: &BTreeSet<Key>) -> bool {
        let is_alone = |step: &StepRecord| step.settings().iter().any(|setting| is_in(alone, setting));
        self.steps.retain(|step| !is_named(plan, step) || is_alone(step));
        !self.steps.is_empty()
    }

    /// The same of its actions: void are those that an operation had, and those beside what it changed.
    fn outlives_done(&mut self, operation: &Operation) -> bool {
        let actions: BTreeSet<&str> = operation.steps.iter().filter_map(StepRecord::action).collect();
        let sent = operation.steps.iter().filter(|step| step.edits.iter().any(|edit| edit.sent));
        let changed: BTreeSet<&Address> = sent.filter_map(|step| step.at.as_ref()).collect();
        let beside = self.around.as_ref().map(|around| &around.beside);
        self.steps.retain(|step| match step.action() {
            None => true,
            Some(name) => {
                let mut beside = beside.and_then(|beside| beside.get(name)).into_iter().flatten();
                let is_moved = beside.any(|target| match target {
                    Target::One(at) => changed.contains(at),
                    Target::Many { pattern, .. } => changed.iter().any(|at| pattern.matches(at)),
                });
                !actions.contains(name) && !is_moved
            }
        });
        !self.steps.is_empty()
    }

    /// The same of those for which there was nothing to do, and where another state took the place of the one that wanted them.
    fn outlives_state(&mut self, plan: &Plan, decided: &BTreeSet<Key>) -> bool {
        self.steps.retain(|step| !step.action().is_some_and(|name| is_idle(plan, name)));
        if self.around.as_ref().is_some_and(|around| around.is_replaced(&self.recorded.operation, plan, decided)) {
            self.steps.retain(|step| step.action().is_none());
        }
        !self.steps.is_empty()
    }
}

impl Around {
    fn of(steps: &[StepRecord], plan: &Plan, decided: BTreeSet<Key>) -> Self {
        let actions = steps.iter().filter_map(StepRecord::action);
        Self { beside: actions.map(|name| (name.to_owned(), beside(name, plan))).collect(), decided }
    }

    /// Whether a plan of another state says what all shall be that the operation's own plan spoke of.
    pub(super) fn is_replaced(&self, operation: &Operation, plan: &Plan, decided: &BTreeSet<Key>) -> bool {
        plan.intent.name != operation.name && !self.decided.is_empty() && self.decided.is_subset(decided)
    }
}

/// What an action of a plan is before or after.
fn beside(name: &str, plan: &Plan) -> Vec<Target> {
    let action = plan.actions.iter().find(|action| action.name == name);
    let names = action.into_iter().flat_map(|action| action.before.iter().chain(&action.after));
    names.filter_map(|beside| Some(plan.declared.get(&beside.name)?.at.clone())).collect()
}

/// Whether a setting is among these; of a wildcard, that of any that it stands for, and the other way round.
pub(super) fn is_in(settings: &BTreeSet<Key>, setting: &Key) -> bool {
    let stands_for = |many: &Address, one: &Address| {
        Pattern::is_pattern(many.as_str()) && Pattern::new(many.to_string()).matches(one)
    };
    let meets = |(at, key): &Key| *key == setting.1 && (stands_for(&setting.0, at) || stands_for(at, &setting.0));
    settings.contains(setting) || settings.iter().any(meets)
}

/// What a plan says anything of: what it has a goal for, and what it leaves.
pub(super) fn said(plan: &Plan) -> BTreeSet<Key> {
    let wanted = |(at, seen): (&Address, &Seen)| {
        let settings = seen.settings.iter().filter(|(_, setting)| setting.goal.is_some());
        settings.map(|(key, _)| (at.clone(), key.to_owned())).collect::<Vec<_>>()
    };
    let left = plan.skipped.iter().filter_map(|skipped| Some((skipped.at.parse().ok()?, skipped.setting.clone()?)));
    plan.resources.iter().flat_map(wanted).chain(left).collect()
}

/// Whether a plan found nothing to do for an action of this name.
pub(super) fn is_idle(plan: &Plan, name: &str) -> bool {
    let is_nothing = |skipped: &Skipped| matches!(skipped.why, SkippedWhy::NothingToDo(_));
    plan.skipped.iter().any(|skipped| is_nothing(skipped) && skipped.at.strip_prefix("action ") == Some(name))
}

/// What a rollback leaves as it is, though it would be taken back.
pub(super) fn spared(plan: &Plan) -> BTreeSet<Key> {
    let spared = plan.skipped.iter().filter_map(|skipped| match skipped.why {
        SkippedWhy::ChangedSince { .. } | SkippedWhy::HeldBack(_) => {
            Some((skipped.at.parse().ok()?, skipped.setting.clone()?))
        }
        _ => None,
    });
    spared.collect()
}

/// Whether a plan is of a step: one of a part is of what it names or changes.
pub(super) fn is_named(plan: &Plan, step: &StepRecord) -> bool {
    let is_named = |at: &Address| plan.resources.get(at).is_some_and(|seen| plan.is_meant(at, seen));
    plan.intent.part.is_whole() || step.at.as_ref().is_some_and(is_named)
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

pub(super) fn is_undone(step: &StepRecord) -> bool {
    matches!(step.status, Status::Owed | Status::Skipped | Status::Failed | Status::Unknown)
}

/// Whether a step is no wait and no check.
pub(super) fn is_wanted_itself(step: &StepRecord) -> bool {
    step.action().is_some() || !step.settings().is_empty()
}

/// A step without what was decided since; `None` where nothing is left of it.
fn without(step: &StepRecord, since: &BTreeSet<Key>) -> Option<StepRecord> {
    let at = step.at.as_ref()?;
    let mut left = step.clone();
    left.edits.retain(|edit| !is_in(since, &(at.clone(), edit.setting.clone())));
    let void = match step.edits.is_empty() {
        true => step.settings().iter().all(|setting| is_in(since, setting)),
        false => left.edits.is_empty(),
    };
    (!void).then_some(left)
}
