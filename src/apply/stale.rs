use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Edit, Fault, LiveSetting, Touch, Value};

use super::sight::Sight;
use crate::plan::{Plan, Step, Work};

/// A setting that is not what the plan was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// What the plan saw; `None` is absent.
    pub planned: Option<Value>,
    /// What is there now.
    pub live: Option<Value>,
    /// Who set it, as far as the API tells.
    pub by: Option<Touch>,
}

/// What the plan's changes start from cannot be read any more.
#[derive(Debug, Clone, PartialEq)]
pub struct Unreadable {
    /// The resource.
    pub at: Address,
    /// Why.
    pub fault: Fault,
}

/// All settings for which planning again would give another edit: those that are changed and have moved, and those that were
/// as they should be and are not any more.
pub(super) fn moved(plan: &Plan, sight: &Sight) -> Vec<Moved> {
    let edited = edited(plan);
    let mut moved = Vec::new();
    for (at, seen) in &plan.resources {
        let Some(live) = sight.found.get(at) else { continue };
        for (setting, seen) in &seen.settings {
            if seen.hidden.is_some() || matches!(live.settings.get(setting), Some(LiveSetting::Hidden(_))) {
                continue;
            }
            let (then, now) = (seen.live.as_ref(), live.value(setting));
            let broken = || seen.goal.as_ref().is_some_and(|goal| goal.holds(then) && !goal.holds(now));
            // An owner's move within its bounds is nobody's: the apply goes on from there, as it does where it meets it later.
            let by_itself = now.is_some_and(|now| live.mover(setting, then, now).is_some());
            if then != now && !by_itself && (edited.contains(&(at, setting)) || broken()) {
                moved.push(Moved {
                    at: at.clone(),
                    setting: setting.clone(),
                    planned: seen.live.clone(),
                    live: now.cloned(),
                    by: live.touched.iter().find(|touch| touch.setting == *setting).cloned(),
                });
            }
        }
    }
    moved
}

/// The first edits of the steps whose setting an owner has moved by itself since the plan was made: they start from there.
pub(super) fn rebased(plan: &Plan, sight: &Sight) -> BTreeMap<usize, Vec<Edit>> {
    let mut rebased = BTreeMap::new();
    for (step, Step { work, .. }) in plan.steps.iter().enumerate() {
        let Work::Change { at, hops, .. } = work else { continue };
        let (Some(live), Some(hop)) = (sight.found.get(at), hops.first()) else { continue };
        let is_moved = |edit: &Edit| {
            let now = live.value(&edit.setting).filter(|now| Some(*now) != edit.from.as_ref());
            now.filter(|now| live.mover(&edit.setting, edit.from.as_ref(), now).is_some()).cloned()
        };
        if hop.edits.iter().any(|edit| is_moved(edit).is_some()) {
            let edits =
                hop.edits.iter().map(|edit| Edit { from: is_moved(edit).or(edit.from.clone()), ..edit.clone() });
            rebased.insert(step, edits.collect());
        }
    }
    rebased
}

/// What the plan would change and cannot be read now.
pub(super) fn unreadable(plan: &Plan, sight: &Sight) -> Vec<Unreadable> {
    let mut unreadable = Vec::new();
    for step in &plan.steps {
        if let Some(at) = step.at()
            && let Some(fault) = sight.faults.get(at)
        {
            unreadable.push(Unreadable { at: at.clone(), fault: fault.clone() });
        }
    }
    unreadable.dedup();
    unreadable
}

fn edited(plan: &Plan) -> BTreeSet<(&Address, &String)> {
    let edits = plan.steps.iter().filter_map(|step| match &step.work {
        Work::Change { at, edits, .. } => Some(edits.iter().map(move |edit| (at, &edit.setting))),
        _ => None,
    });
    edits.flatten().collect()
}
