//! A failover between groups of instances.

use opsctl_aws_proxy::{Proxy, late};
use serde_json::{Value as Json, json};

use super::live;
use super::order::Order;
use super::pipeline::region;
use super::world::{World, record};
use crate::harness::Repository;

const EDGE_WEST: &str = "west:asg/edge";

const BASELINE: &str = r#"
[resource.edge]
at = "east:asg/edge"
desired = 3
[resource.edge-west]
at = "west:asg/edge"
min = 0
desired = 0
[resource.dns-east]
at = "dns:route53-record/ZONE/live.example.com/CNAME/east"
weight = 100
needs = ["edge"]
pool = "live"
[resource.dns-west]
at = "dns:route53-record/ZONE/live.example.com/CNAME/west"
weight = 0
needs = ["edge-west"]
pool = "live"
"#;

const DNS: &str = "over = \"baseline\"\n[resource.dns-east]\nweight = 0\n[resource.dns-west]\nweight = 100\n";
const WEST: &str = "extends = \"baseline\"\n[resource.dns-east]\nweight = 0\n[resource.dns-west]\nweight = 100\n\
                    [resource.edge-west]\nmin = 2\ndesired = 4\n";

fn group(aws: &Proxy, instance: &str, desired: &str) {
    let console = aws.console(region(instance));
    let named = [("LaunchConfigurationName", "edge"), ("ImageId", "ami-12c6146b"), ("InstanceType", "t3.micro")];
    console.form("autoscaling", "CreateLaunchConfiguration", &named);
    let zone = format!("{}a", region(instance));
    let fields = [
        ("AutoScalingGroupName", "edge"),
        ("LaunchConfigurationName", "edge"),
        ("MinSize", "0"),
        ("MaxSize", "6"),
        ("DesiredCapacity", desired),
        ("AvailabilityZones.member.1", &zone),
    ];
    console.form("autoscaling", "CreateAutoScalingGroup", &fields);
}

#[test]
fn test_dns_moves_once_all_instances_are_in_service() {
    let aws = Proxy::start();
    let zone = World::new(&aws, "example.com").zone;
    group(&aws, "east", "3");
    group(&aws, "west", "0");
    let at = ["east", "west"].map(|set| format!("dns:route53-record/{zone}/live.example.com/CNAME/{set}"));
    for (set, weight) in [("east", 100), ("west", 0)] {
        let answer = format!(
            "<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{set}.example.com</Value></ResourceRecord></ResourceRecords>"
        );
        record(&aws.console(region("dns")), &format!("{zone}/live.example.com/CNAME/{set}"), weight, &answer);
    }
    let url = aws.url();
    let provider =
        |name| format!("[provider.{name}]\ntype = \"aws\"\nregion = \"{}\"\nendpoint = \"{url}\"\n", region(name));
    let ops = Repository::of(&[
        ("opsctl.toml", &["east", "west", "dns"].map(provider).concat()),
        ("states/baseline.toml", &BASELINE.replace("ZONE", &zone)),
        ("states/west.toml", WEST),
        ("states/dns.toml", DNS),
    ]);
    let is = |settings: &[(&str, &str, Json)]| {
        for (at, setting, value) in settings {
            assert_eq!(live::of(&aws, at)[setting], *value, "{at} {setting}");
        }
    };
    let said = ops.ends(3, &["apply", "dns", "-y"]);
    assert!(said.err.contains("it would have traffic, and needs edge-west, of which desired is 0"), "{said}");

    let slow = aws.when("autoscaling", "DescribeAutoScalingGroups").after("UpdateAutoScalingGroup").times(2);
    slow.alter(late::asg_in_service(1));
    let [east, west] = at.each_ref().map(String::as_str);
    Order::of(&ops, "west").one_by_one(&[EDGE_WEST, west, east]);
    let course = ops.start(&["apply", "west", "-y"]).ends(0);
    course.in_order();
    course.one_by_one(&[EDGE_WEST, west, east]);
    is(&[(EDGE_WEST, "desired", json!(4)), (EDGE_WEST, "min", json!(2)), (west, "weight", json!(100))]);
    ops.done(&["plan", "west", "--detailed-exitcode"]);

    let course = ops.start(&["rollback", "-y"]).ends(0);
    course.one_by_one(&[east, west, EDGE_WEST]);
    is(&[(EDGE_WEST, "desired", json!(0)), (EDGE_WEST, "min", json!(0)), (east, "weight", json!(100))]);
    ops.done(&["plan", "baseline", "--detailed-exitcode"]);
}
