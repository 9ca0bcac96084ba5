use std::sync::OnceLock;

use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::Console;

use crate::account::Ground;

/// Target groups with two targets each, in one network.
#[derive(Default)]
pub(crate) struct TargetGroups(OnceLock<String>);

impl Ground for TargetGroups {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        let vpc = self.0.get_or_init(|| {
            console.form("ec2", "CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).at("vpc/vpcId").to_owned()
        });
        let name = format!("edge-{nth}");
        let fields = [
            ("Name", name.as_str()),
            ("Protocol", "HTTP"),
            ("Port", "80"),
            ("VpcId", vpc),
            ("TargetType", "ip"),
            ("Tags.member.1.Key", "made"),
            ("Tags.member.1.Value", "fresh"),
        ];
        let made = console.form("elasticloadbalancing", "CreateTargetGroup", &fields);
        let arn = &made.all("TargetGroupArn")[0].text;
        let fields = [
            ("TargetGroupArn", arn.as_str()),
            ("Targets.member.1.Id", "10.0.0.4"),
            ("Targets.member.2.Id", "10.0.0.5"),
        ];
        console.form("elasticloadbalancing", "RegisterTargets", &fields);
        name
    }

    fn examples(&self) -> Vec<Example> {
        Vec::new()
    }

    fn disturb(&self, _console: &Console<'_>, path: &str, _setting: &str, _to: Option<&Value>) {
        panic!("{path} is only read")
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        "nothing".to_owned()
    }

    /// A list, and a call a group for its targets.
    fn most_calls(&self) -> u64 {
        51
    }
}
