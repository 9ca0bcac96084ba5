use std::collections::BTreeMap;

use opsctl_api::{Direction, Edit, Effect, Kind, Live, LiveSetting, Readiness, Value};

use super::expand::{Expanded, GoalAt, Item, Presence};
use super::problem::Problem;
use super::request::Request;
use super::restore::{Past, is_as_left};
use super::{Skipped, SkippedWhy};
use crate::diagnostic::Code;

/// Where in the order an edit of a resource stands. The bounds of what confines another have places of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Slot {
    CeilingUp,
    Up,
    FloorUp,
    FloorDown,
    Down,
    CeilingDown,
}

/// By item: the edits that make it as it should be, each at its slot, sorted by setting.
pub(super) type Edits = Vec<BTreeMap<Slot, Vec<Edit>>>;

/// Compares each item with what is live. A rollback holds back what it may not see.
pub(super) fn diff(request: &Request<'_>, expanded: &mut Expanded, problems: &mut Vec<Problem>) -> Edits {
    let mut skipped = Vec::new();
    let edits = expanded.items.iter().map(|item| slots(item.kind, edits_of(item, request, problems, &mut skipped)));
    let edits = edits.collect();
    expanded.skipped.extend(skipped);
    edits
}

fn edits_of(item: &Item, request: &Request<'_>, problems: &mut Vec<Problem>, skipped: &mut Vec<Skipped>) -> Vec<Edit> {
    let reverts = request.reverts.is_some();
    let live = match &item.presence {
        Presence::Live(live) => live,
        unread => {
            let why = |goal: &GoalAt| match unread {
                Presence::Unreachable(why) => SkippedWhy::Owed { wants: goal.goal.clone(), why: why.clone() },
                Presence::Unread(why) => SkippedWhy::HeldBack(format!("it cannot be read: {why}")),
                Presence::Missing | Presence::Live(_) => SkippedWhy::HeldBack("it is not there any more".to_owned()),
            };
            skipped.extend(item.goals.iter().map(|(key, goal)| Skipped {
                at: item.at.to_string(),
                setting: Some(key.clone()),
                why: why(goal),
            }));
            return Vec::new();
        }
    };
    let mut edits = Vec::new();
    for (key, goal) in &item.goals {
        let from = match live.settings.get(key) {
            Some(LiveSetting::Hidden(why)) if reverts => {
                let why = SkippedWhy::HeldBack(format!("it cannot be read: {why}"));
                skipped.push(Skipped { at: item.at.to_string(), setting: Some(key.clone()), why });
                continue;
            }
            Some(LiveSetting::Hidden(why)) => {
                let why = format!("`{key}` cannot be read: {why}");
                problems.push(Problem::new(Code::NotReadable, &item.at, why).at_place(goal.place.clone()));
                continue;
            }
            other => other.and_then(LiveSetting::value).cloned(),
        };
        let to = match goal.goal.resolve(from.as_ref()) {
            Ok(to) => to,
            Err(error) => {
                let why = format!("`{key}`: {error}");
                problems.push(Problem::new(Code::BoundWithoutValue, &item.at, why).at_place(goal.place.clone()));
                continue;
            }
        };
        let forced = request.force.iter().any(|pattern| pattern.matches(&item.at));
        let wrote = request.left.get(&item.at).and_then(|settings| settings.get(key));
        if !forced && let Some(asked) = wrote.and_then(|wrote| wrote.under_way(live, key)) {
            let why = SkippedWhy::HeldBack(under_way(asked, &live.readiness));
            skipped.push(Skipped { at: item.at.to_string(), setting: Some(key.clone()), why });
            continue;
        }
        if from == to {
            continue;
        }
        if !forced && let Some(left) = changed_since(live, key, &request.left) {
            let by = live.touched.iter().find(|touch| touch.setting == *key).map(|touch| touch.by.clone());
            let why = SkippedWhy::ChangedSince { left, live: from, before: to, by };
            skipped.push(Skipped { at: item.at.to_string(), setting: Some(key.clone()), why });
            continue;
        }
        edits.push(Edit { setting: key.clone(), from, to });
    }
    edits
}

/// Whatever is written now, that is what it would be in the end.
fn under_way(asked: Option<&Value>, readiness: &Readiness) -> String {
    let asked = asked.map_or_else(|| "absent".to_owned(), ToString::to_string);
    let going_on = match readiness {
        Readiness::Progressing { what, .. } if !what.is_empty() => what,
        _ => "on its way",
    };
    format!("{asked} was asked for and may yet become true ({going_on}): take it back once that is over")
}

/// What opsctl had left at a setting, where live is something else now and no declared owner moved it there.
fn changed_since(live: &Live, key: &str, left: &Past) -> Option<Option<Value>> {
    let left = &left.get(&live.at)?.get(key)?.left;
    (!is_as_left(live, key, left)).then(|| left.first().cloned().flatten())
}

/// Puts each edit at its slot. Edits that one call must carry stay together: at the downs if none of them grows, else at the
/// ups; capacity that goes both ways in them is split.
pub(super) fn slots(kind: &Kind, edits: Vec<Edit>) -> BTreeMap<Slot, Vec<Edit>> {
    let mut groups: BTreeMap<&str, Vec<Direction>> = BTreeMap::new();
    let mut both_ways: BTreeMap<&str, [bool; 2]> = BTreeMap::new();
    for edit in &edits {
        if let Some(setting) = kind.setting(&edit.setting)
            && let Some(group) = setting.group
        {
            let direction = edit.direction(kind);
            groups.entry(group).or_default().push(direction);
            if setting.effect == Effect::Capacity {
                let ways = both_ways.entry(group).or_default();
                ways[0] |= direction == Direction::Up;
                ways[1] |= direction == Direction::Down;
            }
        }
    }
    let mut slots: BTreeMap<Slot, Vec<Edit>> = BTreeMap::new();
    for edit in edits {
        let group = kind.setting(&edit.setting).and_then(|setting| setting.group);
        let split = group.is_none_or(|group| both_ways.get(group) == Some(&[true, true]));
        let direction = match group.and_then(|group| groups.get(group)) {
            Some(directions) if !split => {
                if directions.contains(&Direction::Up) || !directions.contains(&Direction::Down) {
                    Direction::Up
                } else {
                    Direction::Down
                }
            }
            _ => edit.direction(kind),
        };
        slots.entry(slot(kind, &edit.setting, direction)).or_default().push(edit);
    }
    slots
}

fn slot(kind: &Kind, setting: &str, direction: Direction) -> Slot {
    let bound = kind.confines.as_ref();
    let is_floor = bound.is_some_and(|bound| bound.floor == setting);
    let is_ceiling = bound.is_some_and(|bound| bound.ceiling == setting);
    match direction {
        Direction::Up if is_floor => Slot::FloorUp,
        Direction::Up if is_ceiling => Slot::CeilingUp,
        Direction::Down if is_floor => Slot::FloorDown,
        Direction::Down if is_ceiling => Slot::CeilingDown,
        Direction::Down => Slot::Down,
        Direction::Up | Direction::Level => Slot::Up,
    }
}

impl Slot {
    pub(super) const ALL: [Self; 6] =
        [Self::CeilingUp, Self::Up, Self::FloorUp, Self::FloorDown, Self::Down, Self::CeilingDown];

    pub(super) fn is_up(self) -> bool {
        self < Self::FloorDown
    }
}
