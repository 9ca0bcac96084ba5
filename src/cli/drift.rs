//! What a plan changes and was not as it should be before.

use opsctl_api::Value;

use super::damage::Damage;
use super::failure::Failure;
use super::setting::Setting;
use super::standing::Standing;
use super::wanted::Wanted;
use crate::plan::{Plan, Work};
use crate::view::plan::Drift;

/// What is not as it should be by what stands, where no owner has moved it, among what a plan changes. A rollback compares each setting with what was left of
/// it, and says so itself. Of a secret nobody keeps what it was: one that is rotated is no drift.
///
/// # Errors
/// The history cannot be read. What is damaged tells nothing.
pub(super) fn drifts(plan: &Plan, setting: &Setting<'_>) -> Result<Vec<Drift>, Failure> {
    if plan.is_empty() || plan.intent.reverts.is_some() {
        return Ok(Vec::new());
    }
    let mut damage = Damage::default();
    let Some(last) = damage.spare(setting.store.last_changing())?.flatten() else { return Ok(Vec::new()) };
    let stands = damage.spare(setting.store.stands(None))?.unwrap_or_default();
    let wanted = Wanted::of(&stands, &last, &Standing::of(setting.repository)?, setting, &mut damage)?;
    let is_same = |instance: &str| {
        let seen = plan.instances.get(instance).and_then(|seen| seen.identity.as_ref());
        wanted.targets.get(instance).zip(seen).is_none_or(|(known, seen)| known.id == seen.id)
    };
    let mut drifts = Vec::new();
    for step in &plan.steps {
        let Work::Change { at, edits, .. } = &step.work else { continue };
        let Some(seen) = plan.resources.get(at).filter(|_| is_same(at.instance())) else { continue };
        for edit in edits.iter().filter(|edit| !edit.to.as_ref().is_some_and(Value::is_secret)) {
            let Some(goal) = wanted.left(&(at.clone(), edit.setting.clone())) else { continue };
            let may_move =
                |now| seen.owners.iter().any(|owner| owner.holds(&edit.setting) && owner.moves(goal.exact(), now));
            let by_owner = || edit.from.as_ref().is_some_and(may_move);
            if !goal.holds(edit.from.as_ref()) && !by_owner() {
                let (setting, live) = (edit.setting.clone(), edit.from.clone());
                drifts.push(Drift { at: at.clone(), setting, wants: goal.clone(), live });
            }
        }
    }
    Ok(drifts)
}
