use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Effect};
use serde::{Deserialize, Serialize};

use super::diff::Edits;
use super::expand::Expanded;
use super::order::demand::{keeps_traffic, traffic};
use super::order::unserved::{bereft, carriers};
use super::reliance::relying_on;
use super::request::Request;
use super::{Refusal, RefusedBy, SkippedWhy};

/// Something that stays as it is, while what it needs shrinks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undercut {
    /// What stays.
    pub at: Address,
    /// What it needs, directly or through others, and that shrinks: its name.
    pub needs: String,
    /// Of what keeps its traffic: what says that nothing of that need will serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing: Option<String>,
}

/// What something is taken from under: traffic that stays on what is switched off, and what `--target` or `--exclude` leaves as it is. Refused is what takes
/// away the last that serves such traffic, unless the state itself says that the traffic stays, or it is what a rollback goes back to.
pub(super) fn undercut(request: &Request<'_>, expanded: &Expanded, edits: &Edits) -> (Vec<Refusal>, Vec<Undercut>) {
    let shrinks = |item: &usize| edits[*item].keys().any(|slot| !slot.is_up());
    let shrinking: Vec<usize> = (0..edits.len()).filter(shrinks).collect();
    if shrinking.is_empty() {
        return Default::default();
    }
    let (refusals, dark) = unlit(request, expanded, edits);
    let told = |item: usize| {
        let at = &expanded.items[item].at;
        dark.iter().any(|undercut| undercut.at == *at) || refusals.iter().any(|refusal| refusal.at == at.as_str())
    };
    let left_out = expanded.skipped.iter().filter(|skipped| skipped.why == SkippedWhy::NotTargeted);
    let left_out: BTreeSet<&str> = left_out.map(|skipped| skipped.at.as_str()).collect();
    let relying = match left_out.is_empty() {
        true => Vec::new(),
        false => relying_on(request.state, expanded, shrinking),
    };
    let relying = relying.into_iter().filter(|(item, _)| left_out.contains(expanded.items[*item].at.as_str()));
    let parted = relying.filter(|(item, _)| !told(*item)).filter_map(|(item, shrinking)| {
        let needed = &expanded.items[shrinking?];
        let needs = needed.names.first().map_or(needed.at.as_str(), String::as_str).to_owned();
        Some(Undercut { at: expanded.items[item].at.clone(), needs, nothing: None })
    });
    let mut undercuts: Vec<Undercut> = parted.collect();
    undercuts.extend(dark);
    undercuts.sort_by(|a, b| a.at.cmp(&b.at));
    (refusals, undercuts)
}

/// Traffic that stays where something serves it now, and nothing will.
fn unlit(request: &Request<'_>, expanded: &Expanded, edits: &Edits) -> (Vec<Refusal>, Vec<Undercut>) {
    let state = request.state;
    let after = bereft(state, expanded, edits);
    if after.is_empty() {
        return Default::default();
    }
    let before = bereft(state, expanded, &vec![BTreeMap::new(); edits.len()]);
    // What is moved there is refused for that.
    let carriers: BTreeSet<usize> = carriers(state, expanded, edits).collect();
    let stays = |item: &usize| traffic(expanded, edits, *item).any(|(before, after)| before && after);
    let (mut refusals, mut undercuts) = (Vec::new(), Vec::new());
    for (&item, (needs, nothing)) in &after {
        if before.contains_key(&item) || carriers.contains(&item) || !stays(&item) {
            continue;
        }
        let at = expanded.items[item].at.clone();
        let serves = |other: usize| keeps_traffic(expanded, edits, other) && !after.contains_key(&other);
        if beside(request, expanded, item).any(serves) || is_meant(request, expanded, item) {
            undercuts.push(Undercut { at, needs: (*needs).to_owned(), nothing: Some(nothing.clone()) });
        } else {
            refusals.push(Refusal {
                by: RefusedBy::Need,
                at: at.to_string(),
                why: format!("it would keep its traffic, and needs {needs}, of which {nothing} then"),
                instead: format!("move the traffic away first, or leave {needs} as it is: --exclude {needs}"),
            });
        }
    }
    (refusals, undercuts)
}

/// All that holds one traffic together with an item.
fn beside<'a>(request: &'a Request<'_>, expanded: &'a Expanded, item: usize) -> impl Iterator<Item = usize> + 'a {
    let resources = &request.state.resources;
    let pool = |name: &String| resources.get(name).and_then(|resource| resource.declared.pool.as_ref());
    let pools: BTreeSet<&String> = expanded.items[item].names.iter().filter_map(pool).collect();
    let names = resources.keys().filter(move |name| pool(name).is_some_and(|pool| pools.contains(pool)));
    names.filter_map(|name| expanded.groups.get(name)).flat_map(|group| group.items.iter().copied())
}

/// Whether the traffic of an item is what the state says of it, or what it was before all that a rollback takes back.
fn is_meant(request: &Request<'_>, expanded: &Expanded, item: usize) -> bool {
    let item = &expanded.items[item];
    let Some(live) = item.live() else { return false };
    let is_traffic = |key: &&String| item.kind.setting(key).is_some_and(|setting| setting.effect == Effect::Traffic);
    let was = request.before.get(&item.at);
    live.settings.keys().filter(is_traffic).all(|key| {
        let goals = item.goals.get(key).map(|goal| &goal.goal).into_iter().chain(was.and_then(|was| was.get(key)));
        goals.into_iter().any(|goal| goal.holds(live.value(key)))
    })
}
