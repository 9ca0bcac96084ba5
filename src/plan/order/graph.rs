use super::super::Reason;
use super::super::diff::Slot;

/// Slots, joints, checks and actions with the edges between them. Flat, so that a hundred thousand resources fit.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Raw>,
    pub(super) reasons: Vec<Reason>,
}

/// A place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) what: Place,
    /// Whether something is done here.
    pub(super) real: bool,
}

/// What stands at a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Slot { item: u32, slot: Slot },
    Joint { label: String },
    Check { check: u32 },
    Action { action: u32 },
}

/// One node before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Raw {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) reason: u32,
    /// Whether it is enough that enough of `from` is ready.
    pub(super) enough: bool,
}

/// For each node the edges that leave it, or that enter it.
pub(super) struct Adjacency {
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Graph {
    pub(super) fn node(&mut self, what: Place, real: bool) -> u32 {
        self.nodes.push(Node { what, real });
        (self.nodes.len() - 1) as u32
    }

    pub(super) fn joint(&mut self, label: String) -> u32 {
        self.node(Place::Joint { label }, false)
    }

    pub(super) fn reason(&mut self, reason: Reason) -> u32 {
        self.reasons.push(reason);
        (self.reasons.len() - 1) as u32
    }

    /// `to` comes when `from` has settled.
    pub(super) fn edge(&mut self, from: u32, to: u32, reason: u32) {
        self.link(Raw { from, to, reason, enough: false });
    }

    pub(super) fn link(&mut self, edge: Raw) {
        if edge.from != edge.to {
            self.edges.push(edge);
        }
    }

    /// The edges by the node that they leave.
    pub(super) fn outgoing(&self) -> Adjacency {
        self.adjacency(|edge| edge.from)
    }

    /// The edges by the node that they enter.
    pub(super) fn incoming(&self) -> Adjacency {
        self.adjacency(|edge| edge.to)
    }

    fn adjacency(&self, end: impl Fn(&Raw) -> u32) -> Adjacency {
        let mut starts = vec![0_u32; self.nodes.len() + 1];
        for edge in &self.edges {
            starts[end(edge) as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut edges = vec![0; self.edges.len()];
        for (index, edge) in self.edges.iter().enumerate() {
            let slot = &mut next[end(edge) as usize];
            edges[*slot as usize] = index as u32;
            *slot += 1;
        }
        Adjacency { starts, edges }
    }

    /// Which nodes can be reached from these, themselves included.
    pub(super) fn reach(
        &self,
        from: impl IntoIterator<Item = u32>,
        adjacency: &Adjacency,
        end: impl Fn(&Raw) -> u32,
    ) -> Vec<bool> {
        let mut seen = vec![false; self.nodes.len()];
        let mut open: Vec<u32> = from.into_iter().collect();
        for &node in &open {
            seen[node as usize] = true;
        }
        while let Some(node) = open.pop() {
            for &edge in adjacency.of(node) {
                let next = end(&self.edges[edge as usize]);
                if !std::mem::replace(&mut seen[next as usize], true) {
                    open.push(next);
                }
            }
        }
        seen
    }
}

impl Adjacency {
    pub(super) fn of(&self, node: u32) -> &[u32] {
        &self.edges[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}
