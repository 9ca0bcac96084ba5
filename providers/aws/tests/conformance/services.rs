use std::sync::OnceLock;

use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::Console;
use serde_json::{Value as Json, json};

use crate::account::{Ground, integer, text};

/// ECS services of one cluster.
#[derive(Default)]
pub(crate) struct Services(OnceLock<()>);

const CLUSTER: &str = "edge";

/// Makes the cluster with three revisions of a task definition.
pub(crate) fn cluster(console: &Console<'_>) {
    console.json("ecs", "CreateCluster", &json!({ "clusterName": CLUSTER }));
    for _ in 0..3 {
        let container = json!({ "name": "web", "image": "web", "memory": 64 });
        console.json("ecs", "RegisterTaskDefinition", &json!({ "family": "web", "containerDefinitions": [container] }));
    }
}

/// Makes a service that shall run three tasks; its path.
pub(crate) fn service(console: &Console<'_>, name: &str) -> String {
    let body = json!({
        "cluster": CLUSTER, "serviceName": name, "taskDefinition": "web:1", "desiredCount": 3,
        "tags": [{ "key": "made", "value": "fresh" }],
    });
    console.json("ecs", "CreateService", &body);
    format!("{CLUSTER}/{name}")
}

impl Ground for Services {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        self.0.get_or_init(|| cluster(console));
        service(console, &format!("web-{nth}"))
    }

    fn examples(&self) -> Vec<Example> {
        vec![
            integer("desired_count", 5),
            integer("desired_count", 0),
            text("task_definition", "web:2"),
            text("task_definition", "web:3"),
        ]
    }

    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        let (cluster, service) = path.split_once('/').unwrap();
        let mut body = json!({ "cluster": cluster, "service": service });
        let (field, value): (&str, Json) = match (setting, to) {
            ("desired_count", Some(Value::Integer(count))) => ("desiredCount", json!(count)),
            ("task_definition", Some(Value::String(named))) => ("taskDefinition", json!(named)),
            other => panic!("{other:?}"),
        };
        body[field] = value;
        console.json("ecs", "UpdateService", &body);
    }

    fn missing(&self, console: &Console<'_>) -> String {
        self.0.get_or_init(|| cluster(console));
        format!("{CLUSTER}/nothing")
    }

    fn pattern(&self, _console: &Console<'_>) -> String {
        format!("{CLUSTER}/*")
    }

    /// Ten a call, and one for what scales them.
    fn most_calls(&self) -> u64 {
        6
    }
}
