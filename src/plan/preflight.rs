use std::collections::BTreeSet;

use opsctl_api::{Fault, Hop, Preflight};

use super::{Plan, PreflightNote, Refusal, RefusedBy, Step, Work};
use crate::instance::Instances;

/// Asks each instance whether it would take each hop of each step.
///
/// A refusal of a step that has others before it counts as "cannot tell", for they may mend it. A denial does not, for no
/// step gives rights; nor does that something is not there, unless something is called before: no change makes a resource.
pub async fn preflight(steps: &[Step], instances: &Instances) -> Vec<PreflightNote> {
    let asked: Vec<(usize, usize, &Hop)> = steps
        .iter()
        .enumerate()
        .flat_map(|(step, of)| {
            let hops: &[Hop] = match &of.work {
                Work::Change { hops, .. } => hops,
                Work::Wait { .. } | Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => &[],
            };
            hops.iter().enumerate().map(move |(nth, hop)| (step, nth, hop))
        })
        .collect();
    let hops: Vec<Hop> = asked.iter().map(|(_, _, hop)| (*hop).clone()).collect();
    let answers = instances.preflight(&hops).await;
    let notes = asked.into_iter().zip(answers).map(|((step, hop, _), answer)| {
        let answer = match answer {
            Preflight::Refused(fault) if may_be_mended(&fault, step, steps) => {
                Preflight::CannotTell(format!("{fault}; an earlier step may mend that"))
            }
            answer => answer,
        };
        PreflightNote { step, hop, answer }
    });
    notes.collect()
}

/// Whether something earlier may have it that a step is not refused after all.
fn may_be_mended(fault: &Fault, step: usize, steps: &[Step]) -> bool {
    match fault {
        Fault::Denied(_) => false,
        Fault::Missing(_) => earlier(step, steps).into_iter().any(|id| matches!(steps[id].work, Work::Action { .. })),
        _ => !steps[step].after.is_empty(),
    }
}

/// All that comes before a step, directly or through others.
fn earlier(step: usize, steps: &[Step]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![step];
    while let Some(id) = open.pop() {
        open.extend(steps[id].after.iter().map(|edge| edge.step).filter(|&before| found.insert(before)));
    }
    found
}

/// Adds what the API refuses. What it does not take back at all cannot be allowed; it can only be left out.
pub(super) fn refuse(plan: &mut Plan) {
    let mut refused = refused(&plan.steps, &plan.preflight);
    let is_irreversible = |at: &str| plan.way_back.irreversible.keys().any(|other| other.as_str() == at);
    for refusal in refused.iter_mut().filter(|refusal| is_irreversible(&refusal.at)) {
        refusal.instead = format!("leave it as it is with --exclude {}", refusal.at);
    }
    let in_vain = |refusal: &Refusal| refusal.by == RefusedBy::OneWay && refused.iter().any(|of| of.at == refusal.at);
    plan.refusals.retain(|refusal| !in_vain(refusal));
    plan.refusals.extend(refused);
}

/// The steps that the API would not take.
pub fn refused(steps: &[Step], notes: &[PreflightNote]) -> Vec<Refusal> {
    let refusals = notes.iter().filter_map(|note| match &note.answer {
        Preflight::Refused(fault) => {
            let at = steps.get(note.step)?.at()?.to_string();
            let instead = match fault {
                Fault::Missing(_) => format!("name one that there is, or leave it as it is with --exclude {at}"),
                _ => String::new(),
            };
            Some(Refusal { by: RefusedBy::Preflight, at, why: fault.to_string(), instead })
        }
        Preflight::Accepted | Preflight::CannotTell(_) => None,
    });
    // Of several calls of one step all may be refused for one and the same.
    let mut refusals: Vec<Refusal> = refusals.collect();
    refusals.dedup();
    refusals
}
