use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::diff::{Edits, Slot};
use super::super::expand::Expanded;
use super::super::{Reason, Rule};
use super::demand::Demand;
use super::graph::{Graph, Place as NodeAt, Raw};
use crate::diagnostic::Place;
use crate::state::State;

/// The graph that the rules give.
pub(super) struct Built {
    pub(super) graph: Graph,
    pub(super) dropped: Vec<(String, String, String)>,
    pub(super) idle_checks: Vec<usize>,
}

/// Builds the graph over all items, edited or not: a position without an edit passes order on.
pub(super) fn build<'a>(
    state: &'a State,
    expanded: &'a Expanded,
    edits: &'a Edits,
    due: &BTreeSet<usize>,
    demand: &Demand,
) -> Built {
    let confiners = super::confiners(expanded);
    let mut held: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (&item, holders) in &confiners {
        for &holder in holders {
            held.entry(holder).or_default().push(item);
        }
    }
    let mut builder = Builder {
        state,
        expanded,
        edits,
        graph: Graph::default(),
        base: Vec::with_capacity(expanded.items.len()),
        confiners,
        held,
        sources: HashMap::new(),
        sinks: HashMap::new(),
        dropped: Vec::new(),
        called: HashMap::new(),
    };
    builder.slots(demand);
    builder.confines();
    for (name, resource) in &state.resources {
        for need in &resource.declared.needs {
            for needed in &need.any_of {
                builder.needs(name, needed, need.place.as_ref());
            }
        }
        for after in &resource.declared.after {
            builder.after(name, &after.name, after.place.as_ref());
        }
    }
    builder.provider_needs();
    builder.pools(state);
    // Before the gates: what comes before a gated step comes before its check.
    builder.actions(state, due);
    let idle_checks = builder.gates(state);
    Built { graph: builder.graph, dropped: builder.dropped, idle_checks }
}

pub(super) struct Builder<'a> {
    state: &'a State,
    pub(super) expanded: &'a Expanded,
    pub(super) edits: &'a Edits,
    pub(super) graph: Graph,
    /// For each item its first node.
    base: Vec<u32>,
    pub(super) confiners: BTreeMap<usize, Vec<usize>>,
    /// The same the other way: what each confiner holds.
    held: BTreeMap<usize, Vec<usize>>,
    /// By name and side: where one edge stands for all members.
    sources: HashMap<(&'a str, bool), u32>,
    sinks: HashMap<&'a str, u32>,
    dropped: Vec<(String, String, String)>,
    /// The nodes of actions, by name.
    pub(super) called: HashMap<&'a str, u32>,
}

impl<'a> Builder<'a> {
    fn slots(&mut self, demand: &Demand) {
        for (index, item) in self.expanded.items.iter().enumerate() {
            let slots: &[Slot] = if item.kind.confines.is_some() { &Slot::ALL } else { &[Slot::Up, Slot::Down] };
            let reason = self.graph.reason(Reason { rule: Rule::UpBeforeDown(item.at.clone()), place: None });
            let mut before = None;
            for &slot in slots {
                let waits = slot == Slot::Up && demand.waits.contains(&index);
                let real = waits || self.edits[index].contains_key(&slot);
                let node = self.graph.node(NodeAt::Slot { item: index as u32, slot }, real);
                match before {
                    None => self.base.push(node),
                    Some(before) if slot.is_up() => self.relies(before, node, reason, false),
                    Some(before) => self.graph.edge(before, node, reason),
                }
                before = Some(node);
            }
        }
    }

    /// An edge between ups, for which some of the first may be enough. What has nothing to do passes on what it was met by.
    fn relies(&mut self, from: u32, to: u32, reason: u32, some: bool) {
        let enough = some || !self.graph.nodes[from as usize].real;
        self.graph.link(Raw { from, to, reason, enough });
    }

    /// Whether some of what a name stands for are enough.
    fn some_of(&self, name: &str) -> bool {
        self.state.resources.get(name).is_some_and(|resource| resource.declared.enough.is_some())
    }

    /// Whether some of an item are enough, by any of its names.
    fn some_of_item(&self, item: usize) -> bool {
        self.expanded.items[item].names.iter().any(|name| self.some_of(name))
    }

    pub(super) fn node(&self, item: usize, slot: Slot) -> u32 {
        let wide = self.expanded.items[item].kind.confines.is_some();
        let offset = match (wide, slot.is_up()) {
            (true, _) => slot as u32,
            (false, true) => 0,
            (false, false) => 1,
        };
        self.base[item] + offset
    }

    pub(super) fn first_up(&self, item: usize) -> u32 {
        self.node(item, Slot::CeilingUp)
    }

