//! What others changed of what an operation did that did not end, or relied on; and what of its rest is held back for that.

use std::collections::BTreeMap;

use opsctl_api::{Address, Direction, Edit, Kind, LiveSetting, Value};

use super::progress::Stand;
use super::sight::Sight;
use crate::instance::Catalogues;
use crate::plan::{self, Plan, Position, SeenSetting, Work};
use crate::snapshot::Status;

/// What is not as an operation left it, or as it was when the operation relied on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Astray {
    /// By address and setting.
    pub changed: Vec<Changed>,
    /// The steps that are not begun for that, and why.
    pub held: BTreeMap<usize, String>,
}

/// A setting that somebody changed since.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// What it was left at, or relied on at.
    pub was: Option<Value>,
    /// What it is now.
    pub now: Option<Value>,
    /// Who set it, as far as the API tells.
    pub by: Option<String>,
}

/// Holds what live is by now against what the steps left that are done, and what was relied on as it was.
///
/// Held back is what would grow on what is less now, and all that comes after a step that is not so any more, or that is itself held back.
pub(super) fn astray(plan: &Plan, stands: &[Stand], sight: &Sight, catalogues: &Catalogues) -> Astray {
    let mut found = Astray::default();
    let mut gone: BTreeMap<&Address, String> = BTreeMap::new();
    let mut lost: BTreeMap<usize, String> = BTreeMap::new();
    for (at, seen) in &plan.resources {
        let (Some(live), Some(kind)) = (sight.found.get(at), catalogues.kind(at.instance(), at.kind())) else {
            continue;
        };
        for (setting, seen_setting) in &seen.settings {
            let steps = || plan.steps.iter().enumerate().filter(|(_, step)| moves(&step.work, at, setting));
            // What is still to be done, or under way, meets what is there by itself.
            if steps().any(|(step, _)| stands[step] != Stand::Over(Status::Done)) {
                continue;
            }
            let done = steps().filter_map(|(id, step)| of_setting(id, &step.work, at, setting)).next_back();
            let was = done.map_or(seen_setting.live.as_ref(), |(.., edit)| edit.to.as_ref());
            let now = live.value(setting);
            let is_moved = || now.is_some_and(|now| live.mover(setting, was, now).is_some());
            if matches!(live.settings.get(setting), Some(LiveSetting::Hidden(_))) || was == now || is_moved() {
                continue;
            }
            if !is_astray(kind, setting, seen_setting, done.is_some(), now) {
                continue;
            }
            let by = live.touched.iter().find(|touch| touch.setting == *setting).map(|touch| touch.by.clone());
            let back = Edit { setting: setting.clone(), from: now.cloned(), to: was.cloned() }.direction(kind);
            let changed =
                Changed { at: at.clone(), setting: setting.clone(), was: was.cloned(), now: now.cloned(), by };
            let name = seen.names.first().map_or(at.as_str(), String::as_str);
            let told = format!("{name}, of which {setting} is {}", changed.told());
            if back != Direction::Down {
                gone.entry(at).or_insert_with(|| told.clone());
            }
            if let Some((step, position, _)) = done
                && back != position.opposite()
            {
                lost.entry(step).or_insert(told);
            }
            found.changed.push(changed);
        }
    }
    let relying = plan::relying(plan, &gone.keys().copied().collect());
    for (id, step) in plan.steps.iter().enumerate() {
        let needs = match &step.work {
            Work::Change { at, position: Position::Up, .. } => relying.get(at).and_then(|of| gone.get(of)),
            _ => None,
        };
        let after = step.after.iter().find_map(|edge| lost.get(&edge.step));
        let (why, what) = match (needs, after) {
            (Some(what), _) => (format!("it needs {what}"), format!("what needs {what}")),
            (None, Some(what)) => (format!("it comes after {what}"), what.clone()),
            (None, None) => continue,
        };
        if stands[id] == Stand::Pending && !matches!(step.work, Work::Joint { .. }) {
            found.held.insert(id, why);
        }
        lost.entry(id).or_insert(what);
    }
    found
}

/// Whether a step moves a setting, be it on its way.
fn moves(work: &Work, at: &Address, setting: &str) -> bool {
    let Work::Change { at: changed, hops, .. } = work else { return false };
    let mut moved = hops.iter().flat_map(|hop| hop.edits.iter().chain(&hop.coupled));
    changed == at && moved.any(|edit| edit.setting == setting)
}

/// The edit of a setting by a step, where it has one.
fn of_setting<'a>(id: usize, work: &'a Work, at: &Address, setting: &str) -> Option<(usize, Position, &'a Edit)> {
    let Work::Change { at: changed, position, edits, .. } = work else { return None };
    let edit = edits.iter().find(|edit| changed == at && edit.setting == setting)?;
    Some((id, *position, edit))
}

/// Whether another value than there was is not what the operation wanted, or relied on.
fn is_astray(kind: &Kind, setting: &str, seen: &SeenSetting, is_done: bool, now: Option<&Value>) -> bool {
    match &seen.goal {
        Some(goal) => (is_done || goal.holds(seen.live.as_ref())) && !goal.holds(now),
        None if is_done => true,
        // Nothing was asked of it, and it served.
        None => {
            let nothing = |value: Option<&Value>| {
                let setting = kind.setting(setting);
                setting.zip(value).is_some_and(|(setting, value)| plan::serves_nothing(setting, value))
            };
            nothing(now) && !nothing(seen.live.as_ref())
        }
    }
}

impl Changed {
    /// What it is, and by whom: `0 by bob, and not 3`.
    fn told(&self) -> String {
        let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "absent".to_owned(), ToString::to_string);
        let by = self.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        format!("{}{by}, and not {}", shown(&self.now), shown(&self.was))
    }
}
