use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Fault, Identity, Owner, Preflight};

use super::sight::{self, Sight};
use super::{ApplyError, overtaken, stale};
use crate::check::{Check, Gate};
use crate::config::GuardConfig;
use crate::instance::Instances;
use crate::plan::{self, OwnerNote, Plan, Step, Work};

/// Whether every instance is what the plan was made for.
///
/// # Errors
/// One is something else, or one that is changed does not answer.
pub(super) async fn identities(plan: &Plan, instances: &Instances) -> Result<(), ApplyError> {
    let changed: BTreeSet<&str> = plan.steps.iter().filter_map(|step| step.at()).map(Address::instance).collect();
    let known = plan.instances.iter().filter(|(_, seen)| seen.identity.is_some()).map(|(name, _)| name.as_str());
    let asked: BTreeSet<&str> = changed.iter().copied().chain(known).collect();
    let asked: Vec<&str> = asked.into_iter().collect();
    let mut found = instances.identities(&asked).await;
    if let Some(stranger) = strangers(plan.targets(), &found).into_values().next() {
        return Err(stranger);
    }
    for name in asked {
        let planned = plan.instances.get(name).and_then(|seen| seen.identity.as_ref());
        match (found.remove(name), planned) {
            (Some(Ok(_)), Some(_)) => {}
            // What is not changed may be out of reach.
            _ if !changed.contains(name) => {}
            (Some(Err(fault)), _) => {
                return Err(ApplyError::NoIdentity { instance: name.to_owned(), source: Some(fault) });
            }
            (Some(Ok(_)) | None, _) => {
                return Err(ApplyError::NoIdentity { instance: name.to_owned(), source: None });
            }
        }
    }
    Ok(())
}

/// The instances that are not what they were, with the mistake that it would be to change them, or to take what is read there for
/// what was written. One that does not answer is none of them.
pub fn strangers<'a>(
    known: impl Iterator<Item = (&'a String, &'a Identity)>,
    found: &BTreeMap<String, Result<Identity, Fault>>,
) -> BTreeMap<String, ApplyError> {
    let stranger = |(name, planned): (&'a String, &'a Identity)| {
        let found = found.get(name)?.as_ref().ok().filter(|found| found.id != planned.id)?;
        let (planned, found) = (Box::new(planned.clone()), Box::new(found.clone()));
        Some((name.clone(), ApplyError::WrongTarget { instance: name.clone(), planned, found }))
    };
    known.filter_map(stranger).collect()
}

/// Whether what a plan that changes nothing found is still so, at what it was made for.
///
/// # Errors
/// An instance is another one or does not answer, something could not be read, or an edit would be made by now.
pub async fn still(plan: &Plan, instances: &Instances) -> Result<(), ApplyError> {
    identities(plan, instances).await?;
    fresh(plan, instances).await.map(drop)
}

/// Reads all that the plan observed, and holds it against what the plan was made from.
///
/// # Errors
/// An edit would no longer be the same, or cannot be told.
pub(super) async fn fresh(plan: &Plan, instances: &Instances) -> Result<Sight, ApplyError> {
    let (sight, joined) = tokio::join!(sight::look(plan, instances), overtaken::joined(plan, instances));
    let unreadable = stale::unreadable(plan, &sight);
    if !unreadable.is_empty() {
        return Err(ApplyError::Unreadable(unreadable));
    }
    let moved = stale::moved(plan, &sight);
    if !moved.is_empty() {
        return Err(ApplyError::Stale { moved, again: plan.intent.command() });
    }
    let mut found = overtaken::overtaken(plan, &sight);
    found.extend(joined);
    if found.is_empty() { Ok(sight) } else { Err(ApplyError::Overtaken { found, again: plan.intent.command() }) }
}

/// Whether the guards, as they are now, and the owners that have come since let it be changed.
///
/// # Errors
/// One does not.
pub(super) fn guarded(plan: &Plan, sight: &Sight, guard: &GuardConfig) -> Result<(), ApplyError> {
    let mut refused = plan::limits(plan.steps.iter().filter_map(changed), guard);
    refused.extend(plan::fights(&new_owners(plan, sight)));
    if refused.is_empty() { Ok(()) } else { Err(ApplyError::Refused(refused)) }
}

fn changed(step: &Step) -> Option<&Address> {
    matches!(step.work, Work::Change { .. }).then(|| step.at()).flatten()
}

/// Who holds what is changed and did not when the plan was made, or held it otherwise.
fn new_owners(plan: &Plan, sight: &Sight) -> Vec<OwnerNote> {
    let mut notes = Vec::new();
    for step in &plan.steps {
        let Work::Change { at, edits, .. } = &step.work else { continue };
        let (Some(seen), Some(live)) = (plan.resources.get(at), sight.found.get(at)) else { continue };
        // How soon it acts may be another time each time.
        let known =
            |owner: &Owner| seen.owners.iter().any(|other| Owner { soon: owner.soon, ..other.clone() } == *owner);
        for edit in edits {
            let new = live.owners_of(&edit.setting).filter(|owner| !known(owner));
            notes.extend(new.map(|owner| OwnerNote {
                at: at.clone(),
                setting: edit.setting.clone(),
                owner: owner.clone(),
                to: edit.to.clone(),
                fights: plan::would_undo(owner, edit.to.as_ref()),
                moved_by: None,
            }));
        }
    }
    notes
}

/// Whether the API would take the steps, from where they start by now. One that has no time to say is taken at its word later.
///
/// # Errors
/// It would not take one that has nothing before it that could mend that.
pub(super) async fn preflight(plan: &Plan, sight: &Sight, instances: &Instances) -> Result<(), ApplyError> {
    let mut steps = Cow::Borrowed(&plan.steps);
    for (step, rebased) in stale::rebased(plan, sight) {
        if let Work::Change { hops, .. } = &mut steps.to_mut()[step].work
            && let Some(first) = hops.first_mut()
        {
            first.edits = rebased;
        }
    }
    let mut notes = plan::preflight(&steps, instances).await;
    notes.retain(|note| !matches!(note.answer, Preflight::Refused(Fault::Throttled { .. } | Fault::Busy(_))));
    let refused = plan::refused(&plan.steps, &notes);
    if refused.is_empty() { Ok(()) } else { Err(ApplyError::Refused(refused)) }
}

/// The checks of one gate that are measured.
pub(super) fn checks(plan: &Plan, gate: &Gate) -> Vec<Check> {
    plan.checks.iter().filter(|check| check.gate == *gate && is_measured(plan, check)).cloned().collect()
}

/// Whether a check of a plan is measured: where all is owed none is, and where all is as it should be, those that come after.
pub(super) fn is_measured(plan: &Plan, check: &Check) -> bool {
    !plan.is_empty() || (check.gate == Gate::After && !plan.is_operation())
}
