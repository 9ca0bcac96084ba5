use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use opsctl_api::{Address, Fault, Kind, Live, Settings};

use super::asked::Share;
use super::observe::Observation;
use super::problem::Problem;
use super::{Skipped, SkippedWhy};
use crate::diagnostic::{Code, Place};
use crate::instance::Catalogues;
use crate::state::{Goal, Resource, State, Target};

/// A state with its wildcards expanded: one item an address.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    /// Sorted by address.
    pub(super) items: Vec<Item>,
    /// By name: the indexes of its items. A name at an instance that is not reached has none if it is a wildcard.
    pub(super) groups: BTreeMap<String, Group>,
    /// What was left out.
    pub(super) skipped: Vec<Skipped>,
}

/// What a name stands for.
#[derive(Debug, Default, Clone)]
pub(super) struct Group {
    /// Ascending.
    pub(super) items: Vec<usize>,
    /// Why its members are not known, or not there, as a clause.
    pub(super) lacking: Option<String>,
}

/// One resource of a state.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) at: Address,
    pub(super) kind: &'static Kind,
    /// The names that stand for it, its own first.
    pub(super) names: Vec<String>,
    pub(super) goals: Settings<GoalAt>,
    pub(super) presence: Presence,
}

/// What a setting of an item shall be.
#[derive(Debug, Clone)]
pub(super) struct GoalAt {
    pub(super) goal: Goal,
    pub(super) place: Option<Place>,
    /// The name that set it.
    pub(super) name: String,
    /// The overlay that said so, in a state that overlays are laid over.
    overlay: Option<String>,
    explicit: bool,
    /// Whether it is what the history told.
    pub(super) restored: bool,
}

/// Whether an item could be read.
#[derive(Debug)]
pub(super) enum Presence {
    Live(Arc<Live>),
    /// At an instance that may be unreachable, and is.
    Unreachable(String),
    /// Not readable for another reason; only of what is left out or merely stands in the order, and of a rollback, which holds back what it would do of it.
    Unread(String),
    /// Not there; only of a rollback, which holds back what it would do of it.
    Missing,
}

impl GoalAt {
    /// What no state says, and follows from one.
    pub(super) fn following(value: opsctl_api::Value, name: String) -> Self {
        Self { goal: Goal::Exact(value), place: None, name, explicit: true, overlay: None, restored: false }
    }
}

impl Group {
    pub(super) fn has(&self, item: usize) -> bool {
        self.items.binary_search(&item).is_ok()
    }
}

impl Item {
    pub(super) fn live(&self) -> Option<&Live> {
        match &self.presence {
            Presence::Live(live) => Some(live),
            Presence::Unreachable(_) | Presence::Unread(_) | Presence::Missing => None,
        }
    }
}

/// Expands all names of a state.
pub(super) fn expand(
    state: &State,
    reverts: bool,
    shares: &BTreeMap<&str, Share>,
    observation: &Observation,
    catalogues: &Catalogues,
    problems: &mut Vec<Problem>,
) -> Expanded {
    let mut expansion = Expansion {
        state,
        reverts,
        shares,
        observation,
        catalogues,
        problems,
        skipped: Vec::new(),
        items: BTreeMap::new(),
        unread: BTreeMap::new(),
    };
    let mut members: BTreeMap<&str, (Vec<Address>, Option<String>)> = BTreeMap::new();
    for (name, resource) in &state.resources {
        members.insert(name, expansion.members(name, resource));
    }
    expansion.tell_unread();
    let skipped = expansion.skipped;
    let items: Vec<Item> = expansion.items.into_values().collect();
    let index = |at: &Address| items.binary_search_by(|item| item.at.cmp(at)).ok();
    let groups = members
        .into_iter()
        .map(|(name, (addresses, lacking))| {
            let items = addresses.iter().filter_map(index).collect();
            (name.to_owned(), Group { items, lacking })
        })
        .collect();
    Expanded { items, groups, skipped }
}

