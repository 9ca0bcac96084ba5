use std::collections::BTreeSet;

use super::super::actions::met;
use super::super::diff::Slot;
use super::super::{Reason, Rule};
use super::graph::Place as NodeAt;
use super::rules::Builder;
use crate::action::{Action, When};
use crate::state::State;

impl<'a> Builder<'a> {
    /// An action → what it is before; what it is after → the action.
    ///
    /// One that is not due orders no resources, for nothing is done there; among actions it passes order on.
    pub(super) fn actions(&mut self, state: &'a State, due: &BTreeSet<usize>) {
        for (index, action) in state.actions.iter().enumerate() {
            let node = self.graph.node(NodeAt::Action { action: index as u32 }, due.contains(&index));
            self.called.insert(&action.name, node);
        }
        for (index, action) in state.actions.iter().enumerate() {
            let node = self.called[action.name.as_str()];
            let before = action.before.iter().map(|beside| (beside, true));
            for (beside, is_before) in before.chain(action.after.iter().map(|beside| (beside, false))) {
                let rule = Rule::Action { action: action.name.clone(), beside: beside.name.clone(), before: is_before };
                let reason = self.graph.reason(Reason { rule, place: beside.place.clone() });
                let others: Vec<u32> = match self.called.get(beside.name.as_str()) {
                    Some(&other) => vec![other],
                    None if due.contains(&index) => self.ends(action, &beside.name, is_before),
                    None => Vec::new(),
                };
                for other in others {
                    let (from, to) = if is_before { (node, other) } else { (other, node) };
                    self.graph.edge(from, to, reason);
                }
            }
        }
    }

    /// Where the members of a name begin (or end) with what an action is about, with the floors of what confines them: lowered,
    /// one takes them down by itself, and raised it brings them up.
    fn ends(&self, action: &Action, name: &str, first: bool) -> Vec<u32> {
        let items = self.expanded.groups.get(name).map(|group| group.items.as_slice()).unwrap_or_default();
        let mut ends = Vec::new();
        for &item in items {
            let mut slots = met(action.when, &self.expanded.items[item], &self.edits[item]);
            let slot = if first { slots.next() } else { slots.next_back() };
            ends.push(match (slot, action.when, first) {
                (Some(slot), ..) => self.node(item, slot),
                (None, When::Shrinks, true) => self.first_down(item),
                (None, When::Grows, false) => self.last_up(item),
                (None, _, true) => self.first_up(item),
                (None, _, false) => self.last_down(item),
            });
            let holders = self.confiners.get(&item).into_iter().flatten();
            ends.extend(match (action.when, first) {
                (When::Grows, true) | (When::Shrinks, false) => Vec::new(),
                (_, true) => holders.map(|&holder| self.node(holder, Slot::FloorDown)).collect(),
                (_, false) => holders.map(|&holder| self.node(holder, Slot::FloorUp)).collect::<Vec<_>>(),
            });
        }
        ends
    }
}
