use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::Address;

use super::{Plan, Position, SkippedWhy, Work};

/// Something that `--target` or `--exclude` leaves as it is, while what it needs shrinks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undercut {
    /// What stays.
    pub at: Address,
    /// The name that it needs, directly or through others, and that shrinks.
    pub needs: String,
}

/// What a part of a state takes something from under, which the whole of it would not.
pub fn undercut(plan: &Plan) -> Vec<Undercut> {
    let left_out = plan.skipped.iter().filter(|skipped| skipped.why == SkippedWhy::NotTargeted);
    let left_out: BTreeSet<&str> = left_out.map(|skipped| skipped.at.as_str()).collect();
    if left_out.is_empty() {
        return Vec::new();
    }
    let without = without(plan);
    let stays = plan.resources.iter().filter(|(at, _)| left_out.contains(at.as_str()));
    let undercut = stays.filter_map(|(at, seen)| {
        let needs = seen.names.iter().find_map(|name| shaken(plan, name, &without))?;
        Some(Undercut { at: at.clone(), needs: needs.to_owned() })
    });
    undercut.collect()
}

/// By name: what shrinks of it, or under it.
fn without(plan: &Plan) -> BTreeMap<&str, &str> {
    let shrinks = plan.steps.iter().filter_map(|step| match &step.work {
        Work::Change { at, position: Position::Down, .. } => plan.resources.get(at),
        _ => None,
    });
    let names = shrinks.flat_map(|seen| &seen.names);
    let mut without: BTreeMap<&str, &str> = names.map(|name| (name.as_str(), name.as_str())).collect();
    loop {
        let more: Vec<(&str, &str)> = plan
            .declared
            .keys()
            .filter(|name| !without.contains_key(name.as_str()))
            .filter_map(|name| Some((name.as_str(), shaken(plan, name, &without)?)))
            .collect();
        if more.is_empty() {
            return without;
        }
        without.extend(more);
    }
}

/// What a name needs that shrinks: all alternatives of one of its needs do.
fn shaken<'a>(plan: &'a Plan, name: &str, without: &BTreeMap<&'a str, &'a str>) -> Option<&'a str> {
    let mut needs = plan.declared.get(name)?.needs.iter();
    needs.find_map(|need| {
        let all = need.any_of.iter().all(|needed| without.contains_key(needed.as_str()));
        need.any_of.iter().find(|_| all).and_then(|needed| without.get(needed.as_str()).copied())
    })
}
