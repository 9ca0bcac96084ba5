use std::collections::BTreeMap;

use super::{OnFailure, Overlaid, State, Target, digest, laid};
use crate::diagnostic::{Code, Place};

/// Two parts of a composition that do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Conflict {
    /// Of which sort it is.
    pub code: Code,
    /// One sentence.
    pub what: String,
    /// Where one says so.
    pub here: Place,
    /// Where the other one does.
    pub there: Place,
}

/// Lays overlays over a state, or over each other: the first part is either, all others are overlays, each over those in front
/// of it.
///
/// An overlay wins over the state, setting by setting, check by check and action by action; what a state declares of a resource
/// stays. Overlays are equals: two of them may say the same, and nothing else.
///
/// # Errors
/// All settings, checks and actions of which two overlays say two things, and addresses that have two names.
pub fn compose(parts: &[&State]) -> Result<State, Vec<Conflict>> {
    let Some((first, overlays)) = parts.split_first() else { return Ok(State::default()) };
    let mut whole = State::clone(first);
    if overlays.is_empty() {
        return Ok(whole);
    }
    if whole.over.is_some() {
        whole.overlaid = says(first);
    }
    let mut laying = Laying { whole, conflicts: Vec::new() };
    overlays.iter().for_each(|overlay| laying.lay(overlay));
    laying.two_names();
    laying.cannot_go_back(parts);
    let Laying { mut whole, conflicts } = laying;
    whole.digest = digest::of(&whole);
    if conflicts.is_empty() { Ok(whole) } else { Err(conflicts) }
}

/// Who said what an overlay says: itself, or those that it was put together from.
fn says(overlay: &State) -> Overlaid {
    if overlay.overlaid != Overlaid::default() {
        return overlay.overlaid.clone();
    }
    let name = &overlay.name;
    let keys = overlay.resources.iter().flat_map(|(resource, found)| {
        let keys = found.wants.keys();
        keys.map(|key| ((resource.clone(), key.clone()), name.clone()))
    });
    Overlaid {
        settings: keys.collect(),
        checks: overlay.checks.iter().map(|check| (check.name.clone(), name.clone())).collect(),
        actions: overlay.actions.iter().map(|action| (action.name.clone(), name.clone())).collect(),
        rto: overlay.rto.map(|_| name.clone()),
        on_failure: overlay.on_failure.map(|_| name.clone()),
    }
}

/// A composition on its way.
struct Laying {
    whole: State,
    conflicts: Vec<Conflict>,
}

impl Laying {
    fn lay(&mut self, overlay: &State) {
        let says = says(overlay);
        // Taken apart without `..`, so that nothing new is forgotten.
        let State {
            name,
            over: _,
            summary,
            digest: _,
            rto,
            confirm,
            on_failure,
            tolerates_unreachable,
            allow_one_way,
            resources: _,
            checks,
            actions,
            overlaid: _,
            places,
        } = overlay;
        let whole = &mut self.whole;
        whole.name = format!("{}+{name}", whole.name);
        if !whole.summary.is_empty() && !summary.is_empty() {
            whole.summary.push_str("; ");
        }
        whole.summary.push_str(summary);
        whole.confirm |= confirm;
        whole.tolerates_unreachable.extend(tolerates_unreachable.iter().cloned());
        whole.allow_one_way.extend(allow_one_way.iter().cloned());
        let by = &mut whole.overlaid;
        let conflicts = &mut self.conflicts;
        let known = &whole.places;
        let mut differ = |key: &str, other: &str, this: &str| {
            conflicts.push(Conflict {
                code: Code::OverlayConflict,
                what: format!("{other} and {this} differ in `{key}`"),
                here: place(places.get(key), this),
                there: place(known.get(key), other),
            });
        };
        lay_one((&mut whole.rto, &mut by.rto), (rto, &says.rto), |other, this| differ("rto", other, this));
        let failing = (&mut whole.on_failure, &mut by.on_failure);
        lay_one(failing, (on_failure, &says.on_failure), |other, this| differ("on_failure", other, this));
        whole.places.extend(places.iter().map(|(key, place)| (*key, place.clone())));
        self.settings(overlay, &says);
        let State { checks: known, actions: known_actions, overlaid: by, .. } = &mut self.whole;
        laid::lay((known, &mut by.checks), (checks, &says.checks), &mut self.conflicts);
        laid::lay((known_actions, &mut by.actions), (actions, &says.actions), &mut self.conflicts);
        by.settings.extend(says.settings);
    }

    fn settings(&mut self, overlay: &State, says: &Overlaid) {
        let State { resources, overlaid, .. } = &mut self.whole;
        for (name, laid) in &overlay.resources {
            let Some(found) = resources.get_mut(name) else {
                resources.insert(name.clone(), laid.clone());
                continue;
            };
            for (key, want) in &laid.wants {
                let known = found.wants.insert(key.clone(), want.clone());
                if let (Some(known), Some(other), Some(this)) = (known, overlaid.of(name, key), says.of(name, key))
                    && known.goal != want.goal
                {
                    self.conflicts.push(Conflict {
                        code: Code::OverlayConflict,
                        what: format!("{other} and {this} differ in {key} of {name}: {} and {}", known.goal, want.goal),
                        here: place(want.place.as_ref(), this),
                        there: place(known.place.as_ref(), other),
                    });
                }
            }
        }
    }

    /// What one part makes of a failure must go with what another part goes on without.
    fn cannot_go_back(&mut self, parts: &[&State]) {
        let goes_back = self.whole.on_failure == Some(OnFailure::Rollback);
        let here = parts.iter().rev().find(|part| part.on_failure.is_some());
        let there = parts.iter().find(|part| !part.tolerates_unreachable.is_empty());
        if let (true, Some(here), Some(there)) = (goes_back, here, there) {
            let what = format!("{} takes all back, and {} goes on without what is unreachable", here.name, there.name);
            let written = |part: &State, key| place(part.places.get(key), &part.name);
            let (here, there) = (written(here, "on_failure"), written(there, "tolerates_unreachable"));
            self.conflicts.push(Conflict { code: Code::NotTakenBack, what, here, there });
        }
    }

    /// Parts that do not extend each other may call one resource two things.
    fn two_names(&mut self) {
        let mut names = BTreeMap::new();
        for (name, resource) in &self.whole.resources {
            let Target::One(at) = &resource.declared.at else { continue };
            let this = resource.declared.place.as_ref();
            if let Some((other, there)) = names.insert(at, (name, this)) {
                self.conflicts.push(Conflict {
                    code: Code::TwoNames,
                    what: format!("`{name}` and `{other}` are one resource: {at}"),
                    here: place(this, &self.whole.name),
                    there: place(there, &self.whole.name),
                });
            }
        }
    }
}

/// Lays one thing that a state has at most once.
fn lay_one<T: PartialEq + Clone>(
    (known, known_by): (&mut Option<T>, &mut Option<String>),
    (laid, laid_by): (&Option<T>, &Option<String>),
    differ: impl FnOnce(&str, &str),
) {
    let Some(this) = laid_by else { return };
    if let Some(other) = known_by.as_ref().filter(|_| known != laid) {
        differ(other, this);
    }
    known.clone_from(laid);
    known_by.clone_from(laid_by);
}

/// Where something was written, or else the beginning of the file that it is in.
pub(super) fn place(place: Option<&Place>, state: &str) -> Place {
    place.cloned().unwrap_or_else(|| Place { file: format!("states/{state}.toml").into(), line: 1, column: 1 })
}
