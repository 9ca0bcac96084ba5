use std::collections::BTreeMap;
use std::time::Duration;

use opsctl_api::{Address, Catalogue, Change, Edit, Hop, Live, LiveSetting, Relation};

use super::diff::{Edits, Slot};
use super::expand::{Expanded, Item};
use super::order::demand::enough_of;
use super::order::{Ordered, What};
use super::problem::Problem;
use super::{Position, Step, Work};
use crate::diagnostic::Code;
use crate::instance::Catalogues;
use crate::state::{Declared, State};

/// How long a change may take to settle where nothing else is said.
pub(super) const TIMEOUT: Duration = Duration::from_secs(600);

/// Gives each ordered step its hops.
pub(super) fn steps(
    state: &State,
    expanded: &Expanded,
    edits: &Edits,
    ordered: Vec<Ordered>,
    catalogues: &Catalogues,
    timeout: Duration,
    problems: &mut Vec<Problem>,
) -> Vec<Step> {
    // What a resource will be after its earlier steps: the next one's hops start there.
    let mut predicted: BTreeMap<usize, Live> = BTreeMap::new();
    let mut steps = Vec::with_capacity(ordered.len());
    for Ordered { what, after, wave } in ordered {
        let (work, timeout, enough) = match what {
            What::Joint { label } => (Work::Joint { label }, timeout, None),
            What::Check { check } => {
                let check = &state.checks[check];
                (Work::Check { name: check.name.clone() }, check.within, None)
            }
            What::Action { action } => {
                let action = &state.actions[action];
                (Work::Action { name: action.name.clone() }, action.longest(), None)
            }
            What::Slots { item, slots } => {
                let declared = declared_of(state, expanded, item);
                let timeout = declared.iter().find_map(|declared| declared.timeout).unwrap_or(timeout);
                let work = work(expanded, edits, item, &slots, &declared, catalogues, &mut predicted, problems);
                (work, timeout, enough(state, expanded, item, &slots))
            }
        };
        steps.push(Step { work, after, wave, timeout, enough });
    }
    steps
}

/// How many are enough of what a step makes ready: of a raised floor, of what it confines.
fn enough(state: &State, expanded: &Expanded, item: usize, slots: &[Slot]) -> Option<u64> {
    let resource = &expanded.items[item];
    let of = |item: &Item| enough_of(state, &item.names);
    match confined(resource.live()).filter(|_| slots.contains(&Slot::FloorUp)) {
        Some(held) => {
            expanded.items.binary_search_by(|item| item.at.cmp(&held)).ok().and_then(|held| of(&expanded.items[held]))
        }
        None => of(resource).filter(|_| slots.iter().any(|slot| slot.is_up())),
    }
}

fn declared_of<'a>(state: &'a State, expanded: &Expanded, item: usize) -> Vec<&'a Declared> {
    let names = &expanded.items[item].names;
    names.iter().filter_map(|name| state.resources.get(name)).map(|resource| resource.declared.as_ref()).collect()
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
fn work(
    expanded: &Expanded,
    edits: &Edits,
    item: usize,
    slots: &[Slot],
    declared: &[&Declared],
    catalogues: &Catalogues,
    predicted: &mut BTreeMap<usize, Live>,
    problems: &mut Vec<Problem>,
) -> Work {
    let resource = &expanded.items[item];
    let mut own: Vec<Edit> = slots.iter().filter_map(|slot| edits[item].get(slot)).flatten().cloned().collect();
    own.sort_by(|a, b| a.setting.cmp(&b.setting));
    let Some(live) = predicted.remove(&item).or_else(|| resource.live().cloned()) else {
        return Work::Joint { label: resource.at.to_string() };
    };
    if own.is_empty() {
        return Work::Wait { at: resource.at.clone(), readiness: live.readiness };
    }
    for edit in &mut own {
        edit.from = live.value(&edit.setting).cloned();
    }
    let change = Change { at: resource.at.clone(), edits: own };
    let hops = match catalogues.0.get(resource.at.instance()).map(|catalogue| legal(*catalogue, &change, &live)) {
        Some(Ok(hops)) => hops,
        Some(Err(problem)) => {
            let goals = change.edits.iter().filter_map(|edit| resource.goals.get(&edit.setting));
            problems.push(problem.at_place(goals.filter_map(|goal| goal.place.clone()).next()));
            Vec::new()
        }
        None => Vec::new(),
    };
    predicted.insert(item, after(live, &hops));
    Work::Change {
        at: resource.at.clone(),
        position: if slots[0].is_up() { Position::Up } else { Position::Down },
        settles_with: slots.contains(&Slot::FloorUp).then(|| confined(resource.live())).flatten(),
        edits: change.edits,
        hops,
        drain_time: declared.iter().map(|declared| declared.drain_time).max().unwrap_or_default(),
    }
}

fn confined(live: Option<&Live>) -> Option<Address> {
    live?.relations.iter().find_map(|relation| match relation {
        Relation::Confines(at) => Some(at.clone()),
        Relation::Needs(_) => None,
    })
}

/// Asks the provider for the legal way, and holds its answer against the contract.
fn legal(catalogue: &dyn Catalogue, change: &Change, live: &Live) -> Result<Vec<Hop>, Problem> {
    let hops = catalogue
        .hops(change, live)
        .map_err(|no| Problem::new(Code::NoLegalWay, &change.at, no.why).instead(no.instead))?;
    let broken = |why: String| Problem::new(Code::BrokenProvider, &change.at, why);
    let mut now: BTreeMap<&str, Option<opsctl_api::Value>> =
        change.edits.iter().map(|edit| (edit.setting.as_str(), edit.from.clone())).collect();
    for hop in &hops {
        if hop.at != change.at {
            return Err(broken(format!("its provider would change {} for it", hop.at)));
        }
        for edit in &hop.edits {
            let value = now.entry(&edit.setting).or_insert_with(|| live.value(&edit.setting).cloned());
            if *value != edit.from {
                return Err(broken(format!("its provider leaves a gap on the way of `{}`", edit.setting)));
            }
            value.clone_from(&edit.to);
        }
        for edit in &hop.coupled {
            if let Some(value) = now.get_mut(edit.setting.as_str()) {
                *value = edit.to.clone();
            }
        }
    }
    if let Some(edit) = change.edits.iter().find(|edit| now.get(edit.setting.as_str()) != Some(&edit.to)) {
        return Err(broken(format!("its provider's way of `{}` does not end where it should", edit.setting)));
    }
    for edit in passing(&hops, &change.edits) {
        if now.get(edit.setting.as_str()).and_then(Option::as_ref) != live.value(&edit.setting) {
            return Err(broken(format!("its provider would change `{}` too", edit.setting)));
        }
    }
    Ok(hops)
}

/// What the hops of a change move besides, and bring back.
pub fn passing<'a>(hops: &'a [Hop], change: &'a [Edit]) -> impl Iterator<Item = &'a Edit> {
    let of_change = |edit: &&Edit| change.iter().any(|wanted| wanted.setting == edit.setting);
    hops.iter().flat_map(|hop| &hop.edits).filter(move |edit| !of_change(edit))
}

fn after(mut live: Live, hops: &[Hop]) -> Live {
    for edit in hops.iter().flat_map(|hop| hop.edits.iter().chain(&hop.coupled)) {
        let setting = match &edit.to {
            Some(value) => LiveSetting::is(value.clone(), serde_json::Value::Null),
            None => LiveSetting::Absent,
        };
        live.settings.insert(edit.setting.clone(), setting);
    }
    live
}
