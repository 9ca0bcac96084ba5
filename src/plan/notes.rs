use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use opsctl_api::{Address, Direction, Edit, Effect, Live, Owner, Setting, Value, format_duration};

use super::diff::Edits;
use super::expand::{Expanded, Item, Presence};
use super::guard;
use super::order::demand::traffic;
use super::{Hole, Leave, OwnerNote, Refusal, RefusedBy, Restart, SkippedWhy, Step, TrafficMove, Work};
use crate::state::{Goal, Scope, State};

/// What lasts so long is told of, and not refused: a database that is started again after a week was stopped for a week.
const LASTS: Duration = Duration::from_secs(24 * 3600);

/// What else holds a setting that the plan changes, by address and setting.
pub(super) fn owners(expanded: &Expanded, edits: &Edits, steps: &[Step]) -> Vec<OwnerNote> {
    let mut notes = Vec::new();
    let mut first_change: BTreeMap<&Address, usize> = BTreeMap::new();
    for (step, Step { work, .. }) in steps.iter().enumerate() {
        if let Work::Change { at, .. } = work {
            first_change.entry(at).or_insert(step);
        }
    }
    for (index, item) in expanded.items.iter().enumerate() {
        let Some(live) = item.live() else { continue };
        for edit in edits[index].values().flatten() {
            for owner in live.owners_of(&edit.setting) {
                let address = format!("{}:{}", item.at.instance(), owner.name);
                let mut owner = owner.clone();
                let mut moved_by = None;
                if let Some((holder, edits)) = holder(expanded, edits, &address) {
                    let end = |setting: &str| predicted(holder, edits, setting);
                    // A bound that no state sets was not read; the owner says what it is.
                    let (least, most) = owner.within.clone().unzip();
                    if let Some(confines) = &holder.kind.confines
                        && let (Some(floor), Some(ceiling)) =
                            (end(confines.floor).or(least), end(confines.ceiling).or(most))
                    {
                        moved_by = first_change.get(&holder.at).copied();
                        owner.within = Some((floor, ceiling));
                    }
                }
                let fights = would_undo(&owner, edit.to.as_ref());
                notes.push(OwnerNote {
                    at: item.at.clone(),
                    setting: edit.setting.clone(),
                    owner,
                    to: edit.to.clone(),
                    fights,
                    moved_by,
                });
            }
        }
    }
    notes.sort_by(|a, b| (&a.at, &a.setting, &a.owner.name).cmp(&(&b.at, &b.setting, &b.owner.name)));
    notes
}

fn holder<'a>(
    expanded: &'a Expanded,
    edits: &'a Edits,
    address: &str,
) -> Option<(&'a Item, &'a BTreeMap<super::diff::Slot, Vec<Edit>>)> {
    let index = expanded.items.binary_search_by(|item| item.at.as_str().cmp(address)).ok()?;
    Some((&expanded.items[index], &edits[index]))
}

fn predicted(item: &Item, edits: &BTreeMap<super::diff::Slot, Vec<Edit>>, setting: &str) -> Option<Value> {
    match edits.values().flatten().find(|edit| edit.setting == setting) {
        Some(edit) => edit.to.clone(),
        None => item.live().and_then(|live| live.value(setting)).cloned(),
    }
}

/// Whether an owner would not leave a setting at a value; `None` is absent.
pub fn would_undo(owner: &Owner, to: Option<&Value>) -> bool {
    let lasts = owner.soon.is_some_and(|soon| soon >= LASTS);
    owner.reverts && !lasts && to.is_none_or(|to| !owner.allows(to))
}

/// Owners that would undo what the plan does.
pub fn fights(notes: &[OwnerNote]) -> impl Iterator<Item = Refusal> + '_ {
    notes.iter().filter(|note| note.fights).map(|note| {
        let to = note.to.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
        let bounds = note.owner.within.as_ref();
        let within = bounds.map(|(least, most)| format!(" in {least}..{most}")).unwrap_or_default();
        let soon = note.owner.soon.map(|soon| format!(" (within {})", format_duration(soon))).unwrap_or_default();
        Refusal {
            by: RefusedBy::Owner,
            at: note.at.to_string(),
            why: format!(
                "{} holds {}{within} and {}{soon}: {to} would not last",
                note.owner.name, note.setting, note.owner.does
            ),
            instead: note.owner.instead.clone(),
        }
    })
}

