//! What the names of a state stand for.

use std::sync::Arc;

use opsctl_api::{Pattern, Value};

use super::make_test::{Asked, WORLD, instances, is, plan, refusals, state, steps};
use super::*;
use crate::diagnostic::Code;
use crate::state::{Goal, Target};

#[test]
fn test_an_explicit_address_takes_its_settings_out_of_a_wildcard() {
    let wanted = state(&[
        ("all", "a:service/*", &[("replicas", is(5))], &["edge"]),
        ("edge", "a:service/edge", &[("replicas", is(3))], &[]),
    ]);
    let plan = plan(&wanted, WORLD);
    assert_eq!(steps(&plan), ["1 +service/edge replicas", "2 +service/origin replicas"]);
    let own = SkippedWhy::OwnNeed { name: "all".into(), needed: "edge".into() };
    assert!(plan.skipped.iter().any(|skipped| skipped.why == own), "{:?}", plan.skipped);
}

#[test]
fn test_a_wildcard_is_narrowed() {
    let service = |name: &str, tier: &str| {
        format!(
            "[resource.{name}]\nat = \"a:service/{name}\"\nreplicas = 1\nsim = {{ labels = {{ tier = \"{tier}\" }} }}\n"
        )
    };
    let world = [service("one", "edge"), service("two", "edge"), service("three", "core")].concat();
    let narrowed = |select: &[&str], except: &[&str]| {
        let mut wanted = state(&[("all", "a:service/*", &[("replicas", is(2))], &[])]);
        let declared = Arc::make_mut(&mut wanted.resources.get_mut("all").unwrap().declared);
        declared.at = Target::Many {
            pattern: Pattern::new("a:service/*"),
            select: select.iter().map(|tier| ("tier".to_owned(), (*tier).to_owned())).collect(),
            except: except.iter().map(|pattern| Pattern::new(*pattern)).collect(),
        };
        steps(&plan(&wanted, &world))
    };
    let [one, two, three] = ["one", "two", "three"].map(|name| format!("1 +service/{name} replicas"));
    assert_eq!(narrowed(&[], &[]), [one.clone(), three, two.clone()]);
    assert_eq!(narrowed(&["edge"], &[]), [one.clone(), two]);
    assert_eq!(narrowed(&["edge"], &["a:service/two", "a:service/three"]), [one]);
}

#[test]
fn test_an_unreachable_instance_stops_a_plan_that_does_not_tolerate_it() {
    let world = format!("{WORLD}\n[sim.instance.b]\nunreachable = true\n");
    let mut wanted = state(&[
        ("far", "b:service/far", &[("replicas", is(3))], &[]),
        ("edge", "a:service/edge", &[("replicas", is(3))], &["far"]),
        ("origin", "a:service/origin", &[("replicas", is(2))], &["far|edge"]),
    ]);
    let error = Asked::new(&wanted).make(&instances(&world)).unwrap_err();
    assert_eq!(error.problems[0].code, Code::InstanceUnreachable);
    assert!(error.problems[0].instead.contains("tolerates_unreachable"), "{}", error.problems[0].instead);

    wanted.tolerates_unreachable = vec![Pattern::new("b:*")];
    let plan = plan(&wanted, &world);
    assert!(plan.skipped.iter().any(|skipped| matches!(skipped.why, SkippedWhy::Owed { .. })));
    // One reachable member of an any-of list suffices; what needs the lost one alone is refused.
    assert_eq!(refusals(&plan).len(), 1, "{:?}", refusals(&plan));
    assert!(refusals(&plan)[0].starts_with("Need a:service/edge: edge needs far, which cannot be reached"));
}

/// Others of a wildcard serve, and the traffic needs that one of them which does not.
#[test]
fn test_a_name_serves_by_itself_whatever_wildcard_covers_it() {
    let wanted = |needed| {
        state(&[
            ("all", "a:service/*", &[], &[]),
            ("edge", "a:service/edge", &[("replicas", is(0))], &[]),
            ("west", "a:record/live/west", &[("weight", is(50))], &[needed]),
        ])
    };
    assert_eq!(refusals(&plan(&wanted("all"), WORLD)), Vec::<String>::new());
    assert_eq!(
        refusals(&plan(&wanted("edge"), WORLD)),
        ["Need a:record/live/west: it would have traffic, and needs edge, of which replicas is 0"]
    );
}

#[test]
fn test_missing_and_empty_are_errors_and_all_are_said() {
    let wanted = state(&[
        ("gone", "a:service/gone", &[("replicas", is(1))], &[]),
        ("none", "a:switch/*", &[("on", Goal::Exact(Value::Bool(true)))], &[]),
    ]);
    let error = Asked::new(&wanted).make(&instances(WORLD)).unwrap_err();
    let kinds: Vec<Code> = error.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(kinds, [Code::ResourceMissing, Code::WildcardEmpty]);
}
