use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::Pattern;

use super::diff::Edits;
use super::expand::{Expanded, Item};
use super::problem::Problem;
use super::{Skipped, SkippedWhy};
use crate::diagnostic::Code;
use crate::state::State;

/// Takes out the edits that `--target` does not reach and those that `--exclude` names, with what grows on the latter.
pub(super) fn select(
    state: &State,
    expanded: &mut Expanded,
    edits: &mut Edits,
    target: &[Pattern],
    exclude: &[Pattern],
    problems: &mut Vec<Problem>,
) {
    for pattern in target.iter().chain(exclude) {
        if !expanded.items.iter().any(|item| names(item, pattern)) {
            let problem = Problem::new(Code::PatternWithoutMatch, pattern, "it matches no resource of the state")
                .instead("name a resource as the state does, or its address; `*` stands for anything");
            problems.push(problem);
        }
    }
    let mut out: BTreeSet<usize> = BTreeSet::new();
    if !target.is_empty() {
        let wanted = matching(expanded, target);
        let reached = needed_by(state, expanded, wanted);
        out.extend((0..expanded.items.len()).filter(|item| !reached.contains(item)));
    }
    let excluded = matching(expanded, exclude);
    for &item in &out.union(&excluded).copied().collect::<Vec<_>>() {
        for edit in std::mem::take(&mut edits[item]).into_values().flatten() {
            let at = expanded.items[item].at.to_string();
            expanded.skipped.push(Skipped { at, setting: Some(edit.setting), why: SkippedWhy::NotTargeted });
        }
    }
    hold_back(state, expanded, edits, excluded.into_iter().collect(), "it needs what is excluded");
}

/// Takes out the ups of all that needs these items, directly or through others.
pub(super) fn hold_back(state: &State, expanded: &mut Expanded, edits: &mut Edits, from: Vec<usize>, why: &str) {
    let mut needed_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, resource) in &state.resources {
        for needed in resource.declared.needs.iter().flat_map(|need| &need.any_of) {
            needed_by.entry(needed).or_default().push(name);
        }
    }
    let mut missing: BTreeSet<usize> = from.iter().copied().collect();
    let mut open = from;
    while let Some(gone) = open.pop() {
        let names = expanded.items[gone].names.iter().filter_map(|name| needed_by.get(name.as_str())).flatten();
        let members = names.filter_map(|name| expanded.groups.get(*name)).flat_map(|group| group.items.clone());
        for item in members.collect::<BTreeSet<usize>>() {
            if missing.contains(&item) || !relies_on(state, expanded, item, &missing, gone) {
                continue;
            }
            missing.insert(item);
            open.push(item);
            let ups: Vec<_> = edits[item].keys().copied().filter(|slot| slot.is_up()).collect();
            for edit in ups.into_iter().filter_map(|slot| edits[item].remove(&slot)).flatten() {
                let at = expanded.items[item].at.to_string();
                let why = SkippedWhy::HeldBack(why.to_owned());
                expanded.skipped.push(Skipped { at, setting: Some(edit.setting), why });
            }
        }
    }
}

/// Whether an item has a need of which every alternative lacks a member, this one among them.
fn relies_on(state: &State, expanded: &Expanded, item: usize, missing: &BTreeSet<usize>, gone: usize) -> bool {
    let needs = expanded.items[item]
        .names
        .iter()
        .filter_map(|name| state.resources.get(name))
        .flat_map(|resource| &resource.declared.needs);
    needs.into_iter().any(|need| {
        let groups: Vec<_> = need.any_of.iter().filter_map(|name| expanded.groups.get(name)).collect();
        groups.iter().any(|group| group.items.contains(&gone))
            && !groups.iter().any(|group| group.items.contains(&item))
            && groups.iter().all(|group| group.items.iter().any(|member| missing.contains(member)))
    })
}

/// These items, and all that they need, directly or through others, with what confines any of them.
fn needed_by(state: &State, expanded: &Expanded, wanted: BTreeSet<usize>) -> BTreeSet<usize> {
    let confiners = super::order::confiners(expanded);
    let mut reached = wanted.clone();
    let mut open: Vec<usize> = wanted.into_iter().collect();
    while let Some(item) = open.pop() {
        let needs = expanded.items[item]
            .names
            .iter()
            .filter_map(|name| state.resources.get(name))
            .flat_map(|resource| &resource.declared.needs)
            .flat_map(|need| &need.any_of)
            .filter_map(|name| expanded.groups.get(name))
            .flat_map(|group| &group.items);
        for &next in needs.chain(confiners.get(&item).into_iter().flatten()) {
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    reached
}

fn matching(expanded: &Expanded, patterns: &[Pattern]) -> BTreeSet<usize> {
    let matches = |item: &usize| patterns.iter().any(|pattern| names(&expanded.items[*item], pattern));
    (0..expanded.items.len()).filter(matches).collect()
}

fn names(item: &Item, pattern: &Pattern) -> bool {
    pattern.matches(&item.at) || item.names.iter().any(|name| pattern.matches_text(name))
}
