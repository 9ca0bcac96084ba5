//! The naive model: which pairs the rule requires, and what has settled when.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::diff::Slot;
use super::case::{Case, Service};

impl Case {
    /// All pairs that the rule requires, closed, over the slots that are edited.
    pub(super) fn required(&self, services: &[Service]) -> BTreeSet<((usize, Slot), (usize, Slot))> {
        let nodes: Vec<(usize, Slot)> =
            (0..self.expanded.items.len()).flat_map(|item| Slot::ALL.map(|slot| (item, slot))).collect();
        let id = |node: (usize, Slot)| node.0 * 6 + node.1 as usize;
        let mut before = vec![vec![false; nodes.len()]; nodes.len()];
        let mut add = |a: (usize, Slot), b: (usize, Slot)| before[id(a)][id(b)] = true;
        for item in 0..self.expanded.items.len() {
            for pair in Slot::ALL.windows(2) {
                add((item, pair[0]), (item, pair[1]));
            }
        }
        let pool: Vec<usize> =
            (0..services.len()).filter(|&s| services[s].pool).filter_map(|s| self.find("service", s)).collect();
        for &a in &pool {
            for &b in &pool {
                add((a, Slot::FloorUp), (b, Slot::FloorDown));
            }
        }
        for (index, service) in services.iter().enumerate() {
            let a = self.find("service", index).unwrap();
            if let Some(h) = self.find("scaler", index) {
                add((h, Slot::CeilingUp), (a, Slot::CeilingUp));
                add((a, Slot::FloorUp), (h, Slot::FloorUp));
                add((h, Slot::FloorDown), (a, Slot::FloorDown));
                add((a, Slot::CeilingDown), (h, Slot::CeilingDown));
            }
            for &needed in &service.needs {
                let b = self.find("service", needed).unwrap();
                add((b, Slot::FloorUp), (a, Slot::CeilingUp));
                add((a, Slot::CeilingDown), (b, Slot::FloorDown));
                if let Some(h) = self.find("scaler", needed) {
                    add((h, Slot::FloorUp), (a, Slot::CeilingUp));
                    add((a, Slot::CeilingDown), (h, Slot::FloorDown));
                }
            }
        }
        for k in 0..nodes.len() {
            for i in 0..nodes.len() {
                if before[i][k] {
                    let through = before[k].clone();
                    before[i].iter_mut().zip(through).for_each(|(pair, more)| *pair |= more);
                }
            }
        }
        let real = |node: &(usize, Slot)| self.edits[node.0].contains_key(&node.1);
        let mut pairs = BTreeSet::new();
        for &a in nodes.iter().filter(|node| real(node)) {
            for &b in nodes.iter().filter(|node| real(node)) {
                if before[id(a)][id(b)] {
                    pairs.insert((a, b));
                }
            }
        }
        pairs
    }

    /// Of each edited slot the edited ones that must have settled before it is begun, where for some others enough is enough.
    pub(super) fn settled_before(&self, services: &[Service]) -> BTreeMap<(usize, Slot), BTreeSet<(usize, Slot)>> {
        let mut edges: Vec<Asked> = Vec::new();
        for (item, found) in self.expanded.items.iter().enumerate() {
            let wide = found.kind.confines.is_some();
            let slots: &[Slot] = if wide { &Slot::ALL } else { &[Slot::Up, Slot::Down] };
            for pair in slots.windows(2) {
                let met = if pair[1].is_up() { Met::Passed } else { Met::Settled };
                edges.push(((item, pair[0]), (item, pair[1]), met));
            }
        }
        for (index, service) in services.iter().enumerate() {
            let a = self.find("service", index).unwrap();
            for b in (0..services.len()).filter(|&other| service.pool && services[other].pool) {
                edges.push(((a, Slot::Up), (self.find("service", b).unwrap(), Slot::Down), Met::Settled));
            }
            if let Some(h) = self.find("scaler", index) {
                let met = if service.enough { Met::Enough } else { Met::Passed };
                edges.push(((h, Slot::CeilingUp), (a, Slot::Up), Met::Passed));
                edges.push(((a, Slot::Up), (h, Slot::FloorUp), met));
                edges.push(((h, Slot::FloorDown), (a, Slot::Down), Met::Settled));
                edges.push(((a, Slot::Down), (h, Slot::CeilingDown), Met::Settled));
            }
            for &needed in &service.needs {
                let met = if services[needed].enough { Met::Enough } else { Met::Passed };
                let b = self.find("service", needed).unwrap();
                edges.push(((b, Slot::Up), (a, Slot::Up), met));
                edges.push(((a, Slot::Down), (b, Slot::Down), Met::Settled));
                if let Some(h) = self.find("scaler", needed) {
                    edges.push(((h, Slot::FloorUp), (a, Slot::Up), met));
                    edges.push(((a, Slot::Down), (h, Slot::FloorDown), Met::Settled));
                }
            }
        }
        let nodes = (0..self.expanded.items.len()).flat_map(|item| Slot::ALL.map(|slot| (item, slot)));
        let real: Vec<(usize, Slot)> = nodes.filter(|node| self.edits[node.0].contains_key(&node.1)).collect();
        real.iter().map(|&node| (node, self.settled_at(node, &edges, false))).collect()
    }

    /// What has settled when a position is begun or, without an edit, passed; `all`: when all before it has settled.
    fn settled_at(&self, node: (usize, Slot), edges: &[Asked], all: bool) -> BTreeSet<(usize, Slot)> {
        let mut settled = BTreeSet::new();
        for (from, _, met) in edges.iter().filter(|(_, to, _)| *to == node) {
            let real = self.edits[from.0].contains_key(&from.1);
            let enough = !all && (*met == Met::Enough || (*met == Met::Passed && !real));
            settled.extend(self.settled_at(*from, edges, !enough && !real));
            settled.extend((real && !enough).then_some(*from));
        }
        settled
    }
}

/// One position before another, and how.
type Asked = ((usize, Slot), (usize, Slot), Met);

/// What an edge asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    /// That it has settled.
    Settled,
    /// That enough of it is ready.
    Enough,
    /// What had to be met before it, where it has nothing to do itself.
    Passed,
}
