use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Effect, Readiness, Value};

use super::super::diff::{Edits, Slot};
use super::super::expand::{Expanded, Group, Presence};
use super::super::{FailedNeed, Refusal, RefusedBy};
use super::unserved::vacant;
use crate::state::State;

/// What must serve because something that grows relies on it.
#[derive(Debug, Default)]
pub(super) struct Demand {
    /// Items that are true and still on their way: to be waited for.
    pub(super) waits: BTreeSet<usize>,
    /// What is relied on and will not serve.
    pub(super) refusals: Vec<Refusal>,
}

/// Whether an item, or all items of a name, can be relied on once its own edits are made.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Serving {
    Yes,
    OnItsWay(Vec<usize>),
    No(String),
    /// Nothing of it serves, and that is as it shall be.
    Vacant(String),
    Nothing,
}

/// Follows needs from everything that grows, and from what keeps a pool's traffic while others of it shrink.
pub(super) fn demand(state: &State, expanded: &Expanded, edits: &Edits) -> Demand {
    let mut demand = Demand::default();
    let [growing, keeping] = seeds(state, expanded, edits);
    let mut seen: BTreeSet<usize> = growing.iter().chain(&keeping).copied().collect();
    // The last one is taken first: all that a pool relies on, where some of it are not enough, before anything else.
    let mut open: Vec<(usize, Level)> = growing.into_iter().map(|item| (item, Level::Enough)).collect();
    open.extend(keeping.into_iter().map(|item| (item, Level::All)));
    let mut met: BTreeSet<(&str, usize)> = BTreeSet::new();
    let mut by_provider: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (item, needed) in super::provider_needs(expanded) {
        by_provider.entry(item).or_default().push(needed);
    }
    while let Some((item, level)) = open.pop() {
        let mut relied_on = Vec::new();
        for name in &expanded.items[item].names {
            let needs = state.resources.get(name).into_iter().flat_map(|resource| &resource.declared.needs);
            for (index, need) in needs.enumerate() {
                let any_of = need.any_of.iter().filter_map(|name| Some((name.as_str(), expanded.groups.get(name)?)));
                let any_of: Vec<(&str, &Group)> = any_of.collect();
                // A wildcard's needs are the same for all its members, and looked at once; but a member does not need itself.
                if !any_of.iter().any(|(_, group)| group.has(item)) && met.insert((name, index)) {
                    relied_on.extend(any_of.iter().flat_map(|(_, group)| &group.items));
                    let answers = any_of.into_iter().map(|(name, group)| {
                        let enough = state.resources[name].declared.enough.filter(|_| level == Level::Enough);
                        (name, serving_all(expanded, edits, group, enough))
                    });
                    demand.meet(expanded, item, name, answers.collect());
                }
            }
        }
        for &needed in by_provider.get(&item).into_iter().flatten() {
            relied_on.push(needed);
            let enough = enough_of(state, &expanded.items[needed].names).filter(|_| level == Level::Enough);
            let answer = (expanded.items[needed].at.as_str(), serving(expanded, edits, needed, enough));
            demand.meet(expanded, item, expanded.items[item].at.as_str(), vec![answer]);
        }
        open.extend(relied_on.into_iter().filter(|needed| seen.insert(*needed)).map(|needed| (needed, level)));
    }
    demand.refusals.sort_by(|a, b| (&a.at, &a.why).cmp(&(&b.at, &b.why)));
    demand.refusals.dedup();
    demand
}

