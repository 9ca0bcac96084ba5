use serde_json::Value as Json;

use crate::ground::Ground;
use crate::harness::Repository;
use crate::platform::{WORLD, config};

/// A simulated world, which a colleague reaches with `opsctl sim`.
pub(crate) struct Sim;

const NAMESPACE: &str = "shop";

fn configured(world: &str) -> String {
    let table = |world| format!("type = \"sim\"\nemulates = \"kubernetes\"\nworld = \"{world}\"\n");
    config(&table(world), &table("world.toml"))
}

fn set(repository: &Repository, at: &str, what: &str) {
    repository.done(&["sim", "set", at, what, "--by", "kubectl-edit"]);
}

impl Ground for Sim {
    fn new(repository: &Repository) -> Self {
        for world in ["world.toml", "other.toml"] {
            repository.write(world, &WORLD.replace("NS", NAMESPACE));
        }
        repository.write("opsctl.toml", &configured("world.toml"));
        Self
    }

    fn namespace(&self) -> &str {
        NAMESPACE
    }

    fn live(&self, repository: &Repository, at: &str, setting: &str) -> Json {
        repository.simulated(at, setting)
    }

    fn edit(&self, repository: &Repository, at: &str, setting: &str, to: Json) {
        let to = to.as_str().map_or_else(|| to.to_string(), str::to_owned);
        set(repository, at, &format!("{setting}={to}"));
    }

    fn stall(&self, repository: &Repository, at: &str) {
        set(repository, at, "sim.settle=1h");
    }

    fn mend(&self, repository: &Repository, at: &str) {
        set(repository, at, "sim.settle=0s");
    }

    fn restrict(&self, repository: &Repository) {
        set(repository, "k8s:deployment/*", "sim.deny=write");
    }

    fn elsewhere(&self, repository: &Repository) {
        repository.write("opsctl.toml", &configured("other.toml"));
    }

    fn cut_off(&self, repository: &Repository) {
        set(repository, "k8s", "sim.unreachable=true");
    }

    fn reconnect(&self, repository: &Repository) {
        set(repository, "k8s", "sim.unreachable=false");
    }
}
