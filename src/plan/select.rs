use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::Pattern;

use super::asked::{Share, declares};
use super::diff::Edits;
use super::expand::{Expanded, Item};
use super::hold_back::hold_back;
use super::problem::Problem;
use super::reliance::{Gone, beneath};
use super::request::Request;
use super::{Skipped, SkippedWhy};
use crate::diagnostic::Code;
use crate::state::Target;

/// Takes out the edits that `--target` does not reach and those that `--exclude` names, with what grows on the latter.
pub(super) fn select(
    request: &Request<'_>,
    shares: &BTreeMap<&str, Share>,
    expanded: &mut Expanded,
    edits: &mut Edits,
    problems: &mut Vec<Problem>,
) {
    let (state, target, exclude) = (request.state, &request.part.target, &request.part.exclude);
    for pattern in target.iter().chain(exclude).chain(&request.force).chain(&request.allow_one_way) {
        let mut actions = state.actions.iter();
        let mut declared = state.resources.iter().map(|(name, resource)| (name, &resource.declared.at));
        let may_mean = |name: &str, target: &Target| match target {
            Target::Many { pattern: meant, .. } => meant.meets(pattern) && is_unseen(expanded, name),
            Target::One(_) => false,
        };
        if !declared.any(|(name, target)| declares(name, target, pattern) || may_mean(name, target))
            && !expanded.items.iter().any(|item| names(item, pattern))
            && !actions.any(|action| pattern.matches_text(&action.name))
        {
            let problem = Problem::new(Code::PatternWithoutMatch, pattern, "it matches no resource of the state")
                .instead("name a resource as the state does, or its address; `*` stands for anything");
            problems.push(problem);
        }
    }
    let excluded = matching(expanded, exclude);
    for pattern in target {
        let meant = matching(expanded, std::slice::from_ref(pattern));
        if !meant.is_empty() && meant.is_subset(&excluded) {
            let why = "--target asks for it, and --exclude leaves all of it out";
            problems.push(Problem::new(Code::PatternWithoutMatch, pattern, why).instead("take one of the two away"));
        }
    }
    let mut out: BTreeSet<usize> = BTreeSet::new();
    if !target.is_empty() {
        let wanted = matching(expanded, target);
        let reached = beneath(state, expanded, wanted.clone());
        let is_out = |item: &usize| !wanted.contains(item) && !reached.contains_key(item);
        out.extend((0..expanded.items.len()).filter(is_out));
    }
    for &item in &out.union(&excluded).copied().collect::<Vec<_>>() {
        for edit in std::mem::take(&mut edits[item]).into_values().flatten() {
            let at = expanded.items[item].at.to_string();
            expanded.skipped.push(Skipped { at, setting: Some(edit.setting), why: SkippedWhy::NotTargeted });
        }
    }
    // What cannot be seen has no members to go by.
    let unseen = shares.iter().filter(|(name, share)| **share == Share::Nothing && is_unseen(expanded, name));
    let names = unseen.map(|(name, _)| *name).collect();
    let gone = Gone { items: excluded.into_iter().collect(), names };
    hold_back(state, expanded, edits, gone, |_| "it needs what is excluded".to_owned());
}

/// Whether it is not known, or is nothing, what a name stands for.
fn is_unseen(expanded: &Expanded, name: &str) -> bool {
    expanded.groups.get(name).is_some_and(|group| group.lacking.is_some())
}

fn matching(expanded: &Expanded, patterns: &[Pattern]) -> BTreeSet<usize> {
    let matches = |item: &usize| patterns.iter().any(|pattern| names(&expanded.items[*item], pattern));
    (0..expanded.items.len()).filter(matches).collect()
}

fn names(item: &Item, pattern: &Pattern) -> bool {
    pattern.matches(&item.at) || item.names.iter().any(|name| pattern.matches_text(name))
}
