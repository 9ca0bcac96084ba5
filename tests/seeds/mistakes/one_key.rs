//! A whole secret is written to change one key of it: the other credentials are gone.

use super::repository;
use crate::harness::Repository;
use crate::seeds::is_there;

const DB: &str = "aws:secret/shop/db";

/// In a simulation a secret is known by where its text came from.
const WORLD: &str = r#"
[resource.db]
at = "aws:secret/shop/db"
json.user = { file = "user" }
json.password = { file = "password" }
json.port = { file = "port" }
"#;

const BASELINE: &str = r#"
[resource.db]
at = "aws:secret/shop/db"
json.password = { restore = true }
"#;

const ROTATED: &str = r#"
extends = "baseline"
[resource.db]
json.password = { file = "new-password" }
"#;

/// A secret of three keys, of which a state sets one.
fn credentials() -> Repository {
    let ops = repository(WORLD, &[("baseline", BASELINE), ("rotated", ROTATED)]);
    for (file, text) in [("user", "shop"), ("password", "hunter2"), ("port", "5432"), ("new-password", "swordfish")] {
        ops.write(file, text);
    }
    ops
}

/// Requires that the keys of the secret have the texts of these files.
#[track_caller]
fn has(ops: &Repository, texts: &[(&str, &str)]) {
    let keys = texts.iter().map(|(key, file)| format!("json.{key} = {{ file = \"{file}\" }}\n"));
    let state = format!("over = \"baseline\"\n[resource.db]\n{}", keys.collect::<String>());
    ops.write("states/texts.toml", &state);
    is_there(ops, "texts");
    std::fs::remove_file(ops.path("states/texts.toml")).unwrap();
}

#[test]
fn test_one_key_of_a_secret_is_changed_and_the_others_stay() {
    let ops = credentials();
    has(&ops, &[("user", "user"), ("password", "password"), ("port", "port")]);
    let said = ops.done(&["apply", "rotated", "-y"]);
    assert!(said.out.contains("json.password") && said.out.contains("(sensitive, "), "{said}");
    assert!(!said.to_string().contains("swordfish"), "{said}");
    is_there(&ops, "rotated");
    has(&ops, &[("user", "user"), ("password", "new-password"), ("port", "port")]);
    // A key that somebody else sets meanwhile stays, too, and so does one that somebody takes away.
    ops.done(&["sim", "set", DB, "json.user=shop-2", "json.port"]);
    let user = ops.simulated(DB, "json.user");
    is_there(&ops, "rotated");
    ops.done(&["rollback", "-y"]);
    has(&ops, &[("password", "password")]);
    assert_eq!(ops.simulated(DB, "json.user"), user);
    assert!(ops.simulated(DB, "json.port").is_null());
}

/// What was there is kept where the provider can give it back, and is shown and stored nowhere.
#[test]
fn test_a_key_that_was_replaced_comes_back() {
    let ops = credentials();
    for back in [&["rollback", "-y"][..], &["apply", "baseline", "-y"]] {
        ops.done(&["apply", "rotated", "-y"]);
        let said = ops.done(back);
        assert!(!said.to_string().contains("hunter2"), "{said}");
        has(&ops, &[("user", "user"), ("password", "password"), ("port", "port")]);
        ops.ends(2, &["plan", "rotated", "--detailed-exitcode"]);
    }
}
