use std::collections::{BTreeSet, HashMap};

use super::actions::Told;
use super::assemble::Stacks;
use super::part::Part;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::Problems;

/// Where an edge leads, and where it was written.
type Edge = (usize, Span);

/// Reports resources that need each other, or come after each other, in a circle: one loop for each knot of them, each
/// edge with its place.
pub(super) fn report(stacks: &Stacks<'_, '_>, found: &mut Problems) {
    let names: Vec<&str> = stacks.keys().copied().collect();
    let index: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
    let edges = |of: &dyn Fn(&Part<'_>) -> Option<Vec<Edge>>| -> Vec<Vec<Edge>> {
        stacks.values().map(|stack| last(stack, of)).collect()
    };
    let mut needs = edges(&|part| Some(inside(&index, part.order().needs.as_ref()?.iter().flatten())));
    let started_with = edges(&|part| Some(inside(&index, part.order().restarts_with.as_ref()?.0.iter())));
    needs.iter_mut().zip(started_with).for_each(|(needs, more)| needs.extend(more));
    let after = edges(&|part| Some(inside(&index, part.order().after.as_ref()?.iter())));
    for (edges, verb, code, message) in [
        (needs, "needs", Code::NeedsLoop, "these need each other in a circle"),
        (after, "comes after", Code::AfterLoop, "these come after each other in a circle"),
    ] {
        for knot in knots(&edges) {
            let mut diagnostic: Option<Diagnostic> = None;
            for (from, to, span) in shortest_loop(&edges, &knot) {
                let text = format!("{} {verb} {}", names[from], names[to]);
                diagnostic = Some(match diagnostic {
                    None => Diagnostic::error(code, span, message).here(text),
                    Some(diagnostic) => diagnostic.and(span, text),
                });
            }
            if let Some(diagnostic) = diagnostic {
                found.push(diagnostic);
            }
        }
    }
}

/// Reports actions that come before each other in a circle.
pub(super) fn of_actions(names: &BTreeSet<&str>, told: &[Told], found: &mut Problems) {
    let index: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
    let mut edges: Vec<Vec<Edge>> = vec![Vec::new(); names.len()];
    for edge in told {
        if let (Some(&earlier), Some(&later)) = (index.get(edge.earlier.as_str()), index.get(edge.later.as_str())) {
            edges[earlier].push((later, edge.span));
        }
    }
    for knot in knots(&edges) {
        let mut diagnostic: Option<Diagnostic> = None;
        for (_, _, span) in shortest_loop(&edges, &knot) {
            let text = told.iter().find(|edge| edge.span == span).map(|edge| edge.text.clone()).unwrap_or_default();
            diagnostic = Some(match diagnostic {
                None => Diagnostic::error(Code::ActionLoop, span, "these actions come before each other in a circle")
                    .here(text),
                Some(diagnostic) => diagnostic.and(span, text),
            });
        }
        if let Some(diagnostic) = diagnostic {
            found.push(diagnostic);
        }
    }
}

/// What the last file of a chain that gives it says.
fn last(stack: &[&Part<'_>], of: &dyn Fn(&Part<'_>) -> Option<Vec<Edge>>) -> Vec<Edge> {
    stack.iter().rev().find_map(|part| of(part)).unwrap_or_default()
}

/// Edges to those of these names that the state has.
fn inside<'n, 't: 'n>(index: &HashMap<&str, usize>, names: impl Iterator<Item = &'n (&'t str, Span)>) -> Vec<Edge> {
    names.filter_map(|(name, span)| Some((*index.get(name)?, *span))).collect()
}

/// The sets of nodes that lead to each other, by Tarjan's algorithm on a stack of its own: a chain of needs may be long.
fn knots(edges: &[Vec<Edge>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let count = edges.len();
    let (mut order, mut low, mut open) = (vec![NEW; count], vec![0; count], vec![false; count]);
    let (mut stack, mut next, mut knots) = (Vec::new(), 0, Vec::new());
    for root in 0..count {
        if order[root] != NEW {
            continue;
        }
        let mut work: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((node, edge)) = work.pop() {
            if edge == 0 {
                order[node] = next;
                low[node] = next;
                next += 1;
                open[node] = true;
                stack.push(node);
            }
            if let Some(&(to, _)) = edges[node].get(edge) {
                work.push((node, edge + 1));
                if order[to] == NEW {
                    work.push((to, 0));
                } else if open[to] {
                    low[node] = low[node].min(order[to]);
                }
                continue;
            }
            if let Some(&(parent, _)) = work.last() {
                low[parent] = low[parent].min(low[node]);
            }
            if low[node] == order[node] {
                let mut knot = Vec::new();
                while let Some(member) = stack.pop() {
                    open[member] = false;
                    knot.push(member);
                    if member == node {
                        break;
                    }
                }
                if knot.len() > 1 || edges[node].iter().any(|(to, _)| *to == node) {
                    knot.sort_unstable();
                    knots.push(knot);
                }
            }
        }
    }
    knots
}

/// The shortest loop through the first node of a knot, as edges.
fn shortest_loop(edges: &[Vec<Edge>], knot: &[usize]) -> Vec<(usize, usize, Span)> {
    let Some(&start) = knot.first() else { return Vec::new() };
    let mut came: HashMap<usize, (usize, Span)> = HashMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    'search: while let Some(node) = queue.pop_front() {
        for &(to, span) in edges[node].iter().filter(|(to, _)| knot.binary_search(to).is_ok()) {
            if let std::collections::hash_map::Entry::Vacant(entry) = came.entry(to) {
                entry.insert((node, span));
                if to == start {
                    break 'search;
                }
                queue.push_back(to);
            }
        }
    }
    let mut found = Vec::new();
    let mut at = start;
    while let Some(&(from, span)) = came.get(&at) {
        found.push((from, at, span));
        at = from;
        if at == start {
            break;
        }
    }
    found.reverse();
    found
}
