use std::collections::BTreeSet;

use opsctl_api::{Edit, Effect, LiveSetting, Settings, Value};
use serde_json::{Value as Json, json};

use super::diff::{Edits, Slot};
use super::expand::{Expanded, GoalAt};
use crate::digest::Digest;
use crate::state::{Goal, Scope, State, by_amount};

/// How many digits of a digest are told: so few that a person can compare them, and so many that no two are the same.
const WORD: usize = 16;

/// Gives what restarts with others a word for what those will come to, where that is another one than it carries.
///
/// What carries none yet gets one with the first change of theirs: that it has none is no reason to start it anew.
pub(super) fn begin(state: &State, scope: &Scope, expanded: &mut Expanded, edits: &mut Edits) {
    if state.resources.values().all(|resource| resource.declared.restarts_with.is_none()) {
        return;
    }
    for index in 0..expanded.items.len() {
        if let Some((setting, word)) = carried(state, scope, expanded, edits, index) {
            put(expanded, edits, index, setting, word);
        }
    }
}

/// The same once it is known what of the plan is done: what was left out of it changes nothing.
pub(super) fn settle(state: &State, scope: &Scope, expanded: &mut Expanded, edits: &mut Edits) {
    for index in 0..expanded.items.len() {
        let Some(ups) = edits[index].get_mut(&Slot::Up) else { continue };
        let Some((setting, _)) = restarts_with(state, expanded, index) else { continue };
        let planned = ups.len();
        ups.retain(|edit| edit.setting != setting);
        if ups.len() == planned {
            continue;
        }
        edits[index].retain(|_, edits| !edits.is_empty());
        expanded.items[index].goals.remove(&setting);
        if let Some((setting, word)) = carried(state, scope, expanded, edits, index) {
            put(expanded, edits, index, setting, word);
        }
    }
}

/// An item shall carry a word.
fn put(expanded: &mut Expanded, edits: &mut Edits, index: usize, setting: String, word: String) {
    let item = &mut expanded.items[index];
    let (from, to) = (item.live().and_then(|live| live.value(&setting)).cloned(), Some(Value::String(word)));
    let name = item.names.first().cloned().unwrap_or_default();
    item.goals.extend(to.clone().map(|to| (setting.clone(), GoalAt::following(to, name))));
    if from != to {
        edits[index].entry(Slot::Up).or_default().push(Edit { setting, from, to });
    }
}

/// The setting of an item that carries the word, and what it restarts with, by name.
fn restarts_with(state: &State, expanded: &Expanded, index: usize) -> Option<(String, BTreeSet<String>)> {
    let declared = expanded.items[index].names.iter().filter_map(|name| state.resources.get(name));
    let mut with = declared.filter_map(|resource| resource.declared.restarts_with.as_ref()).peekable();
    let setting = with.peek()?.carried_by.clone();
    Some((setting, with.flat_map(|with| &with.names).cloned().collect()))
}

/// The setting of an item that carries the word, and the word that it shall carry; `None` where it stays as it is.
fn carried(state: &State, scope: &Scope, expanded: &Expanded, edits: &Edits, index: usize) -> Option<(String, String)> {
    let (setting, names) = restarts_with(state, expanded, index)?;
    let carries_one = expanded.items[index].live()?.value(&setting).is_some();
    let groups = names.iter().filter_map(|name| expanded.groups.get(name));
    let mut items: BTreeSet<usize> = BTreeSet::new();
    for group in groups {
        // What is not reached is not known to be another one.
        if group.lacking.is_some() {
            return None;
        }
        items.extend(&group.items);
    }
    items.remove(&index);
    let mut digest = Digest::new();
    let mut changes = false;
    for item in items {
        for (key, value, changed) in settings(scope, expanded, edits, item)? {
            changes |= changed;
            digest.add(&(&expanded.items[item].at, key, value));
        }
    }
    let mut word = digest.hex();
    word.truncate(WORD);
    (carries_one || changes).then_some((setting, word))
}

/// The settings of an item that any state sets and that have no direction, with what they will be and whether that is a change.
/// How many there are of something, or whether it is on, is no configuration. `None` where one cannot be read.
fn settings(scope: &Scope, expanded: &Expanded, edits: &Edits, item: usize) -> Option<Vec<(String, Json, bool)>> {
    let found = &expanded.items[item];
    let live = found.live()?;
    let mut keys: BTreeSet<&String> = found.goals.keys().collect();
    keys.extend(found.names.iter().filter_map(|name| scope.settings.get(name)).flat_map(Settings::keys));
    let mut settings = Vec::with_capacity(keys.len());
    for key in keys {
        let of_kind = found.kind.setting(key);
        if !of_kind.is_some_and(|setting| setting.effect == Effect::Config && !setting.carries) {
            continue;
        }
        if matches!(live.settings.get(key), Some(LiveSetting::Hidden(_))) {
            return None;
        }
        let edit = edits[item].values().flatten().find(|edit| edit.setting == *key);
        let value = edit.map_or_else(|| live.value(key), |edit| edit.to.as_ref());
        let goal = found.goals.get(key).map(|goal| &goal.goal);
        settings.push((key.clone(), told(value, goal), edit.is_some()));
    }
    Some(settings)
}

/// A value; of a secret only where it comes from, or which version it is.
fn told(value: Option<&Value>, goal: Option<&Goal>) -> Json {
    match (value, goal) {
        (Some(Value::Secret(_)), Some(Goal::Exact(Value::Secret(wanted)))) => json!({ "source": wanted.source }),
        (Some(Value::Secret(live)), _) => json!({ "reference": live.reference }),
        // What a value is made of can always be told as JSON.
        (Some(value), _) => serde_json::to_value(by_amount(value)).unwrap_or_default(),
        (None, _) => Json::Null,
    }
}
