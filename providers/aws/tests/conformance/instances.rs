use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::Console;

use crate::account::{Ground, text};

/// Instances of their own, which no group keeps.
pub(crate) struct Instances;

fn ask(console: &Console<'_>, operation: &str, fields: &[(&str, &str)]) {
    console.form("ec2", operation, fields);
}

impl Ground for Instances {
    fn make(&self, console: &Console<'_>, _nth: usize) -> String {
        let fields = [
            ("ImageId", "ami-12c6146b"),
            ("InstanceType", "t3.micro"),
            ("MinCount", "1"),
            ("MaxCount", "1"),
            ("TagSpecification.1.ResourceType", "instance"),
            ("TagSpecification.1.Tag.1.Key", "made"),
            ("TagSpecification.1.Tag.1.Value", "fresh"),
        ];
        console.form("ec2", "RunInstances", &fields).all("instanceId")[0].text.clone()
    }

    fn examples(&self) -> Vec<Example> {
        vec![
            Example::set("running", Value::Bool(false)),
            text("instance_type", "t3.large"),
            text("instance_type", "m5.xlarge"),
        ]
    }

    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        let one = ("InstanceId.1", path);
        match (setting, to) {
            ("running", Some(Value::Bool(true))) => ask(console, "StartInstances", &[one]),
            ("running", _) => ask(console, "StopInstances", &[one]),
            (_, Some(Value::String(size))) => {
                ask(console, "StopInstances", &[one]);
                let fields = [("InstanceId", path), ("InstanceType.Value", size.as_str())];
                ask(console, "ModifyInstanceAttribute", &fields);
                ask(console, "StartInstances", &[one]);
            }
            other => panic!("{other:?}"),
        }
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        "i-00000000000000000".to_owned()
    }

    /// Two hundred a call, and a hundred a call for their status.
    fn most_calls(&self) -> u64 {
        2
    }
}
