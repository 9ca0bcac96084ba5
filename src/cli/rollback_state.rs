use std::collections::BTreeMap;

use opsctl_api::{Address, Identity, Pattern, Settings};

use super::failure::Failure;
use super::output::Output;
use super::repository::Repository;
use super::scope::scope_of;
use crate::apply;
use crate::instance::{Catalogues, Instances};
use crate::plan::Past;
use crate::snapshot::{Operation, Store, Unwound};
use crate::state::{Bound, Declared, Goal, Resource, Scope, State, Target, Want};

/// What a rollback shall restore, as a state, and what opsctl left there.
pub(super) struct Back {
    /// What was before, with needs, relations and timeouts as they were then.
    pub(super) state: State,
    /// All that the snapshot has: observed, so that the snapshots of the rollback are whole.
    pub(super) scope: Scope,
    /// What was live then.
    pub(super) before: BTreeMap<Address, Settings<Goal>>,
    /// What opsctl left.
    pub(super) left: Past,
    /// What each instance was when that was written, as far as it is to be restored.
    targets: BTreeMap<String, Identity>,
}

impl Back {
    /// Whether what is to be restored is still where it was written.
    ///
    /// # Errors
    /// An instance is another one now. One that does not answer is left to the plan, which says so.
    pub(super) async fn same_targets(&self, instances: &Instances) -> Result<(), Failure> {
        let asked: Vec<&str> = self.targets.keys().map(String::as_str).collect();
        let strangers = apply::strangers(self.targets.iter(), &instances.identities(&asked).await);
        strangers.into_values().next().map_or(Ok(()), |stranger| Err(stranger.into()))
    }
}

/// The state of before an operation, from snapshots alone: no state file is read, so a broken one does not matter.
///
/// # Errors
/// A snapshot is missing or damaged, or what is to be restored is nothing that this opsctl knows.
pub(super) fn back(
    repository: &Repository,
    store: &Store,
    operation: &Operation,
    unwound: &Unwound,
    output: &Output,
) -> Result<Back, Failure> {
    let mut state: Option<State> = None;
    let mut targets = BTreeMap::new();
    let mut tolerated: Vec<Pattern> = Vec::new();
    // The oldest one first: its snapshot tells what was declared then. What came into being since is taken from later ones.
    let operations = store.operations()?;
    for id in unwound.reverts.iter().rev() {
        let Some(stored) = operations.before(id)? else { continue };
        let before = repository.before(&stored)?;
        if let Some(plan) = stored.plan()? {
            let seen = plan.instances.into_iter().filter(|(name, _)| is_restored(name, unwound));
            targets.extend(seen.filter_map(|(name, seen)| Some((name, seen.identity?))));
            tolerated.extend(plan.intent.tolerates_unreachable);
        }
        match &mut state {
            None => state = Some(before),
            Some(state) => state.take_in(before),
        }
    }
    let mut state = state.ok_or_else(|| Failure::Unknown {
        what: format!("{} has no snapshot of before it", operation.id),
        hint: "name a snapshot to go to instead: opsctl snapshot list, opsctl apply @N".to_owned(),
    })?;
    let mut scope = scope_of(&state);
    // What no state sets is left by none.
    scope.settings.values_mut().flat_map(Settings::values_mut).for_each(Vec::clear);
    let before = state.resources.values().filter_map(|resource| match &resource.declared.at {
        Target::One(at) => {
            let goals = resource.wants.iter().map(|(key, want)| (key.clone(), want.goal.clone()));
            Some((at.clone(), goals.collect()))
        }
        Target::Many { .. } => None,
    });
    let before = before.collect();
    restore(&mut state, unwound, &repository.catalogues)?;
    // What could be done without it is taken back without it.
    tolerated.sort();
    tolerated.dedup();
    state.tolerates_unreachable = tolerated;
    state.name = format!("rollback of {}", operation.id);
    state.summary = format!("to what was there before {}", operation.name);
    state.checks = repository.checks_before(store, &operation.id).unwrap_or_else(|failure| {
        output.warn(&format!("what was expected of what was there before is not known, and not measured: {failure}\n"));
        Vec::new()
    });
    Ok(Back { state, scope, before, left: unwound.values.clone(), targets })
}

/// Whether anything at an instance is to be restored.
fn is_restored(instance: &str, unwound: &Unwound) -> bool {
    unwound.values.keys().any(|at| at.instance() == instance)
}

/// Leaves of each resource only what is to be restored, whether a snapshot has it or not; the others stay for the order alone.
///
/// # Errors
/// There is no such kind or setting.
fn restore(state: &mut State, unwound: &Unwound, catalogues: &Catalogues) -> Result<(), Failure> {
    let mut names: BTreeMap<Address, String> = BTreeMap::new();
    for (name, resource) in &mut state.resources {
        resource.wants = Settings::new();
        if let Target::One(at) = &resource.declared.at {
            names.insert(at.clone(), name.clone());
        }
    }
    for (at, settings) in &unwound.values {
        let name = names.get(at).cloned().unwrap_or_else(|| at.to_string());
        let alone = || Resource { declared: Declared::alone(Target::One(at.clone())).into(), wants: Settings::new() };
        let resource = state.resources.entry(name).or_insert_with(alone);
        let kind = catalogues.kind(at.instance(), at.kind());
        for (key, setting) in settings {
            let known = kind.and_then(|kind| kind.setting(key)).ok_or_else(|| unknown(at, key, catalogues))?;
            let goal = match &setting.before {
                Some(value) => Goal::Exact(value.clone()),
                None => Goal::from(Bound { absent: true, ..Bound::default() }),
            };
            resource.wants.insert(key.clone(), Want { goal, setting: known, place: None });
        }
    }
    Ok(())
}

/// What was written once, and is now nothing that could be.
fn unknown(at: &Address, key: &str, catalogues: &Catalogues) -> Failure {
    let instance = at.instance();
    let hint = match catalogues.names().any(|name| name == instance) {
        true => format!("use a version of opsctl that knows it, or leave it out: --exclude {at}"),
        false => format!("put [provider.{instance}] back into opsctl.toml, or leave it out: --exclude '{instance}:*'"),
    };
    Failure::Unknown { what: format!("{at} {key} is to be taken back, and opsctl does not know it"), hint }
}
