//! What is needed and is on its way, failed, or off.

use std::collections::BTreeSet;
use std::sync::Arc;

use opsctl_api::{Readiness, Relation};

use super::super::super::diff::{Slot, slots};
use super::super::super::expand::{Group, Presence};
use super::super::What;
use super::case::{Case, Service, at, case, declared, edit, item, plain};
use crate::state::Need;

#[test]
fn test_a_needed_resource_on_its_way_is_waited_for() {
    let services = [
        Service { from: 3, to: 3, config: false, needs: BTreeSet::new(), pool: false, bounds: None, enough: false },
        Service { from: 0, to: 2, config: false, needs: BTreeSet::from([0]), pool: false, bounds: None, enough: false },
    ];
    let mut case = case(&services, false);
    let Presence::Live(live) = &mut case.expanded.items[0].presence else { unreachable!() };
    Arc::make_mut(live).readiness = Readiness::Progressing { done: 1, total: 3, what: String::new() };
    let order = case.order();
    let what: Vec<&What> = order.steps.iter().map(|step| &step.what).collect();
    assert_eq!(
        what,
        [&What::Slots { item: 0, slots: vec![Slot::Up] }, &What::Slots { item: 1, slots: vec![Slot::Up] }]
    );
    assert_eq!(order.steps[1].after[0].step, 0);
}

#[test]
fn test_what_has_enough_is_not_waited_for_but_where_traffic_moves_to_it() {
    for (done, keeps, waits) in [(5, false, true), (6, false, false), (6, true, true)] {
        let mut case = plain(&[(10, 10), (0, 2)]);
        Arc::make_mut(&mut case.state.resources.get_mut("s0").unwrap().declared).enough = Some(6);
        case.needs("s1", &["s0"]);
        if keeps {
            // Of the pool s2 keeps its traffic and s3 loses its own.
            case = with_pool(case);
        }
        let s0 = case.find("service", 0).unwrap();
        case.live(s0).readiness = Readiness::Progressing { done, total: 10, what: String::new() };
        let order = case.order();
        let waited = order.steps.iter().any(|step| matches!(step.what, What::Slots { item, .. } if item == s0));
        assert_eq!(waited, waits, "{done} of 10, {keeps}");
    }
}

/// A pool of two records beside: one keeps its weight and needs s0, the other loses its own.
fn with_pool(mut case: Case) -> Case {
    let records = [("r0", 100, 100), ("r1", 100, 0)];
    for (index, (name, from, to)) in records.into_iter().enumerate() {
        let needs = (index == 0).then(|| Need { any_of: vec!["s0".into()], place: None }).into_iter().collect();
        case.state.resources.insert(name.into(), declared(at("record", index), needs, Some("pool".into())));
        let item = item(name, at("record", index), &[("weight", from)], Vec::new());
        case.edits.insert(index, slots(item.kind, edit("weight", from, to).into_iter().collect()));
        case.expanded.items.insert(index, item);
    }
    for group in case.expanded.groups.values_mut() {
        group.items.iter_mut().for_each(|item| *item += records.len());
    }
    for (index, (name, ..)) in records.into_iter().enumerate() {
        case.expanded.groups.insert(name.into(), Group { items: vec![index], lacking: None });
    }
    case
}

#[test]
fn test_a_needed_resource_that_failed_refuses_the_up_and_not_the_down() {
    let service = |from, to, needs: &[usize]| Service {
        from,
        to,
        config: false,
        needs: needs.iter().copied().collect(),
        pool: false,
        bounds: None,
        enough: false,
    };
    for (to, refusals) in [(2, 1), (0, 0)] {
        let mut case = case(&[service(3, 3, &[]), service(1, to, &[0])], false);
        let Presence::Live(live) = &mut case.expanded.items[0].presence else { unreachable!() };
        Arc::make_mut(live).readiness = Readiness::Failed("no node has room".into());
        assert_eq!(case.order().refusals.len(), refusals, "1 → {to}");
    }
}

/// What is off is meant to be, and no alternative to what failed.
#[test]
fn test_a_failed_one_and_one_that_is_off_are_no_alternatives() {
    for (off, failed, refused) in [(0, true, true), (1, true, false), (0, false, false)] {
        let mut case = plain(&[(3, 3), (off, off), (1, 2)]);
        case.needs("s2", &["s0", "s1"]);
        if failed {
            case.live(0).readiness = Readiness::Failed("no node has room".into());
        }
        let refusals: Vec<String> = case.order().refusals.into_iter().map(|refusal| refusal.why).collect();
        let [why, off] = ["failed: no node has room", "has nothing that serves: replicas is 0"];
        let both = [format!("s2 needs s0, which {why}"), format!("s2 needs s1, which {off}")];
        assert_eq!(refusals, if refused { &both[..] } else { &[] });
    }
}

#[test]
fn test_a_wildcard_that_has_what_it_needs_among_its_members_needs_it_for_the_others() {
    // s0 and s1 are members of `all`, which needs s1. s3 needs s1 or s2, so s1 is looked at before s0 is.
    let mut case = plain(&[(1, 2), (1, 1), (1, 1), (1, 2)]);
    let s0 = case.state.resources["s0"].clone();
    case.state.resources.insert("all".into(), s0);
    case.expanded.groups.insert("all".into(), Group { items: vec![0, 1], lacking: None });
    for item in [0, 1] {
        case.expanded.items[item].names.push("all".into());
    }
    case.needs("all", &["s1"]);
    case.needs("s3", &["s1", "s2"]);
    case.live(1).readiness = Readiness::Failed("no node has room".into());
    let refusals = case.order().refusals;
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(refusals[0].why, "all needs s1, which failed: no node has room");
}

#[test]
fn test_what_a_provider_knows_to_be_needed_is_waited_for() {
    let mut case = plain(&[(3, 3), (0, 2)]);
    case.live(1).relations.push(Relation::Needs(at("service", 0)));
    case.live(0).readiness = Readiness::Progressing { done: 1, total: 3, what: String::new() };
    let order = case.order();
    let what: Vec<&What> = order.steps.iter().map(|step| &step.what).collect();
    let up = |item| What::Slots { item, slots: vec![Slot::Up] };
    assert_eq!(what, [&up(0), &up(1)]);
    assert_eq!(order.steps[1].after[0].step, 0);

    case.live(0).readiness = Readiness::Failed("no node has room".into());
    assert_eq!(case.order().refusals.len(), 1);
}
