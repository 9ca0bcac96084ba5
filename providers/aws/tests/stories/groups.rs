use opsctl_api::{Readiness, Value};
use opsctl_aws_proxy::Refusal;

use crate::account::Account;

const AT: &str = "asg/web";

/// A group of three instances, of one to six.
fn account(tags: &[(&str, &str)]) -> Account {
    let account = Account::new();
    let image = ("ImageId", "ami-12c6146b");
    let named = [("LaunchConfigurationName", "web"), image, ("InstanceType", "t3.micro")];
    account.console().form("autoscaling", "CreateLaunchConfiguration", &named);
    let mut fields = vec![
        ("AutoScalingGroupName".to_owned(), "web"),
        ("LaunchConfigurationName".to_owned(), "web"),
        ("MinSize".to_owned(), "1"),
        ("MaxSize".to_owned(), "6"),
        ("DesiredCapacity".to_owned(), "3"),
        ("AvailabilityZones.member.1".to_owned(), "us-east-1a"),
    ];
    for ((key, value), nth) in tags.iter().zip(1..) {
        for (part, text) in [("Key", *key), ("Value", value), ("PropagateAtLaunch", "false")] {
            fields.push((format!("Tags.member.{nth}.{part}"), text));
        }
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    account.console().form("autoscaling", "CreateAutoScalingGroup", &fields);
    account
}

/// Its policies and scheduled actions, an EKS node group and a cluster autoscaler; what made it is a note.
pub(crate) fn others_hold_it() {
    let account = account(&[
        ("eks:nodegroup-name", "spot"),
        ("k8s.io/cluster-autoscaler/enabled", "true"),
        ("aws:cloudformation:stack-name", "edge"),
        ("ManagedBy", "terraform"),
    ]);
    let console = account.console();
    let policy = [
        ("AutoScalingGroupName", "web"),
        ("PolicyName", "busy"),
        ("PolicyType", "SimpleScaling"),
        ("AdjustmentType", "ChangeInCapacity"),
        ("ScalingAdjustment", "1"),
    ];
    console.form("autoscaling", "PutScalingPolicy", &policy);
    let night = [
        ("AutoScalingGroupName", "web"),
        ("ScheduledActionName", "night"),
        ("Recurrence", "0 22 * * *"),
        ("DesiredCapacity", "1"),
    ];
    console.form("autoscaling", "PutScheduledUpdateGroupAction", &night);
    let live = account.read(AT);
    let owners: Vec<_> = live.owners.iter().map(|owner| (owner.name.as_str(), owner.reverts)).collect();
    assert_eq!(
        owners,
        [
            ("scaling policy busy", true),
            ("scheduled action night", true),
            ("EKS node group spot", true),
            ("cluster autoscaler", true),
            ("CloudFormation stack edge", false),
            ("Terraform", false),
        ]
    );
    // Within its bounds a policy moves what is desired, and so do the others; the bounds are the node group's alone.
    let bounds = Some((Value::Integer(1), Value::Integer(6)));
    let within = live.owners_of("desired").take(2).map(|owner| owner.within.clone());
    assert_eq!(within.collect::<Vec<_>>(), [bounds.clone(), bounds]);
    let of_min: Vec<_> = live.owners_of("min").filter(|owner| owner.reverts).map(|owner| owner.name.as_str()).collect();
    assert_eq!(of_min, ["EKS node group spot"]);
    // That they could not be read is said.
    let denied = Refusal::new("AccessDenied", "no").status(403);
    account.proxy.when("autoscaling", "DescribeScheduledActions").times(1).refuse(denied);
    let live = account.read(AT);
    assert!(live.owners[0].does.contains("could not be read: denied"), "{:?}", live.owners);
    assert!(!live.owners[0].reverts);
}

/// A group that launches nothing never has what is desired.
pub(crate) fn without_launching_it_never_grows() {
    let account = account(&[]);
    assert_eq!(account.read(AT).readiness, Readiness::Ready);
    let launch = [("AutoScalingGroupName", "web"), ("ScalingProcesses.member.1", "Launch")];
    account.console().form("autoscaling", "SuspendProcesses", &launch);
    account.write(AT, "desired", Value::Integer(5));
    account.proxy.when("autoscaling", "DescribeAutoScalingGroups").alter(opsctl_aws_proxy::late::asg_in_service(3));
    let Readiness::Failed(why) = account.read(AT).readiness else { panic!() };
    assert_eq!(why, "Launch is suspended, so no instance is added");
}
