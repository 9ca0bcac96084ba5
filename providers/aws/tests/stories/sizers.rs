use std::collections::BTreeMap;

use opsctl_api::{Fault, Live, Query, Reading, Value, Written};
use opsctl_aws_proxy::Refusal;

use crate::account::{Account, address};

const AT: &str = "asg/web-1";

/// So many groups, the first of them with a policy and a scheduled action.
fn account(groups: usize) -> Account {
    let account = Account::new();
    let call =
        |operation: &str, fields: &[(&str, &str)]| drop(account.console().form("autoscaling", operation, fields));
    let launch = ("LaunchConfigurationName", "web");
    call("CreateLaunchConfiguration", &[launch, ("ImageId", "ami-12c6146b"), ("InstanceType", "t3.micro")]);
    for nth in 1..=groups {
        let name = format!("web-{nth}");
        let sizes = [("MinSize", "1"), ("MaxSize", "6"), ("DesiredCapacity", "2")];
        let place = ("AvailabilityZones.member.1", "us-east-1a");
        call("CreateAutoScalingGroup", &[&[("AutoScalingGroupName", &*name), launch, place], &sizes[..]].concat());
    }
    let group = ("AutoScalingGroupName", "web-1");
    let tracking = [
        ("PolicyType", "TargetTrackingScaling"),
        ("TargetTrackingConfiguration.TargetValue", "50"),
        ("TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType", "ASGAverageCPUUtilization"),
    ];
    call("PutScalingPolicy", &[&[group, ("PolicyName", "half-busy")], &tracking[..]].concat());
    let night = [("ScheduledActionName", "night"), ("MaxSize", "2"), ("Recurrence", "0 22 * * *")];
    call("PutScheduledUpdateGroupAction", &[&[group], &night[..]].concat());
    account.proxy.forget();
    account
}

fn owners(live: &Live) -> Vec<(&str, &str, bool)> {
    live.owners.iter().map(|owner| (owner.name.as_str(), owner.settings[0].as_str(), owner.reverts)).collect()
}

/// What is suspended acts on nothing, and a scheduled action sets bounds, too.
pub(crate) fn others_size_it() {
    let account = account(1);
    assert_eq!(
        owners(&account.read(AT)),
        [
            ("scaling policy half-busy", "desired", true),
            ("scheduled action night", "desired", true),
            ("scheduled action night", "max", false),
        ]
    );
    let fields = [("AutoScalingGroupName", "web-1"), ("ScalingProcesses.member.1", "AlarmNotification")];
    account.console().form("autoscaling", "SuspendProcesses", &fields);
    let live = account.read(AT);
    assert_eq!(
        owners(&live)[..2],
        [("scaling policy half-busy", "desired", false), ("scheduled action night", "desired", true)]
    );
    assert_eq!(live.owners[0].does, "scales it by its own measure once AlarmNotification is resumed");
}

/// What may not be read is a note; what is throttled is asked again, for without its owners a group looks as if nothing else sized it.
pub(crate) fn who_sizes_it_cannot_be_read() {
    let account = account(1);
    let denied = Refusal::new("AccessDenied", "not authorized to perform autoscaling:DescribePolicies").status(403);
    account.proxy.when("autoscaling", "DescribePolicies").times(1).refuse(denied);
    let live = account.read(AT);
    assert!(!live.owners[0].reverts && live.owners[0].does.contains("DescribePolicies"), "{:?}", live.owners);
    account.proxy.when("autoscaling", "DescribePolicies").times(1).throttle();
    let read = account.ask(&[Query::one(address(AT))]).remove(0);
    assert_eq!(read, Reading::Fault(Fault::throttled("autoscaling:DescribePolicies", None)));
}

/// Of a few groups only their own policies are read, and of many all in one list.
pub(crate) fn a_write_lists_no_region() {
    let account = account(5);
    let named = |operation: &str| {
        let calls = account.proxy.calls();
        let of = calls.iter().filter(|call| call.operation == operation);
        of.map(|call| call.fields().contains_key("AutoScalingGroupName")).collect::<Vec<_>>()
    };
    assert!(matches!(account.write(AT, "desired", Value::Integer(3)), Written::Sent { .. }));
    assert_eq!((named("DescribePolicies"), named("DescribeScheduledActions")), (vec![true; 2], vec![true; 2]));
    account.proxy.forget();
    let asked: Vec<Query> = (1..=5).map(|nth| Query::one(address(&format!("asg/web-{nth}")))).collect();
    let read: BTreeMap<String, Live> = account
        .ask(&asked)
        .into_iter()
        .map(|read| read.into_one().unwrap())
        .map(|live| (live.at.path().to_owned(), live))
        .collect();
    assert_eq!((named("DescribePolicies"), named("DescribeScheduledActions")), (vec![false], vec![false]));
    assert_eq!((read["web-1"].owners.len(), read["web-2"].owners.len()), (3, 0));
}
