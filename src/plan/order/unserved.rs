use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Effect, Owner, Setting, Value};

use super::super::diff::Edits;
use super::super::expand::Expanded;
use super::super::reliance::Reliance;
use super::super::{Refusal, RefusedBy};
use super::demand::{keeps_traffic, seeds};
use crate::state::State;

/// Traffic that would come, or be left alone, where something that it needs, directly or through others, has nothing that serves: a
/// count of 0, or a switch that is off.
pub(in crate::plan) fn unserved(state: &State, expanded: &Expanded, edits: &Edits) -> Vec<Refusal> {
    let carriers: BTreeSet<usize> = carriers(state, expanded, edits).collect();
    if carriers.is_empty() {
        return Vec::new();
    }
    let bereft = bereft(state, expanded, edits);
    let refusal = |item: usize| {
        let (name, nothing) = bereft.get(&item)?;
        Some(Refusal {
            by: RefusedBy::Need,
            at: expanded.items[item].at.to_string(),
            why: format!("it would have traffic, and needs {name}, of which {nothing}"),
            instead: format!("let {name} have something that serves first"),
        })
    };
    carriers.into_iter().filter_map(refusal).collect()
}

/// All that needs, directly or through others, what has nothing that serves once all edits are made: the name of that, and what says so.
pub(in crate::plan) fn bereft<'a>(
    state: &State,
    expanded: &'a Expanded,
    edits: &Edits,
) -> BTreeMap<usize, (&'a str, String)> {
    let vacant = (0..expanded.items.len()).filter_map(|item| Some((item, vacant(expanded, edits, item)?)));
    let vacant: BTreeMap<usize, String> = vacant.collect();
    // Where a name stands for many, some may have nothing as long as others have; what needs one of them by its own name needs that one.
    let is_whole = |name: &&str| {
        let group = expanded.groups.get(*name);
        group.is_some_and(|group| group.items.iter().all(|member| vacant.contains_key(member)))
    };
    let names = expanded.items.iter().enumerate().map(|(item, of)| {
        let names = of.names.iter().map(String::as_str);
        names.filter(|name| !vacant.contains_key(&item) || is_whole(name)).collect()
    });
    let names: Vec<Vec<&str>> = names.collect();
    let mut gone: Vec<usize> = vacant.keys().filter(|item| !names[**item].is_empty()).copied().collect();
    // The last one is followed first: of alternatives that are all gone, the one is told that goes now.
    gone.sort_by_key(|item| edits[*item].is_empty());
    let declared = state.resources.iter().map(|(name, resource)| (name.as_str(), &*resource.declared));
    let relying = Reliance::new(declared, names, super::provider_needs(expanded)).without(gone.into());
    let told = |(item, needed): (usize, Option<usize>)| {
        let needed = needed?;
        Some((item, (expanded.items[needed].names.first()?.as_str(), vacant.get(&needed)?.clone())))
    };
    relying.into_iter().filter_map(told).collect()
}

/// What traffic comes to, and what others of its pool leave it to.
pub(in crate::plan) fn carriers(state: &State, expanded: &Expanded, edits: &Edits) -> impl Iterator<Item = usize> {
    let comes = |item: &usize| {
        let kind = expanded.items[*item].kind;
        let up = edits[*item].iter().filter(|(slot, _)| slot.is_up()).flat_map(|(_, edits)| edits);
        let mut moved = up.filter_map(|edit| kind.setting(&edit.setting));
        moved.any(|setting| setting.effect == Effect::Traffic) && keeps_traffic(expanded, edits, *item)
    };
    let [growing, keeping] = seeds(state, expanded, edits);
    growing.into_iter().filter(comes).chain(keeping)
}

/// What of an item says that nothing of it serves once all edits are made; `None` where something may.
pub(in crate::plan) fn vacant(expanded: &Expanded, edits: &Edits, item: usize) -> Option<String> {
    let live = expanded.items[item].live()?;
    live.settings.iter().find_map(|(key, found)| {
        let setting = expanded.items[item].kind.setting(key)?;
        let edit = edits[item].values().flatten().find(|edit| edit.setting == *key);
        let after = edit.map_or_else(|| found.value(), |edit| edit.to.as_ref())?;
        // Unless somebody raises a count who scales by what there is to do, and does not let go of it there.
        let raised = |owner: &Owner| {
            let more = |(_, most): &(Value, Value)| most.compare(after) == Some(Ordering::Greater);
            owner.off_at.as_ref() != Some(after) && owner.within.as_ref().is_some_and(more)
        };
        (serves_nothing(setting, after) && !(setting.count && live.owners_of(key).any(raised)))
            .then(|| format!("{key} is {after}"))
    })
}

/// Whether by this value of a setting nothing of a resource serves.
pub fn serves_nothing(setting: &Setting, value: &Value) -> bool {
    match setting.effect {
        Effect::Capacity => setting.count && *value == Value::Integer(0),
        Effect::Power => *value == Value::Bool(false),
        Effect::PowerInverted => *value == Value::Bool(true),
        Effect::Traffic | Effect::Config => false,
    }
}
