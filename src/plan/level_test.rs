//! Where edits without a direction stand.

use std::sync::Arc;
use std::time::Duration;

use opsctl_api::Value;

use super::make_test::{Short, is, plan, state, steps};
use crate::action::{Action, Beside, Call, Member, When};
use crate::state::{After, Goal, RestartsWith, State};

const WORLD: &str = r#"
[resource.config]
at = "a:document/config"
content = "one"
[resource.edge]
at = "a:service/edge"
replicas = 2
version = "one"
[resource.west]
at = "a:service/west"
replicas = 0
[resource.reader]
at = "a:document/reader"
content = "one"
"#;

fn says(word: &str) -> Goal {
    Goal::Exact(Value::String(word.into()))
}

/// `config` becomes another one, and these need it.
fn wanted(others: &[Short<'_>]) -> State {
    let config: Short<'_> = ("config", "a:document/config", &[("content", says("two"))], &[]);
    state(&[&[config], others].concat())
}

#[test]
fn test_a_configuration_changes_before_those_that_need_it_come_and_after_they_have_gone() {
    let edge = |replicas| {
        steps(&plan(&wanted(&[("edge", "a:service/edge", &[("replicas", is(replicas))], &["config"])]), WORLD))
    };
    assert_eq!(edge(5), ["1 +document/config content", "2 +service/edge replicas"]);
    assert_eq!(edge(0), ["1 -service/edge replicas", "2 -document/config content"]);
    // Nobody moves: it does not matter, and it is nobody's way back.
    assert_eq!(edge(2), ["1 +document/config content"]);
}

/// What restarts with it takes it up by that, also where there will be fewer of it.
#[test]
fn test_it_changes_before_what_restarts_with_it() {
    let mut wanted = wanted(&[("edge", "a:service/edge", &[("replicas", is(1))], &["config"])]);
    let edge = Arc::make_mut(&mut wanted.resources.get_mut("edge").unwrap().declared);
    edge.restarts_with = Some(RestartsWith { names: vec!["config".into()], carried_by: "config_digest".into() });
    assert_eq!(steps(&plan(&wanted, WORLD)), ["1 +document/config content", "2 +service/edge config_digest,replicas"]);
}

/// One that comes needs it as it will be, whatever goes.
#[test]
fn test_it_changes_first_where_anything_comes() {
    let both = wanted(&[
        ("edge", "a:service/edge", &[("replicas", is(0))], &["config"]),
        ("west", "a:service/west", &[("replicas", is(3))], &["config"]),
    ]);
    assert_eq!(
        steps(&plan(&both, WORLD)),
        ["1 +document/config content", "2 -service/edge replicas", "2 +service/west replicas"]
    );
}

/// What goes along with a way down, as a change without a direction, does not turn it round.
#[test]
fn test_it_changes_last_where_what_needs_it_goes_and_changes_besides() {
    let edge = [("replicas", is(0)), ("version", says("two"))];
    let goes = wanted(&[("edge", "a:service/edge", &edge, &["config"])]);
    assert_eq!(steps(&plan(&goes, WORLD)), ["1 +service/edge replicas,version", "2 -document/config content"]);
    let chain = wanted(&[
        ("reader", "a:document/reader", &[("content", says("two"))], &["config"]),
        ("edge", "a:service/edge", &[("replicas", is(0))], &["reader"]),
    ]);
    assert_eq!(
        steps(&plan(&chain, WORLD)),
        ["1 -service/edge replicas", "2 -document/reader content", "3 -document/config content"]
    );
}

/// What is started anew reads it, and goes on with what it read: however far it shrinks, and whatever goes that relies on it.
#[test]
fn test_it_changes_first_where_something_is_started_anew_and_stays() {
    let anew = [("replicas", is(1)), ("version", says("two"))];
    let shrinks = wanted(&[("edge", "a:service/edge", &anew, &["config"])]);
    assert_eq!(steps(&plan(&shrinks, WORLD)), ["1 +document/config content", "2 +service/edge replicas,version"]);
    let beneath = wanted(&[
        ("edge", "a:service/edge", &[("version", says("two"))], &["config"]),
        ("reader", "a:document/reader", &[], &["edge"]),
        ("far", "a:service/far", &[("replicas", is(1))], &["reader"]),
    ]);
    assert_eq!(
        steps(&plan(&beneath, &format!("{WORLD}[resource.far]\nat = \"a:service/far\"\nreplicas = 3\n"))),
        ["1 +document/config content", "2 -service/far replicas", "3 -service/edge version"]
    );
}

/// Where nothing goes, what reads it changes after it.
#[test]
fn test_it_changes_first_where_what_needs_it_only_changes() {
    let reads = wanted(&[("reader", "a:document/reader", &[("content", says("two"))], &["config"])]);
    assert_eq!(steps(&plan(&reads, WORLD)), ["1 +document/config content", "2 +document/reader content"]);
}

fn action(name: &str, before: &[&str], after: &[&str]) -> Action {
    let all = |names: &[&str]| names.iter().map(|&name| Beside { name: name.into(), place: None }).collect();
    let member = Member {
        name: None,
        call: Call::run(vec!["true".into()]),
        unless: None,
        until: None,
        first: None,
        last: None,
        between: None,
        done: false,
    };
    Action {
        name: name.into(),
        members: vec![member],
        before: all(before),
        after: all(after),
        when: When::Changes,
        timeout: Duration::ZERO,
        place: None,
    }
}

#[test]
fn test_what_comes_after_it_by_hand_relies_on_it() {
    let ordered = |replicas| {
        let mut by_hand = wanted(&[
            ("edge", "a:service/edge", &[("replicas", is(0))], &["config"]),
            ("west", "a:service/west", &[("replicas", is(replicas))], &[]),
        ]);
        let west = by_hand.resources.get_mut("west").unwrap();
        Arc::make_mut(&mut west.declared).after = vec![After { name: "config".into(), place: None }];
        steps(&plan(&by_hand, WORLD))
    };
    assert_eq!(ordered(3), ["1 +document/config content", "2 -service/edge replicas", "3 +service/west replicas"]);
    assert_eq!(ordered(0), ["1 -service/edge replicas", "2 -document/config content"]);
}

/// A backup before it and word of it after it change nothing of what relies on it.
#[test]
fn test_an_action_beside_it_leaves_it_where_it_is_only_where_others_wait_for_it() {
    let ordered = |actions: Vec<Action>| {
        let mut state = wanted(&[("edge", "a:service/edge", &[("replicas", is(0))], &["config"])]);
        state.actions = actions;
        steps(&plan(&state, WORLD))
    };
    assert_eq!(
        ordered(vec![action("backup", &["config"], &[]), action("tell", &[], &["config"])]),
        ["1 -service/edge replicas", "1 action backup", "2 -document/config content", "3 action tell"]
    );
    let [first, second] = [action("reload", &["drop"], &["config"]), action("drop", &["edge"], &[])];
    assert_eq!(
        ordered(vec![second, first]),
        ["1 +document/config content", "2 action reload", "3 action drop", "4 -service/edge replicas"]
    );
}
