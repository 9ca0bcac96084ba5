use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::super::diff::Slot;
use super::super::expand::Expanded;
use super::super::problem::Problem;
use super::super::{Edge, Rule};
use super::graph::{Graph, Place};
use super::reduce::Reduced;
use super::{Ordered, What};
use crate::diagnostic::Code;
use crate::state::State;

/// What a free node is taken by: joints at once, then address and slot, then checks by name, then actions by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Joint(u32),
    Slot(opsctl_api::Address, Slot),
    Check(String),
    Action(String),
}

fn key(graph: &Graph, expanded: &Expanded, state: &State, node: u32) -> Key {
    match &graph.nodes[node as usize].what {
        Place::Joint { .. } => Key::Joint(node),
        Place::Slot { item, slot } => {
            let at = expanded.items[*item as usize].at.clone();
            if graph.nodes[node as usize].real { Key::Slot(at, *slot) } else { Key::Joint(node) }
        }
        Place::Action { .. } if !graph.nodes[node as usize].real => Key::Joint(node),
        Place::Action { action } => Key::Action(state.actions[*action as usize].name.clone()),
        Place::Check { check } => Key::Check(state.checks[*check as usize].name.clone()),
    }
}

/// Puts the nodes into waves, and within a wave by address and slot.
pub(super) fn walk(reduced: &Reduced, graph: &Graph, expanded: &Expanded, state: &State) -> Vec<Ordered> {
    let mut open: BTreeMap<u32, usize> = reduced.nodes.iter().map(|(&node, kept)| (node, kept.before.len())).collect();
    let mut free: BinaryHeap<Reverse<(Key, u32)>> = BinaryHeap::new();
    let put = |free: &mut BinaryHeap<_>, node: u32| free.push(Reverse((key(graph, expanded, state, node), node)));
    for (&node, &count) in &open {
        if count == 0 {
            put(&mut free, node);
        }
    }
    let mut waves: BTreeMap<u32, u32> = BTreeMap::new();
    let mut taken: Vec<(u32, bool, usize, Key, u32)> = Vec::with_capacity(reduced.nodes.len());
    while let Some(Reverse((key, node))) = free.pop() {
        let Some(kept) = reduced.nodes.get(&node) else { continue };
        let is_real = graph.nodes[node as usize].real;
        let latest = kept.before.keys().filter_map(|before| waves.get(before)).copied().max().unwrap_or(0);
        let wave = latest + u32::from(is_real);
        waves.insert(node, wave);
        // Within a wave the real ones first, then the joints that follow them, those in the order they became free.
        taken.push((wave, !is_real, if is_real { 0 } else { taken.len() }, key, node));
        for behind in &kept.behind {
            if let Some(count) = open.get_mut(behind) {
                *count -= 1;
                if *count == 0 {
                    put(&mut free, *behind);
                }
            }
        }
    }
    taken.sort();
    let ids: BTreeMap<u32, usize> = taken.iter().enumerate().map(|(id, (.., node))| (*node, id)).collect();
    taken.iter().map(|(wave, .., node)| ordered(reduced, graph, &ids, *node, *wave)).collect()
}

fn ordered(reduced: &Reduced, graph: &Graph, ids: &BTreeMap<u32, usize>, node: u32, wave: u32) -> Ordered {
    let kept = &reduced.nodes[&node];
    let at = &graph.nodes[node as usize];
    let what = match &at.what {
        Place::Joint { label } => What::Joint { label: label.clone() },
        Place::Check { check } => What::Check { check: *check as usize },
        Place::Action { action } if !at.real => What::Joint { label: format!("action {action}") },
        Place::Action { action } => What::Action { action: *action as usize },
        Place::Slot { item, .. } if !at.real => What::Joint { label: format!("item {item}") },
        Place::Slot { item, .. } => What::Slots { item: *item as usize, slots: kept.slots.clone() },
    };
    let mut after: Vec<Edge> = kept
        .before
        .iter()
        .map(|(before, link)| {
            let mut why: Vec<_> = link.why.iter().map(|&reason| graph.reasons[reason as usize].clone()).collect();
            // That a member stands for its name explains nothing beside another reason.
            if why.iter().any(|reason| !is_plain(&reason.rule)) {
                why.retain(|reason| !is_plain(&reason.rule));
            }
            Edge { step: ids[before], enough: link.enough, why }
        })
        .collect();
    after.sort_by_key(|edge| edge.step);
    Ordered { what, after, wave }
}

fn is_plain(rule: &Rule) -> bool {
    matches!(rule, Rule::Member(_))
}

/// Names one circle of the graph, edge by edge.
pub(super) fn circle(graph: &Graph, expanded: &Expanded, state: &State) -> Option<Problem> {
    let (outgoing, incoming) = (graph.outgoing(), graph.incoming());
    let mut open: Vec<u32> = (0..graph.nodes.len() as u32).map(|node| incoming.of(node).len() as u32).collect();
    let mut free: Vec<u32> = (0..graph.nodes.len() as u32).filter(|&node| open[node as usize] == 0).collect();
    let mut done = 0;
    while let Some(node) = free.pop() {
        done += 1;
        for &edge in outgoing.of(node) {
            let next = graph.edges[edge as usize].to;
            open[next as usize] -= 1;
            if open[next as usize] == 0 {
                free.push(next);
            }
        }
    }
    if done == graph.nodes.len() {
        return None;
    }
    // Each node that is left has another left before it: going backwards ends in a circle.
    let mut node = (0..graph.nodes.len() as u32).find(|&node| open[node as usize] > 0)?;
    let mut path: Vec<u32> = Vec::new();
    let mut seen: BTreeMap<u32, usize> = BTreeMap::new();
    while !seen.contains_key(&node) {
        seen.insert(node, path.len());
        let edge = *incoming.of(node).iter().find(|&&edge| open[graph.edges[edge as usize].from as usize] > 0)?;
        path.push(edge);
        node = graph.edges[edge as usize].from;
    }
    let mut circle = path.split_off(seen[&node]);
    circle.reverse();
    let mut lines = Vec::new();
    for edge in &circle {
        let edge = graph.edges[*edge as usize];
        let reason = &graph.reasons[edge.reason as usize];
        let (from, to) = (shown(graph, expanded, state, edge.from), shown(graph, expanded, state, edge.to));
        let place = reason.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        lines.push(format!("{from} before {to}: {}{place}", reason.rule));
    }
    let place = circle.iter().find_map(|&edge| graph.reasons[graph.edges[edge as usize].reason as usize].place.clone());
    let at = shown(graph, expanded, state, node);
    let why = format!("what must come first goes in a circle:\n  {}", lines.join("\n  "));
    Some(Problem::new(Code::OrderLoop, at, why).instead("take one of these away").at_place(place))
}

fn shown(graph: &Graph, expanded: &Expanded, state: &State, node: u32) -> String {
    match &graph.nodes[node as usize].what {
        Place::Joint { label } => label.clone(),
        Place::Check { check } => format!("check {}", state.checks[*check as usize].name),
        Place::Action { action } => format!("action {}", state.actions[*action as usize].name),
        Place::Slot { item, slot } => {
            let at = &expanded.items[*item as usize].at;
            if slot.is_up() { format!("{at} (up)") } else { format!("{at} (down)") }
        }
    }
}
