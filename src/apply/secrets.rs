use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use opsctl_api::{Plain, Secret, Source, Value};

use super::ApplyError;
use super::gate::is_measured;
use crate::action::Member;
use crate::check::{self, Check, has_secret};
use crate::plan::{Plan, Step, Work};

/// Where the texts of secrets come from: the environment and files, which only the caller may read.
pub type Secrets<'a> = dyn Fn(&Source) -> Result<Plain, String> + Send + Sync + 'a;

/// The plan with the text of every secret that it sets or sends, in memory alone: nothing serialises a text.
///
/// # Errors
/// Texts cannot be had: all of those.
pub(super) fn filled(plan: &Arc<Plan>, secrets: &Secrets<'_>) -> Result<Arc<Plan>, ApplyError> {
    let mut plan = Arc::clone(plan);
    if !sends_a_secret(&plan) && !plan.steps.iter().any(sets_a_secret) {
        return Ok(plan);
    }
    let mut known: BTreeMap<Source, Result<Plain, String>> = BTreeMap::new();
    let filled = Arc::make_mut(&mut plan);
    for secret in secrets_of(filled) {
        let Some(source) = secret.source.clone().filter(|_| secret.plain.is_none()) else { continue };
        let text = known.entry(source).or_insert_with_key(secrets);
        secret.plain = text.as_ref().ok().cloned();
    }
    let lacking = known.into_iter().filter_map(|(source, text)| Some((source, text.err()?)));
    let lacking: Vec<(Source, String)> = lacking.collect();
    if !lacking.is_empty() {
        return Err(ApplyError::Secrets(lacking));
    }
    if filled.intent.reverts.is_some() {
        filled.checks = revealed(std::mem::take(&mut filled.checks), secrets);
    }
    Ok(plan)
}

/// The sources of secrets from which an apply of this plan, here and now, would get nothing, each with the reason.
pub fn lacking(plan: &Plan, secrets: &Secrets<'_>) -> BTreeMap<Source, String> {
    if !sends_a_secret(plan) && !plan.steps.iter().any(sets_a_secret) {
        return BTreeMap::new();
    }
    let mut plan = plan.clone();
    let sources = secrets_of(&mut plan).into_iter().filter_map(|secret| secret.source.clone());
    sources
        .collect::<BTreeSet<Source>>()
        .into_iter()
        .filter_map(|source| Some((source.clone(), secrets(&source).err()?)))
        .collect()
}

/// All that must be had before anything is changed: what is set, what actions send, and what checks do, but for those of a state
/// that is gone back to.
fn secrets_of(plan: &mut Plan) -> Vec<&mut Secret> {
    let measured = plan.checks.iter().filter(|check| is_measured(plan, check)).map(|check| check.name.clone());
    let measured: BTreeSet<String> = measured.collect();
    let edits = plan.steps.iter_mut().filter_map(|step| match &mut step.work {
        Work::Change { edits, hops, .. } => {
            Some(edits.iter_mut().chain(hops.iter_mut().flat_map(|hop| &mut hop.edits)))
        }
        Work::Wait { .. } | Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => None,
    });
    let set = edits.flatten().filter_map(|edit| match &mut edit.to {
        Some(Value::Secret(secret)) => Some(secret.as_mut()),
        _ => None,
    });
    let sent = plan.actions.iter_mut().flat_map(|action| &mut action.members).flat_map(Member::secrets_mut);
    let goes_back = plan.intent.reverts.is_some();
    let checks = plan.checks.iter_mut().filter(|check| !goes_back && measured.contains(&check.name));
    set.chain(sent).chain(checks.flat_map(|check| check.probe.secrets_mut())).collect()
}

/// The checks of the state that was, with the texts of their secrets. One that cannot be had stops no way back: its check does not
/// hold, and says so.
fn revealed(checks: Vec<Check>, secrets: &Secrets<'_>) -> Vec<Check> {
    checks.into_iter().map(|check| check::revealed(&check, secrets).unwrap_or(check)).collect()
}

fn sends_a_secret(plan: &Plan) -> bool {
    let members = plan.actions.iter().flat_map(|action| &action.members).flat_map(Member::along);
    let checks = plan.checks.iter().filter_map(|check| check.probe.along());
    members.chain(checks).any(has_secret)
}

fn sets_a_secret(step: &Step) -> bool {
    match &step.work {
        Work::Change { edits, .. } => edits.iter().any(|edit| edit.to.as_ref().is_some_and(Value::is_secret)),
        Work::Wait { .. } | Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => false,
    }
}
