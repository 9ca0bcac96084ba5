use super::{Plan, Work};
use crate::instance::Catalogues;

/// What a person would type instead of a step from one of its calls on, a line for each; empty where that is not known.
pub fn by_hand(plan: &Plan, step: usize, from: usize, catalogues: &Catalogues) -> Vec<String> {
    let Some(Work::Change { at, hops, .. }) = plan.steps.get(step).map(|step| &step.work) else { return Vec::new() };
    let Some(catalogue) = catalogues.0.get(at.instance()) else { return Vec::new() };
    hops.iter().skip(from).map(|hop| catalogue.by_hand(hop)).filter(|line| !line.is_empty()).collect()
}
