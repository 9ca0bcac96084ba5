//! A whole secret is written to change one key of it: the other credentials are gone.

use serde_json::json;

use super::repository;
use crate::seeds::is_there;
use crate::seeds::procedure::Procedure;

const API: &str = "lab:service/api";

const WORLD: &str = r#"
[resource.api]
at = "lab:service/api"
config.host = "db-east"
config.user = "shop"
config.password-rounds = "12"
"#;

const BASELINE: &str = r#"
[resource.api]
at = "lab:service/api"
config.host = "db-east"
"#;

const WEST: &str = r#"
extends = "baseline"
[resource.api]
config.host = "db-west"
"#;

// No kind has a secret of keys yet: the keys of a configuration stand for them, and below a secret of one text. Once there is
// `aws:secret/NAME` with `json.KEY`, this is to be said of that.
#[test]
fn test_one_key_of_a_configuration_is_changed_and_the_others_stay() {
    let ops = repository(WORLD, &[("baseline", BASELINE), ("west", WEST)]);
    let procedure = Procedure::of(&ops);
    procedure.there("west", &[API]);
    for (key, value) in [("host", "db-west"), ("user", "shop"), ("password-rounds", "12")] {
        assert_eq!(ops.simulated(API, &format!("config.{key}")), json!(value), "{key}");
    }
    // A key that somebody else sets meanwhile stays, too, and so does one that somebody takes away.
    ops.done(&["sim", "set", API, "config.user=shop-2", "config.password-rounds"]);
    is_there(&ops, "west");
    ops.done(&["rollback", "-y"]);
    assert_eq!(ops.simulated(API, "config.host"), json!("db-east"));
    assert_eq!(ops.simulated(API, "config.user"), json!("shop-2"));
    assert_eq!(ops.simulated(API, "config.password-rounds"), json!(null));
}

const ROTATED: &str = r#"
[resource.api]
at = "lab:service/api"
token = { file = "new-token" }
"#;

/// What was there is kept where the provider can give it back, and is shown and stored nowhere.
#[test]
fn test_a_secret_that_was_replaced_comes_back() {
    let ops = repository(
        WORLD,
        &[("baseline", "[resource.api]\nat = \"lab:service/api\"\ntoken = { restore = true }\n"), ("rotated", ROTATED)],
    );
    ops.done(&["sim", "set", API, "token=hunter2"]);
    ops.write("new-token", "swordfish");
    let procedure = Procedure::of(&ops);
    for back in [&["rollback", "-y"][..], &["apply", "baseline", "-y"]] {
        let said = ops.done(&["apply", "rotated", "-y"]);
        assert!(said.out.contains("(sensitive)") && !said.to_string().contains("swordfish"), "{said}");
        is_there(&ops, "rotated");
        let said = ops.done(back);
        assert!(!said.to_string().contains("hunter2"), "{said}");
        procedure.is_as_before();
        ops.ends(2, &["plan", "rotated", "--detailed-exitcode"]);
    }
}
