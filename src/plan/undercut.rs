use std::collections::BTreeSet;

use opsctl_api::{Address, Relation};
use serde::Serialize;

use super::reliance::Reliance;
use super::{Plan, Position, Seen, SkippedWhy, Work};

/// Something that `--target` or `--exclude` leaves as it is, while what it needs shrinks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undercut {
    /// What stays.
    pub at: Address,
    /// What it needs, directly or through others, and that shrinks: its name, where it has one.
    pub needs: String,
}

/// What a part of a state takes something from under, which the whole of it would not.
pub fn undercut(plan: &Plan) -> Vec<Undercut> {
    let left_out = plan.skipped.iter().filter(|skipped| skipped.why == SkippedWhy::NotTargeted);
    let left_out: BTreeSet<&str> = left_out.map(|skipped| skipped.at.as_str()).collect();
    if left_out.is_empty() {
        return Vec::new();
    }
    let items: Vec<(&Address, &Seen)> = plan.resources.iter().collect();
    let place = |at: &Address| items.binary_search_by_key(&at, |(at, _)| *at).ok();
    let shrinks = plan.steps.iter().filter_map(|step| match &step.work {
        Work::Change { at, position: Position::Down, .. } => place(at),
        _ => None,
    });
    let provider_needs = items.iter().enumerate().flat_map(|(item, (_, seen))| {
        let needed = seen.relations.iter().filter_map(|relation| match relation {
            Relation::Needs(at) => place(at),
            Relation::Confines(_) => None,
        });
        needed.map(move |needed| (item, needed))
    });
    let declared = plan.declared.iter().map(|(name, declared)| (name.as_str(), &**declared));
    let names = items.iter().map(|(_, seen)| seen.names.iter().map(String::as_str).collect()).collect();
    let relying = Reliance::new(declared, names, provider_needs).without(shrinks.collect::<Vec<_>>().into());
    let mut undercut: Vec<Undercut> = relying
        .into_iter()
        .filter(|(item, _)| left_out.contains(items[*item].0.as_str()))
        .filter_map(|(item, shrinking)| {
            let (at, seen) = items[shrinking?];
            let needs = seen.names.first().map_or(at.as_str(), String::as_str).to_owned();
            Some(Undercut { at: items[item].0.clone(), needs })
        })
        .collect();
    undercut.sort_by(|a, b| a.at.cmp(&b.at));
    undercut
}
