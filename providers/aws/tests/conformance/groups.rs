use std::sync::OnceLock;

use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::Console;

use crate::account::{Ground, integer, words};

/// Auto Scaling groups.
#[derive(Default)]
pub(crate) struct Groups(OnceLock<()>);

const ALL: [&str; 3] = ["AZRebalance", "Launch", "Terminate"];

impl Ground for Groups {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        let call = |operation: &str, fields: &[(&str, &str)]| drop(console.form("autoscaling", operation, fields));
        self.0.get_or_init(|| {
            let image = ("ImageId", "ami-12c6146b");
            call(
                "CreateLaunchConfiguration",
                &[("LaunchConfigurationName", "web"), image, ("InstanceType", "t3.micro")],
            );
        });
        let name = format!("web-{nth}");
        call(
            "CreateAutoScalingGroup",
            &[
                ("AutoScalingGroupName", &name),
                ("LaunchConfigurationName", "web"),
                ("MinSize", "1"),
                ("MaxSize", "6"),
                ("DesiredCapacity", "3"),
                ("AvailabilityZones.member.1", "us-east-1a"),
                ("Tags.member.1.Key", "made"),
                ("Tags.member.1.Value", "fresh"),
                ("Tags.member.1.PropagateAtLaunch", "false"),
            ],
        );
        call("SuspendProcesses", &[("AutoScalingGroupName", &name), ("ScalingProcesses.member.1", "AZRebalance")]);
        name
    }

    fn examples(&self) -> Vec<Example> {
        vec![
            integer("desired", 5),
            integer("desired", 2),
            integer("max", 9),
            integer("max", 2).couples(),
            integer("min", 4).couples(),
            integer("min", 0),
            Example::set("suspended", words(&["AZRebalance", "Terminate"])),
            Example::set("suspended", words(&["Terminate"])),
        ]
    }

    fn illegal(&self) -> Vec<Example> {
        vec![integer("min", 9), integer("desired", 9)]
    }

    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        let call = |operation: &str, fields: &[(&str, &str)]| {
            let fields = [&[("AutoScalingGroupName", path)], fields].concat();
            drop(console.form("autoscaling", operation, &fields));
        };
        let field = match setting {
            "min" => "MinSize",
            "max" => "MaxSize",
            "desired" => "DesiredCapacity",
            _ => {
                let Some(Value::Set(names)) = to else { panic!("processes are a set") };
                let member = |index: usize| format!("ScalingProcesses.member.{}", index + 1);
                for name in ALL {
                    call("ResumeProcesses", &[(&member(0), name)]);
                }
                for name in names {
                    call("SuspendProcesses", &[(&member(0), name)]);
                }
                return;
            }
        };
        call("UpdateAutoScalingGroup", &[(field, &to.unwrap().to_string())]);
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        "nobody".to_owned()
    }

    fn most_calls(&self) -> u64 {
        3
    }
}
