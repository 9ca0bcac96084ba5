//! What each setting should be, by what stands.

use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Identity, Value};

use super::claims::{Key, is_in};
use super::damage::Damage;
use super::failure::Failure;
use super::setting::Setting;
use super::standing::Standing;
use crate::apply;
use crate::plan::Plan;
use crate::snapshot::{Operation, OperationKind, Recorded, Stands, Status, StepRecord};
use crate::state::Goal;

/// What all should be.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// By setting: what the newest operation wanted that has a say in it; `None` where that one wanted it to be whatever it is.
    pub(super) goals: BTreeMap<Key, Option<Goal>>,
    /// By setting: where an operation was abandoned that was to set it again.
    pub(super) on_the_way: BTreeMap<Key, OnTheWay>,
    /// The settings of which it is not known that they ever were so: the step that was to make them so is not done.
    undone: BTreeSet<Key>,
    /// What the instances are that this was wanted of.
    pub(super) targets: BTreeMap<String, Identity>,
}

/// What an operation left in the middle of a change.
#[derive(Debug)]
pub(super) struct OnTheWay {
    /// What it was for.
    pub(super) name: String,
    /// What it may have left it at.
    pub(super) left: Vec<Value>,
    /// What it was to be in the end.
    pub(super) goal: Goal,
}

impl Wanted {
    /// What is wanted by what stands. Of what an operation did not do nothing is wanted any more where that was let go of; where the
    /// operation is still open that is told with it. `last` is the operation that began last.
    ///
    /// # Errors
    /// The history cannot be read. What is damaged is passed over.
    pub(super) fn of(
        stands: &Stands,
        last: &Recorded,
        standing: &Standing,
        setting: &Setting<'_>,
        damage: &mut Damage,
    ) -> Result<Self, Failure> {
        let (repository, store) = (setting.repository, setting.store);
        let mut wanted = Self::default();
        let mut let_go: BTreeSet<Key> = BTreeSet::new();
        let is_last = |recorded: &&Recorded| recorded.operation.id == last.operation.id;
        if !stands.say.iter().any(|recorded| is_last(&recorded))
            && let Some(plan) = damage.spare(repository.planned_if_read(store, last))?.flatten()
        {
            wanted.knows(&plan);
        }
        for recorded in &stands.say {
            let operation = standing.record(recorded.operation.clone());
            if operation.kind == OperationKind::LetGo {
                let_go.extend(operation.steps.iter().flat_map(StepRecord::settings));
                continue;
            }
            let Some(mut plan) = damage.spare(repository.planned_if_read(store, recorded))?.flatten() else { continue };
            if operation.ended.is_none() && operation.steps.is_empty() {
                // Its journal is gone: nobody knows what it has changed, nor what of the rest is still so.
                return Ok(Self::default());
            }
            wanted.knows(&plan);
            reveal(&mut plan, &repository.secrets());
            wanted.take(&operation, plan, &let_go);
        }
        Ok(wanted)
    }

    /// What a setting was left as; `None` where it was to be whatever it is, or may never have been made so.
    pub(super) fn left(&self, key: &Key) -> Option<&Goal> {
        self.goals.get(key).filter(|_| !self.undone.contains(key))?.as_ref()
    }

    fn knows(&mut self, plan: &Plan) {
        for (name, identity) in plan.targets() {
            self.targets.entry(name.clone()).or_insert_with(|| identity.clone());
        }
    }

    /// Takes in what the next older operation wanted.
    fn take(&mut self, operation: &Operation, mut plan: Plan, let_go: &BTreeSet<Key>) {
        let undone = operation.steps.iter().filter(|step| step.status != Status::Done);
        let undone: BTreeSet<Key> = undone.flat_map(StepRecord::settings).collect();
        let is_void = |key: &Key| undone.contains(key) && (operation.abandoned.is_some() || is_in(let_go, key));
        for key in plan.decided().into_iter().filter(|key| !is_void(key)) {
            let seen = plan.resources.get_mut(&key.0).and_then(|seen| seen.settings.get_mut(&key.1));
            let goal = seen.and_then(|seen| seen.goal.take());
            let is_open = operation.ended.is_none() && undone.contains(&key);
            if !self.goals.contains_key(&key) && is_in(&undone, &key) {
                self.undone.insert(key.clone());
            }
            self.goals.entry(key).or_insert(goal.filter(|_| !is_open));
        }
        if operation.abandoned.is_none() {
            return;
        }
        for (at, step) in operation.steps.iter().filter_map(|step| Some((step.at.as_ref()?, step))) {
            for (edit, left) in step.left_on_the_way() {
                let key = (at.clone(), edit.setting.clone());
                let Some(to) = edit.to.clone().filter(|_| !self.goals.contains_key(&key)) else { continue };
                let (name, goal) = (operation.name.clone(), Goal::Exact(to));
                let way = self.on_the_way.entry(key).or_insert(OnTheWay { name, left: Vec::new(), goal });
                way.left.push(left.clone());
            }
        }
    }
}

/// What secrets should be is told by their texts alone, which no plan has. One whose text cannot be had is not compared.
fn reveal(plan: &mut Plan, secrets: &apply::Secrets<'_>) {
    for setting in plan.resources.values_mut().flat_map(|seen| seen.settings.values_mut()) {
        if setting.goal.as_mut().is_some_and(|goal| goal.reveal(secrets).is_err()) {
            setting.goal = None;
        }
    }
}
