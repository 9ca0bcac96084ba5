//! Actions stand where they were written.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::super::super::actions::met;
use super::super::{What, order};
use super::case::{Case, case, cases, closure, step_of};
use crate::action::{Action, Beside, When};
use crate::diagnostic::Code;

/// An action of a case: what it is before and after, services or other actions, and when it is due.
#[derive(Debug, Clone)]
struct Act {
    before: BTreeSet<usize>,
    after: BTreeSet<usize>,
    /// The next action comes behind it.
    chained: bool,
    when: When,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let some = || proptest::collection::btree_set(0_usize..6, 0..3);
    let when = prop_oneof![Just(When::Grows), Just(When::Shrinks), Just(When::Changes), Just(When::Always)];
    let one = (some(), some(), any::<bool>(), when);
    let act = |(before, after, chained, when)| Act { before, after, chained, when };
    proptest::collection::vec(one.prop_map(act), 0..4)
}

impl Case {
    /// The same with actions; those that are due.
    fn with(mut self, acts: &[Act], services: usize) -> Self {
        let beside = |name: String| Beside { name, place: None };
        for (index, act) in acts.iter().enumerate() {
            let names = |of: &BTreeSet<usize>| -> Vec<Beside> {
                of.iter().filter(|&&s| s < services).map(|s| beside(format!("s{s}"))).collect()
            };
            let mut before = names(&act.before);
            if act.chained && index + 1 < acts.len() {
                before.push(beside(format!("a{}", index + 1)));
            }
            self.state.actions.push(Action {
                name: format!("a{index}"),
                members: Vec::new(),
                before,
                after: names(&act.after.difference(&act.before).copied().collect()),
                when: act.when,
                timeout: Duration::ZERO,
                place: None,
            });
        }
        for (index, action) in self.state.actions.iter().enumerate() {
            let of =
                action.before.iter().chain(&action.after).filter_map(|beside| self.expanded.groups.get(&beside.name));
            let mut items = of.flat_map(|group| group.items.iter().copied());
            let slots = |item: usize| met(action.when, &self.expanded.items[item], &self.edits[item]).count();
            if action.when == When::Always || items.any(|item| slots(item) > 0) {
                self.due.insert(index);
            }
        }
        self
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// An action that is due stands before (after) all that it is about of what it is written before (after); all that was required
    /// without it still is, and what is not required without one is so through one. What goes in a circle is told.
    #[test]
    fn test_actions_stand_where_they_were_written(services in cases(), acts in acts()) {
        let plain = case(&services, false);
        let required = plain.required(&services);
        let case = case(&services, false).with(&acts, services.len());
        let mut problems = Vec::new();
        let order = order(&case.state, &case.expanded, &case.edits, &case.due, &mut problems);
        if !problems.is_empty() {
            prop_assert!(problems.iter().all(|problem| problem.code == Code::OrderLoop));
            prop_assert!(problems[0].why.contains("action a"), "{}", problems[0].why);
            return Ok(());
        }
        let (before, steps) = (closure(&order), step_of(&order));
        let ids = order.steps.iter().enumerate().filter_map(|(id, step)| match step.what {
            What::Action { action } => Some((action, id)),
            _ => None,
        });
        let ids: BTreeMap<usize, usize> = ids.collect();
        prop_assert_eq!(ids.keys().copied().collect::<BTreeSet<_>>(), case.due.clone());
        for (&index, &id) in &ids {
            let action = &case.state.actions[index];
            for (beside, first) in action.before.iter().map(|b| (b, true)).chain(action.after.iter().map(|b| (b, false))) {
                let Some(group) = case.expanded.groups.get(&beside.name) else { continue };
                for &item in &group.items {
                    for slot in met(action.when, &case.expanded.items[item], &case.edits[item]) {
                        let step = steps[&(item, slot)];
                        let stands = if first { before[step].contains(&id) } else { before[id].contains(&step) };
                        prop_assert!(stands, "action {index} {beside:?} {slot:?}");
                    }
                }
            }
        }
        for pair in acts.iter().enumerate().filter(|(index, act)| act.chained && index + 1 < acts.len()) {
            if let (Some(&a), Some(&b)) = (ids.get(&pair.0), ids.get(&(pair.0 + 1))) {
                prop_assert!(before[b].contains(&a));
            }
        }
        for (a, b) in &required {
            prop_assert!(steps[a] == steps[b] || before[steps[b]].contains(&steps[a]), "{a:?} before {b:?}");
        }
        for (&node, &step) in &steps {
            for (&earlier, &id) in steps.iter().filter(|(_, id)| before[step].contains(id)) {
                let of = |id: usize| steps.iter().filter(move |(_, other)| **other == id).map(|(node, _)| *node);
                let needed = of(id).any(|a| of(step).any(|b| required.contains(&(a, b))));
                let through = ids.values().any(|&act| before[step].contains(&act) && before[act].contains(&id));
                prop_assert!(needed || through, "{earlier:?} need not come before {node:?}");
            }
        }
    }
}