/// What failed, has no edit that may mend it, and is needed by something that shrinks. That shrinks all the same.
pub(super) fn failed_needs(state: &State, expanded: &Expanded, edits: &Edits) -> Vec<FailedNeed> {
    let mut needed_by: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    let shrinks = |item: &usize| edits[*item].keys().any(|slot| !slot.is_up());
    let failed = |item: &usize| why_failed(expanded, *item).is_some();
    for item in (0..expanded.items.len()).filter(shrinks) {
        for name in &expanded.items[item].names {
            for need in state.resources.get(name).into_iter().flat_map(|resource| &resource.declared.needs) {
                let groups: Vec<&Group> = need.any_of.iter().filter_map(|name| expanded.groups.get(name)).collect();
                let serves = |group: &&Group| {
                    matches!(serving_all(expanded, edits, group, None), Serving::Yes | Serving::OnItsWay(_))
                };
                if !groups.iter().any(serves) {
                    for needed in groups.iter().flat_map(|group| &group.items).filter(|needed| failed(needed)) {
                        needed_by.entry(*needed).or_default().insert(name);
                    }
                }
            }
        }
    }
    for (item, needed) in super::provider_needs(expanded).filter(|(item, needed)| shrinks(item) && failed(needed)) {
        if !edits[needed].contains_key(&Slot::Up) {
            let item = &expanded.items[item];
            needed_by.entry(needed).or_default().insert(item.names.first().map_or(item.at.as_str(), String::as_str));
        }
    }
    let told = |(needed, names): (usize, BTreeSet<&str>)| FailedNeed {
        at: expanded.items[needed].at.clone(),
        why: why_failed(expanded, needed).unwrap_or_default().to_owned(),
        needed_by: names.into_iter().map(str::to_owned).collect(),
    };
    needed_by.into_iter().map(told).collect()
}

fn why_failed(expanded: &Expanded, item: usize) -> Option<&str> {
    match &expanded.items[item].live()?.readiness {
        Readiness::Failed(why) => Some(why),
        Readiness::Ready | Readiness::Progressing { .. } | Readiness::Unknown => None,
    }
}

/// How much of what is relied on must be ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// As many as are declared to be enough.
    Enough,
    /// All: traffic is moved there.
    All,
}

/// How many of each member are enough: the most that any of its names says.
pub(in crate::plan) fn enough_of(state: &State, names: &[String]) -> Option<u64> {
    names.iter().filter_map(|name| state.resources.get(name)?.declared.enough).max()
}

/// What grows, and what keeps its traffic without growing.
pub(super) fn seeds(state: &State, expanded: &Expanded, edits: &Edits) -> [Vec<usize>; 2] {
    let grows = |item: &usize| edits[*item].keys().any(|slot| slot.is_up());
    let mut keeping: BTreeSet<usize> = BTreeSet::new();
    let mut pools: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (name, resource) in &state.resources {
        if let (Some(pool), Some(group)) = (&resource.declared.pool, expanded.groups.get(name)) {
            pools.entry(pool).or_default().extend(&group.items);
        }
    }
    for members in pools.values() {
        let shrinks = |item: &&usize| edits[**item].keys().any(|slot| !slot.is_up());
        if members.iter().any(|item| shrinks(&item)) {
            keeping.extend(members.iter().filter(|item| !grows(item) && keeps_traffic(expanded, edits, **item)));
        }
    }
    [(0..edits.len()).filter(grows).collect(), keeping.into_iter().collect()]
}

/// Whether an item has traffic once its edits are made.
pub(in crate::plan) fn keeps_traffic(expanded: &Expanded, edits: &Edits, item: usize) -> bool {
    traffic(expanded, edits, item).any(|(_, after)| after)
}

/// For each traffic setting of an item: whether it has some now, and whether it will.
pub(in crate::plan) fn traffic<'a>(
    expanded: &'a Expanded,
    edits: &'a Edits,
    item: usize,
) -> impl Iterator<Item = (bool, bool)> + 'a {
    let flows = |value: Option<&Value>| match value {
        None | Some(Value::Integer(0)) | Some(Value::Bool(false)) => false,
        Some(Value::Number(weight)) => *weight != 0.0,
        Some(_) => true,
    };
    let live = expanded.items[item].live();
    let settings = live.into_iter().flat_map(|live| &live.settings);
    settings
        .filter(move |(key, _)| {
            expanded.items[item].kind.setting(key).is_some_and(|setting| setting.effect == Effect::Traffic)
        })
        .map(move |(key, setting)| {
            let before = flows(setting.value());
            let edit = edits[item].values().flatten().find(|edit| edit.setting == *key);
            (before, edit.map_or(before, |edit| flows(edit.to.as_ref())))
        })
}

