//! What scales others never finds them outside of its bounds.

use opsctl_api::Value;
use proptest::prelude::*;

use super::super::{Order, What};
use super::case::{case, cases};

/// A legal order that is as far from the plan's own as can be: of what is free the last is taken.
fn latest_first(order: &Order) -> Vec<usize> {
    let mut done: Vec<usize> = Vec::new();
    while done.len() < order.steps.len() {
        let free =
            |id: &usize| !done.contains(id) && order.steps[*id].after.iter().all(|edge| done.contains(&edge.step));
        let next = (0..order.steps.len()).rev().find(free).unwrap();
        done.push(next);
    }
    done
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// An HPA never finds what it scales outside of its bounds, whatever is done at once, so it never undoes a step.
    #[test]
    fn test_a_simulated_hpa_is_never_stuck(services in cases()) {
        let case = case(&services, false);
        let order = case.order();
        for (index, service) in services.iter().enumerate() {
            let Some([mut bounds, _]) = service.bounds else { continue };
            let mut replicas = service.from;
            for id in latest_first(&order) {
                let What::Slots { item, slots } = &order.steps[id].what else { continue };
                for edit in slots.iter().filter_map(|slot| case.edits[*item].get(slot)).flatten() {
                    let to = edit.to.as_ref().and_then(Value::as_integer);
                    match (edit.setting.as_str(), to) {
                        ("replicas", Some(to)) if case.find("service", index) == Some(*item) => replicas = to,
                        ("min", Some(to)) if case.find("scaler", index) == Some(*item) => bounds.0 = to,
                        ("max", Some(to)) if case.find("scaler", index) == Some(*item) => bounds.1 = to,
                        _ => {}
                    }
                }
                prop_assert!(bounds.0 <= bounds.1, "{bounds:?}");
                prop_assert!(replicas == 0 || (bounds.0 <= replicas && replicas <= bounds.1), "{replicas} {bounds:?}");
            }
        }
    }
}
