use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Identity, Pattern, Query, Reading, Selector, Settings, Value, Wanted};

use super::claims::{Around, Claim, Key, claims, is_idle, is_in, is_named, is_undone, is_wanted_itself, said, spared};
use super::damage::Damage;
use super::failure::Failure;
use super::open;
use super::rto;
use super::setting::Setting;
use crate::apply::{self, ApplyError};
use crate::instance::Instances;
use crate::plan::{Plan, Rest, Skipped, SkippedWhy, Work};
use crate::snapshot::{EditRecord, Operation, Operations, Status, StepRecord};
use crate::state::{Bound, Goal};
use crate::view::status::Owed;

/// What an ended operation did not do and that is still wanted.
#[derive(Debug)]
pub(super) struct Debt {
    /// The operation's place in the history.
    pub(super) place: usize,
    pub(super) operation: Operation,
    /// Of each, only the edits that are still wanted.
    pub(super) steps: Vec<StepRecord>,
    /// Whether what the operation was for is not reached without them.
    is_awaited: bool,
    /// The instances that are not what they were: it cannot be done there.
    pub(super) strangers: Vec<ApplyError>,
    /// Why it cannot be told whether it is to be done, or where.
    pub(super) unclear: Option<String>,
    /// What its plan wanted of each setting.
    wanted: BTreeMap<Address, Settings<Goal>>,
    /// What was planned around its actions.
    around: Option<Around>,
}

impl Debt {
    /// What is to be planned anew.
    pub(super) fn rest(&self) -> Rest {
        let mut settings: BTreeMap<Address, BTreeSet<String>> = BTreeMap::new();
        for (at, setting) in self.steps.iter().flat_map(StepRecord::settings) {
            settings.entry(at).or_default().insert(setting);
        }
        let mut again: BTreeMap<Address, BTreeMap<String, Value>> = BTreeMap::new();
        for (at, step) in self.steps.iter().filter_map(|step| Some((step.at.as_ref()?, step))) {
            let wanted = step.left_on_the_way().filter_map(|(edit, _)| Some((edit.setting.clone(), edit.to.clone()?)));
            again.entry(at.clone()).or_default().extend(wanted);
        }
        let action = |step: &StepRecord| Some((step.action()?.to_owned(), step.done.iter().cloned().collect()));
        let actions = self.steps.iter().filter_map(action).collect();
        // Whether it kept to its time is told once, when what it was for was reached.
        let is_reached = self.operation.came_to_its_end() && !self.is_awaited;
        let since = (!is_reached).then(|| self.operation.clock());
        let (operation, wanted) = (self.operation.whole().to_owned(), self.wanted.clone());
        Rest { operation, since, settings, again, wanted, actions }
    }

    /// As it is shown.
    pub(super) fn told(&self) -> Owed<'_> {
        Owed {
            operation: &self.operation.id,
            name: &self.operation.name,
            steps: &self.steps,
            strangers: self.strangers.iter().map(ToString::to_string).collect(),
            unclear: self.unclear.as_deref(),
            command: if self.operation.reverts.is_some() { "opsctl rollback" } else { "opsctl resume" },
        }
    }

    /// What of it a rollback does not leave as it is: what somebody changed since or nobody can see is still to be looked at, and what a
    /// part of it does not name is not taken back.
    pub(super) fn not_spared_by(&self, plan: &Plan) -> Vec<StepRecord> {
        let spared = spared(plan);
        let is_spared = |step: &StepRecord| step.settings().iter().any(|setting| is_in(&spared, setting));
        self.steps.iter().filter(|step| is_named(plan, step) && !is_spared(step)).cloned().collect()
    }

    /// What of it a plan decides otherwise, or again; of its own rest also what that has nothing to say of any more.
    pub(super) fn decided_by(&self, plan: &Plan) -> Vec<StepRecord> {
        let decided = plan.decided();
        let is_rest = plan.intent.rest_of.as_deref() == Some(self.operation.whole());
        let said = if is_rest { said(plan) } else { BTreeSet::new() };
        let is_decided = |setting: &Key| is_in(&decided, setting) || (is_rest && !is_in(&said, setting));
        let has = |name: &str| is_idle(plan, name) || plan.actions.iter().any(|action| action.name == name);
        let around = self.around.as_ref();
        let is_replaced = around.is_some_and(|around| around.is_replaced(&self.operation, plan, &decided));
        let of_plan = |step: &&StepRecord| match step.action() {
            Some(name) => is_replaced || has(name),
            None => {
                let settings = step.settings();
                !settings.is_empty() && settings.iter().all(is_decided)
            }
        };
        self.steps.iter().filter(of_plan).cloned().collect()
    }

    /// Takes out what a plan decides that is being carried out; whether anything is left.
    pub(super) fn outlives(&mut self, plan: &Plan) -> bool {
        let decided: BTreeSet<usize> = self.decided_by(plan).iter().map(|step| step.step).collect();
        self.steps.retain(|step| !decided.contains(&step.step));
        self.steps.iter().any(is_wanted_itself)
    }
}

