use opsctl_api::Edit;

use crate::instance::Catalogues;
use crate::plan::{self, Plan, Work};
use crate::snapshot::{Operation, Status, StepRecord};
use crate::view::Ways;

/// What a person would type instead of the steps that were not done.
pub(super) fn ways(plan: &Plan, operation: &Operation, catalogues: &Catalogues) -> Ways {
    let left = operation.steps.iter().filter(|step| step.status != Status::Done);
    let ways = left.map(|step| (step.step, plan::by_hand(plan, step.step, last_sent(plan, step), catalogues)));
    ways.filter(|(_, lines)| !lines.is_empty()).collect()
}

/// The last call of a step that went out, for those before it are done; the first one where none did.
fn last_sent(plan: &Plan, step: &StepRecord) -> usize {
    let Some(Work::Change { hops, .. }) = plan.steps.get(step.step).map(|step| &step.work) else { return 0 };
    let sent = |edit: &Edit| {
        step.edits
            .iter()
            .any(|record| record.sent && record.setting == edit.setting && record.what_it_left() == edit.to.as_ref())
    };
    hops.iter().rposition(|hop| hop.edits.iter().all(sent)).unwrap_or(0)
}
