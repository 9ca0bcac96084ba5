use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::Pattern;

use super::asked::{Share, declares};
use super::diff::{Edits, Slot};
use super::expand::{Expanded, Item};
use super::problem::Problem;
use super::request::Request;
use super::{Skipped, SkippedWhy};
use crate::diagnostic::Code;
use crate::state::{State, Target};

/// Takes out the edits that `--target` does not reach and those that `--exclude` names, with what grows on the latter.
pub(super) fn select(
    request: &Request<'_>,
    shares: &BTreeMap<&str, Share>,
    expanded: &mut Expanded,
    edits: &mut Edits,
    problems: &mut Vec<Problem>,
) {
    let (state, target, exclude) = (request.state, &request.target, &request.exclude);
    for pattern in target.iter().chain(exclude) {
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
    hold_back(state, expanded, edits, gone, "it needs what is excluded");
}

/// Whether it is not known, or is nothing, what a name stands for.
fn is_unseen(expanded: &Expanded, name: &str) -> bool {
    expanded.groups.get(name).is_some_and(|group| group.lacking.is_some())
}

/// What cannot be relied on any more.
#[derive(Debug, Default)]
pub(super) struct Gone<'a> {
    items: Vec<usize>,
    /// Whole names, of which no member is known.
    names: Vec<&'a str>,
}

impl From<Vec<usize>> for Gone<'_> {
    fn from(items: Vec<usize>) -> Self {
        Self { items, ..Self::default() }
    }
}

/// Takes out the ups of all that needs these, directly or through others, and what would raise it from above.
pub(super) fn hold_back<'a>(
    state: &State,
    expanded: &mut Expanded,
    edits: &mut Edits,
    gone: impl Into<Gone<'a>>,
    why: &str,
) {
    let relying = relying_on(state, expanded, gone);
    if relying.is_empty() {
        return;
    }
    let confiners = super::order::confiners(expanded);
    for item in relying {
        take_out(item, |slot| slot.is_up(), why, expanded, edits);
        for &confiner in confiners.get(&item).into_iter().flatten() {
            let why = format!("it would raise {}, which is held back", expanded.items[item].at.local());
            take_out(confiner, |slot| slot == Slot::FloorUp, &why, expanded, edits);
        }
    }
}

fn take_out(item: usize, which: impl Fn(Slot) -> bool, why: &str, expanded: &mut Expanded, edits: &mut Edits) {
    for (_, taken) in edits[item].extract_if(.., |slot, _| which(*slot)) {
        expanded.skipped.extend(taken.into_iter().map(|edit| Skipped {
            at: expanded.items[item].at.to_string(),
            setting: Some(edit.setting),
            why: SkippedWhy::HeldBack(why.to_owned()),
        }));
    }
}

/// All that has nothing left to rely on without these, directly or through others; themselves not.
pub(super) fn relying_on<'a>(state: &State, expanded: &Expanded, gone: impl Into<Gone<'a>>) -> Vec<usize> {
    let Gone { items: mut open, names } = gone.into();
    if open.is_empty() && names.is_empty() {
        return Vec::new();
    }
    let mut missing: BTreeSet<usize> = open.iter().copied().collect();
    let mut relying = Vec::new();
    let mut reliance = Reliance::new(state, expanded);
    let mut without: Vec<usize> = names.into_iter().flat_map(|name| reliance.without_name(expanded, name)).collect();
    loop {
        for item in without {
            if missing.insert(item) {
                open.push(item);
                relying.push(item);
            }
        }
        let Some(gone) = open.pop() else { return relying };
        without = reliance.without(expanded, gone);
    }
}

/// Who relies on what, followed as one item after the other goes missing. Each need is met or not for all members of a name
/// together, so wildcards that need wildcards cost no more than their members.
struct Reliance<'a> {
    /// By name: the needs that it is an alternative of.
    alternative_of: BTreeMap<&'a str, Vec<usize>>,
    needs: Vec<Relying<'a>>,
    /// By item: what needs it as only the provider knows.
    by_provider: BTreeMap<usize, Vec<usize>>,
}