/// All that is owed, newest first: what could not be reached, was never started, or failed, as far as live is not so by now.
///
/// Void is what a later operation had a goal for, changed or not; what one was abandoned with; and what was taken back. An action
/// is void once a later operation had it, changed what it was before or after, or was of another state that says what all shall be
/// that the operation of the action spoke of. An overlay that only calls spoke of nothing: that is gone on with, or let go of.
///
/// # Errors
/// The history cannot be read. What is damaged is passed over.
pub(super) async fn all(setting: &Setting<'_>, damage: &mut Damage) -> Result<Vec<Debt>, Failure> {
    let operations = setting.store.operations()?;
    let mut debts = Vec::new();
    for claim in claims(setting, &operations, damage)? {
        let plan = damage.spare(setting.repository.planned_if_read(setting.store, &claim.recorded))?;
        let targets = targets(&claim, setting, &operations, damage)?;
        let Claim { place, recorded, steps, around, mut unclear, .. } = claim;
        let operation = recorded.operation;
        if plan.is_none() {
            unclear = Some("where it is to be done is not known, for the snapshot with its plan is damaged".to_owned());
        }
        let plan = plan.flatten();
        let found = setting.instances.identities(&targets.keys().map(String::as_str).collect::<Vec<_>>()).await;
        let strangers = apply::strangers(targets.iter(), &found);
        let steps = steps.into_iter().filter_map(|step| wished(step, plan.as_ref())).collect();
        let mut steps = not_so_yet(steps, plan.as_ref(), &strangers, setting.instances).await;
        if !steps.is_empty() {
            steps.extend(ahead_of(&steps, &operation, plan.as_ref()));
            steps.sort_by_key(|step| step.step);
            let strangers = strangers.into_values().collect();
            let wanted = plan.as_ref().map(wanted).unwrap_or_default();
            let catalogues = &setting.repository.catalogues;
            let is_awaited = steps.iter().any(|step| rto::is_awaited(step, plan.as_ref(), catalogues));
            debts.push(Debt { place, operation, steps, is_awaited, strangers, unclear, wanted, around });
        }
    }
    Ok(debts)
}

/// What a plan has a goal for.
fn wanted(plan: &Plan) -> BTreeMap<Address, Settings<Goal>> {
    let wanted = plan.resources.iter().map(|(at, seen)| {
        let goals = seen.settings.iter().filter_map(|(key, setting)| Some((key.to_owned(), setting.goal.clone()?)));
        (at.clone(), goals.collect())
    });
    wanted.collect()
}

/// The place in the history of the operation that a rollback takes back all down to.
///
/// # Errors
/// The history cannot be read.
pub(super) fn down_to(reverts: Option<&str>, setting: &Setting<'_>) -> Result<Option<usize>, Failure> {
    let Some(reverts) = reverts else { return Ok(None) };
    Ok(setting.store.operations()?.entries().position(|entry| entry.operation == reverts))
}

/// What one of these was planned as, the newest first of which that can be read; `None` where there is nothing.
///
/// # Errors
/// None of them can be read.
pub(super) fn plan_of(debts: &[Debt], setting: &Setting<'_>) -> Result<Option<Plan>, Failure> {
    let mut planned = debts.iter().map(|debt| open::planned(setting, &debt.operation.id));
    let newest = planned.next().unwrap_or(Ok(None));
    if let Ok(Some(_)) = newest {
        return newest;
    }
    planned.find_map(|plan| plan.ok().flatten()).map_or(newest, |plan| Ok(Some(plan)))
}

/// What the instances of these steps were: as the operation's own plan has it, or, of one that it could not reach, an earlier one.
fn targets(
    claim: &Claim,
    setting: &Setting<'_>,
    operations: &Operations,
    damage: &mut Damage,
) -> Result<BTreeMap<String, Identity>, Failure> {
    let at = claim.steps.iter().filter_map(|step| step.at.as_ref());
    let mut wanted: BTreeSet<&str> = at.map(Address::instance).collect();
    let mut targets = BTreeMap::new();
    for place in claim.place..operations.entries().len() {
        if wanted.is_empty() {
            break;
        }
        let Some(recorded) = damage.spare(operations.read(place))? else { continue };
        let plan = damage.spare(setting.repository.planned_if_read(setting.store, &recorded))?.flatten();
        for (name, identity) in plan.iter().flat_map(Plan::targets) {
            if wanted.remove(name.as_str()) {
                targets.insert(name.clone(), identity.clone());
            }
        }
    }
    Ok(targets)
}

/// A step without what the API would have moved along: none of its calls sets that. `None` where nothing is left of it.
fn wished(mut step: StepRecord, plan: Option<&Plan>) -> Option<StepRecord> {
    let planned = plan.and_then(|plan| plan.steps.get(step.step)).map(|planned| &planned.work);
    let Some(Work::Change { hops, .. }) = planned else { return Some(step) };
    let sets = |edit: &EditRecord| hops.iter().flat_map(|hop| &hop.edits).any(|set| set.setting == edit.setting);
    step.edits.retain(sets);
    (!step.edits.is_empty()).then_some(step)
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

/// A setting and what it should be.
type Wish = (Address, String, Goal);

/// What was owed from the beginning: it was never planned in full, and stands beside the plan's steps. `None` of anything else.
pub(super) fn beside<'p>(step: &StepRecord, plan: Option<&'p Plan>) -> Option<(&'p str, &'p Goal)> {
    let plan = plan?;
    match plan.skipped.get(step.step.checked_sub(plan.steps.len())?)? {
        Skipped { setting: Some(setting), why: SkippedWhy::Owed { wants, .. }, .. } => Some((setting, wants)),
        _ => None,
    }
}

/// What a step should have brought about.
fn goals(step: &StepRecord, plan: Option<&Plan>) -> Vec<Wish> {
    let Some(at) = &step.at else { return Vec::new() };
    if let Some((setting, wants)) = beside(step, plan) {
        return vec![(at.clone(), setting.to_owned(), wants.clone())];
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