/// Where users are moved.
pub(super) fn moves(state: &State, expanded: &Expanded, edits: &Edits) -> Vec<TrafficMove> {
    let mut moves = Vec::new();
    for (index, item) in expanded.items.iter().enumerate() {
        let pool = item.names.iter().filter_map(|name| state.resources.get(name)).find_map(|r| r.declared.pool.clone());
        for edit in edits[index].values().flatten() {
            let is_traffic = item.kind.setting(&edit.setting).is_some_and(|setting| setting.effect == Effect::Traffic);
            let turned_off = edit.direction(item.kind) == Direction::Down && edit.to == Some(Value::Integer(0));
            if is_traffic || (pool.is_some() && turned_off) {
                moves.push(TrafficMove {
                    pool: pool.clone(),
                    name: item.names.first().cloned().unwrap_or_default(),
                    at: item.at.clone(),
                    edit: edit.clone(),
                });
            }
        }
    }
    moves.sort_by(|a, b| (&a.pool, &a.at).cmp(&(&b.pool, &b.at)));
    moves
}

/// What a change restarts while it runs.
pub(super) fn restarts(expanded: &Expanded, edits: &Edits) -> Vec<Restart> {
    let runs = |item: &Item| {
        let off = |setting: &Setting| {
            let live = item.live().and_then(|live| live.value(setting.name));
            setting.effect == Effect::Power && live == Some(&Value::Bool(false))
        };
        !item.kind.settings.iter().any(off)
    };
    let running = expanded.items.iter().zip(edits).filter(|(item, _)| runs(item));
    let restarts = running.flat_map(|(item, edits)| {
        let restarting = |edit: &&Edit| item.kind.setting(&edit.setting).is_some_and(|setting| setting.restarts);
        let edits = edits.values().flatten().filter(restarting);
        edits.map(|edit| Restart { at: item.at.clone(), setting: edit.setting.clone() })
    });
    restarts.collect()
}

/// Pools that would be left without any traffic.
pub(super) fn dry_pools(state: &State, expanded: &Expanded, edits: &Edits) -> Vec<Refusal> {
    let mut pools: BTreeMap<&str, Flows> = BTreeMap::new();
    for (name, resource) in &state.resources {
        if let (Some(pool), Some(group)) = (&resource.declared.pool, expanded.groups.get(name)) {
            let flows = pools.entry(pool).or_default();
            for &item in &group.items {
                // What cannot be read may well have traffic.
                let unknown = matches!(expanded.items[item].presence, Presence::Unreachable(_) | Presence::Unread(_));
                flows.before |= unknown;
                flows.after |= unknown;
                for (before, after) in traffic(expanded, edits, item) {
                    flows.before |= before;
                    flows.after |= after;
                    flows.losing.extend((before && !after).then_some(name.as_str()));
                }
                flows.held = flows.held.take().or_else(|| held_back(expanded, item));
            }
        }
    }
    let dry = pools.into_iter().filter(|(_, flows)| flows.before && !flows.after);
    let refusal = |(pool, flows): (&str, Flows<'_>)| {
        let (mut why, mut instead) =
            ("no member would have any traffic left".to_owned(), "give one member of it a weight".to_owned());
        if let Some(held) = flows.held {
            why.push_str(&format!(", for {held}"));
            let losing: Vec<String> = flows.losing.iter().map(|name| format!("--exclude {name}")).collect();
            instead = format!("mend that first, or leave the traffic where it is: {}", losing.join(" "));
        }
        Refusal { by: RefusedBy::Pool, at: format!("pool {pool}"), why, instead }
    };
    dry.map(refusal).collect()
}

/// The traffic of a pool, before and after.
#[derive(Debug, Default)]
struct Flows<'a> {
    before: bool,
    after: bool,
    /// Who would lose it.
    losing: BTreeSet<&'a str>,
    /// Who would have got it, and why not.
    held: Option<String>,
}

/// Why the traffic of an item is not changed, where it was to be.
fn held_back(expanded: &Expanded, item: usize) -> Option<String> {
    let item = &expanded.items[item];
    expanded.skipped.iter().find_map(|skipped| match &skipped.why {
        SkippedWhy::HeldBack(why) if skipped.at == item.at.as_str() => {
            let setting = item.kind.setting(skipped.setting.as_deref()?)?;
            (setting.effect == Effect::Traffic).then(|| format!("{} is held back: {why}", item.at.local()))
        }
        _ => None,
    })
}

