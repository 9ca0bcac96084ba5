//! Where edits without a direction stand.

use opsctl_api::Value;

use super::make_test::{Short, is, plan, state, steps};
use crate::state::{After, Goal, State};

const WORLD: &str = r#"
[resource.config]
at = "a:document/config"
content = "one"
[resource.edge]
at = "a:service/edge"
replicas = 2
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

/// What reads it changes after it, either way.
#[test]
fn test_it_changes_first_where_what_needs_it_changes_without_a_direction() {
    let chain = wanted(&[
        ("reader", "a:document/reader", &[("content", says("two"))], &["config"]),
        ("edge", "a:service/edge", &[("replicas", is(0))], &["reader"]),
    ]);
    let steps = steps(&plan(&chain, WORLD));
    assert_eq!(steps, ["1 +document/config content", "2 -service/edge replicas", "3 -document/reader content"]);
}

#[test]
fn test_an_order_by_hand_stays_as_it_is() {
    let mut by_hand = wanted(&[
        ("edge", "a:service/edge", &[("replicas", is(0))], &["config"]),
        ("west", "a:service/west", &[("replicas", is(3))], &[]),
    ]);
    let west = by_hand.resources.get_mut("west").unwrap();
    std::sync::Arc::make_mut(&mut west.declared).after = vec![After { name: "config".into(), place: None }];
    let steps = steps(&plan(&by_hand, WORLD));
    assert_eq!(steps[0], "1 +document/config content");
}
