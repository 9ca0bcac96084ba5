//! Whether an operation kept to the time that its state allows it.

use opsctl_api::{Direction, Effect, Kind, Value};

use super::owed;
use crate::instance::Catalogues;
use crate::plan::Plan;
use crate::snapshot::{EditRecord, Operation, Status, StepRecord};
use crate::state::Goal;
use crate::view::Rto;

/// How an operation kept to its time; `None` where it has none, or had nothing to do.
pub(super) fn of(operation: &Operation, plan: &Plan, catalogues: &Catalogues) -> Option<Rto> {
    let within = plan.intent.rto.filter(|_| !operation.steps.is_empty())?;
    Some(Rto { within, missed: operation.missed(within), lacks: lacks(operation, plan, catalogues) })
}

/// What there is still no end of, though the operation has come to its own: who waits for what it was for still waits.
fn lacks(operation: &Operation, plan: &Plan, catalogues: &Catalogues) -> Option<String> {
    let undone = operation.steps.iter().filter(|step| matches!(step.status, Status::Owed | Status::LeftAlone));
    let undone: Vec<&StepRecord> = undone.collect();
    let is_reached = !undone.iter().any(|step| is_awaited(step, Some(plan), catalogues));
    let is_owed = undone.iter().all(|step| step.status == Status::Owed);
    match (if is_reached { 0 } else { undone.len() }, if is_owed { "owed" } else { "not done" }) {
        (0, _) if operation.is_unmeasured() => Some("its checks were not measured".to_owned()),
        (0, _) if !operation.failed_checks.is_empty() => Some("a check does not hold".to_owned()),
        (0, _) => None,
        (1, what) => Some(format!("1 step is {what}")),
        (more, what) => Some(format!("{more} steps are {what}")),
    }
}

/// Whether what an operation was for is not reached without a step. Where it moves traffic that is what is waited for: what serves that is there, or it would not have been moved.
/// Else all is, but for what shrinks or is switched off.
pub(super) fn is_awaited(step: &StepRecord, plan: Option<&Plan>, catalogues: &Catalogues) -> bool {
    let Some(kind) = step.at.as_ref().and_then(|at| catalogues.kind(at.instance(), at.kind())) else { return true };
    if step.settings().iter().any(|(_, setting)| effect(kind, setting) == Effect::Traffic) {
        return true;
    }
    let shrinks = |edit: &EditRecord| {
        effect(kind, &edit.setting).direction(edit.from.as_ref(), edit.to.as_ref()) == Direction::Down
    };
    plan.is_none_or(|plan| plan.traffic.is_empty())
        && match owed::beside(step, plan) {
            Some((setting, Goal::Exact(to))) => !switches_off(kind, setting, to),
            Some((_, Goal::Bound(_))) => true,
            None => step.edits.is_empty() || !step.edits.iter().all(shrinks),
        }
}

fn effect(kind: &Kind, setting: &str) -> Effect {
    kind.setting(setting).map_or(Effect::Config, |setting| setting.effect)
}

/// Whether it takes all away, from whatever is live.
fn switches_off(kind: &Kind, setting: &str, to: &Value) -> bool {
    let off = match effect(kind, setting) {
        Effect::Capacity => Value::Integer(0),
        Effect::Power => Value::Bool(false),
        Effect::PowerInverted => Value::Bool(true),
        Effect::Traffic | Effect::Config => return false,
    };
    *to == off
}
