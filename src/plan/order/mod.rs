//! The order: what must be done, and settled, before what, and why.
//!
//! [`rules`] turns needs, pools, confinements, `after`, actions and gates into edges between slots. [`reduce`] keeps what orders real
//! steps, [`walk`] puts it into waves or names the circle.

mod beside;
pub(super) mod demand;
mod graph;
mod reduce;
mod rules;
#[cfg(test)]
mod tests;
pub(super) mod unserved;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Relation};

use super::diff::{Edits, Slot};
use super::expand::Expanded;
use super::problem::Problem;
use super::{Edge, FailedNeed, Refusal};
use crate::check::Check;
use crate::state::State;

/// A step before its hops are known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ordered {
    pub(super) what: What,
    pub(super) after: Vec<Edge>,
    pub(super) wave: u32,
}

/// What an ordered step is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// The edits of an item at these slots, in one position; without an edit there, it is waited for.
    Slots { item: usize, slots: Vec<Slot> },
    /// A check of the state, by index.
    Check { check: usize },
    /// An action of the state, by index.
    Action { action: usize },
    /// Passes order on.
    Joint { label: String },
}

/// What the order found.
#[derive(Debug, Default)]
pub(super) struct Order {
    pub(super) steps: Vec<Ordered>,
    pub(super) refusals: Vec<Refusal>,
    /// What failed and is needed by something that shrinks.
    pub(super) failed_needs: Vec<FailedNeed>,
    /// Needs that were dropped because a resource would need itself: the name, what it needs, the address.
    pub(super) dropped: Vec<(String, String, String)>,
    /// Checks that gate nothing that changes.
    pub(super) idle_checks: Vec<usize>,
}

/// Orders the edits of a state, with the actions that are due.
pub(super) fn order(
    state: &State,
    expanded: &Expanded,
    edits: &Edits,
    due: &BTreeSet<usize>,
    problems: &mut Vec<Problem>,
) -> Order {
    let demand = demand::demand(state, expanded, edits);
    let built = rules::build(state, expanded, edits, due, &demand);
    if let Some(problem) = walk::circle(&built.graph, expanded, state) {
        problems.push(problem);
        return Order::default();
    }
    let reduced = reduce::reduce(&built.graph, edits);
    Order {
        steps: walk::walk(&reduced, &built.graph, expanded, state),
        refusals: demand.refusals,
        failed_needs: demand::failed_needs(state, expanded, edits),
        dropped: built.dropped,
        idle_checks: built.idle_checks,
    }
}

/// The checks that stand between, by index.
fn between(checks: &[Check]) -> impl Iterator<Item = (usize, &[String])> {
    checks.iter().enumerate().filter_map(|(index, check)| match &check.gate {
        crate::check::Gate::Between(names) => Some((index, names.as_slice())),
        crate::check::Gate::Before | crate::check::Gate::After => None,
    })
}

/// The confiners of each item that has one, by item.
pub(super) fn confiners(expanded: &Expanded) -> BTreeMap<usize, Vec<usize>> {
    let mut confiners: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (holder, held) in related(expanded, |relation| match relation {
        Relation::Confines(at) => Some(at),
        Relation::Needs(_) => None,
    }) {
        if expanded.items[holder].kind.confines.is_some() {
            confiners.entry(held).or_default().push(holder);
        }
    }
    confiners
}

/// What only the providers know to be needed: each item that needs, with what it needs.
pub(super) fn provider_needs(expanded: &Expanded) -> impl Iterator<Item = (usize, usize)> + '_ {
    related(expanded, |relation| match relation {
        Relation::Needs(at) => Some(at),
        Relation::Confines(_) => None,
    })
}

fn related(
    expanded: &Expanded,
    of: impl Fn(&Relation) -> Option<&Address> + 'static,
) -> impl Iterator<Item = (usize, usize)> + '_ {
    let relations = expanded.items.iter().enumerate().flat_map(|(index, item)| {
        item.live().into_iter().flat_map(|live| &live.relations).map(move |relation| (index, relation))
    });
    relations.filter_map(move |(item, relation)| {
        let at = of(relation)?;
        let other = expanded.items.binary_search_by(|item| item.at.cmp(at)).ok()?;
        (other != item).then_some((item, other))
    })
}
