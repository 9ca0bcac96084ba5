//! The example of an event pipeline in two regions, with AWS itself in place of its simulation.

#[path = "../../seeds/copy.rs"]
mod copy;

use std::collections::BTreeMap;

use opsctl_aws_proxy::{Console, Proxy};
use serde_json::Value as Json;
use toml::Table;

use super::live;
use super::order::Order;
use super::world::{World, definitions};
use crate::course::Course;
use crate::harness::{Repository, Said};

const INSTANCES: [&str; 3] = ["east", "west", "dns"];

/// What the states deploy besides what runs.
const DEFINITIONS: [(&str, u32, u32); 2] = [("ingestion-api", 25, 25), ("ingestion-api-debug", 1, 3)];

/// The region of an instance. Route 53 is one for all.
pub(super) fn region(instance: &str) -> &'static str {
    if instance == "west" { "us-west-2" } else { "us-east-1" }
}

pub(super) struct Pipeline {
    pub(super) ops: Repository,
    pub(super) aws: Proxy,
    /// What states call resources, and their addresses.
    names: BTreeMap<String, String>,
    /// `opsctl.toml`, but for where the instances are.
    config: String,
}

impl Pipeline {
    /// As the example's worlds have it, in an account of its own. Nobody types a name, and what drains is quick.
    pub(super) fn new() -> Self {
        let aws = Proxy::start();
        let mut world = World::new(&aws, "analytics.example.com");
        let (zone, bucket) = (world.zone.clone(), format!("analytics-backups-{}", aws.account()));
        let sims = INSTANCES.map(|name| format!("type = \"sim\"\nemulates = \"aws\"\nworld = \"worlds/{name}.toml\""));
        let real = INSTANCES
            .map(|name| format!("type = \"aws\"\nregion = \"{}\"\nendpoint = \"http://{name}\"", region(name)));
        let mut others = vec![
            ("Z1234567890ABC", zone.as_str()),
            ("analytics-backups", &bucket),
            ("drain_time = \"3s\"", "drain_time = \"100ms\""),
            ("confirm = true", ""),
            ("within = \"", "every = \"50ms\"\nwithin = \""),
        ];
        others.extend(sims.iter().zip(&real).map(|(sim, real)| (sim.as_str(), real.as_str())));
        let ops = copy::copy("examples/analytics", &others);
        let text = |path: &str| std::fs::read_to_string(ops.path(path)).unwrap();
        let table = |path: &str, of: &str| text(path).parse::<Table>().unwrap()[of].as_table().unwrap().clone();
        for name in INSTANCES {
            for (_, resource) in table(&format!("worlds/{name}.toml"), "resource") {
                let settings = resource.as_table().unwrap();
                world.make(settings["at"].as_str().unwrap(), settings, &|path| text(path).trim_end().to_owned());
            }
        }
        for (family, first, last) in DEFINITIONS {
            definitions(&aws.console(region("east")), family, first..=last);
        }
        let names = table("states/baseline.toml", "resource").into_iter();
        let names = names.map(|(name, resource)| (name, resource["at"].as_str().unwrap().to_owned())).collect();
        let config = text("opsctl.toml");
        let pipeline = Self { ops, aws, names, config };
        pipeline.reached_at(&|_| pipeline.aws.url());
        pipeline
    }

    /// From now on instances are there.
    pub(super) fn reached_at(&self, url: &dyn Fn(&str) -> String) {
        let config = INSTANCES.iter().fold(self.config.clone(), |config, name| {
            config.replace(&format!("\"http://{name}\""), &format!("\"{}\"", url(name)))
        });
        self.ops.write("opsctl.toml", &config);
    }

    /// What a colleague of this instance's region sees and does.
    pub(super) fn console(&self, instance: &str) -> Console<'_> {
        self.aws.console(region(instance))
    }

    /// The address of a resource that the states call so.
    pub(super) fn at<'a>(&'a self, name: &'a str) -> &'a str {
        self.names.get(name).map_or(name, String::as_str)
    }

    /// The path of a resource within its kind.
    pub(super) fn path(&self, name: &str) -> &str {
        self.names[name].split_once(':').unwrap().1.split_once('/').unwrap().1
    }

    /// What a setting really is.
    pub(super) fn live(&self, name: &str, setting: &str) -> Json {
        live::of(&self.aws, self.at(name))[setting].clone()
    }

    /// What all settings of all resources really are.
    pub(super) fn all(&self) -> BTreeMap<&str, Json> {
        self.names.iter().map(|(name, at)| (name.as_str(), live::of(&self.aws, at))).collect()
    }

    /// Requires that these settings are so.
    #[track_caller]
    pub(super) fn is(&self, settings: &[(&str, &str, Json)]) {
        for (name, setting, value) in settings {
            assert_eq!(self.live(name, setting), *value, "{name} {setting}");
        }
    }

    /// The procedure to a state: these (names of resources, checks that stand between) are planned and done one after the other, and
    /// nothing is begun before what the plan has it come after. Then there is nothing left to do.
    #[track_caller]
    pub(super) fn there(&self, state: &str, way: &[&str]) -> Course {
        let addresses: Vec<&str> = way.iter().map(|name| self.at(name)).collect();
        Order::of(&self.ops, state).one_by_one(&addresses);
        let course = self.does(0, &["apply", state, "-y"], way);
        self.is_there(state);
        course
    }

    /// A command that changes these one after the other, in the order that it has planned, and ends so.
    #[track_caller]
    pub(super) fn does(&self, exit: i32, arguments: &[&str], way: &[&str]) -> Course {
        let course = self.ops.start(arguments).ends(exit);
        course.in_order();
        course.one_by_one(&way.iter().map(|name| self.at(name)).collect::<Vec<_>>());
        course
    }

    /// Requires that there is nothing more to do for a state.
    #[track_caller]
    pub(super) fn is_there(&self, state: &str) {
        let said = self.ops.done(&["plan", state, "--detailed-exitcode"]);
        assert!(said.out.contains("nothing to change"), "{said}");
    }

    /// The page of a plan.
    #[track_caller]
    pub(super) fn plan(&self, state: &str) -> Said {
        self.ops.done(&["plan", state])
    }
}
