//! Overlays in plans over simulated worlds.

use opsctl_api::{Pattern, Value};

use super::make_test::{Asked, Short, WORLD, instances, is, refusals, state, steps};
use super::*;
use crate::diagnostic::Code;
use crate::state::{Goal, State, compose};

fn overlay(name: &str, resources: &[Short<'_>]) -> State {
    State { name: name.into(), over: Some("wanted".into()), ..state(resources) }
}

fn planned(parts: &[&State], world: &str) -> Result<Plan, PlanError> {
    Asked::new(&compose(parts).unwrap()).make(&instances(world))
}

/// What an overlay does not set stands in the order, and needs not answer.
#[test]
fn test_what_is_only_named_may_be_out_of_reach() {
    let world = format!("{WORLD}\n[sim.instance.b]\nunreachable = true\n");
    let origin = |number| {
        overlay(
            "o",
            &[
                ("far", "b:service/far", &[], &[]),
                ("all-far", "b:service/*", &[], &[]),
                ("origin", "a:service/origin", &[("replicas", is(number))], &["far"]),
            ],
        )
    };
    let down = planned(&[&origin(0)], &world).unwrap();
    assert_eq!((steps(&down).len(), refusals(&down)), (1, Vec::new()));
    // What grows on it is refused all the same.
    let up = planned(&[&origin(3)], &world).unwrap();
    assert!(refusals(&up)[0].starts_with("Need a:service/origin: origin needs far, which cannot be reached"), "{up:?}");
}

/// What it does not set need not be there either; what it sets must be.
#[test]
fn test_what_is_only_named_may_be_missing() {
    let gone = |wants: &[(&str, Goal)], number| {
        overlay(
            "o",
            &[
                ("gone", "a:service/gone", wants, &[]),
                ("all-gone", "a:document/gone/*", &[], &[]),
                ("origin", "a:service/origin", &[("replicas", is(number))], &["gone"]),
            ],
        )
    };
    let named = planned(&[&gone(&[], 0)], WORLD).unwrap();
    assert_eq!((steps(&named).len(), refusals(&named)), (1, Vec::new()));
    let missing = named.skipped.iter().filter(|skipped| skipped.why == SkippedWhy::MissingUnasked);
    assert_eq!(missing.map(|skipped| skipped.at.as_str()).collect::<Vec<_>>(), ["a:document/gone/*", "a:service/gone"]);
    let grows = planned(&[&gone(&[], 3)], WORLD).unwrap();
    assert!(
        refusals(&grows)[0].starts_with("Need a:service/origin: origin needs gone, which is not there"),
        "{grows:?}"
    );
    let set = planned(&[&gone(&[("replicas", is(1))], 0)], WORLD).unwrap_err();
    assert_eq!(set.problems[0].code, Code::ResourceMissing);
    // A state that is no overlay may not name what is not there.
    let state = State { over: None, ..gone(&[], 0) };
    assert_eq!(planned(&[&state], WORLD).unwrap_err().problems.len(), 2);
}

#[test]
fn test_an_overlay_wins_whichever_is_the_wildcard() {
    let explicit = state(&[("edge", "a:service/edge", &[("replicas", is(4))], &[])]);
    let all = overlay("all", &[("all", "a:service/*", &[("replicas", is(3))], &[])]);
    let both = planned(&[&explicit, &all], WORLD).unwrap();
    assert_eq!(both.resources[&"a:service/edge".parse().unwrap()].settings["replicas"].goal, Some(is(3)));
    let wide = state(&[("wide", "a:service/*", &[("replicas", is(4))], &[])]);
    let both = planned(&[&wide, &all], WORLD).unwrap();
    assert_eq!(both.resources[&"a:service/edge".parse().unwrap()].settings["replicas"].goal, Some(is(3)));
}

#[test]
fn test_two_overlays_meet_in_a_wildcard() {
    let base = state(&[("edge", "a:service/edge", &[("replicas", is(4))], &[])]);
    let all = overlay("all", &[("all", "a:service/*", &[("replicas", is(3))], &[])]);
    let edge = |number| overlay("one", &[("edge", "a:service/edge", &[("replicas", is(number))], &[])]);
    let error = planned(&[&base, &all, &edge(2)], WORLD).unwrap_err();
    assert_eq!(error.problems[0].code, Code::OverlayConflict);
    assert_eq!(error.problems[0].why, "all and one differ in `replicas`: 3 and 2");
    planned(&[&base, &all, &edge(3)], WORLD).unwrap();
}

#[test]
fn test_an_overlay_alone_leaves_nothing() {
    let mut scope = crate::state::Scope::default();
    let known = state(&[("origin", "a:service/origin", &[], &[])]);
    scope.declared.insert("origin".into(), known.resources["origin"].declared.clone());
    let set_by = vec![("degraded".to_owned(), is(1))];
    scope.settings.insert("origin".into(), [("replicas".to_owned(), set_by)].into());
    let edge: &[Short<'_>] = &[("edge", "a:service/edge", &[("replicas", is(2))], &[])];
    for (wanted, leaves) in [(state(edge), 1), (overlay("o", edge), 0)] {
        let mut asked = Asked::new(&wanted);
        asked.scope = scope.clone();
        assert_eq!(asked.make(&instances(WORLD)).unwrap().leaves.len(), leaves);
    }
}

#[test]
fn test_a_state_allows_its_one_way_changes() {
    let world = format!("{WORLD}\n[resource.doc]\nat = \"a:document/x\"\ncontent = \"\"\npromoted = false\n");
    let mut wanted = state(&[("doc", "a:document/x", &[("promoted", Goal::Exact(Value::Bool(true)))], &[])]);
    let allowed = |wanted: &State| Asked::new(wanted).make(&instances(&world)).unwrap().refusals.is_empty();
    assert!(!allowed(&wanted));
    wanted.allow_one_way = vec![Pattern::new("a:document/*")];
    assert!(allowed(&wanted));
}
