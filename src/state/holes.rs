use std::collections::{BTreeMap, BTreeSet};

use super::chain::Chain;
use super::{Scope, State, Target};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::Problems;

/// How many holes of one root are told one by one. One that has more is no state that all come back to, and is told as that.
const MOST: usize = 4;

/// Warns of settings that some state or overlay sets and some root (a state that extends nothing) does not: going there leaves them.
/// What a root in a file with mistakes sets is not known yet.
pub(super) fn warn(
    chains: &[Chain<'_, '_>],
    mistaken: &BTreeSet<&str>,
    states: &BTreeMap<String, State>,
    scope: &Scope,
    found: &mut Problems,
) {
    let roots: Vec<&State> = chains
        .iter()
        .filter(|chain| chain.is_root() && !chain.broken && !mistaken.contains(chain.name()))
        .filter_map(|chain| states.get(chain.name()))
        .collect();
    let by_name: BTreeMap<&str, &Chain<'_, '_>> = chains.iter().map(|chain| (chain.name(), chain)).collect();
    let wildcards: Vec<Vec<&str>> = roots.iter().map(|root| wildcards(root)).collect();
    let mut holes: BTreeMap<&str, Vec<Hole<'_>>> = BTreeMap::new();
    for (name, settings) in &scope.settings {
        for (key, goals) in settings {
            if goals.len() == states.len() {
                continue;
            }
            for (root, wildcards) in roots.iter().zip(&wildcards) {
                let setting =
                    |state: &State| state.resources.get(name).is_some_and(|found| found.wants.contains_key(key));
                let at = &scope.declared[name].at;
                if setting(root) || covered(root, wildcards, at, key) || may_be_named(root, at, key) {
                    continue;
                }
                let Some((state, _)) = goals.first() else { continue };
                let wanted = |state: &str| states.get(state)?.resources.get(name)?.wants.get(key);
                if wanted(state).is_some_and(|want| want.setting.one_way) {
                    continue;
                }
                if let Some(span) = by_name.get(state.as_str()).and_then(|chain| written_at(chain, name, key)) {
                    holes.entry(&root.name).or_default().push(Hole { name, key, state, span });
                }
            }
        }
    }
    for (root, holes) in &holes {
        if holes.len() > MOST {
            all(root, holes).into_iter().for_each(|hole| found.push(hole));
        } else {
            holes.iter().for_each(|hole| found.push(one(root, hole)));
        }
    }
}

/// A setting that a root leaves.
struct Hole<'a> {
    name: &'a str,
    key: &'a str,
    /// A state that sets it, and where.
    state: &'a str,
    span: Span,
}

fn one(root: &str, hole: &Hole<'_>) -> Diagnostic {
    let Hole { name, key, state, span } = hole;
    let message = format!("{state} sets {key} of {name}, and {root} does not: it has no way back");
    let mend = format!("give it a value, or {{ restore = true }}, in states/{root}.toml");
    Diagnostic::warning(Code::Hole, *span, message).note(mend)
}

/// What one that is far from all others lacks, as one.
fn all(root: &str, holes: &[Hole<'_>]) -> Option<Diagnostic> {
    let Hole { name, key, state, span } = holes.first()?;
    let (count, more) = (holes.len(), holes.len() - 1);
    let message = format!(
        "{root} leaves {count} settings that other states set, as {state} does {key} of {name}: they have no way back to it"
    );
    let mend = format!(
        "let states/{root}.toml extend a state that sets them, or give it values or {{ restore = true }} for this one and {more} more"
    );
    Some(Diagnostic::warning(Code::Hole, *span, message).note(mend))
}

/// Where a state's files say something of a setting, the extending one first.
fn written_at(chain: &Chain<'_, '_>, name: &str, key: &str) -> Option<Span> {
    chain.values().iter().rev().find_map(|layer| {
        let part = &layer.parts[layer.parts.binary_search_by(|part| part.name.cmp(name)).ok()?];
        part.settings.iter().find_map(|entry| {
            if entry.key == key {
                return Some(entry.key_span);
            }
            let inner = key.strip_prefix(entry.key.as_ref())?.strip_prefix('.')?;
            entry.node.as_table()?.get(inner).map(|entry| entry.key_span)
        })
    })
}

fn wildcards(root: &State) -> Vec<&str> {
    root.resources
        .iter()
        .filter(|(_, resource)| matches!(resource.declared.at, Target::Many { .. }))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// Whether a wildcard of the root sets the setting of this target, too.
fn covered(root: &State, wildcards: &[&str], target: &Target, key: &str) -> bool {
    wildcards.iter().filter_map(|name| root.resources.get(*name)).any(|wide| {
        let Target::Many { pattern, select, except } = &wide.declared.at else { return false };
        if !select.is_empty() || !wide.wants.contains_key(key) {
            return false;
        }
        match target {
            Target::One(at) => pattern.matches(at) && !except.iter().any(|pattern| pattern.matches(at)),
            Target::Many { pattern: narrow, .. } => except.is_empty() && pattern.matches_text(narrow.as_str()),
        }
    })
}

/// Whether a root sets the setting of something that a wildcard may find. Whether of all that it does find only a plan can tell.
fn may_be_named(root: &State, target: &Target, key: &str) -> bool {
    let Target::Many { pattern, except, .. } = target else { return false };
    root.resources.values().any(|resource| {
        let Target::One(at) = &resource.declared.at else { return false };
        resource.wants.contains_key(key) && pattern.matches(at) && !except.iter().any(|pattern| pattern.matches(at))
    })
}
