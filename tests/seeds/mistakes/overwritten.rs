use serde_json::json;

use super::repository;

const SERVICE: &str = r#"
[resource.api]
at = "lab:service/api"
config.host = "db-east"
config.user = "shop"
config.password-rounds = "12"
"#;

const ON_WEST: &str = r#"
[resource.api]
at = "lab:service/api"
config.host = "db-west"
"#;

#[test]
fn test_one_key_is_changed_and_the_others_of_it_stay() {
    let ops = repository(SERVICE, &[("west", ON_WEST)]);
    ops.done(&["apply", "west", "-y"]);
    for (setting, value) in [("host", "db-west"), ("user", "shop"), ("password-rounds", "12")] {
        assert_eq!(ops.simulated("lab:service/api", &format!("config.{setting}")), json!(value), "{setting}");
    }
    ops.done(&["plan", "west", "--detailed-exitcode"]);
    ops.done(&["rollback", "-y"]);
    assert_eq!(ops.simulated("lab:service/api", "config.host"), json!("db-east"));
}

const ROTATED: &str = r#"
[resource.api]
at = "lab:service/api"
token = { file = "new-token" }
"#;

/// What was there is kept where the provider can give it back, and is shown and stored nowhere.
#[test]
fn test_a_secret_that_was_replaced_comes_back() {
    let ops = repository(SERVICE, &[("rotated", ROTATED)]);
    ops.done(&["sim", "set", "lab:service/api", "token=hunter2"]);
    ops.write("new-token", "swordfish");
    let before = ops.simulated("lab:service/api", "token");
    let said = ops.done(&["apply", "rotated", "-y"]);
    assert!(!said.to_string().contains("swordfish"), "{said}");
    ops.done(&["plan", "rotated", "--detailed-exitcode"]);
    ops.done(&["rollback", "-y"]);
    assert_eq!(ops.simulated("lab:service/api", "token"), before);
    ops.ends(2, &["plan", "rotated", "--detailed-exitcode"]);
}

const ALLOWED: &str = r#"
[resource.allowed]
at = "lab:record/allowed"
targets = ["192.0.2.1/32", "192.0.2.2/32"]
"#;

const ONE_MORE: &str = r#"
[resource.allowed]
at = "lab:record/allowed"
targets = { includes = ["203.0.113.9/32"] }
"#;

#[test]
fn test_an_entry_is_added_to_a_set_and_the_others_stay() {
    let ops = repository(ALLOWED, &[("blocked", ONE_MORE)]);
    ops.done(&["apply", "blocked", "-y"]);
    let three = json!({"set": ["192.0.2.1/32", "192.0.2.2/32", "203.0.113.9/32"]});
    assert_eq!(ops.simulated("lab:record/allowed", "targets"), three);
    // One that somebody adds meanwhile is no reason to touch it again.
    let four = "targets=[\"192.0.2.1/32\", \"192.0.2.2/32\", \"192.0.2.3/32\", \"203.0.113.9/32\"]";
    ops.done(&["sim", "set", "lab:record/allowed", four]);
    ops.done(&["plan", "blocked", "--detailed-exitcode"]);
}

/// The cluster is part of the address: there is no context that somebody else could have switched.
#[test]
fn test_nothing_is_done_on_another_cluster_than_planned() {
    let world = "[resource.edge]\nat = \"east:deployment/cdn/edge\"\nreplicas = 2\n\
                 [resource.edge-west]\nat = \"west:deployment/cdn/edge\"\nreplicas = 2\n";
    let busy = "[resource.edge]\nat = \"west:deployment/cdn/edge\"\nreplicas = 10\n";
    let ops = repository(world, &[("busy", busy)]);
    ops.done(&["plan", "busy", "--out", "busy.json"]);
    ops.done(&["sim", "set", "west", "sim.identity=another"]);
    let said = ops.ends(3, &["apply", "busy.json", "-y"]);
    assert!(said.err.contains("`west` is"), "{said}");
    ops.done(&["sim", "set", "west", "sim.identity"]);
    ops.done(&["apply", "busy.json", "-y"]);
    assert_eq!(ops.simulated("west:deployment/cdn/edge", "replicas"), json!(10));
    assert_eq!(ops.simulated("east:deployment/cdn/edge", "replicas"), json!(2));
}
