use std::collections::BTreeMap;

use super::{Overlaid, State, Target, digest};
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
/// An overlay wins over the state, setting by setting and check by check; what a state declares of a resource stays. Overlays are
/// equals: two of them may say the same, and nothing else.
///
/// # Errors
/// All settings and checks of which two overlays say two things, and addresses that have two names.
pub fn compose(parts: &[&State]) -> Result<State, Vec<Conflict>> {
    let Some((first, overlays)) = parts.split_first() else { return Ok(State::default()) };
    if overlays.is_empty() {
        return Ok((*first).clone());
    }
    let mut conflicts = Vec::new();
    let mut whole = (*first).clone();
    if whole.over.is_some() && whole.overlaid == Overlaid::default() {
        whole.overlaid = all_of(first);
    }
    for overlay in overlays {
        lay(&mut whole, overlay, &mut conflicts);
    }
    two_names(&whole, &mut conflicts);
    whole.digest = digest::of(&whole);
    if conflicts.is_empty() { Ok(whole) } else { Err(conflicts) }
}

/// What an overlay says, all of it by itself.
fn all_of(overlay: &State) -> Overlaid {
    let name = &overlay.name;
    let settings = overlay
        .resources
        .iter()
        .flat_map(|(resource, found)| found.wants.keys().map(|key| ((resource.clone(), key.clone()), name.clone())));
    Overlaid {
        settings: settings.collect(),
        checks: overlay.checks.iter().map(|check| (check.name.clone(), name.clone())).collect(),
        rto: overlay.rto.map(|_| name.clone()),
        on_failure: overlay.on_failure.map(|_| name.clone()),
    }
}

fn lay(whole: &mut State, overlay: &State, conflicts: &mut Vec<Conflict>) {
    let says = if overlay.overlaid == Overlaid::default() { all_of(overlay) } else { overlay.overlaid.clone() };
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
        resources,
        checks,
        overlaid: _,
    } = overlay;
    whole.name = format!("{}+{name}", whole.name);
    whole.summary =
        [whole.summary.as_str(), summary].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
    whole.confirm |= confirm;
    whole.tolerates_unreachable.extend(tolerates_unreachable.iter().cloned());
    whole.allow_one_way.extend(allow_one_way.iter().cloned());
    one("rto", (&mut whole.rto, &mut whole.overlaid.rto), (rto, &says.rto), conflicts);
    one(
        "on_failure",
        (&mut whole.on_failure, &mut whole.overlaid.on_failure),
        (on_failure, &says.on_failure),
        conflicts,
    );
    for (resource, laid) in resources {
        let Some(found) = whole.resources.get_mut(resource) else {
            whole.resources.insert(resource.clone(), laid.clone());
            continue;
        };
        for (key, want) in &laid.wants {
            let other = whole.overlaid.settings.get(&(resource.clone(), key.clone()));
            if let (Some(other), Some(known)) = (other, found.wants.get(key))
                && known.goal != want.goal
            {
                let this = says.settings.get(&(resource.clone(), key.clone())).unwrap_or(name);
                conflicts.push(Conflict {
                    code: Code::OverlayConflict,
                    what: format!("{other} and {this} differ in {key} of {resource}: {} and {}", known.goal, want.goal),
                    here: place(want.place.as_ref(), this),
                    there: place(known.place.as_ref(), other),
                });
            }
            found.wants.insert(key.clone(), want.clone());
        }
    }
    for check in checks {
        let known = whole.checks.iter().position(|known| known.name == check.name);
        let this = says.checks.get(&check.name).unwrap_or(name);
        match known {
            Some(at) => {
                let mut alike = whole.checks[at].clone();
                alike.place.clone_from(&check.place);
                if let Some(other) = whole.overlaid.checks.get(&check.name).filter(|_| alike != *check) {
                    conflicts.push(Conflict {
                        code: Code::OverlayConflict,
                        what: format!("{other} and {this} differ in check {}", check.name),
                        here: place(check.place.as_ref(), this),
                        there: place(whole.checks[at].place.as_ref(), other),
                    });
                }
                whole.checks[at] = check.clone();
            }
            None => whole.checks.push(check.clone()),
        }
    }
    whole.checks.sort_by(|a, b| a.name.cmp(&b.name));
    whole.overlaid.settings.extend(says.settings);
    whole.overlaid.checks.extend(says.checks);
}

/// Lays one thing that a state has at most once.
fn one<T: PartialEq + Clone>(
    what: &str,
    (known, known_by): (&mut Option<T>, &mut Option<String>),
    (laid, laid_by): (&Option<T>, &Option<String>),
    conflicts: &mut Vec<Conflict>,
) {
    let Some(this) = laid_by else { return };
    if let Some(other) = known_by.as_ref().filter(|_| known != laid) {
        conflicts.push(Conflict {
            code: Code::OverlayConflict,
            what: format!("{other} and {this} differ in `{what}`"),
            here: place(None, this),
            there: place(None, other),
        });
    }
    known.clone_from(laid);
    known_by.clone_from(laid_by);
}

/// Where something was written, or else the file that it is in.
fn place(place: Option<&Place>, state: &str) -> Place {
    place.cloned().unwrap_or_else(|| Place { file: format!("states/{state}.toml").into(), line: 1, column: 1 })
}

/// Parts that do not extend each other may call one resource two things.
fn two_names(whole: &State, conflicts: &mut Vec<Conflict>) {
    let mut names = BTreeMap::new();
    for (name, resource) in &whole.resources {
        let Target::One(at) = &resource.declared.at else { continue };
        if let Some((other, there)) = names.insert(at, (name, &resource.declared.place)) {
            conflicts.push(Conflict {
                code: Code::TwoNames,
                what: format!("`{name}` and `{other}` are one resource: {at}"),
                here: place(resource.declared.place.as_ref(), &whole.name),
                there: place(there.as_ref(), &whole.name),
            });
        }
    }
}
