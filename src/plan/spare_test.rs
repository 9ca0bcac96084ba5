//! What a rollback holds back, held against what it says of that itself.

use std::collections::BTreeSet;

use opsctl_api::{Direction, Edit, Value};
use proptest::prelude::*;

use super::make_test::{Asked, WORLD, at, instances, is, plan, state, steps};
use super::*;
use crate::state::{Goal, State};

/// One service that a rollback is to restore: opsctl left 3 replicas of version b.
#[derive(Debug, Clone)]
struct Service {
    /// Somebody made 9 of the 3 since.
    changed: bool,
    replicas: i64,
    version: &'static str,
    /// Each any of these, which are earlier ones.
    needs: Vec<BTreeSet<usize>>,
}

fn services() -> impl Strategy<Value = Vec<Service>> {
    let needs = proptest::collection::vec(proptest::collection::btree_set(0_usize..6, 1..3), 0..3);
    let replicas = prop_oneof![Just(1), Just(3), Just(5)];
    let one = (prop::bool::weighted(0.2), replicas, prop_oneof![Just("a"), Just("b")], needs);
    proptest::collection::vec(one, 1..7).prop_map(|list| {
        let service = |(index, (changed, replicas, version, needs)): (usize, (_, _, _, Vec<BTreeSet<usize>>))| {
            let earlier = needs.into_iter().map(|need| need.into_iter().filter(|needed| *needed < index).collect());
            let needs = earlier.filter(|need: &BTreeSet<usize>| !need.is_empty()).collect();
            Service { changed, replicas, version, needs }
        };
        list.into_iter().enumerate().map(service).collect()
    })
}

/// The rollback of what made 3 replicas and version b of them.
fn back(services: &[Service]) -> Plan {
    let mut world = String::new();
    let mut before = State { name: "before".into(), ..State::default() };
    for (index, service) in services.iter().enumerate() {
        let live = if service.changed { 9 } else { 3 };
        let address = format!("a:service/s{index}");
        world += &format!("[resource.s{index}]\nat = \"{address}\"\nreplicas = {live}\nversion = \"b\"\n");
        let settings =
            [("replicas", is(service.replicas)), ("version", Goal::Exact(Value::String(service.version.into())))];
        let any_of = |need: &BTreeSet<usize>| need.iter().map(|i| format!("s{i}")).collect::<Vec<_>>().join("|");
        let needs: Vec<String> = service.needs.iter().map(any_of).collect();
        let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
        before.resources.extend(state(&[(&format!("s{index}"), &address, &settings, &needs)]).resources);
    }
    let mut asked = Asked::new(&before);
    asked.change = |request| {
        request.reverts = Some("op".to_owned());
        for name in request.state.resources.keys() {
            let is = |value| Setting3 { before: None, left: vec![Some(value)], is_unseen: false };
            let left = [("replicas", is(Value::Integer(3))), ("version", is(Value::String("b".into())))];
            request
                .left
                .insert(at(&format!("a:service/{name}")), left.map(|(key, left)| (key.to_owned(), left)).into());
        }
    };
    asked.make(&instances(&world)).unwrap()
}

/// What a service is, as far as a plan leaves it as it is.
#[derive(Debug, Default, Clone, Copy)]
struct Left {
    /// Somebody changed it since, or an edit at its up is held back: what needs it would grow on something else than it was.
    is_gone: bool,
    /// Anything of it: it may serve.
    stays: bool,
    /// Something that stays needs it.
    is_beneath: bool,
}

proptest! {
    #[test]
    fn test_nothing_grows_on_what_is_held_back_or_goes_from_under_it(services in services()) {
        let plan = back(&services);
        let index = |at: &str| at.strip_prefix("a:service/s").unwrap().parse::<usize>().unwrap();
        let mut left = vec![Left::default(); services.len()];
        for skipped in &plan.skipped {
            let service = index(&skipped.at);
            let is_up = skipped.setting.as_deref() == Some("version") || services[service].replicas == 5;
            left[service].stays = true;
            left[service].is_gone |= matches!(skipped.why, SkippedWhy::ChangedSince { .. }) || is_up;
        }
        for service in 0..services.len() {
            let needs = &services[service].needs;
            left[service].is_gone |= needs.iter().any(|need| need.iter().all(|needed| left[*needed].is_gone));
        }
        for service in (0..services.len()).rev() {
            if left[service].stays || left[service].is_beneath {
                services[service].needs.iter().flatten().for_each(|needed| left[*needed].is_beneath = true);
            }
        }
        let direction = |edit: &Edit| edit.direction(opsctl_sim::catalogue().kind("service").unwrap());
        for step in &plan.steps {
            let Work::Change { at, edits, .. } = &step.work else { continue };
            let service = index(at.as_str());
            let bereft = services[service].needs.iter().any(|need| need.iter().all(|needed| left[*needed].is_gone));
            for edit in edits {
                let (way, beneath) = (direction(edit), left[service].is_beneath);
                prop_assert!(way == Direction::Down || !bereft, "{at} grows on what is held back: {:?}", plan.skipped);
                prop_assert!(way == Direction::Up || !beneath, "{at} goes from under what stays: {:?}", plan.skipped);
            }
        }
    }
}

#[test]
fn test_a_rollback_spares_what_somebody_changed_and_not_what_an_owner_moved() {
    let wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", is(3))], &[]),
        ("edge", "a:service/edge", &[("replicas", is(4))], &[]),
    ]);
    let mut asked = Asked::new(&wanted);
    asked.change = |request| {
        request.reverts = Some("op".to_owned());
        for name in ["a:service/origin", "a:service/edge"] {
            let wrote = Setting3 { before: None, left: vec![Some(Value::Integer(5))], is_unseen: false };
            request.left.insert(name.parse().unwrap(), [("replicas".to_owned(), wrote)].into());
        }
    };
    let plan = asked.make(&instances(WORLD)).unwrap();
    assert_eq!(steps(&plan), ["1 +service/edge replicas"]);
    assert!(matches!(plan.skipped[0].why, SkippedWhy::ChangedSince { .. }), "{:?}", plan.skipped);
}

/// The edge grew on a document that was promoted meanwhile: nothing leads back there, and nothing grows on it.
#[test]
fn test_a_rollback_leaves_what_only_goes_one_way_and_holds_back_what_needs_it() {
    let world = format!("{WORLD}\n[resource.doc]\nat = \"a:document/x\"\ncontent = \"\"\npromoted = true\n");
    let wanted = |promoted, edge| {
        state(&[
            ("doc", "a:document/x", &[("promoted", Goal::Exact(Value::Bool(promoted)))], &[]),
            ("edge", "a:service/edge", &[("replicas", is(edge))], &["doc"]),
            ("origin", "a:service/origin", &[("replicas", is(4))], &[]),
        ])
    };
    let before = wanted(false, 3);
    let mut asked = Asked::new(&before);
    asked.change = |request| request.reverts = Some("op".to_owned());
    let back = asked.make(&instances(&world)).unwrap();
    assert_eq!((steps(&back), &back.refusals), (vec!["1 +service/origin replicas".to_owned()], &Vec::new()));
    let held = |skipped: &Skipped| matches!(skipped.why, SkippedWhy::HeldBack(_)).then(|| skipped.at.clone());
    assert_eq!(back.skipped.iter().filter_map(held).collect::<Vec<_>>(), ["a:document/x", "a:service/edge"]);

    // On the way there it is said.
    let there = plan(&wanted(true, 0), &world.replace("promoted = true", "promoted = false"));
    assert_eq!(there.way_back.held_back, [at("a:service/edge")]);
    assert_eq!(there.way_back.steps, 1);
}
