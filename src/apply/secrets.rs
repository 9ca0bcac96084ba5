use std::collections::BTreeMap;
use std::sync::Arc;

use opsctl_api::{Edit, Plain, Source, Value};

use super::ApplyError;
use crate::plan::{Plan, Step, Work};

/// Where the texts of secrets come from: the environment and files, which only the caller may read.
pub type Secrets<'a> = dyn Fn(&Source) -> Result<Plain, String> + Send + Sync + 'a;

/// The plan with the text of every secret that it sets, in memory alone: nothing serialises a text.
///
/// # Errors
/// A text cannot be had.
pub(super) fn filled(plan: &Arc<Plan>, secrets: &Secrets<'_>) -> Result<Arc<Plan>, ApplyError> {
    let mut plan = Arc::clone(plan);
    if !plan.steps.iter().any(sets_a_secret) {
        return Ok(plan);
    }
    let mut known: BTreeMap<Source, Plain> = BTreeMap::new();
    for step in &mut Arc::make_mut(&mut plan).steps {
        let Work::Change { edits, hops, .. } = &mut step.work else { continue };
        for edit in edits.iter_mut().chain(hops.iter_mut().flat_map(|hop| &mut hop.edits)) {
            fill(edit, secrets, &mut known)?;
        }
    }
    Ok(plan)
}

fn sets_a_secret(step: &Step) -> bool {
    match &step.work {
        Work::Change { edits, .. } => edits.iter().any(|edit| edit.to.as_ref().is_some_and(Value::is_secret)),
        Work::Wait { .. } | Work::Check { .. } | Work::Joint { .. } => false,
    }
}

fn fill(edit: &mut Edit, secrets: &Secrets<'_>, known: &mut BTreeMap<Source, Plain>) -> Result<(), ApplyError> {
    let Some(Value::Secret(secret)) = &mut edit.to else { return Ok(()) };
    let Some(source) = secret.source.clone().filter(|_| secret.plain.is_none()) else { return Ok(()) };
    let plain = match known.get(&source) {
        Some(plain) => plain.clone(),
        None => secrets(&source).map_err(|why| ApplyError::Secret { from: source.clone(), why })?,
    };
    known.insert(source, plain.clone());
    secret.plain = Some(plain);
    Ok(())
}
