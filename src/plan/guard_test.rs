//! What refuses a plan, or has to be looked at twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use opsctl_api::{
    Answer, Cx, Fault, Hop, Identity, Pattern, Preflight, Provider, Query, Reading, Value, Write, Written,
};

use super::make_test::{Asked, WORLD, at, instances, is, plan, refusals, state};
use super::*;
use crate::config::GuardConfig;
use crate::state::Goal;

#[test]
fn test_an_owner_is_named_before_anything_is_changed() {
    let plan = plan(&state(&[("edge", "a:service/edge", &[("replicas", is(9))], &[])]), WORLD);
    assert_eq!(refusals(&plan).len(), 1, "{:?}", plan.refusals);
    assert!(refusals(&plan)[0].starts_with("Owner a:service/edge: scaler/edge holds replicas in 2..6"));
}

#[test]
fn test_a_pool_is_not_left_dry() {
    let wanted = state(&[
        ("east", "a:record/live/east", &[("weight", is(0))], &[]),
        ("west", "a:record/live/west", &[("weight", is(0))], &[]),
    ]);
    assert_eq!(refusals(&plan(&wanted, WORLD)), ["Pool pool dns: no member would have any traffic left"]);
}

#[test]
fn test_guards() {
    let mut wanted = state(&[
        ("edge", "a:service/edge", &[("replicas", is(3))], &[]),
        ("doc", "a:document/x", &[("promoted", Goal::Exact(Value::Bool(true)))], &[]),
    ]);
    let world = format!("{WORLD}\n[resource.doc]\nat = \"a:document/x\"\ncontent = \"\"\npromoted = false\n");
    let mut asked = Asked::new(&wanted);
    asked.guard = GuardConfig { protect: vec![Pattern::new("a:service/*")], max_resources: Some(1), timeout: None };
    let plan = asked.make(&instances(&world)).unwrap();
    let by: Vec<RefusedBy> = plan.refusals.iter().map(|refusal| refusal.by).collect();
    assert_eq!(by, [RefusedBy::Protect, RefusedBy::MaxResources, RefusedBy::OneWay]);
    assert_eq!(plan.way_back.irreversible, BTreeMap::from([(at("a:document/x"), vec!["promoted".to_owned()])]));

    wanted.resources.remove("edge");
    let mut asked = Asked::new(&wanted);
    asked.change = |request| request.allow_one_way = vec![Pattern::new("a:document/*")];
    assert_eq!(asked.make(&instances(&world)).unwrap().refusals, Vec::new());
}

#[test]
fn test_a_denial_is_found_by_the_preflight_even_behind_another_step() {
    let wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", is(2))], &[]),
        ("edge", "a:service/edge", &[("replicas", is(3))], &["origin"]),
    ]);
    let world = WORLD.replace("at = \"a:service/edge\"\n", "at = \"a:service/edge\"\nsim = { deny = \"write\" }\n");
    let plan = plan(&wanted, &world);
    assert_eq!(plan.refusals.len(), 1, "{:?}", plan.preflight);
    assert_eq!(plan.refusals[0].by, RefusedBy::Preflight);
}

/// Tells everything but what it is.
struct Nameless(Arc<dyn Provider>);

impl Provider for Nameless {
    fn identity<'a>(&'a self, _: &'a Cx) -> Answer<'a, Result<Identity, Fault>> {
        Box::pin(async { Err(Fault::Denied("get namespaces kube-system".into())) })
    }

    fn read<'a>(&'a self, cx: &'a Cx, ask: &'a [Query]) -> Answer<'a, Vec<Reading>> {
        self.0.read(cx, ask)
    }

    fn preflight<'a>(&'a self, cx: &'a Cx, hops: &'a [Hop]) -> Answer<'a, Vec<Preflight>> {
        self.0.preflight(cx, hops)
    }

    fn write<'a>(&'a self, cx: &'a Cx, batch: &'a [Write]) -> Answer<'a, Vec<Written>> {
        self.0.write(cx, batch)
    }
}

#[test]
fn test_what_does_not_say_what_it_is_is_not_changed() {
    let mut instances = instances(WORLD);
    let a = instances.0.get_mut("a").unwrap();
    a.provider = Arc::new(Nameless(a.provider.clone()));
    let edge = |count| state(&[("edge", "a:service/edge", &[("replicas", is(count))], &[])]);
    let plan = Asked::new(&edge(3)).make(&instances).unwrap();
    assert_eq!(refusals(&plan), ["Identity a: it does not say what it is: denied: get namespaces kube-system"]);
    assert_eq!(refusals(&Asked::new(&edge(2)).make(&instances).unwrap()), Vec::<String>::new());
}
