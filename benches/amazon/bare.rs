//! The services without opsctl: their making, and the calls that are the least it takes to see them.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::measure::{Cost, run};

pub(crate) const SERVICES: usize = 1_000;
pub(crate) const CLUSTER: &str = "bench";
pub(crate) const REGION: &str = "us-east-1";
/// What one DescribeServices takes.
const AT_A_TIME: usize = 10;
/// As many calls at once as opsctl has under way.
const AT_ONCE: &str = "8";

/// Services of two tasks each, in a moto of their own.
pub(crate) struct Bare {
    moto: String,
    folder: TempDir,
}

impl Bare {
    /// Makes them.
    pub(crate) fn populate(moto: &str) -> Self {
        let bare = Self { moto: moto.to_owned(), folder: TempDir::new().expect("a temporary folder") };
        bare.curl("cluster", &[("CreateCluster", json!({ "clusterName": CLUSTER }))]);
        let container = json!({ "name": "web", "image": "web", "memory": 64 });
        let definition = json!({ "family": "web", "containerDefinitions": [container] });
        bare.curl("definition", &[("RegisterTaskDefinition", definition)]);
        let service = |number| {
            let name = format!("web-{number}");
            (
                "CreateService",
                json!({ "cluster": CLUSTER, "serviceName": name, "taskDefinition": "web", "desiredCount": 2 }),
            )
        };
        bare.curl("services", &(0..SERVICES).map(service).collect::<Vec<_>>());
        bare
    }

    /// Describes all of them, by their names, with their tags.
    pub(crate) fn describe(&self) -> (Cost, String) {
        let describe = |call: usize| {
            let names = (0..AT_A_TIME).map(|nth| format!("web-{}", call * AT_A_TIME + nth)).collect::<Vec<_>>();
            ("DescribeServices", json!({ "cluster": CLUSTER, "services": names, "include": ["TAGS"] }))
        };
        let (cost, said) = self.curl("describe", &(0..self.calls()).map(describe).collect::<Vec<_>>());
        assert_eq!(said.matches("\"serviceName\"").count(), SERVICES, "{said}");
        (cost, said)
    }

    /// How many calls that takes.
    pub(crate) fn calls(&self) -> usize {
        SERVICES.div_ceil(AT_A_TIME)
    }

    /// Makes these calls in one process. moto asks for no signature, but goes by what one says of the service.
    fn curl(&self, name: &str, calls: &[(&str, Json)]) -> (Cost, String) {
        let scope = format!("AWS4-HMAC-SHA256 Credential=bench/20260101/{REGION}/ecs/aws4_request");
        let mut config = String::new();
        for (operation, body) in calls {
            let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
            let body = Json::from(body.to_string());
            writeln!(config, "url = \"{}\"\ndata = {body}", self.moto).expect("a text grows");
            for header in [format!("Authorization: {scope}"), format!("X-Amz-Target: {target}")] {
                writeln!(config, "header = \"{header}\"").expect("a text grows");
            }
            config.push_str(
                "header = \"Content-Type: application/x-amz-json-1.1\"\nsilent\nfail\nnoproxy = \"*\"\nnext\n",
            );
        }
        let file = self.folder.path().join(name);
        std::fs::write(&file, config.trim_end().trim_end_matches("next")).expect("a file is written");
        let file = file.to_str().expect("a path of a temporary folder");
        run(self.folder.path(), "curl", &["--parallel", "--parallel-immediate", "--parallel-max", AT_ONCE, "-K", file])
    }
}
