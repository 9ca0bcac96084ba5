//! Who needs whom, by what a state declares and what only the providers know: upwards from what goes missing, and downwards from what stays.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Relation};

use super::expand::Expanded;
use super::{Plan, Seen};
use crate::state::{Declared, State};

/// What cannot be relied on any more.
#[derive(Debug, Default)]
pub(super) struct Gone<'a> {
    pub(super) items: Vec<usize>,
    /// Whole names, of which no member is known.
    pub(super) names: Vec<&'a str>,
}

impl From<Vec<usize>> for Gone<'_> {
    fn from(items: Vec<usize>) -> Self {
        Self { items, ..Self::default() }
    }
}

/// All that has nothing left to rely on without these, directly or through others, some of these maybe; each with the one of them that it was
/// found from, where that is an item.
pub(super) fn relying_on<'a>(
    state: &State,
    expanded: &Expanded,
    gone: impl Into<Gone<'a>>,
) -> Vec<(usize, Option<usize>)> {
    let gone = gone.into();
    if gone.items.is_empty() && gone.names.is_empty() {
        return Vec::new();
    }
    let declared = state.resources.iter().map(|(name, resource)| (name.as_str(), &*resource.declared));
    let names = expanded.items.iter().map(|item| item.names.iter().map(String::as_str).collect()).collect();
    Reliance::new(declared, names, super::order::provider_needs(expanded)).without(gone)
}

/// By what a plan recorded: all that has nothing left to rely on without these, directly or through others; each with the one of them that it was found from.
pub fn relying<'a>(plan: &'a Plan, gone: &BTreeSet<&Address>) -> BTreeMap<&'a Address, &'a Address> {
    let items: Vec<(&Address, &Seen)> = plan.resources.iter().collect();
    let place = |at: &Address| items.binary_search_by_key(&at, |(at, _)| *at).ok();
    let provider_needs = items.iter().enumerate().flat_map(|(item, (_, seen))| {
        let needed = seen.relations.iter().filter_map(|relation| match relation {
            Relation::Needs(at) => place(at),
            Relation::Confines(_) => None,
        });
        needed.map(move |needed| (item, needed))
    });
    let declared = plan.declared.iter().map(|(name, declared)| (name.as_str(), &**declared));
    let names = items.iter().map(|(_, seen)| seen.names.iter().map(String::as_str).collect()).collect();
    let gone: Vec<usize> = gone.iter().filter_map(|at| place(at)).collect();
    let relying = Reliance::new(declared, names, provider_needs).without(gone.into());
    relying.into_iter().filter_map(|(item, of)| Some((items[item].0, items[of?].0))).collect()
}

/// Who relies on what, followed as one item after the other goes missing. Each need is met or not for all members of a name
/// together, so wildcards that need wildcards cost no more than their members.
pub(super) struct Reliance<'a> {
    /// By item.
    names: Vec<Vec<&'a str>>,
    /// By name: its items, ascending.
    members: BTreeMap<&'a str, Vec<usize>>,
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
    /// Of what is declared by name, the names of each item, and who needs whom as only the providers know.
    pub(super) fn new(
        declared: impl Iterator<Item = (&'a str, &'a Declared)>,
        names: Vec<Vec<&'a str>>,
        provider_needs: impl Iterator<Item = (usize, usize)>,
    ) -> Self {
        let declared: BTreeMap<&str, &Declared> = declared.collect();
        let mut reliance = Self {
            names,
            members: BTreeMap::new(),
            alternative_of: BTreeMap::new(),
            needs: Vec::new(),
            by_provider: BTreeMap::new(),
        };
        for (item, names) in reliance.names.iter().enumerate() {
            for name in names {
                reliance.members.entry(name).or_default().push(item);
            }
        }
        for (name, of) in &declared {
            for need in &of.needs {
                let known = need.any_of.iter().map(String::as_str).filter(|name| declared.contains_key(name));
                let whole: BTreeSet<&str> = known.collect();
                for alternative in &whole {
                    reliance.alternative_of.entry(alternative).or_default().push(reliance.needs.len());
                }
                reliance.needs.push(Relying { name, any_of: &need.any_of, whole });
            }
        }
        for (item, needed) in provider_needs {
            reliance.by_provider.entry(needed).or_default().push(item);
        }
        reliance
    }

    /// All that has nothing left to rely on without these, directly or through others, some of these maybe; each with the one of them that it was
    /// found from, where that is an item.
    pub(super) fn without(mut self, gone: Gone<'_>) -> Vec<(usize, Option<usize>)> {
        let mut missing: BTreeSet<usize> = gone.items.iter().copied().collect();
        let mut open: Vec<(usize, Option<usize>)> = gone.items.into_iter().map(|item| (item, Some(item))).collect();
        let (mut relying, mut known) = (Vec::new(), BTreeSet::new());
        let mut found: Vec<usize> = gone.names.into_iter().flat_map(|name| self.bereft_of_name(name)).collect();
        let mut from = None;
        loop {
            for item in found {
                if known.insert(item) {
                    relying.push((item, from));
                }
                if missing.insert(item) {
                    open.push((item, from));
                }
            }
            let Some((item, of)) = open.pop() else { return relying };
            (found, from) = (self.bereft_of(item), of);
        }
    }

    /// The items that have nothing left to rely on once this one is missing, too.
    fn bereft_of(&mut self, gone: usize) -> Vec<usize> {
        let mut items = self.by_provider.get(&gone).cloned().unwrap_or_default();
        for name in self.names[gone].clone() {
            items.extend(self.bereft_of_name(name));
        }
        items
    }

    /// The same for all of a name.
    fn bereft_of_name(&mut self, name: &str) -> Vec<usize> {
        let mut items = Vec::new();
        for &need in self.alternative_of.get(name).into_iter().flatten() {
            let need = &mut self.needs[need];
            if need.whole.remove(name) && need.whole.is_empty() {
                let members = self.members.get(need.name).into_iter().flatten();
                // A member of what is needed does not need itself.
                let is_needed =
                    |item: &usize| self.names[*item].iter().any(|name| need.any_of.iter().any(|any| any == name));
                items.extend(members.filter(|item| !is_needed(item)));
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