    pub(super) fn last_up(&self, item: usize) -> u32 {
        self.node(item, Slot::FloorUp)
    }

    pub(super) fn first_down(&self, item: usize) -> u32 {
        self.node(item, Slot::FloorDown)
    }

    pub(super) fn last_down(&self, item: usize) -> u32 {
        self.node(item, Slot::CeilingDown)
    }

    /// ceiling↑ → D↑ → floor↑ and floor↓ → D↓ → ceiling↓.
    fn confines(&mut self) {
        let pairs: Vec<(usize, usize)> = self
            .confiners
            .iter()
            .flat_map(|(&held, holders)| holders.iter().map(move |&holder| (holder, held)))
            .collect();
        for (holder, held) in pairs {
            let rule = Rule::Confines(self.expanded.items[holder].at.clone(), self.expanded.items[held].at.clone());
            let reason = self.graph.reason(Reason { rule, place: None });
            let (ceiling, first_up) = (self.node(holder, Slot::CeilingUp), self.first_up(held));
            self.relies(ceiling, first_up, reason, false);
            let (last_up, floor) = (self.last_up(held), self.node(holder, Slot::FloorUp));
            self.relies(last_up, floor, reason, self.some_of_item(held));
            for (from, to) in [
                (self.node(holder, Slot::FloorDown), self.first_down(held)),
                (self.last_down(held), self.node(holder, Slot::CeilingDown)),
            ] {
                self.graph.edge(from, to, reason);
            }
        }
    }

    /// What an item confines, and what confines it: that replaces needs between the two.
    fn bound_to(&self, item: usize) -> impl Iterator<Item = usize> {
        [&self.held, &self.confiners].into_iter().filter_map(move |by| by.get(&item)).flatten().copied()
    }

    /// B↑ → A↑ and A↓ → B↓.
    fn needs(&mut self, name: &str, needed: &'a str, place: Option<&Place>) {
        let groups: &'a _ = &self.expanded.groups;
        let (Some(ours), Some(theirs)) = (groups.get(name), groups.get(needed)) else {
            return;
        };
        if theirs.items.is_empty() {
            return;
        }
        let rule = Rule::Needs(name.to_owned(), needed.to_owned());
        let reason = self.graph.reason(Reason { rule, place: place.cloned() });
        let (source, sink) = (self.source(needed, true), self.sink(needed));
        for &item in &ours.items {
            if theirs.has(item) {
                let at = self.expanded.items[item].at.to_string();
                self.dropped.push((name.to_owned(), needed.to_owned(), at));
            } else if !self.bound_to(item).any(|other| theirs.has(other)) {
                let (first_up, last_down) = (self.first_up(item), self.last_down(item));
                self.relies(source, first_up, reason, self.some_of(needed));
                self.graph.edge(last_down, sink, reason);
            }
        }
    }

    /// A node that all ups (or all edits) of a name come before, with the raised floors of what confines its members.
    fn source(&mut self, name: &'a str, ups: bool) -> u32 {
        if let Some(&node) = self.sources.get(&(name, ups)) {
            return node;
        }
        let items = self.expanded.groups.get(name).map(|group| group.items.clone()).unwrap_or_default();
        let ends: Vec<u32> = items
            .iter()
            .flat_map(|&item| {
                let own = if ups { self.last_up(item) } else { self.last_down(item) };
                let holders = self.confiners.get(&item).into_iter().flatten();
                let floors = holders.filter(|_| ups).map(|&holder| self.node(holder, Slot::FloorUp));
                std::iter::once(own).chain(floors).collect::<Vec<_>>()
            })
            .collect();
        if let [only] = ends[..] {
            return only;
        }
        let (joint, reason) = self.all_of(name);
        for end in ends {
            if ups {
                self.relies(end, joint, reason, self.some_of(name));
            } else {
                self.graph.edge(end, joint, reason);
            }
        }
        self.sources.insert((name, ups), joint);
        joint
    }

    /// A node that all downs of a name come after, with the lowered floors of what confines its members.
    fn sink(&mut self, name: &'a str) -> u32 {
        if let Some(&node) = self.sinks.get(name) {
            return node;
        }
        let items = self.expanded.groups.get(name).map(|group| group.items.clone()).unwrap_or_default();
        let ends: Vec<u32> = items
            .iter()
            .flat_map(|&item| {
                let holders = self.confiners.get(&item).into_iter().flatten();
                let floors = holders.map(|&holder| self.node(holder, Slot::FloorDown));
                std::iter::once(self.first_down(item)).chain(floors).collect::<Vec<_>>()
            })
            .collect();
        if let [only] = ends[..] {
            return only;
        }
        let (joint, reason) = self.all_of(name);
        for end in ends {
            self.graph.edge(joint, end, reason);
        }
        self.sinks.insert(name, joint);
        joint
    }

