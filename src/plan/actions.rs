use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Direction, Edit, Pattern};
use tokio::task::JoinSet;

use super::diff::{Edits, Slot};
use super::expand::{Expanded, Item};
use super::request::Request;
use super::{Rest, Skipped, SkippedWhy};
use crate::action::{Action, Member, When};
use crate::check::{Check, measure, revealed};
use crate::instance::Instances;

/// The actions that a plan of these edits has, by their index in the state, before it is looked whether there is anything to do.
/// Those that `--target` or `--exclude` left out are told.
pub(super) fn due(request: &Request<'_>, expanded: &mut Expanded, edits: &Edits) -> BTreeSet<usize> {
    let mut due = BTreeSet::new();
    for (index, action) in request.state.actions.iter().enumerate() {
        let named = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches_text(&action.name));
        let wanted = match &request.rest {
            // What was done already is not done again.
            Some(rest) => rest.actions.contains_key(&action.name),
            None => is_met(action, expanded, edits),
        };
        let targeted =
            request.part.target.is_empty() || named(&request.part.target) || beside_an_edit(action, expanded, edits);
        if wanted && (named(&request.part.exclude) || !targeted) {
            let (at, why) = (format!("action {}", action.name), SkippedWhy::NotTargeted);
            expanded.skipped.push(Skipped { at, setting: None, why });
        } else if wanted {
            due.insert(index);
        }
    }
    due
}

/// Whether a plan of these edits has the action.
fn is_met(action: &Action, expanded: &Expanded, edits: &Edits) -> bool {
    action.when == When::Always
        || items(action, expanded).any(|item| met(action.when, &expanded.items[item], &edits[item]).next().is_some())
}

fn beside_an_edit(action: &Action, expanded: &Expanded, edits: &Edits) -> bool {
    items(action, expanded).any(|item| edits[item].values().any(|edits| !edits.is_empty()))
}

/// The resources that an action is before or after.
fn items<'a>(action: &'a Action, expanded: &'a Expanded) -> impl Iterator<Item = usize> + 'a {
    let names = action.before.iter().chain(&action.after).map(|beside| beside.name.as_str());
    names.filter_map(|name| expanded.groups.get(name)).flat_map(|group| group.items.iter().copied())
}

/// The slots of an item at which an edit is of the kind that an action is about, in their order.
pub(super) fn met<'a>(
    when: When,
    item: &'a Item,
    edits: &'a BTreeMap<Slot, Vec<Edit>>,
) -> impl DoubleEndedIterator<Item = Slot> + 'a {
    let counts = move |edit: &Edit| match when {
        When::Grows => edit.direction(item.kind) == Direction::Up,
        When::Shrinks => edit.direction(item.kind) == Direction::Down,
        When::Changes | When::Always => true,
    };
    edits.iter().filter(move |(_, edits)| edits.iter().any(counts)).map(|(slot, _)| *slot)
}

/// An action of a state, as a plan has it.
pub(super) fn planned(action: &Action, rest: Option<&Rest>) -> Action {
    let mut action = action.clone();
    if let Some(done) = rest.and_then(|rest| rest.actions.get(&action.name)) {
        for member in &mut action.members {
            member.done = member.name.as_ref().is_some_and(|name| done.contains(name));
        }
    }
    action
}

/// Of these actions those that have nothing to do as things are now, with what was seen.
pub(super) async fn idle(
    request: &Request<'_>,
    due: &BTreeSet<usize>,
    instances: &Instances,
) -> BTreeMap<usize, String> {
    let mut measuring = JoinSet::new();
    for &index in due {
        let unless = |member: &Member| revealed(member.unless.as_ref()?, request.secrets).ok();
        let unless: Vec<Option<Check>> = request.state.actions[index].members.iter().map(unless).collect();
        let instances = instances.clone();
        measuring.spawn(async move { Some((index, nothing_to_do(unless, &instances).await?)) });
    }
    // What could not be measured is called.
    measuring.join_all().await.into_iter().flatten().collect()
}

/// What was seen, where `unless` holds of all members.
async fn nothing_to_do(unless: Vec<Option<Check>>, instances: &Instances) -> Option<String> {
    let mut seen = Vec::new();
    for check in unless {
        let verdict = measure(&check?, instances).await;
        seen.push(verdict.holds.then_some(verdict.seen)?);
    }
    seen.dedup();
    Some(seen.join("; "))
}
