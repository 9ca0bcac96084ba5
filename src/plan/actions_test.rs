//! Actions in plans: when they are due, where they stand, and when there is nothing to do.

use super::make_test::{Asked, instances, is, state, steps};
use super::*;
use crate::action::{Action, Beside, Call, Member, When};
use crate::check::{Check, Gate, Probe, Run};
use crate::diagnostic::Code;
use crate::state::State;

const WORLD: &str = r#"
[resource.web]
at = "a:service/web"
replicas = 2
[resource.db]
at = "a:service/db"
replicas = 2
"#;

/// `web` and `db` with so many replicas each, of which both have 2.
fn counts(web: i64, db: i64) -> State {
    state(&[
        ("web", "a:service/web", &[("replicas", is(web))], &[]),
        ("db", "a:service/db", &[("replicas", is(db))], &[]),
    ])
}

fn check(program: &str) -> Check {
    Check {
        name: "unless".into(),
        probe: Probe::Run(Run::new(vec![program.into()])),
        within: std::time::Duration::ZERO,
        hold: std::time::Duration::ZERO,
        every: std::time::Duration::from_secs(1),
        gate: Gate::After,
        place: None,
    }
}

pub(super) fn action(name: &str, before: &[&str], after: &[&str], when: When, unless: Option<&str>) -> Action {
    let beside = |names: &[&str]| names.iter().map(|name| Beside { name: (*name).into(), place: None }).collect();
    let member = Member {
        name: None,
        call: Call::run(vec!["true".into()]),
        unless: unless.map(check),
        until: None,
        first: None,
        last: None,
        between: None,
        done: false,
    };
    let timeout = std::time::Duration::from_secs(1);
    Action {
        name: name.into(),
        members: vec![member],
        before: beside(before),
        after: beside(after),
        when,
        timeout,
        place: None,
    }
}

fn planned(mut state: State, actions: Vec<Action>) -> Plan {
    state.actions = actions;
    Asked::new(&state).make(&instances(WORLD)).unwrap()
}

fn idle(plan: &Plan) -> Vec<&str> {
    let idle = plan.skipped.iter().filter(|skipped| matches!(skipped.why, SkippedWhy::NothingToDo(_)));
    idle.map(|skipped| skipped.at.as_str()).collect()
}

#[test]
fn test_when_it_is_due() {
    for (web, when, due) in [
        (1, When::Shrinks, true),
        (1, When::Grows, false),
        (1, When::Changes, true),
        (3, When::Grows, true),
        (3, When::Shrinks, false),
        (2, When::Changes, false),
        (2, When::Always, true),
    ] {
        let plan = planned(counts(web, 2), vec![action("drain", &["web"], &[], when, None)]);
        assert_eq!(plan.actions.len(), usize::from(due), "{web} {when:?}");
        assert_eq!(plan.is_empty(), web == 2 && !due);
    }
}

#[test]
fn test_it_stands_between_what_it_is_before_and_after() {
    let drain = || action("drain", &["db"], &["web"], When::Shrinks, None);
    let plan = planned(counts(4, 0), vec![drain()]);
    assert_eq!(steps(&plan), ["1 +service/web replicas", "2 action drain", "3 -service/db replicas"]);
    let why: Vec<String> = plan.steps[2].after[0].why.iter().map(|reason| reason.rule.to_string()).collect();
    assert_eq!(why, ["action drain comes before db"]);
    assert_eq!(plan.way_back.actions, ["drain"]);
    // Nothing of it is changed: it passes on what comes before it.
    let compact = action("compact", &[], &["drain"], When::Always, None);
    let plan = planned(counts(4, 2), vec![action("drain", &[], &["web"], When::Shrinks, None), compact]);
    assert_eq!(steps(&plan), ["1 +service/web replicas", "1 action compact"]);
}

/// It stands behind all that the action comes after, and before the action alone.
#[test]
fn test_a_check_gates_an_action() {
    let gate = || Check { name: "quiet".into(), gate: Gate::Between(vec!["drain".into()]), ..check("true") };
    let planned = |web, db, drain: Action| {
        let mut state = State { checks: vec![gate()], ..counts(web, db) };
        state.actions = vec![drain];
        Asked::new(&state).make(&instances(WORLD)).unwrap()
    };
    let drain = |unless| action("drain", &["db"], &["web"], When::Shrinks, unless);
    let expected = ["1 +service/web replicas", "2 check quiet", "3 action drain", "4 -service/db replicas"];
    assert_eq!(steps(&planned(4, 0, drain(None))), expected);
    // No call is no step to stand before.
    let plan = planned(4, 2, drain(None));
    assert_eq!(steps(&plan), ["1 +service/web replicas"]);
    // A check changes nothing: behind it as well there is nothing to do.
    let plan = planned(2, 2, action("drain", &[], &[], When::Always, Some("true")));
    assert!(plan.is_empty());
    assert_eq!(idle(&plan), ["action drain"]);
}

#[test]
fn test_where_there_is_nothing_to_do_the_plan_is_empty() {
    let actions = || {
        vec![
            action("compact", &[], &[], When::Always, Some("true")),
            action("drain", &[], &["compact"], When::Always, Some("true")),
        ]
    };
    let plan = planned(counts(2, 2), actions());
    assert!(plan.is_empty());
    assert_eq!(idle(&plan), ["action compact", "action drain"]);
    // Behind a step it is only known once that is done.
    let mut actions = actions();
    actions[0].after.push(Beside { name: "web".into(), place: None });
    let plan = planned(counts(3, 2), actions);
    assert_eq!(steps(&plan), ["1 +service/web replicas", "2 action compact", "3 action drain"]);
    let plan = planned(counts(2, 2), vec![action("compact", &[], &[], When::Always, Some("false"))]);
    assert_eq!(steps(&plan), ["1 action compact"]);
}

#[test]
fn test_a_circle_through_an_action_is_told() {
    let mut state = counts(3, 4);
    let web = std::sync::Arc::make_mut(&mut state.resources.get_mut("web").unwrap().declared);
    web.needs.push(crate::state::Need { any_of: vec!["db".into()], place: None });
    state.actions = vec![action("seed", &["db"], &["web"], When::Grows, None)];
    let error = Asked::new(&state).make(&instances(WORLD)).unwrap_err();
    assert_eq!(error.problems[0].code, Code::OrderLoop);
    for edge in ["web needs db", "action seed comes before db", "action seed comes after web"] {
        assert!(error.problems[0].why.contains(edge), "{}", error.problems[0].why);
    }
}

#[test]
fn test_target_and_exclude() {
    let mut state = counts(3, 0);
    state.actions =
        vec![action("drain", &["db"], &[], When::Shrinks, None), action("report", &[], &[], When::Always, None)];
    let mut asked = Asked::new(&state);
    asked.change = |request| request.part.target.push(opsctl_api::Pattern::new("web"));
    let plan = asked.make(&instances(WORLD)).unwrap();
    assert_eq!(steps(&plan), ["1 +service/web replicas"]);
    let mut asked = Asked::new(&state);
    asked.change = |request| request.part.exclude.push(opsctl_api::Pattern::new("report"));
    let plan = asked.make(&instances(WORLD)).unwrap();
    assert_eq!(steps(&plan), ["1 +service/web replicas", "1 action drain", "2 -service/db replicas"]);
}
