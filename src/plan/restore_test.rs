//! `restore` in plans over simulated worlds.

use opsctl_api::{Live, LiveSetting, Readiness, Value};

use super::make_test::{Asked, WORLD, at, instances, is, state, steps};
use super::*;
use crate::state::{Bound, Goal, State};

fn restore(rest: Bound) -> Goal {
    Bound { restore: true, ..rest }.into()
}

fn at_least(least: i64) -> Bound {
    Bound { at_least: Some(Value::Integer(least)), ..Bound::default() }
}

/// The edge has 2 in the world; opsctl found 5 there and left 2.
fn known(request: &mut Request<'_>) {
    let setting = |before, left| Setting3 {
        before: Some(Value::Integer(before)),
        left: vec![Some(Value::Integer(left))],
        is_unseen: false,
    };
    request.past.insert(at("a:service/edge"), [("replicas".to_owned(), setting(5, 2))].into());
    request.past.insert(at("a:service/origin"), [("replicas".to_owned(), setting(5, 3))].into());
    request.past.insert(at("b:service/far"), [("replicas".to_owned(), setting(4, 0))].into());
}

fn planned(state: &State, world: &str) -> Plan {
    let mut asked = Asked::new(state);
    asked.change = known;
    asked.make(&instances(world)).unwrap()
}

fn goal<'a>(plan: &'a Plan, address: &str) -> Option<&'a Goal> {
    plan.resources[&at(address)].settings["replicas"].goal.as_ref()
}

#[test]
fn test_what_opsctl_left_is_put_back() {
    let plan = planned(&state(&[("edge", "a:service/edge", &[("replicas", restore(Bound::default()))], &[])]), WORLD);
    assert_eq!(steps(&plan), ["1 +service/edge replicas"]);
    // What was restored is a value like any other: nothing later has to know the history.
    assert_eq!(goal(&plan, "a:service/edge"), Some(&is(5)));
    assert_eq!(plan.skipped, []);
}

#[test]
fn test_what_somebody_else_set_is_left_as_it_is_and_told() {
    let wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", restore(Bound::default()))], &[]),
        ("scaler", "a:scaler/edge", &[("max", restore(Bound::default()))], &[]),
    ]);
    let plan = planned(&wanted, WORLD);
    assert!(plan.is_empty());
    assert_eq!(goal(&plan, "a:service/origin"), None);
    let value = |number| Some(Value::Integer(number));
    let origin = SkippedWhy::NotAsLeft { left: value(3), live: value(1), by: None };
    let skipped: Vec<_> = plan.skipped.iter().map(|skipped| (skipped.at.as_str(), &skipped.why)).collect();
    assert_eq!(skipped, [("a:scaler/edge", &SkippedWhy::NeverSet), ("a:service/origin", &origin)]);
}

#[test]
fn test_what_is_back_already_is_nothing_to_tell() {
    let wanted = state(&[("origin", "a:service/origin", &[("replicas", restore(Bound::default()))], &[])]);
    let mut asked = Asked::new(&wanted);
    asked.change = |request| {
        let setting =
            Setting3 { before: Some(Value::Integer(1)), left: vec![Some(Value::Integer(3))], is_unseen: false };
        request.past.insert(at("a:service/origin"), [("replicas".to_owned(), setting)].into());
    };
    let plan = asked.make(&instances(WORLD)).unwrap();
    assert!(plan.is_empty() && plan.skipped.is_empty(), "{:?}", plan.skipped);
}

#[test]
fn test_the_other_bounds_count_either_way() {
    let wanted = state(&[
        ("edge", "a:service/edge", &[("replicas", restore(at_least(6)))], &[]),
        ("origin", "a:service/origin", &[("replicas", restore(at_least(2)))], &[]),
        ("far", "b:service/far", &[("replicas", restore(at_least(2)))], &[]),
    ]);
    let plan = planned(&wanted, WORLD);
    assert_eq!(goal(&plan, "a:service/edge"), Some(&is(6)));
    assert_eq!(goal(&plan, "a:service/origin"), Some(&at_least(2).into()));
    assert_eq!(goal(&plan, "b:service/far"), Some(&is(4)));
}

#[test]
fn test_an_owner_within_its_bounds_is_not_somebody_else() {
    let wanted = state(&[("edge", "a:service/edge", &[("replicas", restore(Bound::default()))], &[])]);
    let world = WORLD.replace("at = \"a:service/edge\"\nreplicas = 2", "at = \"a:service/edge\"\nreplicas = 3");
    assert_eq!(goal(&planned(&wanted, &world), "a:service/edge"), Some(&is(5)));
}

#[test]
fn test_of_a_wildcard_each_member_has_a_history_of_its_own() {
    let wanted = state(&[("all", "a:service/*", &[("replicas", restore(Bound::default()))], &[])]);
    assert_eq!(steps(&planned(&wanted, WORLD)), ["1 +service/edge replicas"]);
}

#[test]
fn test_what_cannot_be_reached_is_owed_as_the_value_that_it_was() {
    let world = format!("{WORLD}\n[sim.instance.b]\nunreachable = true\n");
    for target in ["b:service/far", "b:service/*"] {
        let mut wanted = state(&[("far", target, &[("replicas", restore(Bound::default()))], &[])]);
        wanted.tolerates_unreachable = vec![opsctl_api::Pattern::new("b:*")];
        let plan = planned(&wanted, &world);
        let [skipped] = plan.skipped.as_slice() else { panic!("{:?}", plan.skipped) };
        assert!(matches!(&skipped.why, SkippedWhy::Owed { wants, .. } if *wants == is(4)), "{skipped:?}");
        assert_eq!(skipped.at, "b:service/far");
    }
}

/// What somebody else has set meanwhile, or what is settled, is no more on its way to what was asked for.
#[test]
fn test_what_was_asked_for_may_yet_become_true_while_it_is_on_its_way_from_what_was_there() {
    let count = |number| Some(Value::Integer(number));
    let setting = Setting3 { before: count(1), left: vec![count(4), count(4), count(1)], is_unseen: true };
    let progressing = Readiness::Progressing { done: 0, total: 0, what: "UPDATING".into() };
    for (now, readiness, is_unseen, may_come) in [
        (1, &progressing, true, true),
        (1, &progressing, false, false),
        (1, &Readiness::Ready, true, false),
        (4, &progressing, true, false),
        (7, &progressing, true, false),
    ] {
        let mut live = Live::new(at("a:service/edge"));
        live.readiness = readiness.clone();
        live.settings.insert("replicas".to_owned(), LiveSetting::is(Value::Integer(now), now.into()));
        let setting = Setting3 { is_unseen, ..setting.clone() };
        let asked = setting.under_way(&live, "replicas");
        assert_eq!(asked, may_come.then_some(Some(&Value::Integer(4))), "{now} {readiness:?}");
    }
}
