use std::collections::BTreeMap;

use opsctl_api::{Address, Edit, Live, LiveSetting, Relation, Value};

use super::dispatch::Machine;
use super::settle::{by_whom, seen};
use super::unfinished::Effect;
use crate::instance::Catalogues;
use crate::plan::{Goal, Plan, Work};
use crate::snapshot::Status;

/// What to do where a write met another value than it came from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Met {
    /// All is as it was asked for.
    Already,
    /// Go on from what is there.
    GoOn(Vec<Edit>),
    /// Somebody else changed it: what is there now.
    Conflict(String),
}

/// What an operation knows of why a value may have moved.
pub(super) struct Known<'a> {
    pub(super) plan: &'a Plan,
    pub(super) machine: &'a Machine,
    pub(super) catalogues: &'a Catalogues,
}

/// Judges a conflict: `edits` did not meet their `from` in `live`.
pub(super) fn judge(edits: &[Edit], live: &Live, known: &Known<'_>) -> Met {
    let mut rest = Vec::new();
    for edit in edits {
        if let Some(LiveSetting::Hidden(_)) = live.settings.get(&edit.setting) {
            return Met::Conflict(seen(&edit.setting, live));
        }
        let value = live.value(&edit.setting);
        if value == edit.to.as_ref() || known.is_enough(edit, live) {
            continue;
        }
        if value != edit.from.as_ref() && !known.explains(edit, live) {
            let expected = edit.from.as_ref().map_or_else(|| "absent".to_owned(), ToString::to_string);
            let whom = by_whom(&edit.setting, live);
            return Met::Conflict(format!("{} and not {expected}{whom}", seen(&edit.setting, live)));
        }
        rest.push(Edit { from: value.cloned(), ..edit.clone() });
    }
    if rest.is_empty() { Met::Already } else { Met::GoOn(rest) }
}

impl Known<'_> {
    /// Whether a value that was moved meets the bound that the edit was made for, so that setting it would undo more than do.
    fn is_enough(&self, edit: &Edit, live: &Live) -> bool {
        let goal = self.plan.resources.get(&live.at).and_then(|seen| seen.settings.get(&edit.setting)?.goal.as_ref());
        let value = live.value(&edit.setting);
        matches!(goal, Some(goal @ Goal::Bound(_)) if value != edit.from.as_ref() && goal.holds(value))
    }

    /// Whether an owner, a coupling or a relation of what this operation has done accounts for the value that is there.
    fn explains(&self, edit: &Edit, live: &Live) -> bool {
        let setting = edit.setting.as_str();
        let Some(value) = live.value(setting) else { return false };
        live.mover(setting, edit.from.as_ref(), value).is_some()
            || self.coupled(setting, live, value)
            || self.confined(setting, live, value)
    }

    /// A hop that has settled said that the API would move it there.
    fn coupled(&self, setting: &str, live: &Live, value: &Value) -> bool {
        self.plan.steps.iter().zip(self.machine.steps()).any(|(step, progress)| match &step.work {
            Work::Change { at, hops, .. } if *at == live.at => {
                let done = if progress.stand.status() == Status::Done { hops.len() } else { progress.hop };
                let mut coupled = hops.iter().take(done).flat_map(|hop| &hop.coupled);
                coupled.any(|edit| edit.setting == setting && edit.to.as_ref() == Some(value))
            }
            _ => false,
        })
    }

    /// What confines it was changed by a step that is done, and the value is within its new bounds.
    fn confined(&self, setting: &str, live: &Live, value: &Value) -> bool {
        let mut bounds: BTreeMap<&Address, (Option<&Value>, Option<&Value>)> = BTreeMap::new();
        for (step, progress) in self.plan.steps.iter().zip(self.machine.steps()) {
            let Work::Change { at, edits, .. } = &step.work else { continue };
            if progress.stand.status() != Status::Done || !self.confines(at, &live.at) {
                continue;
            }
            let Some(confines) = self.catalogues.kind(at.instance(), at.kind()).and_then(|kind| kind.confines) else {
                continue;
            };
            if !confines.of.contains(&(live.at.kind(), setting)) {
                continue;
            }
            let was = |key: &str| self.plan.resources.get(at).and_then(|seen| seen.settings.get(key)?.live.as_ref());
            let bound = bounds.entry(at).or_insert_with(|| (was(confines.floor), was(confines.ceiling)));
            for edit in edits {
                if edit.setting == confines.floor {
                    bound.0 = edit.to.as_ref();
                } else if edit.setting == confines.ceiling {
                    bound.1 = edit.to.as_ref();
                }
            }
        }
        bounds.values().any(|(floor, ceiling)| {
            use std::cmp::Ordering::Greater;
            let below = floor.is_some_and(|floor| floor.compare(value) == Some(Greater));
            let above = ceiling.is_some_and(|ceiling| value.compare(ceiling) == Some(Greater));
            !below && !above
        })
    }

    fn confines(&self, holder: &Address, held: &Address) -> bool {
        let relations = self.plan.resources.get(holder).map(|seen| &seen.relations);
        relations.is_some_and(|all| all.contains(&Relation::Confines(held.clone())))
    }
}

/// What live says of edits that may have been made.
pub(super) fn effect(edits: &[Edit], live: &Live) -> Effect {
    let is = |edit: &Edit, value: &Option<Value>| live.value(&edit.setting) == value.as_ref();
    let hidden = |edit: &&Edit| matches!(live.settings.get(&edit.setting), Some(LiveSetting::Hidden(_)));
    if let Some(edit) = edits.iter().find(hidden) {
        Effect::CannotTell(seen(&edit.setting, live))
    } else if edits.iter().all(|edit| is(edit, &edit.to)) {
        Effect::TookEffect
    } else if edits.iter().all(|edit| is(edit, &edit.from)) {
        Effect::NotDone
    } else {
        let now = edits.iter().map(|edit| (edit.setting.clone(), live.value(&edit.setting).cloned()));
        Effect::SomethingElse(now.collect())
    }
}
