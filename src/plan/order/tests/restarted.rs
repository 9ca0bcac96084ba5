//! What changes without a direction, and what is restarted with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use opsctl_api::{Edit, Value};
use proptest::prelude::*;

use super::super::super::diff::Slot;
use super::super::super::level;
use super::case::{Case, Service, case, cases, closure, step_of};
use crate::state::RestartsWith;

impl Case {
    /// Each service restarts with what it needs.
    fn restarts(&mut self, services: &[Service]) {
        let text = |text: &str| Some(Value::String(text.to_owned()));
        for (index, service) in services.iter().enumerate() {
            if service.needs.iter().any(|&needed| services[needed].config) {
                let item = self.find("service", index).unwrap();
                let edit = Edit { setting: "config_digest".into(), from: text("1"), to: text("2") };
                self.edits[item].entry(Slot::Up).or_default().push(edit);
                let names = service.needs.iter().map(|needed| format!("s{needed}")).collect();
                let declared = &mut self.state.resources.get_mut(&format!("s{index}")).unwrap().declared;
                let with = RestartsWith { names, carried_by: "config_digest".into() };
                Arc::make_mut(declared).restarts_with = Some(with);
            }
        }
    }
}

/// Whether a service relies on another one, itself or through others; needs lead to earlier ones.
fn relies(services: &[Service], a: usize, on: usize) -> bool {
    services[a].needs.iter().any(|&needed| needed == on || relies(services, needed, on))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Where nothing grows, what others rely on is not touched before they are as they shall be: also where any of them changes
    /// without a direction. Only what changes so alone, with nothing going that relies on it, comes after what it needs.
    #[test]
    fn test_nothing_is_touched_beneath_what_still_serves(services in cases()) {
        let falling = |s: Service| Service { from: s.from.max(s.to), to: s.from.min(s.to), ..s };
        let services: &[Service] = &services.into_iter().map(falling).collect::<Vec<_>>();
        let mut case = case(services, false);
        level::lower(&case.state, &[], &case.expanded, &mut case.edits);
        let order = case.order();
        let (before, steps) = (closure(&order), step_of(&order));
        let relying = |on: usize| (0..services.len()).filter(move |&a| relies(services, a, on));
        let goes = |a: usize| services[a].to < services[a].from;
        let carried = |a: usize| goes(a) || !services[a].config || relying(a).any(goes);
        let of = |index: usize| {
            let item = case.find("service", index).unwrap();
            Slot::ALL.into_iter().filter_map(|slot| steps.get(&(item, slot)).copied()).collect::<BTreeSet<usize>>()
        };
        for beneath in (0..services.len()).filter(|&index| relying(index).any(goes) && relying(index).all(carried)) {
            for above in relying(beneath) {
                for (&touched, last) in of(beneath).iter().flat_map(|b| of(above).into_iter().map(move |a| (b, a))) {
                    prop_assert!(before[touched].contains(&last), "s{beneath} is touched before s{above} has gone");
                }
            }
        }
    }

    /// What is restarted with others, and stays, finds them as they shall be, however far it or what relies on it shrinks.
    #[test]
    fn test_what_is_restarted_comes_after_what_it_is_restarted_with(services in cases()) {
        let mut case = case(&services, false);
        case.restarts(&services);
        level::lower(&case.state, &[], &case.expanded, &mut case.edits);
        let order = case.order();
        let (before, steps) = (closure(&order), step_of(&order));
        let changed = |index: usize, setting: &str| {
            let item = case.find("service", index).unwrap();
            let is_it = |edits: &Vec<Edit>| edits.iter().any(|edit| edit.setting == setting);
            let slot = case.edits[item].iter().find(|(_, edits)| is_it(edits))?;
            Some(steps[&(item, *slot.0)])
        };
        for (index, service) in services.iter().enumerate().filter(|(_, service)| service.to > 0) {
            for &with in &service.needs {
                if let (Some(restarted), Some(read)) = (changed(index, "config_digest"), changed(with, "version")) {
                    prop_assert!(before[restarted].contains(&read), "s{index} is restarted before s{with} is as it shall be");
                }
            }
        }
    }
}
