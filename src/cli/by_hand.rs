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
    let ahead = hops.iter().skip(step.calls_done).map(|hop| catalogue.by_hand(hop, &options));
    ahead.filter(|line| !line.is_empty()).map(|line| line + &whose).collect()
}
