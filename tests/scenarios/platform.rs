use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::Here;
use crate::ground::Ground;
use crate::harness::Repository;

pub(crate) const WORLD: &str = include_str!("platform/world.toml");
pub(crate) const DNS: &str = include_str!("platform/dns.toml");
const BASELINE: &str = include_str!("platform/baseline.toml");

/// An operations repository and what it operates: two regions that serve the same, and the DNS before them.
pub(crate) struct Platform {
    pub(crate) ops: Repository,
    ground: Here,
    /// The names of the states and their addresses.
    names: BTreeMap<String, String>,
}

/// `opsctl.toml` with these as the tables of `k8s` and `gke`. What hangs, hangs no longer than a story should.
pub(crate) fn config(k8s: &str, gke: &str) -> String {
    format!(
        "[provider.k8s]\n{k8s}\n[provider.gke]\n{gke}\n\
         [provider.aws]\ntype = \"sim\"\nemulates = \"aws\"\nworld = \"dns.toml\"\n\
         [snapshots]\npath = \"snapshots\"\n[guard]\ntimeout = \"1m\"\n"
    )
}

impl Platform {
    /// As the baseline has it.
    pub(crate) fn new() -> Self {
        let ops = Repository::of(&[("dns.toml", DNS)]);
        let ground = Here::new(&ops);
        let baseline = BASELINE.replace("NS", ground.namespace());
        let document: toml::Table = baseline.parse().unwrap();
        let names = document["resource"].as_table().unwrap().iter();
        let names = names.map(|(name, table)| (name.clone(), table["at"].as_str().unwrap().to_owned())).collect();
        let platform = Self { ops, ground, names };
        platform.state("baseline", &baseline);
        platform.state("busy", include_str!("platform/busy.toml"));
        platform.state("west", include_str!("platform/west.toml"));
        platform
    }

    /// Writes a state.
    pub(crate) fn state(&self, name: &str, text: &str) {
        self.ops.write(&format!("states/{name}.toml"), text);
    }

    /// The address of a resource that the states call so.
    pub(crate) fn at(&self, name: &str) -> &str {
        &self.names[name]
    }

    /// Its address as a page shows it, without the instance.
    pub(crate) fn local(&self, name: &str) -> &str {
        self.names[name].split_once(':').unwrap().1
    }

    /// The addresses of several.
    pub(crate) fn all<const N: usize>(&self, names: [&str; N]) -> [&str; N] {
        names.map(|name| self.at(name))
    }

    /// What a setting really is. The DNS is simulated everywhere.
    pub(crate) fn live(&self, name: &str, setting: &str) -> Json {
        let at = self.at(name);
        if at.starts_with("aws:") {
            return self.ops.simulated(at, setting);
        }
        self.ground.live(&self.ops, at, setting)
    }

    /// Requires that these settings are so.
    #[track_caller]
    pub(crate) fn is(&self, settings: &[(&str, &str, Json)]) {
        for (name, setting, value) in settings {
            assert_eq!(self.live(name, setting), *value, "{name} {setting}");
        }
    }

    pub(crate) fn edit(&self, name: &str, setting: &str, to: impl Into<Json>) {
        self.ground.edit(&self.ops, self.at(name), setting, to.into());
    }

    pub(crate) fn stall(&self, name: &str) {
        self.ground.stall(&self.ops, self.at(name));
    }

    pub(crate) fn mend(&self, name: &str) {
        self.ground.mend(&self.ops, self.at(name));
    }

    pub(crate) fn restrict(&self) {
        self.ground.restrict(&self.ops);
    }

    pub(crate) fn elsewhere(&self) {
        self.ground.elsewhere(&self.ops);
    }

    pub(crate) fn cut_off(&self) {
        self.ground.cut_off(&self.ops);
    }

    pub(crate) fn reconnect(&self) {
        self.ground.reconnect(&self.ops);
    }

    /// How many operations there were.
    pub(crate) fn operations(&self) -> usize {
        self.ops.json(&["log"])["operations"].as_array().unwrap().len()
    }
}