/// What other states set, is so now, and is nothing to this one, or more than it asks for.
pub(super) fn leaves(
    state: &State,
    scope: &Scope,
    names: &BTreeMap<String, Vec<Address>>,
    found: &BTreeMap<Address, Arc<Live>>,
    goals: &dyn Fn(&Address, &str) -> Option<Goal>,
) -> Vec<Leave> {
    let mut leaves = Vec::new();
    if state.over.is_some() {
        // An overlay lies over what is there: all else is not its own.
        return leaves;
    }
    // What is not restored is told of as that.
    let restores = |name: &str, setting: &str| {
        let want = state.resources.get(name).and_then(|resource| resource.wants.get(setting));
        want.is_some_and(|want| want.goal.restores())
    };
    for (name, settings) in &scope.settings {
        for at in names.get(name).into_iter().flatten() {
            let Some(live) = found.get(at) else { continue };
            for (setting, states) in settings {
                let value = live.value(setting);
                if !goals(at, setting).is_none_or(|goal| is_loose(&goal, value)) || restores(name, setting) {
                    continue;
                }
                let set = |goal: &Goal| matches!(goal, Goal::Exact(wanted) if Some(wanted) == value);
                let set_by: Vec<String> = states
                    .iter()
                    .filter(|(other, goal)| *other != state.name && set(goal))
                    .map(|(other, _)| other.clone())
                    .collect();
                if !set_by.is_empty() {
                    leaves.push(Leave {
                        name: name.clone(),
                        at: at.clone(),
                        setting: setting.clone(),
                        live: value.cloned(),
                        set_by,
                    });
                }
            }
        }
    }
    leaves.sort_by(|a, b| (&a.at, &a.setting).cmp(&(&b.at, &b.setting)));
    leaves
}

/// Whether a goal is a bound that a value is well within: it stays, and no more is asked for than there would be without it.
fn is_loose(goal: &Goal, value: Option<&Value>) -> bool {
    match goal {
        Goal::Bound(bound) => {
            let at_an_end = [&bound.at_least, &bound.at_most].into_iter().any(|end| end.as_ref() == value);
            value.is_some() && !at_an_end && goal.holds(value)
        }
        Goal::Exact(_) => false,
    }
}

/// What is changed here and left as it then is by a state that extends nothing, also what the API moves along. What only goes one way has no
/// way back at all, and what follows from other settings goes back with them.
pub(super) fn holes(
    state: &State,
    scope: &Scope,
    names: &BTreeMap<String, Vec<Address>>,
    expanded: &Expanded,
    edits: &Edits,
    steps: &[Step],
) -> Vec<Hole> {
    let sets = |name: &str, setting: &str, root: &String| {
        let states = scope.settings.get(name).and_then(|settings| settings.get(setting));
        states.is_some_and(|states| states.iter().any(|(state, _)| state == root))
    };
    let wants = |name: &str, setting: &str| Some(state.resources.get(name)?.wants.contains_key(setting));
    let mut holes: BTreeMap<(&Address, &str), Vec<String>> = BTreeMap::new();
    for (item, edits) in expanded.items.iter().zip(edits) {
        for edit in edits.values().flatten().filter(|edit| !guard::is_one_way(item, edit)) {
            let wanted_by = item.goals.get(&edit.setting).map(|goal| goal.name.as_str());
            let is_wanted = wanted_by.and_then(|name| wants(name, &edit.setting)).unwrap_or_default();
            let is_left = |root: &&String| !item.names.iter().any(|name| sets(name, &edit.setting, root));
            let left_by: Vec<String> = scope.roots.iter().filter(|_| is_wanted).filter(is_left).cloned().collect();
            if !left_by.is_empty() {
                holes.insert((&item.at, &edit.setting), left_by);
            }
        }
    }
    for (item, setting) in moved_along(expanded, steps) {
        let is_left = |root: &&String| **root != state.name && !item.names.iter().any(|name| sets(name, setting, root));
        let left_by: Vec<String> = scope.roots.iter().filter(is_left).cloned().collect();
        holes.entry((&item.at, setting)).or_insert(left_by);
    }
    // A root may have names of its own for what is changed here, or a wildcard.
    let at: BTreeSet<&Address> = holes.keys().map(|(at, _)| *at).collect();
    for (name, members) in names.iter().filter(|_| !at.is_empty()) {
        for member in members.iter().filter(|member| at.contains(member)) {
            for ((_, setting), left_by) in holes.range_mut((member, "")..).take_while(|((at, _), _)| *at == member) {
                left_by.retain(|root| !sets(name, setting, root));
            }
        }
    }
    let hole = |((at, setting), left_by): ((&Address, &str), Vec<String>)| Hole {
        at: at.clone(),
        setting: setting.to_owned(),
        left_by,
    };
    holes.into_iter().filter(|(_, left_by)| !left_by.is_empty()).map(hole).collect()
}

/// What the API moves along with the changes and no goal is set for.
fn moved_along<'a>(expanded: &'a Expanded, steps: &'a [Step]) -> impl Iterator<Item = (&'a Item, &'a str)> {
    let changes = steps.iter().filter_map(|step| match &step.work {
        Work::Change { at, hops, .. } => Some((expanded.items.iter().find(|item| item.at == *at)?, hops)),
        Work::Wait { .. } | Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => None,
    });
    changes.flat_map(|(item, hops)| {
        let coupled = hops.iter().flat_map(|hop| &hop.coupled).map(|edit| edit.setting.as_str());
        coupled.filter(|setting| !item.goals.contains_key(setting)).map(move |setting| (item, setting))
    })
}
