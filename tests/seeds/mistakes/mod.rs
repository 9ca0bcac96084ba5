//! Each of them cannot happen, or is named in the plan before it does.

mod capacity;
mod destroyed;
mod overwritten;
mod unnoticed;
mod waiting;

use crate::harness::Repository;

/// Two clusters, a hosted zone, and a lab of simple things; nothing that hangs does so for long.
const CONFIG: &str = r#"
[provider.east]
type = "sim"
emulates = "kubernetes"
world = "world.toml"

[provider.west]
type = "sim"
emulates = "kubernetes"
world = "world.toml"

[provider.dns]
type = "sim"
emulates = "aws"
world = "world.toml"

[provider.lab]
type = "sim"
world = "world.toml"

[snapshots]
path = "snapshots"

[guard]
timeout = "500ms"
"#;

/// An operations repository with this live and these states.
fn repository(world: &str, states: &[(&str, &str)]) -> Repository {
    let repository = Repository::of(&[("opsctl.toml", CONFIG), ("world.toml", world)]);
    for (name, text) in states {
        repository.write(&format!("states/{name}.toml"), text);
    }
    repository
}
