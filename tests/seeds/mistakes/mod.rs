//! Mistakes that runbooks made possible. Each of them cannot happen, or is named in the plan before it does; a file each.

mod all_at_once;
mod autoscaler;
mod dns_first;
mod one_call;
mod one_entry;
mod one_key;
mod read_only;
mod scale_up;
mod silence;
mod started_again;
mod waiting;
mod wiped;
mod wrong_cluster;

use crate::harness::Repository;

/// Two clusters, a hosted zone, and a lab of simple things.
const CONFIG: &str = r#"
[provider.east]
type = "sim"
emulates = "kubernetes"
world = "world.toml"

[provider.west]
type = "sim"
emulates = "kubernetes"
world = "world.toml"

[provider.aws]
type = "sim"
emulates = "aws"
world = "world.toml"

[provider.lab]
type = "sim"
world = "world.toml"

[snapshots]
path = "snapshots"

[guard]
timeout = "1m"
"#;

/// An operations repository with this live and these states.
fn repository(world: &str, states: &[(&str, &str)]) -> Repository {
    let repository = Repository::of(&[("opsctl.toml", CONFIG), ("world.toml", world)]);
    for (name, text) in states {
        repository.write(&format!("states/{name}.toml"), text);
    }
    repository
}
