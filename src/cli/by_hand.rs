use opsctl_api::{Edit, Hop};

use super::registry;
use super::repository::Repository;
use crate::plan::{Plan, Work};
use crate::snapshot::{Operation, Status, StepRecord};
use crate::view::Ways;

/// What a person would type instead of the steps that were not done.
pub(super) fn ways(plan: &Plan, operation: &Operation, repository: &Repository) -> Ways {
    let left = operation.steps.iter().filter(|step| step.status != Status::Done);
    let ways = left.map(|step| (step.step, lines(plan, step, repository)));
    ways.filter(|(_, lines)| !lines.is_empty()).collect()
}

/// A line for each of its calls that is still to be made; none where that is not known.
fn lines(plan: &Plan, step: &StepRecord, repository: &Repository) -> Vec<String> {
    let Some(Work::Change { at, hops, .. }) = plan.steps.get(step.step).map(|step| &step.work) else {
        return Vec::new();
    };
    let (catalogues, providers) = (&repository.catalogues.0, &repository.config.providers);
    let (Some(catalogue), Some(provider)) = (catalogues.get(at.instance()), providers.get(at.instance())) else {
        return Vec::new();
    };
    let options = registry::options(provider);
    // What is emulated has no region and no context to name.
    let emulated = provider.provider_type != catalogue.provider();
    let whose = if emulated { format!("  # at {}", at.instance()) } else { String::new() };
    let ahead = hops.iter().skip(step.calls_done).map(|hop| (hop, catalogue.by_hand(hop, &options)));
    let typed = ahead.filter(|(_, line)| !line.is_empty());
    typed.map(|(hop, line)| line + &whose + if was_sent(step, hop) { SENT } else { "" }).collect()
}

/// What was sent may yet become true: made twice, it may fail, or be done twice.
const SENT: &str = "  # was sent: look first whether it is on its way";

/// Whether a call of a step was sent, as far as it is known, and not seen to be true.
fn was_sent(step: &StepRecord, hop: &Hop) -> bool {
    let is_out = |edit: &Edit| {
        let record = step.edits.iter().find(|record| record.setting == edit.setting);
        record.is_some_and(|record| record.sent && record.what_it_left() == edit.to.as_ref())
    };
    step.status.is_unseen() && hop.edits.iter().all(is_out)
}
