//! The order is the closure of the required pairs, in both directions.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::super::diff::Slot;
use super::super::What;
use super::case::{Service, case, cases, closure, step_of};

#[track_caller]
fn is_the_closure(services: &[Service]) {
    let case = case(services, false);
    let order = case.order();
    let (before, steps, required) = (closure(&order), step_of(&order), case.required(services));
    let edited: usize = case.edits.iter().map(BTreeMap::len).sum();
    assert_eq!(steps.len(), edited, "every edit has its step: {services:?}");
    for (a, b) in &required {
        let (a_step, b_step) = (steps[a], steps[b]);
        let is_kept = a_step == b_step && a.0 == b.0 || before[b_step].contains(&a_step);
        assert!(is_kept, "{a:?} before {b:?}: {services:?}");
    }
    for (node, &step) in &steps {
        for earlier in steps.iter().filter(|(_, id)| before[step].contains(id)) {
            let of = |id: usize| steps.iter().filter(move |(_, other)| **other == id).map(|(node, _)| *node);
            let needed = of(*earlier.1).any(|a| of(step).any(|b| required.contains(&(a, b))));
            assert!(needed, "{:?} need not come before {node:?}: {services:?}", earlier.0);
        }
    }
}

/// Each graph of four resources, with each of them growing, shrinking and staying.
#[test]
fn test_all_orders_of_four_resources() {
    let pairs: Vec<(usize, usize)> = (0..4).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
    for graph in 0..1_u32 << pairs.len() {
        for ways in 0..81_usize {
            let service = |index: usize| {
                let needed = pairs.iter().enumerate().filter(|(bit, (a, _))| *a == index && graph & 1 << bit != 0);
                Service {
                    from: 1,
                    to: (ways / 3_usize.pow(index as u32) % 3) as i64,
                    config: false,
                    needs: needed.map(|(_, (_, b))| *b).collect(),
                    pool: false,
                    bounds: None,
                    enough: false,
                }
            };
            is_the_closure(&(0..4).map(service).collect::<Vec<_>>());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Each required pair is kept, and nothing else is: what one step must come before is required of one of its edits.
    #[test]
    fn test_the_order_is_the_closure_of_the_required_pairs(services in cases()) {
        is_the_closure(&services);
    }

    /// What relies on enough of something waits for the rest only where something else asks for it.
    #[test]
    fn test_what_has_settled_when_a_step_is_begun(services in cases()) {
        let case = case(&services, false);
        let (order, required) = (case.order(), case.settled_before(&services));
        let mut settled: Vec<BTreeSet<usize>> = Vec::new();
        for step in &order.steps {
            let mut before = BTreeSet::new();
            for edge in &step.after {
                before.extend(settled[edge.step].iter().copied());
                before.extend((!edge.enough).then_some(edge.step));
            }
            settled.push(before);
        }
        let joined = order.steps.iter().any(|step| matches!(&step.what, What::Slots { slots, .. } if slots.len() > 1));
        let steps = step_of(&order);
        for (node, required) in &required {
            let found = &settled[steps[node]];
            let required: BTreeSet<usize> = required.iter().map(|node| steps[node]).filter(|id| *id != steps[node]).collect();
            prop_assert!(found.is_superset(&required), "{node:?}: {required:?}, found {found:?}");
            // Edits that are made at once wait for what either of them waits for.
            prop_assert!(joined || *found == required, "{node:?}: {required:?}, found {found:?}");
        }
    }

    /// The way back is ordered by the same rule: what grew last shrinks first.
    #[test]
    fn test_inverted_changes_are_ordered_the_other_way_round(services in cases()) {
        let services: Vec<Service> = services.into_iter().map(|s| Service { config: false, ..s }).collect();
        let (there, back) = (case(&services, false), case(&services, true));
        let turned = |slot: Slot| match slot {
            Slot::CeilingUp => Slot::CeilingDown,
            Slot::Up => Slot::Down,
            Slot::FloorUp => Slot::FloorDown,
            Slot::FloorDown => Slot::FloorUp,
            Slot::Down => Slot::Up,
            Slot::CeilingDown => Slot::CeilingUp,
        };
        let reversed: BTreeSet<_> = there
            .required(&services)
            .into_iter()
            .map(|(a, b)| ((b.0, turned(b.1)), (a.0, turned(a.1))))
            .collect();
        prop_assert_eq!(reversed, back.required(&services));
        back.order();
    }

    /// The same case has the same order, to the letter.
    #[test]
    fn test_the_same_input_gives_the_same_order(services in cases()) {
        prop_assert_eq!(case(&services, false).order().steps, case(&services, false).order().steps);
    }
}
