use std::collections::{BTreeMap, BTreeSet};

use super::chain::Chain;
use super::{Scope, State, Target};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::Problems;

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
    for (name, settings) in &scope.settings {
        for (key, goals) in settings {
            if goals.len() == states.len() {
                continue;
            }
            for (root, wildcards) in roots.iter().zip(&wildcards) {
                let setting =
                    |state: &State| state.resources.get(name).is_some_and(|found| found.wants.contains_key(key));
                if setting(root) || covered(root, wildcards, &scope.declared[name].at, key) {
                    continue;
                }
                let Some((state, _)) = goals.first() else { continue };
                let wanted = |state: &str| states.get(state)?.resources.get(name)?.wants.get(key);
                if wanted(state).is_some_and(|want| want.setting.one_way) {
                    continue;
                }
                if let Some(span) = by_name.get(state.as_str()).and_then(|chain| written_at(chain, name, key)) {
                    found.push(hole(name, key, state, root, span));
                }
            }
        }
    }
}

fn hole(name: &str, key: &str, state: &str, root: &State, span: Span) -> Diagnostic {
    let message = format!("{state} sets {key} of {name}, and {} does not: it has no way back", root.name);
    let mend = format!("give it a value, or {{ restore = true }}, in states/{}.toml", root.name);
    Diagnostic::warning(Code::Hole, span, message).note(mend)
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
