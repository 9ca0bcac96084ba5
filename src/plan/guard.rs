use std::collections::BTreeSet;

use opsctl_api::{Address, Pattern};

use super::diff::Edits;
use super::expand::Expanded;
use super::{Refusal, RefusedBy};
use crate::config::GuardConfig;

/// What the guards say of the edits.
pub(super) fn guard(expanded: &Expanded, edits: &Edits, guard: &GuardConfig, allowed: &[Pattern]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut changed: BTreeSet<&Address> = BTreeSet::new();
    for (item, edits) in expanded.items.iter().zip(edits) {
        if edits.is_empty() {
            continue;
        }
        changed.insert(&item.at);
        if let Some(pattern) = guard.protect.iter().find(|pattern| pattern.matches(&item.at)) {
            refusals.push(Refusal {
                by: RefusedBy::Protect,
                at: item.at.to_string(),
                why: format!("it is protected by `{pattern}` in opsctl.toml"),
                instead: "leave it out with --exclude, or take it out of [guard] protect".to_owned(),
            });
        }
        for edit in edits.values().flatten() {
            let one_way = item.kind.setting(&edit.setting).is_some_and(|setting| setting.one_way);
            if one_way && !allowed.iter().any(|pattern| pattern.matches(&item.at)) {
                refusals.push(Refusal {
                    by: RefusedBy::OneWay,
                    at: item.at.to_string(),
                    why: format!("`{}` cannot be changed back", edit.setting),
                    instead: format!("if that is meant: --allow-one-way {}", item.at),
                });
            }
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

/// The one-way changes among the edits.
pub(super) fn one_way(expanded: &Expanded, edits: &Edits) -> Vec<Address> {
    let irreversible = expanded.items.iter().zip(edits).filter(|(item, edits)| {
        edits.values().flatten().any(|edit| item.kind.setting(&edit.setting).is_some_and(|setting| setting.one_way))
    });
    irreversible.map(|(item, _)| item.at.clone()).collect()
}
