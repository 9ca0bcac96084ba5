use std::collections::{BTreeMap, BTreeSet};

use super::super::diff::{Edits, Slot};
use super::graph::{Graph, Place};

/// The part of a graph that orders real steps, with joints contracted where that does not multiply edges.
#[derive(Debug, Default)]
pub(super) struct Reduced {
    pub(super) nodes: BTreeMap<u32, Kept>,
}

/// A node that was kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The slots that are edited here; several where a split would order nothing.
    pub(super) slots: Vec<Slot>,
    /// What comes before, and how.
    pub(super) before: BTreeMap<u32, Link>,
    pub(super) behind: BTreeSet<u32>,
}

/// How one node comes before another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Link {
    /// Whether it is enough that enough of it is ready.
    pub(super) enough: bool,
    /// The chain of reasons.
    pub(super) why: Vec<u32>,
}

/// A joint of few edges is replaced by the edges themselves; one of many stays, so that edges stay linear.
const CONTRACTED: usize = 64;

pub(super) fn reduce(graph: &Graph, edits: &Edits) -> Reduced {
    let (outgoing, incoming) = (graph.outgoing(), graph.incoming());
    let real = || (0..graph.nodes.len() as u32).filter(|&node| graph.nodes[node as usize].real);
    let after_real = graph.reach(real(), &outgoing, |edge| edge.to);
    let before_real = graph.reach(real(), &incoming, |edge| edge.from);
    let relevant = |node: u32| after_real[node as usize] && before_real[node as usize];

    let mut reduced = Reduced::default();
    for node in (0..graph.nodes.len() as u32).filter(|&node| relevant(node)) {
        let slots = match graph.nodes[node as usize].what {
            Place::Slot { slot, .. } => vec![slot],
            Place::Joint { .. } | Place::Check { .. } | Place::Action { .. } => Vec::new(),
        };
        reduced.nodes.insert(node, Kept { slots, ..Kept::default() });
    }
    for edge in graph.edges.iter().filter(|edge| relevant(edge.from) && relevant(edge.to)) {
        reduced.link(edge.from, edge.to, Link { enough: edge.enough, why: vec![edge.reason] });
    }
    let joints: Vec<u32> = reduced.nodes.keys().copied().filter(|&node| !graph.nodes[node as usize].real).collect();
    for joint in joints {
        reduced.contract(joint);
    }
    reduced.join_splits(graph, edits);
    reduced
}

impl Reduced {
    fn link(&mut self, from: u32, to: u32, link: Link) {
        if let Some(node) = self.nodes.get_mut(&to) {
            match node.before.get_mut(&from) {
                // Of two the stricter one counts: its reason is the one to be told.
                Some(known) if known.enough != link.enough => {
                    if known.enough {
                        *known = link;
                    }
                }
                // The shortest chain says most; of equals the first, so that the answer is one.
                Some(known) if (known.why.len(), &known.why) <= (link.why.len(), &link.why) => {}
                Some(known) => *known = link,
                None => {
                    node.before.insert(from, link);
                }
            }
        }
        if let Some(node) = self.nodes.get_mut(&from) {
            node.behind.insert(to);
        }
    }

    fn contract(&mut self, joint: u32) {
        let Some(kept) = self.nodes.get(&joint) else { return };
        let (ins, outs) = (kept.before.len(), kept.behind.len());
        if ins * outs > CONTRACTED.max(ins + outs) {
            return;
        }
        let Some(kept) = self.nodes.remove(&joint) else { return };
        for &to in &kept.behind {
            let last = self.nodes.get_mut(&to).and_then(|node| node.before.remove(&joint)).unwrap_or_default();
            for (&from, first) in &kept.before {
                let mut why = first.why.clone();
                why.extend(last.why.iter().filter(|reason| !first.why.contains(reason)));
                self.link(from, to, Link { enough: first.enough && last.enough, why });
            }
        }
        for from in kept.before.keys() {
            if let Some(node) = self.nodes.get_mut(from) {
                node.behind.remove(&joint);
            }
        }
    }

    /// Joins a resource's edits of two slots into one position where nothing has to happen between the two.
    fn join_splits(&mut self, graph: &Graph, edits: &Edits) {
        let mut by_item: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &node in self.nodes.keys() {
            // A wait is real without an edit, and stays by itself.
            if let Place::Slot { item, slot } = graph.nodes[node as usize].what
                && edits[item as usize].contains_key(&slot)
            {
                by_item.entry(item).or_default().push(node);
            }
        }
        for nodes in by_item.into_values() {
            // Nodes of an item stand in the order of its slots.
            let mut first = nodes[0];
            for &second in &nodes[1..] {
                if self.splits_nothing(first, second) {
                    self.join(first, second);
                } else {
                    first = second;
                }
            }
        }
    }

    fn splits_nothing(&self, first: u32, second: u32) -> bool {
        let (Some(a), Some(b)) = (self.nodes.get(&first), self.nodes.get(&second)) else { return false };
        a.behind.iter().all(|node| *node == second || b.behind.contains(node))
            && b.before.iter().all(|(node, link)| {
                // Joined, the first would wait for all of what some is enough for.
                let stricter = |known: &Link| known.enough && !link.enough;
                *node == first || a.before.get(node).is_some_and(|known| !stricter(known))
            })
    }

    fn join(&mut self, first: u32, second: u32) {
        let Some(gone) = self.nodes.remove(&second) else { return };
        for before in gone.before.keys() {
            if let Some(node) = self.nodes.get_mut(before) {
                node.behind.remove(&second);
            }
        }
        for &behind in &gone.behind {
            let chain = self.nodes.get_mut(&behind).and_then(|node| node.before.remove(&second));
            if let Some(chain) = chain {
                self.link(first, behind, chain);
            }
        }
        if let Some(node) = self.nodes.get_mut(&first) {
            node.slots.extend(gone.slots);
        }
    }
}
