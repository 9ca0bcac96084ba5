use std::collections::HashMap;

use opsctl_api::Address;

use super::super::words::wrap;
use crate::plan::{Plan, Position, Step, Work};

/// From how many on steps are told as one.
const FEW: usize = 3;

/// Steps of one wave that differ in their resource alone, told as one; or a single step.
pub(super) struct Group {
    /// Their ids, in the plan's order.
    pub(super) steps: Vec<usize>,
}

/// The working steps by wave, then in the plan's order; what is alike within a wave stands together where there is enough of it.
pub(super) fn groups(plan: &Plan, fold: bool) -> Vec<(u32, Vec<Group>)> {
    let mut waves: Vec<(u32, Vec<Group>)> = Vec::new();
    let mut ids: Vec<usize> = plan.work().map(|(id, _)| id).collect();
    ids.sort_by_key(|&id| (plan.steps[id].wave, id));
    for wave in ids.chunk_by(|&a, &b| plan.steps[a].wave == plan.steps[b].wave) {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: HashMap<Likeness, usize> = HashMap::new();
        let mut sizes: HashMap<Likeness, usize> = HashMap::new();
        let likeness: Vec<Option<Likeness>> =
            wave.iter().map(|&id| fold.then(|| of(&plan.steps[id])).flatten()).collect();
        for key in likeness.iter().flatten() {
            *sizes.entry(key.clone()).or_default() += 1;
        }
        for (&id, key) in wave.iter().zip(likeness) {
            let Some(key) = key.filter(|key| sizes[key] >= FEW) else {
                groups.push(Group { steps: vec![id] });
                continue;
            };
            let place = *known.entry(key).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.steps.push(id),
                None => groups.push(Group { steps: vec![id] }),
            }
        }
        waves.push((plan.steps[wave[0]].wave, groups));
    }
    waves
}

/// What is equal among steps that are told as one.
type Likeness = (String, String, Position, String, std::time::Duration, Vec<(usize, bool)>, Option<u64>);

fn of(step: &Step) -> Option<Likeness> {
    match &step.work {
        Work::Change { at, position, edits, hops, drain_time, settles_with: None } if hops.len() == 1 => {
            let edits = serde_json::to_string(&edits).ok()?;
            let before = step.after.iter().map(|edge| (edge.step, edge.enough)).collect();
            let (instance, kind) = (at.instance().to_owned(), at.kind().to_owned());
            Some((instance, kind, *position, edits, *drain_time, before, step.enough))
        }
        Work::Change { .. } | Work::Wait { .. } | Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => None,
    }
}

/// What stands for many addresses of one kind, and what tells them apart: `deployment/media/*` and their names.
pub(super) fn name(addresses: &[&Address]) -> (String, Vec<String>) {
    let paths: Vec<Vec<&str>> = addresses.iter().map(|at| at.local().split('/').collect()).collect();
    let Some(first) = paths.first() else { return (String::new(), Vec::new()) };
    let same = |place: usize| paths.iter().all(|path| path.len() == first.len() && path[place] == first[place]);
    let differing: Vec<usize> = (0..first.len()).filter(|&place| !same(place)).collect();
    match differing.as_slice() {
        [place] => {
            let shown =
                (0..first.len()).map(|i| if i == *place { "*" } else { first[i] }).collect::<Vec<_>>().join("/");
            (shown, paths.iter().map(|path| path[*place].to_owned()).collect())
        }
        _ => (format!("{}/*", first[0]), paths.iter().map(|path| path[1..].join("/")).collect()),
    }
}

/// The names under each other's line, at most `lines` of them.
pub(super) fn listed(names: &[String], room: usize, lines: usize) -> Vec<String> {
    let all = wrap(&names.join(", "), room);
    if all.len() <= lines {
        return all;
    }
    let mut few: Vec<String> = all.into_iter().take(lines).collect();
    let told: usize = few.iter().map(|line| line.matches(',').count()).sum();
    few.push(format!("and {} more (-v lists them)", names.len().saturating_sub(told)));
    few
}
