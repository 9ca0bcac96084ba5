use std::collections::BTreeMap;

use super::Conflict;
use super::compose::place;
use crate::action::{Action, Member};
use crate::check::Check;
use crate::diagnostic::{Code, Place};

/// What an overlay replaces whole, by its name.
pub(super) trait Named: Clone + PartialEq {
    /// What it is, for a sentence.
    const WHAT: &'static str;

    fn name(&self) -> &str;

    fn place(&self) -> Option<&Place>;

    /// What it means: the same without places.
    fn meaning(&self) -> Self;
}

/// Lays things over others, by who said each: an overlay wins over the state, and not over another overlay.
pub(super) fn lay<T: Named>(
    (known, known_by): (&mut Vec<T>, &mut BTreeMap<String, String>),
    (laid, laid_by): (&[T], &BTreeMap<String, String>),
    conflicts: &mut Vec<Conflict>,
) {
    for new in laid {
        let Some(old) = known.iter_mut().find(|known| known.name() == new.name()) else {
            known.push(new.clone());
            continue;
        };
        let old = std::mem::replace(old, new.clone());
        if let (Some(other), Some(this)) = (known_by.get(new.name()), laid_by.get(new.name()))
            && old.meaning() != new.meaning()
        {
            conflicts.push(Conflict {
                code: Code::OverlayConflict,
                what: format!("{other} and {this} differ in {} {}", T::WHAT, new.name()),
                here: place(new.place(), this),
                there: place(old.place(), other),
            });
        }
    }
    known.sort_by(|a, b| a.name().cmp(b.name()));
    known_by.extend(laid_by.iter().map(|(name, by)| (name.clone(), by.clone())));
}

impl Named for Check {
    const WHAT: &'static str = "check";

    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    fn meaning(&self) -> Self {
        Self { place: None, ..self.clone() }
    }
}

impl Named for Action {
    const WHAT: &'static str = "action";

    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    fn meaning(&self) -> Self {
        let mut action = Self { place: None, ..self.clone() };
        action.before.iter_mut().chain(&mut action.after).for_each(|beside| beside.place = None);
        let checks = action.members.iter_mut().flat_map(Member::checks_mut);
        checks.for_each(|check| check.place = None);
        action
    }
}