impl Demand {
    /// Takes in one need of an item: how each of its alternatives serves.
    fn meet(&mut self, expanded: &Expanded, item: usize, name: &str, answers: Vec<(&str, Serving)>) {
        if answers.iter().any(|(_, serving)| *serving == Serving::Yes) {
            return;
        }
        let on_their_way = answers.iter().filter_map(|(_, serving)| match serving {
            Serving::OnItsWay(items) => Some(items),
            Serving::Yes | Serving::No(_) | Serving::Vacant(_) | Serving::Nothing => None,
        });
        let on_their_way: Vec<usize> = on_their_way.flatten().copied().collect();
        if !on_their_way.is_empty() {
            self.waits.extend(on_their_way);
            return;
        }
        // What is off is meant to be, and no alternative to what failed.
        let is_vacant = |(_, serving): &(&str, Serving)| matches!(serving, Serving::Vacant(_));
        if answers.iter().any(is_vacant) && !answers.iter().any(|(_, serving)| matches!(serving, Serving::No(_))) {
            return;
        }
        let alone = answers.len() == 1;
        for (needed, serving) in answers {
            let why = match serving {
                Serving::No(why) => why,
                Serving::Vacant(why) => format!("has nothing that serves: {why}"),
                Serving::Nothing if alone => continue,
                Serving::Nothing => "finds nothing".to_owned(),
                Serving::Yes | Serving::OnItsWay(_) => continue,
            };
            self.refusals.push(Refusal {
                by: RefusedBy::Need,
                at: expanded.items[item].at.to_string(),
                why: format!("{name} needs {needed}, which {why}"),
                instead: format!("mend {needed} first, or leave {name} out with --exclude"),
            });
        }
    }
}

fn serving_all(expanded: &Expanded, edits: &Edits, group: &Group, enough: Option<u64>) -> Serving {
    match &group.lacking {
        Some(why) => Serving::No(why.clone()),
        None => all_of(group.items.iter().map(|&item| serving(expanded, edits, item, enough))),
    }
}

fn serving(expanded: &Expanded, edits: &Edits, item: usize, enough: Option<u64>) -> Serving {
    match &expanded.items[item].presence {
        Presence::Unreachable(why) => Serving::No(format!("cannot be reached: {why}")),
        Presence::Unread(why) => Serving::No(format!("cannot be read: {why}")),
        Presence::Missing => Serving::No("is not there".to_owned()),
        // Its own step settles before anything that relies on it.
        Presence::Live(_) if edits[item].contains_key(&Slot::Up) => Serving::Yes,
        Presence::Live(live) => match &live.readiness {
            Readiness::Ready | Readiness::Unknown => {
                vacant(expanded, edits, item).map_or(Serving::Yes, Serving::Vacant)
            }
            on_its_way if enough.is_some_and(|enough| on_its_way.has(enough)) => Serving::Yes,
            Readiness::Progressing { .. } => Serving::OnItsWay(vec![item]),
            Readiness::Failed(why) => Serving::No(format!("failed: {why}")),
        },
    }
}

fn all_of(answers: impl Iterator<Item = Serving>) -> Serving {
    let mut worst = Serving::Nothing;
    for answer in answers {
        worst = match (worst, answer) {
            (Serving::No(why), _) | (_, Serving::No(why)) => Serving::No(why),
            (Serving::OnItsWay(mut items), Serving::OnItsWay(more)) => {
                items.extend(more);
                Serving::OnItsWay(items)
            }
            (Serving::OnItsWay(items), _) | (_, Serving::OnItsWay(items)) => Serving::OnItsWay(items),
            // Some of it serve.
            (Serving::Yes, _) | (_, Serving::Yes) => Serving::Yes,
            (_, answer) => answer,
        };
    }
    worst
}
