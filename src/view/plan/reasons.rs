use std::collections::BTreeSet;

use super::super::words::clean;
use crate::plan::{Plan, Reason, Step, Work};

/// How many predecessors of a step are told with their reasons.
const MOST: usize = 8;

/// Of each step the waves of what comes right before it; a joint passes on what comes before itself.
pub(super) fn waves_before(plan: &Plan) -> Vec<BTreeSet<u32>> {
    let mut all: Vec<BTreeSet<u32>> = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let mut before = BTreeSet::new();
        for edge in &step.after {
            match plan.steps.get(edge.step) {
                Some(Step { work: Work::Joint { .. }, .. }) => {
                    before.extend(all.get(edge.step).into_iter().flatten().copied());
                }
                Some(earlier) => {
                    before.insert(earlier.wave);
                }
                None => {}
            }
        }
        all.push(before);
    }
    all
}

/// Of a step each working predecessor with the chain of reasons that leads to it.
pub(super) fn reasons(plan: &Plan, id: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut told = BTreeSet::new();
    let mut open: Vec<(usize, Vec<&Reason>)> =
        plan.steps[id].after.iter().rev().map(|edge| (edge.step, edge.why.iter().collect())).collect();
    while let Some((earlier, chain)) = open.pop() {
        let Some(step) = plan.steps.get(earlier).filter(|_| told.insert(earlier)) else { continue };
        if let Work::Joint { .. } = step.work {
            let longer = step.after.iter().rev().map(|edge| {
                let mut chain = chain.clone();
                chain.extend(&edge.why);
                (edge.step, chain)
            });
            open.extend(longer);
            continue;
        }
        if lines.len() == MOST {
            lines.push("and after more".to_owned());
            break;
        }
        let mut chain: Vec<String> = chain.into_iter().map(reason).collect();
        chain.dedup();
        lines.push(format!("after {} {}: {}", step.wave, what(step), chain.join(", ")));
    }
    lines
}

/// What a step is, in a few words.
fn what(step: &Step) -> String {
    match &step.work {
        Work::Change { at, .. } | Work::Wait { at, .. } => at.to_string(),
        Work::Check { name } => format!("check {}", clean(name)),
        Work::Action { name } => format!("action {}", clean(name)),
        Work::Joint { label } => clean(label),
    }
}

fn reason(reason: &Reason) -> String {
    let place = reason.place.as_ref().map(|place| format!(" ({place})"));
    clean(&reason.rule.to_string()) + &place.unwrap_or_default()
}
