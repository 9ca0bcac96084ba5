use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Edit, Fault, Identity, Pattern};

use super::diff::Edits;
use super::expand::{Expanded, Item};
use super::{Refusal, RefusedBy, Step};
use crate::config::GuardConfig;

/// What the guards say of the edits.
pub(super) fn guard(expanded: &Expanded, edits: &Edits, guard: &GuardConfig, allowed: &[Pattern]) -> Vec<Refusal> {
    let changed = || expanded.items.iter().zip(edits).filter(|(_, edits)| !edits.is_empty());
    let mut refusals = limits(changed().map(|(item, _)| &item.at), guard);
    for (item, edits) in changed() {
        for edit in edits.values().flatten() {
            if is_one_way(item, edit) && !allowed.iter().any(|pattern| pattern.matches(&item.at)) {
                refusals.push(Refusal {
                    by: RefusedBy::OneWay,
                    at: item.at.to_string(),
                    why: format!("`{}` cannot be changed back", edit.setting),
                    instead: format!("if that is meant: --allow-one-way {}", item.at),
                });
            }
        }
    }
    refusals
}

/// What `[guard]` says of what is changed, whatever becomes of it.
pub fn limits<'a>(changed: impl Iterator<Item = &'a Address>, guard: &GuardConfig) -> Vec<Refusal> {
    let changed: BTreeSet<&Address> = changed.collect();
    let mut refusals = Vec::new();
    for at in &changed {
        if let Some(pattern) = guard.protect.iter().find(|pattern| pattern.matches(at)) {
            refusals.push(Refusal {
                by: RefusedBy::Protect,
                at: at.to_string(),
                why: format!("it is protected by `{pattern}` in opsctl.toml"),
                instead: "leave it out with --exclude, or take it out of [guard] protect".to_owned(),
            });
        }
    }
    if let Some(most) = guard.max_resources
        && changed.len() > most
    {
        refusals.push(Refusal {
            by: RefusedBy::MaxResources,
            at: format!("{} resources", changed.len()),
            why: format!("opsctl.toml allows {most} in one plan"),
            instead: "plan a part with --target, or raise [guard] max_resources".to_owned(),
        });
    }
    refusals
}

/// What is changed at an instance that does not say what it is: an apply could not tell it from another.
pub(super) fn nameless(steps: &[Step], identities: &BTreeMap<String, Result<Identity, Fault>>) -> Vec<Refusal> {
    let changed: BTreeSet<&str> = steps.iter().filter_map(Step::at).map(Address::instance).collect();
    let nameless = changed.into_iter().filter_map(|name| Some((name, identities.get(name)?.as_ref().err()?)));
    nameless
        .map(|(name, fault)| Refusal {
            by: RefusedBy::Identity,
            at: name.to_owned(),
            why: format!("it does not say what it is: {fault}"),
            instead: match fault {
                Fault::Denied(_) => format!("mend its credentials, or leave it out: --exclude '{name}:*'"),
                Fault::Throttled { .. } => {
                    format!("try again when its API takes more calls, or leave it out: --exclude '{name}:*'")
                }
                _ => format!(
                    "an apply must know that it changes the same: let it answer, or leave it out: --exclude '{name}:*'"
                ),
            },
        })
        .collect()
}

/// The one-way changes among the edits.
pub(super) fn one_way(expanded: &Expanded, edits: &Edits) -> BTreeMap<Address, Vec<String>> {
    let mut irreversible: BTreeMap<Address, Vec<String>> = BTreeMap::new();
    for (item, edits) in expanded.items.iter().zip(edits) {
        for edit in edits.values().flatten().filter(|edit| is_one_way(item, edit)) {
            irreversible.entry(item.at.clone()).or_default().push(edit.setting.clone());
        }
    }
    irreversible
}

/// Whether there is no way back from an edit.
pub(super) fn is_one_way(item: &Item, edit: &Edit) -> bool {
    item.kind.setting(&edit.setting).is_some_and(|setting| setting.one_way)
}
