use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Direction, Edit, Effect};

use super::diff::{Edits, Slot};
use super::expand::Expanded;
use super::order::provider_needs;
use super::order::unserved::vacant;
use crate::action::Action;
use crate::state::State;

/// Edits without a direction stand with what grows, so that what needs a resource comes after them. Where all that needs it shrinks there is
/// nothing that comes after: then they stand with what shrinks, and so behind it. A configuration is changed before those that
/// read it come, and after they have gone.
///
/// What is started anew and stays reads its configuration then, however far it shrinks, and goes on with what it read: that stays where it
/// was. What serves besides (a database that may have to stop for its change) does not, but where it is what that is restarted with.
///
/// Where something is to be done between a resource and another one, by one of the actions, it stays where it was: the other one waits for it.
pub(super) fn lower(state: &State, actions: &[Action], expanded: &Expanded, edits: &mut Edits) {
    let is_level = |item: usize| {
        let kind = expanded.items[item].kind;
        let ups = edits[item].get(&Slot::Up);
        ups.is_some_and(|ups| ups.iter().all(|edit| edit.direction(kind) == Direction::Level))
    };
    let led = leading(actions);
    let free = |item: &usize| !expanded.items[*item].names.iter().any(|name| led.contains(name.as_str()));
    let level: Vec<usize> = (0..expanded.items.len()).filter(|item| is_level(*item)).filter(free).collect();
    if level.is_empty() {
        return;
    }
    let restarted_with = restarted_with(state, expanded, edits);
    let mut relying = Relying::new(state, expanded, edits);
    let is_read = |item: usize, moves: Moves| {
        moves.anew && expanded.items[item].kind.settings.iter().all(|setting| setting.effect == Effect::Config)
    };
    let mut lowers = |item: &usize| {
        let moves = relying.on(*item);
        moves.only_down() && !is_read(*item, moves) && !restarted_with.contains(item)
    };
    let lowered: Vec<usize> = level.into_iter().filter(|item| lowers(item)).collect();
    for item in lowered {
        let Some(ups) = edits[item].remove(&Slot::Up) else { continue };
        let downs = edits[item].entry(Slot::Down).or_default();
        downs.extend(ups);
        downs.sort_by(|a, b| a.setting.cmp(&b.setting));
    }
}

/// Whether a change without a direction starts an item anew, and something of it stays.
fn is_anew(expanded: &Expanded, edits: &Edits, item: usize) -> bool {
    let kind = expanded.items[item].kind;
    // A workload runs what it was started with; what is no workload is there once.
    let is_workload = kind.settings.iter().any(|setting| setting.count || setting.carries);
    let is_level = |edit: &Edit| edit.direction(kind) == Direction::Level;
    is_workload && edits[item].values().flatten().any(is_level) && vacant(expanded, edits, item).is_none()
}

/// What anything is restarted with that is started anew.
fn restarted_with(state: &State, expanded: &Expanded, edits: &Edits) -> BTreeSet<usize> {
    let carries = |item: usize, edit: &Edit| {
        expanded.items[item].kind.setting(&edit.setting).is_some_and(|setting| setting.carries)
    };
    let anew = (0..expanded.items.len()).filter(|&item| {
        edits[item].values().flatten().any(|edit| carries(item, edit)) && is_anew(expanded, edits, item)
    });
    let names = anew.flat_map(|item| &expanded.items[item].names);
    let with = names.filter_map(|name| state.resources.get(name)?.declared.restarts_with.as_ref());
    let groups = with.flat_map(|with| &with.names).filter_map(|name| expanded.groups.get(name));
    groups.flat_map(|group| group.items.iter().copied()).collect()
}

/// The resources with an action behind them that itself comes before others.
fn leading(actions: &[Action]) -> BTreeSet<&str> {
    let leading = actions.iter().filter(|action| leads_on(actions, action));
    leading.flat_map(|action| &action.after).map(|after| after.name.as_str()).collect()
}