struct Expansion<'a> {
    state: &'a State,
    /// Whether it is a rollback: what it restores stands in no file.
    reverts: bool,
    shares: &'a BTreeMap<&'a str, Share>,
    observation: &'a Observation,
    catalogues: &'a Catalogues,
    problems: &'a mut Vec<Problem>,
    skipped: Vec<Skipped>,
    items: BTreeMap<Address, Item>,
    /// What is not read and must be, by instance and reason: a problem each, however much of it is asked for.
    unread: BTreeMap<(String, String), Unread>,
}

/// What is wanted of an instance and is not read.
struct Unread {
    fault: Fault,
    first: String,
    place: Option<Place>,
    names: usize,
}

impl Expansion<'_> {
    fn members(&mut self, name: &str, resource: &Resource) -> (Vec<Address>, Option<String>) {
        let declared = &resource.declared;
        let place = declared.place.clone();
        let problem =
            |kind, at: &dyn std::fmt::Display, why: String| Problem::new(kind, at, why).at_place(place.clone());
        let answer = self.observation.names.get(name);
        match (&declared.at, answer) {
            (Target::One(at), Some(Ok(_))) => {
                if let Some(live) = self.observation.found.get(at) {
                    self.item(at, name, resource, || Presence::Live(Arc::clone(live)));
                    return (vec![at.clone()], None);
                }
                return self.missing(at, name, resource);
            }
            (Target::One(at), Some(Err(Fault::Missing(_)))) => return self.missing(at, name, resource),
            (Target::One(at), Some(Err(fault))) => match self.tolerated(at.as_str(), name, resource, fault) {
                Some(why) => {
                    let is_unreachable = matches!(fault, Fault::Unreachable(_));
                    let presence = if is_unreachable { Presence::Unreachable(why) } else { Presence::Unread(why) };
                    self.item(at, name, resource, || presence);
                    return (vec![at.clone()], Some(lacking(fault)));
                }
                None => self.unreadable(at.as_str(), fault, place),
            },
            (Target::Many { pattern, .. }, Some(Ok(found))) => {
                if !found.complete && !self.is_left_out(name) && !resource.wants.is_empty() {
                    let why = "not all of its members could be read".to_owned();
                    self.problems.push(problem(Code::MembersIncomplete, pattern, why));
                }
                if found.found.is_empty() {
                    return (Vec::new(), self.nothing(pattern, name, resource));
                }
                for at in &found.found {
                    if let Some(live) = self.observation.found.get(at) {
                        self.item(at, name, resource, || Presence::Live(Arc::clone(live)));
                    }
                }
                return (found.found.clone(), None);
            }
            (Target::Many { pattern, .. }, Some(Err(Fault::Missing(_)))) => {
                return (Vec::new(), self.nothing(pattern, name, resource));
            }
            (Target::Many { pattern, .. }, Some(Err(fault))) => {
                match self.tolerated(pattern.as_str(), name, resource, fault) {
                    Some(why) if self.shares.get(name) == Some(&Share::Part) && !resource.wants.is_empty() => {
                        let why = format!("unreachable: {why}; which of its members are meant is not known");
                        let instead = format!("ask for all of {name}, or leave all of it out: --exclude {name}");
                        self.problems.push(problem(Code::InstanceUnreachable, pattern, why).instead(instead));
                        return (Vec::new(), Some("cannot be reached".to_owned()));
                    }
                    Some(why) => {
                        self.owed(pattern, name, resource, &why);
                        return (Vec::new(), Some(lacking(fault)));
                    }
                    None => self.unreadable(pattern.as_str(), fault, place),
                }
            }
            (_, None) => self.problems.push(problem(Code::BrokenProvider, &name, "it was not asked for".to_owned())),
        }
        (Vec::new(), None)
    }

    fn item(&mut self, at: &Address, name: &str, resource: &Resource, presence: impl FnOnce() -> Presence) {
        let explicit = matches!(resource.declared.at, Target::One(_));
        let is_left_out = self.is_left_out(name);
        let item = match self.items.entry(at.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let Some(kind) = self.catalogues.kind(at.instance(), at.kind()) else {
                    self.problems.push(Problem::new(Code::BrokenProvider, at, "its kind is not known"));
                    return;
                };
                let (names, goals) = (Vec::new(), Settings::new());
                new.insert(Item { at: at.clone(), kind, names, goals, presence: presence() })
            }
        };
        if explicit {
            item.names.insert(0, name.to_owned());
        } else {
            item.names.push(name.to_owned());
        }
        for (key, want) in &resource.wants {
            if is_left_out && matches!(item.presence, Presence::Unreachable(_) | Presence::Unread(_)) {
                self.skipped.push(not_asked(at, key));
                continue;
            }
            let overlay = self.state.overlaid.of(name, key);
            let (goal, place) = (want.goal.clone(), want.place.clone());
            let new =
                GoalAt { goal, place, name: name.to_owned(), overlay: overlay.cloned(), explicit, restored: false };
            match item.goals.get(key) {
                // An overlay wins, whichever of the two is the wildcard.
                Some(known) if known.overlay.is_some() && overlay.is_none() => {}
                Some(known) if known.overlay.is_none() && overlay.is_some() => {
                    item.goals.insert(key.clone(), new);
                }
                Some(known) if known.overlay != new.overlay && known.goal != new.goal => {
                    let of = |overlay: &Option<String>| overlay.clone().unwrap_or_default();
                    let (one, other) = (of(&known.overlay), of(&new.overlay));
                    let why = format!("{one} and {other} differ in `{key}`: {} and {}", known.goal, new.goal);
                    self.problems.push(
                        Problem::new(Code::OverlayConflict, at, why)
                            .instead("leave one of the overlays out, or let them say the same")
                            .at_place(want.place.clone()),
                    );
                }
                Some(known) if known.explicit && !explicit => {}
                Some(known) if !known.explicit && !explicit => {
                    let why = format!("`{key}` is set by two wildcards: {} and {name}", known.name);
                    let advice = format!("give {at} a table of its own, or leave it out of one with `except`");
                    self.problems.push(
                        Problem::new(Code::SetByTwoWildcards, at, why).instead(advice).at_place(want.place.clone()),
                    );
                }
                _ => {
                    item.goals.insert(key.clone(), new);
                }
            }
        }
    }

    /// What is not there; where the state goes on without it, what it lacks for that.
    fn missing(&mut self, at: &Address, name: &str, resource: &Resource) -> (Vec<Address>, Option<String>) {
        if self.reverts && !resource.declared.optional {
            self.item(at, name, resource, || Presence::Missing);
            if resource.wants.is_empty() {
                self.skipped.push(Skipped { at: at.to_string(), setting: None, why: SkippedWhy::MissingUnasked });
            }
            return (vec![at.clone()], None);
        }
        let problem = Problem::new(Code::ResourceMissing, at, "there is no such resource")
            .instead(self.without(name, "if it may always be missing"));
        (Vec::new(), self.absent(at, name, resource, problem, "is not there"))
    }

    /// A wildcard that finds nothing.
    fn nothing(&mut self, pattern: &opsctl_api::Pattern, name: &str, resource: &Resource) -> Option<String> {
        let problem = Problem::new(Code::WildcardEmpty, pattern, "it finds nothing")
            .instead(self.without(name, "if it may always find nothing"));
        self.absent(pattern, name, resource, problem, "finds nothing")
    }

    /// An optional resource holds up nothing. What an overlay or a rollback merely names, for its place in the order, and what is left
    /// out holds up what grows and needs it; what is set must be there.
    fn absent(
        &mut self,
        at: &dyn std::fmt::Display,
        name: &str,
        resource: &Resource,
        problem: Problem,
        lacks: &str,
    ) -> Option<String> {
        let merely_named = resource.wants.is_empty() && (self.state.over.is_some() || self.reverts);
        let merely_named = merely_named || self.is_left_out(name);
        let (why, lacking) = match (resource.declared.optional, merely_named) {
            (true, _) => (SkippedWhy::Missing, None),
            (false, true) => (SkippedWhy::MissingUnasked, Some(lacks.to_owned())),
            (false, false) => {
                self.problems.push(problem.at_place(resource.declared.place.clone()));
                return None;
            }
        };
        self.skipped.push(Skipped { at: at.to_string(), setting: None, why });
        lacking
    }

    fn owed(&mut self, pattern: &opsctl_api::Pattern, name: &str, resource: &Resource, why: &str) {
        let is_left_out = self.is_left_out(name);
        for (key, want) in &resource.wants {
            self.skipped.push(if is_left_out {
                not_asked(pattern, key)
            } else {
                Skipped {
                    at: pattern.to_string(),
                    setting: Some(key.clone()),
                    why: SkippedWhy::Owed { wants: want.goal.clone(), why: why.to_owned() },
                }
            });
        }
    }

    /// Whether `--target` or `--exclude` leaves all of a name out.
    fn is_left_out(&self, name: &str) -> bool {
        self.shares.get(name) == Some(&Share::Nothing)
    }

    /// What to do where a name stands for nothing.
    fn without(&self, name: &str, always: &str) -> String {
        format!("check the address of {name}, or leave it out (--exclude {name}); {always}, say `optional = true`")
    }

    /// Why it is not read, where the state goes on without it: it may be unreachable, or nothing is asked of it and it only
    /// stands in the order. What needs it is refused then, or held back.
    fn tolerated(&self, at: &str, name: &str, resource: &Resource, fault: &Fault) -> Option<String> {
        let is_no_matter = self.is_left_out(name) || resource.wants.is_empty();
        match fault {
            Fault::Unreachable(why) => {
                let is_tolerated = |pattern: &opsctl_api::Pattern| pattern.matches_text(at);
                let tolerated = is_no_matter || self.state.tolerates_unreachable.iter().any(is_tolerated);
                tolerated.then(|| why.clone())
            }
            // A rollback holds back what it may not see. Who does not answer may do so again.
            other => (self.reverts || is_no_matter).then(|| other.to_string()),
        }
    }

    fn unreadable(&mut self, at: &str, fault: &Fault, place: Option<Place>) {
        let instance = at.split(':').next().unwrap_or(at).to_owned();
        // Whoever does not answer does so in several ways.
        let why = if matches!(fault, Fault::Unreachable(_)) { String::new() } else { fault.to_string() };
        let new = || Unread { fault: fault.clone(), first: at.to_owned(), place, names: 0 };
        self.unread.entry((instance, why)).or_insert_with(new).names += 1;
    }

    /// What is not read and must be.
    fn tell_unread(&mut self) {
        for ((instance, _), unread) in std::mem::take(&mut self.unread) {
            let others = match unread.names - 1 {
                0 => String::new(),
                more => format!(", and {more} more at {instance}"),
            };
            let unreachable = matches!(unread.fault, Fault::Unreachable(_));
            let code = if unreachable { Code::InstanceUnreachable } else { Code::NotReadable };
            let name = &self.state.name;
            let instead = if name.starts_with('@') {
                format!("what was there before is not known to be there without it: try again when {instance} answers")
            } else if unreachable && self.reverts {
                format!("roll back again when {instance} answers, or leave it out: --exclude '{instance}:*'")
            } else if unreachable {
                format!(
                    "leave it out (--exclude '{instance}:*'); if {name} may always go on without it, say \
                     `tolerates_unreachable = [\"{instance}:*\"]` in the state"
                )
            } else {
                let all = format!("{instance}:*");
                let what = if unread.names == 1 { &unread.first } else { &all };
                let first = match unread.fault {
                    Fault::Throttled { .. } => "try again when its API takes more calls",
                    Fault::Busy(_) => "try again when that is over",
                    _ => "mend that",
                };
                format!("{first}, or leave it out: --exclude {}", opsctl_api::shell_word(what))
            };
            let at = format!("{}{others}", unread.first);
            let problem = Problem::new(code, &at, unread.fault.to_string());
            self.problems.push(problem.instead(instead).at_place(unread.place));
        }
    }
}

/// Why something is not known, as a clause.
fn lacking(fault: &Fault) -> String {
    match fault {
        Fault::Unreachable(why) => format!("cannot be reached: {why}"),
        other => format!("cannot be read: {other}"),
    }
}

fn not_asked(at: &dyn std::fmt::Display, key: &str) -> Skipped {
    Skipped { at: at.to_string(), setting: Some(key.to_owned()), why: SkippedWhy::NotTargeted }
}
