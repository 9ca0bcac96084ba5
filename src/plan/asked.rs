use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::Pattern;

use super::part::Part;
use crate::state::{State, Target};

/// How much of a name `--target` and `--exclude` leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    All,
    /// Some members of a wildcard, and only live tells which.
    Part,
    Nothing,
}

/// What is asked for, as far as declarations tell: of what is unreachable nothing else is known. Of a name that is not among these, it is
/// all.
pub(super) fn shares<'a>(state: &'a State, part: &Part) -> BTreeMap<&'a str, Share> {
    if part.is_whole() {
        return BTreeMap::new();
    }
    let Part { target, exclude } = part;
    let targeted = |name: &str| if target.is_empty() { Share::All } else { share(state, name, target) };
    let mut shares: BTreeMap<&str, Share> = state.resources.keys().map(|name| (&**name, targeted(name))).collect();
    let mut open: Vec<&str> =
        shares.iter().filter(|(_, share)| **share != Share::Nothing).map(|(name, _)| *name).collect();
    let mut needing: BTreeSet<&str> = open.iter().copied().collect();
    while let Some(name) = open.pop() {
        let needs = state.resources.get(name).into_iter().flat_map(|resource| &resource.declared.needs);
        for needed in needs.flat_map(|need| &need.any_of) {
            shares.insert(needed, Share::All);
            if needing.insert(needed) {
                open.push(needed);
            }
        }
    }
    for (name, left) in &mut shares {
        *left = match (*left, share(state, name, exclude)) {
            (_, Share::All) | (Share::Nothing, _) => Share::Nothing,
            (_, Share::Part) => Share::Part,
            (left, Share::Nothing) => left,
        };
    }
    shares
}

/// How much of a name these patterns name.
fn share(state: &State, name: &str, patterns: &[Pattern]) -> Share {
    let Some(resource) = state.resources.get(name) else { return Share::Nothing };
    if patterns.iter().any(|pattern| declares(name, &resource.declared.at, pattern)) {
        return Share::All;
    }
    match &resource.declared.at {
        Target::Many { pattern: meant, .. } if patterns.iter().any(|pattern| meant.meets(pattern)) => Share::Part,
        Target::Many { .. } | Target::One(_) => Share::Nothing,
    }
}

/// Whether a pattern names all that a name is declared to stand for.
pub(super) fn declares(name: &str, target: &Target, pattern: &Pattern) -> bool {
    pattern.matches_text(name)
        || match target {
            Target::One(at) => pattern.matches(at),
            Target::Many { pattern: meant, .. } => pattern.matches_text(meant.as_str()),
        }
}
