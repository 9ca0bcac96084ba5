use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Direction, Edit};

use super::diff::Edits;
use super::expand::{Expanded, Item, Presence};
use super::hold_back::hold_back;
use super::reliance::beneath;
use super::request::Request;
use super::{Skipped, SkippedWhy, guard};
use crate::state::State;

/// What a rollback leaves as it is: what others changed since, what it cannot see, for now or at all, and what only goes one way; with that, what would grow on it, and what it
/// needs where that would not grow, which in its turn leaves what would grow on that. What is restored is taken back, too, and may only go one way.
pub(super) fn spare(request: &Request<'_>, expanded: &mut Expanded, edits: &mut Edits) {
    let one_way = leave_one_way(request, expanded, edits);
    let mut gone: BTreeMap<usize, String> = BTreeMap::new();
    if request.reverts.is_some() {
        let mut stays = left(expanded, |why| matches!(why, SkippedWhy::ChangedSince { .. } | SkippedWhy::HeldBack(_)));
        stays.extend((0..expanded.items.len()).filter(|item| expanded.items[*item].live().is_none()));
        gone.extend(stays.into_iter().map(|item| (item, stays_as(&expanded.items[item]))));
    }
    gone.extend(one_way.into_iter().map(|item| (item, "what cannot be taken back".to_owned())));
    loop {
        let why = |item: Option<usize>| {
            let of = item.and_then(|item| gone.get(&item)).map_or("what is left alone", String::as_str);
            format!("it needs {of}")
        };
        hold_back(request.state, expanded, edits, gone.keys().copied().collect::<Vec<_>>(), why);
        if request.reverts.is_none() {
            return;
        }
        let known = gone.len();
        for item in leave_beneath(request.state, expanded, edits) {
            gone.entry(item).or_insert_with(|| stays_as(&expanded.items[item]));
        }
        if gone.len() == known {
            return;
        }
    }
}

/// Takes out what only goes one way where it is taken back, by a rollback or by `restore`: the items of which something is.
fn leave_one_way(request: &Request<'_>, expanded: &mut Expanded, edits: &mut Edits) -> BTreeSet<usize> {
    let mut stays = BTreeSet::new();
    for (index, item) in expanded.items.iter().enumerate() {
        if request.allow_one_way.iter().any(|pattern| pattern.matches(&item.at)) {
            continue;
        }
        let is_back =
            |edit: &Edit| request.reverts.is_some() || item.goals.get(&edit.setting).is_some_and(|goal| goal.restored);
        for edits in edits[index].values_mut() {
            for edit in edits.extract_if(.., |edit| guard::is_one_way(item, edit) && is_back(edit)) {
                let why = SkippedWhy::HeldBack("it only goes one way, and cannot be taken back".to_owned());
                expanded.skipped.push(Skipped { at: item.at.to_string(), setting: Some(edit.setting), why });
                stays.insert(index);
            }
        }
        edits[index].retain(|_, edits| !edits.is_empty());
    }
    stays
}

/// What is not taken back, in a few words.
fn stays_as(item: &Item) -> String {
    let name = item.names.first().map_or(item.at.local(), String::as_str);
    let what = format!("{name} at {}", item.at.instance());
    match &item.presence {
        Presence::Live(_) => format!("{what}, which is left as it is"),
        Presence::Missing => format!("{what}, which is not there"),
        Presence::Unreachable(why) => format!("{what}, which cannot be reached: {why}"),
        Presence::Unread(why) => format!("{what}, which cannot be read: {why}"),
    }
}

/// Holds back what all that needs which is left as it is, but for what grows: it may serve, whoever made it so, and a change without a direction
/// may stop what it serves from. Gives the items that so are not as what would grow on them needs them.
fn leave_beneath(state: &State, expanded: &mut Expanded, edits: &mut Edits) -> BTreeSet<usize> {
    let mut stays = left(expanded, |why| match why {
        SkippedWhy::ChangedSince { .. }
        | SkippedWhy::HeldBack(_)
        | SkippedWhy::NotTargeted
        | SkippedWhy::Owed { .. } => true,
        SkippedWhy::Missing
        | SkippedWhy::MissingUnasked
        | SkippedWhy::OwnNeed { .. }
        | SkippedWhy::GatesNothing
        | SkippedWhy::NeverSet
        | SkippedWhy::NotAsLeft { .. }
        | SkippedWhy::NothingToDo(_)
        | SkippedWhy::NotUndone => false,
    });
    // What is not there needs nothing.
    stays.retain(|item| !matches!(expanded.items[*item].presence, Presence::Missing));
    let mut not_as_needed = BTreeSet::new();
    for (item, relying) in beneath(state, expanded, stays) {
        let relying = &expanded.items[relying];
        let name = relying.names.first().map_or(relying.at.as_str(), String::as_str);
        let why = format!("{name} is left as it is, and needs it");
        let kind = expanded.items[item].kind;
        let group = |edit: &Edit| kind.setting(&edit.setting).and_then(|setting| setting.group);
        for (slot, edits) in &mut edits[item] {
            let up = |edit: &Edit| edit.direction(kind) == Direction::Up;
            // What one call must carry goes together.
            let growing: BTreeSet<&str> = edits.iter().filter(|edit| up(edit)).filter_map(group).collect();
            let grows = |edit: &Edit| up(edit) || group(edit).is_some_and(|group| growing.contains(group));
            for edit in edits.extract_if(.., |edit| !grows(edit)) {
                if slot.is_up() {
                    not_as_needed.insert(item);
                }
                let at = expanded.items[item].at.to_string();
                let why = SkippedWhy::HeldBack(why.clone());
                expanded.skipped.push(Skipped { at, setting: Some(edit.setting), why });
            }
        }
        edits[item].retain(|_, edits| !edits.is_empty());
    }
    not_as_needed
}

/// The items of which something was left out for such a reason.
fn left(expanded: &Expanded, is_reason: impl Fn(&SkippedWhy) -> bool) -> BTreeSet<usize> {
    let skipped = expanded.skipped.iter().filter(|skipped| is_reason(&skipped.why));
    let items =
        skipped.filter_map(|skipped| expanded.items.binary_search_by(|item| item.at.as_str().cmp(&skipped.at)).ok());
    items.collect()
}
