use std::sync::OnceLock;

use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::Console;
use serde_json::{Value as Json, json};

use crate::account::{Ground, integer};
use crate::services::{cluster, service};

/// Scalable targets, each of an ECS service of its own.
#[derive(Default)]
pub(crate) struct Targets(OnceLock<()>);

const DIMENSION: &str = "ecs:service:DesiredCount";

/// Registers what a path names, with these bounds or switches.
fn register(console: &Console<'_>, path: &str, fields: Json) {
    let resource = path.strip_prefix("ecs/").and_then(|rest| rest.strip_suffix(DIMENSION)).unwrap();
    let mut body = json!({
        "ServiceNamespace": "ecs", "ResourceId": resource.trim_end_matches('/'), "ScalableDimension": DIMENSION,
    });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    console.json("application-autoscaling", "RegisterScalableTarget", &body);
}

impl Ground for Targets {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        self.0.get_or_init(|| cluster(console));
        let service = service(console, &format!("scaled-{nth}"));
        let path = format!("ecs/service/{service}/{DIMENSION}");
        register(console, &path, json!({ "MinCapacity": 2, "MaxCapacity": 6 }));
        path
    }

    fn examples(&self) -> Vec<Example> {
        vec![
            integer("max", 9),
            integer("max", 4),
            integer("min", 3),
            integer("min", 0),
            Example::set("suspend_in", Value::Bool(true)),
            Example::set("suspend_out", Value::Bool(true)),
            Example::set("suspend_scheduled", Value::Bool(true)),
        ]
    }

    fn illegal(&self) -> Vec<Example> {
        vec![integer("min", 7), integer("max", 1)]
    }

    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        let switch = |field: &str, on: bool| {
            let mut state = json!({
                "DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": false,
            });
            state[field] = json!(on);
            json!({ "SuspendedState": state })
        };
        let fields = match (setting, to) {
            ("max", Some(Value::Integer(count))) => json!({ "MaxCapacity": count }),
            ("min", Some(Value::Integer(count))) => json!({ "MinCapacity": count }),
            ("suspend_in", Some(Value::Bool(on))) => switch("DynamicScalingInSuspended", *on),
            ("suspend_out", Some(Value::Bool(on))) => switch("DynamicScalingOutSuspended", *on),
            ("suspend_scheduled", Some(Value::Bool(on))) => switch("ScheduledScalingSuspended", *on),
            other => panic!("{other:?}"),
        };
        register(console, path, fields);
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        format!("ecs/service/edge/nothing/{DIMENSION}")
    }

    fn pattern(&self, _console: &Console<'_>) -> String {
        "ecs/*".to_owned()
    }

    fn tagged(&self) -> bool {
        false
    }

    /// Fifty a call, and one for what is scheduled.
    fn most_calls(&self) -> u64 {
        2
    }
}