/// Whether a resource comes behind an action, or behind one that comes behind it. Actions have no loops.
fn leads_on(actions: &[Action], action: &Action) -> bool {
    let named = |name: &str| actions.iter().find(|other| other.name == name);
    let is_behind = |other: &&Action| other.after.iter().any(|after| after.name == action.name);
    action.before.iter().any(|before| named(&before.name).is_none_or(|next| leads_on(actions, next)))
        || actions.iter().filter(is_behind).any(|next| leads_on(actions, next))
}

/// Which ways something moves, and whether it is started anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Moves {
    up: bool,
    down: bool,
    anew: bool,
}

impl Moves {
    fn and(&mut self, other: Self) {
        self.up |= other.up;
        self.down |= other.down;
        self.anew |= other.anew;
    }

    fn only_down(self) -> bool {
        self.down && !self.up
    }
}

/// What an item does by itself.
#[derive(Debug, Clone, Copy)]
struct Own {
    moves: Moves,
    /// Whether it changes.
    changes: bool,
}

impl Own {
    fn of(expanded: &Expanded, edits: &Edits, item: usize) -> Self {
        let (kind, slots) = (expanded.items[item].kind, &edits[item]);
        let directed = |(slot, edits): (&Slot, &Vec<Edit>)| {
            let moves = edits.iter().any(|edit| edit.direction(kind) != Direction::Level);
            Moves { up: moves && slot.is_up(), down: moves && !slot.is_up(), anew: false }
        };
        let anew = is_anew(expanded, edits, item);
        let mut own = Self { moves: Moves { anew, ..Moves::default() }, changes: !slots.is_empty() };
        slots.iter().map(directed).for_each(|moves| own.moves.and(moves));
        own
    }

    /// How it moves together with all that relies on it. A change without a direction goes along with what moves, and alone it
    /// counts as up: what is as it should be only afterwards comes anew.
    fn with(self, relying: Moves) -> Moves {
        let mut moves = relying;
        moves.and(self.moves);
        moves.up |= self.changes && !moves.up && !moves.down;
        moves
    }
}

/// How all that relies on something moves, directly or through others. What a name stands for is looked at once for all its members.
struct Relying<'a> {
    expanded: &'a Expanded,
    own: Vec<Own>,
    /// By name: the names that need it, or come after it.
    by_name: BTreeMap<&'a str, Vec<&'a str>>,
    /// By item: those that need it as only the provider knows.
    by_provider: BTreeMap<usize, Vec<usize>>,
    known: BTreeMap<Who<'a>, Moves>,
}

/// Of an item: how it moves, and those that rely on it. Of a name: the same of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who<'a> {
    Item(usize),
    Name(&'a str),
}

impl<'a> Relying<'a> {
    fn new(state: &'a State, expanded: &'a Expanded, edits: &Edits) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, resource) in &state.resources {
            let needed = resource.declared.needs.iter().flat_map(|need| &need.any_of);
            for other in needed.chain(resource.declared.after.iter().map(|after| &after.name)) {
                by_name.entry(other).or_default().push(name);
            }
        }
        let mut by_provider: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (item, needed) in provider_needs(expanded) {
            by_provider.entry(needed).or_default().push(item);
        }
        let own = (0..expanded.items.len()).map(|item| Own::of(expanded, edits, item)).collect();
        Self { expanded, own, by_name, by_provider, known: BTreeMap::new() }
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
        let mut open = vec![(Who::Item(item), self.from(Who::Item(item)), Moves::default())];
        let mut seen = BTreeSet::from([Who::Item(item)]);
        while let Some((at, from, moves)) = open.last_mut() {
            if let Some(next) = from.pop() {
                match (self.known.get(&next), next) {
                    (Some(known), _) => moves.and(*known),
                    (None, _) if seen.insert(next) => open.push((next, self.from(next), Moves::default())),
                    (None, Who::Item(item)) => moves.and(self.own[item].moves),
                    (None, Who::Name(_)) => {}
                }
                continue;
            }
            let (at, relying) = (*at, *moves);
            open.pop();
            let Some((_, _, beneath)) = open.last_mut() else { return relying };
            let moves = match at {
                Who::Item(item) => self.own[item].with(relying),
                Who::Name(_) => relying,
            };
            self.known.insert(at, moves);
            beneath.and(moves);
        }
        Moves::default()
    }
}
