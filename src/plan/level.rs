use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::Direction;

use super::diff::{Edits, Slot};
use super::expand::Expanded;
use super::order::provider_needs;
use crate::state::State;

/// Edits without a direction stand with what grows, so that what needs a resource comes after them. Where all that needs it shrinks there is
/// nothing that comes after: then they stand with what shrinks, and so behind it. A configuration is changed before those that
/// read it come, and after they have gone.
///
/// Where anybody has ordered a resource by hand, by `after` or by an action, it stays where it was.
pub(super) fn lower(state: &State, expanded: &Expanded, edits: &mut Edits) {
    let by_hand = ordered_by_hand(state);
    let is_level = |item: usize| {
        let kind = expanded.items[item].kind;
        let ups = edits[item].get(&Slot::Up);
        ups.is_some_and(|ups| ups.iter().all(|edit| edit.direction(kind) == Direction::Level))
    };
    let free = |item: &usize| !expanded.items[*item].names.iter().any(|name| by_hand.contains(name.as_str()));
    let level: Vec<usize> = (0..expanded.items.len()).filter(|item| is_level(*item)).filter(free).collect();
    if level.is_empty() {
        return;
    }
    let mut relying = Relying::new(state, expanded, edits);
    let lowered: Vec<usize> =
        level.into_iter().filter(|item| relying.on(*item) == Moves { up: false, down: true }).collect();
    for item in lowered {
        let Some(ups) = edits[item].remove(&Slot::Up) else { continue };
        let downs = edits[item].entry(Slot::Down).or_default();
        downs.extend(ups);
        downs.sort_by(|a, b| a.setting.cmp(&b.setting));
    }
}

fn ordered_by_hand(state: &State) -> BTreeSet<&str> {
    let after = state.resources.iter().flat_map(|(name, resource)| {
        let after = &resource.declared.after;
        let own = (!after.is_empty()).then_some(name.as_str());
        own.into_iter().chain(after.iter().map(|after| after.name.as_str()))
    });
    let actions = state.actions.iter().flat_map(|action| action.before.iter().chain(&action.after));
    after.chain(actions.map(|named| named.name.as_str())).collect()
}

/// Which ways something moves; without a direction counts as up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Moves {
    up: bool,
    down: bool,
}

impl Moves {
    fn and(&mut self, other: Self) {
        self.up |= other.up;
        self.down |= other.down;
    }
}

/// How all that relies on something moves, directly or through others. What a name stands for is looked at once for all its members.
struct Relying<'a> {
    expanded: &'a Expanded,
    own: Vec<Moves>,
    /// By name: the names that need it.
    by_name: BTreeMap<&'a str, Vec<&'a str>>,
    /// By item: those that need it as only the provider knows.
    by_provider: BTreeMap<usize, Vec<usize>>,
    known: BTreeMap<Who<'a>, Moves>,
}

/// Of an item: how those move that rely on it. Of a name: how its members move, and those that rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who<'a> {
    Item(usize),
    Name(&'a str),
}

impl<'a> Relying<'a> {
    fn new(state: &'a State, expanded: &'a Expanded, edits: &Edits) -> Self {
        let own = |slots: &BTreeMap<Slot, _>| Moves {
            up: slots.keys().any(|slot| slot.is_up()),
            down: slots.keys().any(|slot| !slot.is_up()),
        };
        let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, resource) in &state.resources {
            for needed in resource.declared.needs.iter().flat_map(|need| &need.any_of) {
                by_name.entry(needed).or_default().push(name);
            }
        }
        let mut by_provider: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (item, needed) in provider_needs(expanded) {
            by_provider.entry(needed).or_default().push(item);
        }
        Self { expanded, own: edits.iter().map(own).collect(), by_name, by_provider, known: BTreeMap::new() }
    }

    /// What it follows from.
    fn from(&self, who: Who<'a>) -> Vec<Who<'a>> {
        match who {
            Who::Name(name) => self
                .expanded
                .groups
                .get(name)
                .into_iter()
                .flat_map(|group| &group.items)
                .copied()
                .map(Who::Item)
                .collect(),
            Who::Item(item) => {
                let names = self.expanded.items[item].names.iter();
                let needing =
                    names.filter_map(|name| self.by_name.get(name.as_str())).flatten().copied().map(Who::Name);
                needing.chain(self.by_provider.get(&item).into_iter().flatten().copied().map(Who::Item)).collect()
            }
        }
    }

    /// How all that relies on an item moves. Needs have no loops; where those that only providers know have one, each is looked at once.
    fn on(&mut self, item: usize) -> Moves {
        let first = Who::Item(item);
        let mut open = vec![(first, self.from(first), Moves::default())];
        let mut seen = BTreeSet::from([first]);
        while let Some((at, from, moves)) = open.last_mut() {
            if let Some(next) = from.pop() {
                if let Who::Item(item) = next {
                    moves.and(self.own[item]);
                }
                match self.known.get(&next) {
                    Some(known) => moves.and(*known),
                    None if seen.insert(next) => open.push((next, self.from(next), Moves::default())),
                    None => {}
                }
                continue;
            }
            let (at, moves) = (*at, *moves);
            self.known.insert(at, moves);
            open.pop();
            if let Some((_, _, above)) = open.last_mut() {
                above.and(moves);
            }
        }
        self.known.get(&first).copied().unwrap_or_default()
    }
}
