use crate::instance::Catalogues;
use crate::plan::{self, Plan};
use crate::snapshot::{Operation, Status};
use crate::view::Ways;

/// What a person would type instead of the steps that were not done.
pub(super) fn ways(plan: &Plan, operation: &Operation, catalogues: &Catalogues) -> Ways {
    let left = operation.steps.iter().filter(|step| step.status != Status::Done);
    let ways = left.map(|step| (step.step, plan::by_hand(plan, step.step, catalogues)));
    ways.filter(|(_, lines)| !lines.is_empty()).collect()
}