/// One need of a name.
struct Relying<'a> {
    name: &'a str,
    any_of: &'a [String],
    /// The alternatives of which no member is missing.
    whole: BTreeSet<&'a str>,
}

impl<'a> Reliance<'a> {
    fn new(state: &'a State, expanded: &Expanded) -> Self {
        let mut reliance = Self { alternative_of: BTreeMap::new(), needs: Vec::new(), by_provider: BTreeMap::new() };
        for (name, resource) in &state.resources {
            for need in &resource.declared.needs {
                let whole = need.any_of.iter().filter(|name| expanded.groups.contains_key(*name));
                let whole: BTreeSet<&str> = whole.map(String::as_str).collect();
                for alternative in &whole {
                    reliance.alternative_of.entry(alternative).or_default().push(reliance.needs.len());
                }
                reliance.needs.push(Relying { name, any_of: &need.any_of, whole });
            }
        }
        for (item, needed) in super::order::provider_needs(expanded) {
            reliance.by_provider.entry(needed).or_default().push(item);
        }
        reliance
    }

    /// The items that have nothing left to rely on once this one is missing, too.
    fn without(&mut self, expanded: &Expanded, gone: usize) -> Vec<usize> {
        let mut items = self.by_provider.get(&gone).cloned().unwrap_or_default();
        for name in &expanded.items[gone].names {
            items.extend(self.without_name(expanded, name));
        }
        items
    }

    /// The same for all of a name.
    fn without_name(&mut self, expanded: &Expanded, name: &str) -> Vec<usize> {
        let mut items = Vec::new();
        for &need in self.alternative_of.get(name).into_iter().flatten() {
            let need = &mut self.needs[need];
            if need.whole.remove(name) && need.whole.is_empty() {
                let groups: Vec<_> = need.any_of.iter().filter_map(|name| expanded.groups.get(name)).collect();
                let members = expanded.groups.get(need.name).into_iter().flat_map(|group| &group.items);
                // A member of what is needed does not need itself.
                items.extend(members.filter(|item| !groups.iter().any(|group| group.has(**item))));
            }
        }
        items
    }
}

/// All that these items need, directly or through others, with what confines any of them; each with the one of them that it was
/// found from.
pub(super) fn beneath(state: &State, expanded: &Expanded, items: BTreeSet<usize>) -> BTreeMap<usize, usize> {
    if items.is_empty() {
        return BTreeMap::new();
    }
    let mut beside = super::order::confiners(expanded);
    for (item, needed) in super::order::provider_needs(expanded) {
        beside.entry(item).or_default().push(needed);
    }
    let mut reached: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open: Vec<(usize, usize)> = items.into_iter().map(|item| (item, item)).collect();
    // What a name needs its members need all alike, and what is needed by two names is followed once.
    let mut met: BTreeSet<(&str, usize)> = BTreeSet::new();
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    while let Some((item, from)) = open.pop() {
        let mut next: Vec<usize> = beside.get(&item).cloned().unwrap_or_default();
        for name in &expanded.items[item].names {
            let needs = state.resources.get(name).into_iter().flat_map(|resource| &resource.declared.needs);
            for (index, need) in needs.enumerate() {
                let groups = need.any_of.iter().filter_map(|name| Some((name.as_str(), expanded.groups.get(name)?)));
                let groups: Vec<_> = groups.collect();
                // A member of what is needed does not need itself.
                if !groups.iter().any(|(_, group)| group.has(item)) && met.insert((name, index)) {
                    let unmet = groups.into_iter().filter(|(name, _)| needed.insert(name));
                    next.extend(unmet.flat_map(|(_, group)| &group.items));
                }
            }
        }
        for item in next {
            if let Entry::Vacant(entry) = reached.entry(item) {
                entry.insert(from);
                open.push((item, from));
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
