use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use opsctl_api::{Address, Edit, Pattern, Settings, Value};

use super::diff::Edits;
use super::expand::{Expanded, GoalAt, Item};
use super::hold_back::hold_back;
use super::order::provider_needs;
use super::{Refusal, RefusedBy, Skipped, SkippedWhy};
use crate::state::{Goal, State};

/// What an ended operation did not do and that is to be done now: nothing else of its state is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The operation's id; that of the first one where a rest of it was not done in full either.
    pub operation: String,
    /// When the time of its state began to run; `None` where it is known whether that was kept to.
    pub since: Option<Timestamp>,
    /// What it did not do, by resource or wildcard.
    pub settings: BTreeMap<Address, BTreeSet<String>>,
    /// What it had set on its way and was to set again, with what it was to be: it is wanted where the state says nothing of it.
    pub again: BTreeMap<Address, BTreeMap<String, Value>>,
    /// What it wanted of each setting; empty where that is not known.
    pub wanted: BTreeMap<Address, Settings<Goal>>,
    /// The actions that it did not do, each with the members that it did.
    pub actions: BTreeMap<String, BTreeSet<String>>,
}

impl Rest {
    fn has(&self, at: &Address, setting: &str) -> bool {
        let of = |(meant, settings): (&Address, &BTreeSet<String>)| {
            settings.contains(setting) && (meant == at || Pattern::new(meant.to_string()).matches(at))
        };
        self.settings.iter().any(of)
    }

    /// What it wanted where live is not as it wanted that, by an edit that makes it as the state says by now; `None` where it is, or nothing was wanted.
    fn missed(&self, at: &Address, edit: &Edit) -> Option<String> {
        if self.wanted.is_empty() {
            return Some(shown(edit.to.as_ref()));
        }
        let goal = self.wanted.get(at)?.get(&edit.setting)?;
        (!goal.holds(edit.from.as_ref())).then(|| goal.to_string())
    }
}

/// Gives what the operation was to set again the goal that no state names. What was set on the way to something else is read with that.
pub(super) fn again(rest: &Rest, expanded: &mut Expanded) {
    for item in &mut expanded.items {
        for (key, value) in rest.again.get(&item.at).into_iter().flatten() {
            if !item.goals.contains_key(key) && item.live().is_some_and(|live| live.settings.contains_key(key)) {
                let name = item.names.first().cloned().unwrap_or_default();
                item.goals.extend([(key.clone(), GoalAt::following(value.clone(), name))]);
            }
        }
    }
}

/// Takes out all edits that are not of the rest, with what would grow on them: others may have wanted that otherwise since.
pub(super) fn only(rest: &Rest, state: &State, expanded: &mut Expanded, edits: &mut Edits) {
    let mut gone: BTreeMap<usize, String> = BTreeMap::new();
    for (index, item) in expanded.items.iter().enumerate() {
        for (slot, edits) in &mut edits[index] {
            let all = std::mem::take(edits);
            let (kept, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|edit| rest.has(&item.at, &edit.setting));
            *edits = kept;
            for edit in others.iter().filter(|_| slot.is_up()) {
                let Some(wanted) = rest.missed(&item.at, edit) else { continue };
                let name = item.names.first().map_or(item.at.as_str(), String::as_str);
                let touched = item.live().into_iter().flat_map(|live| &live.touched);
                let by = touched.filter(|touch| touch.setting == edit.setting).map(|touch| format!(" by {}", touch.by));
                let (setting, now, by) = (&edit.setting, shown(edit.from.as_ref()), by.collect::<String>());
                gone.insert(index, format!("it needs {name}, of which {setting} is {now}{by}, and not {wanted}"));
            }
            expanded.skipped.extend(others.into_iter().map(|edit| Skipped {
                at: item.at.to_string(),
                setting: Some(edit.setting),
                why: SkippedWhy::NotTargeted,
            }));
        }
        edits[index].retain(|_, edits| !edits.is_empty());
    }
    expanded.skipped.retain(|skipped| match (&skipped.why, &skipped.setting) {
        (SkippedWhy::Owed { .. }, Some(setting)) => skipped.at.parse().is_ok_and(|at| rest.has(&at, setting)),
        _ => true,
    });
    let items: Vec<usize> = gone.keys().copied().collect();
    let why = |item: Option<usize>| item.and_then(|item| gone.get(&item)).cloned().unwrap_or_default();
    hold_back(state, expanded, edits, items, why);
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), ToString::to_string)
}

/// What would be taken from under something that is not as its state wants it: others changed that since, or it failed.
pub(super) fn bereft(state: &State, expanded: &Expanded, edits: &Edits) -> Vec<Refusal> {
    let shrinks = |item: &usize| edits[*item].keys().any(|slot| !slot.is_up());
    let mut relying: BTreeMap<usize, usize> = BTreeMap::new();
    for (name, resource) in &state.resources {
        let needed = resource.declared.needs.iter().flat_map(|need| &need.any_of);
        let needed = needed.filter_map(|name| expanded.groups.get(name)).flat_map(|group| &group.items);
        let Some(&shrinking) = needed.copied().collect::<Vec<_>>().iter().find(|item| shrinks(item)) else { continue };
        let members = expanded.groups.get(name).into_iter().flat_map(|group| &group.items);
        relying.extend(members.filter(|item| **item != shrinking).map(|item| (*item, shrinking)));
    }
    relying.extend(provider_needs(expanded).filter(|(_, needed)| shrinks(needed)));
    let refusal = |(item, shrinking): (usize, usize)| {
        let item_edits = edits[item].values().flatten();
        let setting = unmet(&expanded.items[item], &item_edits.map(|edit| edit.setting.as_str()).collect())?;
        Some(Refusal {
            by: RefusedBy::Need,
            at: expanded.items[shrinking].at.to_string(),
            why: format!("{} needs it, and its `{setting}` is not as {} says", expanded.items[item].at, state.name),
            instead: "apply the state that shall be, whole, or let go of the rest: opsctl resume --abandon REASON"
                .to_owned(),
        })
    };
    relying.into_iter().filter_map(refusal).collect()
}

/// A setting that is not as it should be and that is not about to be.
fn unmet<'a>(item: &'a Item, edited: &BTreeSet<&str>) -> Option<&'a str> {
    let live = item.live()?;
    let unmet = item.goals.iter().find(|(key, goal)| {
        let value = live.value(key);
        let moved = || value.is_some_and(|value| live.mover(key, goal.goal.exact(), value).is_some());
        !edited.contains(key.as_str()) && !goal.goal.holds(value) && !moved()
    });
    unmet.map(|(key, _)| key.as_str())
}