    /// One node for many.
    fn all_of(&mut self, name: &str) -> (u32, u32) {
        let joint = self.graph.joint(format!("all of {name}"));
        // Why a member stands for its name needs no saying; the reason of the edge that led here does.
        let reason = self.graph.reason(Reason { rule: Rule::Member(name.to_owned()), place: None });
        (joint, reason)
    }

    /// The last edit of Y → the first of X.
    fn after(&mut self, name: &str, other: &'a str, place: Option<&Place>) {
        let groups: &'a _ = &self.expanded.groups;
        let (Some(ours), Some(theirs)) = (groups.get(name), groups.get(other)) else {
            return;
        };
        if theirs.items.is_empty() {
            return;
        }
        let rule = Rule::After(name.to_owned(), other.to_owned());
        let reason = self.graph.reason(Reason { rule, place: place.cloned() });
        let source = self.source(other, false);
        for &item in ours.items.iter().filter(|item| !theirs.has(**item)) {
            let first = self.first_up(item);
            self.graph.edge(source, first, reason);
        }
    }

    /// Needs that only the providers know.
    fn provider_needs(&mut self) {
        for (item, needed) in super::provider_needs(self.expanded) {
            if self.bound_to(item).any(|other| other == needed) {
                continue;
            }
            let at = |item: usize| self.expanded.items[item].at.to_string();
            let reason = self.graph.reason(Reason { rule: Rule::Needs(at(item), at(needed)), place: None });
            let (last_up, first_up) = (self.last_up(needed), self.first_up(item));
            self.relies(last_up, first_up, reason, self.some_of_item(needed));
            self.graph.edge(self.last_down(item), self.first_down(needed), reason);
        }
    }

    /// Every ↑ of a pool → every ↓ of it.
    fn pools(&mut self, state: &State) {
        let mut pools: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (name, resource) in &state.resources {
            if let (Some(pool), Some(group)) = (&resource.declared.pool, self.expanded.groups.get(name)) {
                pools.entry(pool).or_default().extend(&group.items);
            }
        }
        for (pool, items) in pools {
            let joint = self.graph.joint(format!("pool {pool}"));
            let reason = self.graph.reason(Reason { rule: Rule::Pool(pool.to_owned()), place: None });
            for item in items {
                let (last_up, first_down) = (self.last_up(item), self.first_down(item));
                self.graph.edge(last_up, joint, reason);
                self.graph.edge(joint, first_down, reason);
            }
        }
    }

    /// What comes before a gated position → the check → that position. Gives the checks of whose resources none is there; where
    /// none is changed, there is nothing that would have to wait.
    fn gates(&mut self, state: &State) -> Vec<usize> {
        let mut idle = Vec::new();
        for (check, names) in super::between(&state.checks) {
            let groups = names.iter().filter_map(|name| self.expanded.groups.get(name));
            let items: BTreeSet<usize> = groups.flat_map(|group| group.items.iter().copied()).collect();
            let calls: Vec<u32> = names.iter().filter_map(|name| self.called.get(name.as_str()).copied()).collect();
            if items.is_empty() && calls.is_empty() {
                idle.push(check);
            }
            let first = |item: usize| Some(self.node(item, *self.edits[item].keys().next()?));
            let due = calls.into_iter().filter(|&node| self.graph.nodes[node as usize].real);
            let gated: BTreeSet<u32> = items.into_iter().filter_map(first).chain(due).collect();
            if gated.is_empty() {
                continue;
            }
            let outgoing = self.graph.outgoing();
            let behind = self.graph.reach(gated.iter().copied(), &outgoing, |edge| edge.to);
            let rule = Rule::Gate(state.checks[check].name.clone());
            let reason = self.graph.reason(Reason { rule, place: state.checks[check].place.clone() });
            // It is measured once what it gates could go on: where some are enough for that, they are for the check.
            let before: BTreeSet<(u32, bool)> = self
                .graph
                .edges
                .iter()
                .filter(|edge| gated.contains(&edge.to) && !behind[edge.from as usize])
                // Two checks of one resource do not wait for each other.
                .filter(|edge| !matches!(self.graph.nodes[edge.from as usize].what, NodeAt::Check { .. }))
                .map(|edge| (edge.from, edge.enough))
                .collect();
            let node = self.graph.node(NodeAt::Check { check: check as u32 }, true);
            for (from, enough) in before {
                self.graph.link(Raw { from, to: node, reason, enough });
            }
            for to in gated {
                self.graph.edge(node, to, reason);
            }
        }
        idle
    }
}
