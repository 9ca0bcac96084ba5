use opsctl_api::{Fault, Live, Query, Reading, Value};
use opsctl_aws_proxy::{Xml, late};

use crate::account::{Account, address};

/// Groups of these names, with two targets each.
fn account(names: &[&str]) -> Account {
    let account = Account::new();
    let console = account.console();
    let vpc = console.form("ec2", "CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).at("vpc/vpcId").to_owned();
    for name in names {
        let fields = [("Name", *name), ("Protocol", "HTTP"), ("Port", "80"), ("VpcId", &*vpc), ("TargetType", "ip")];
        let made: Xml = console.form("elasticloadbalancing", "CreateTargetGroup", &fields);
        let arn = &made.all("TargetGroupArn")[0].text;
        let targets = [("Targets.member.1.Id", "10.0.0.4"), ("Targets.member.2.Id", "10.0.0.5")];
        console.form(
            "elasticloadbalancing",
            "RegisterTargets",
            &[&[("TargetGroupArn", arn.as_str())], &targets[..]].concat(),
        );
    }
    account
}

fn counts(live: &Live) -> [i64; 2] {
    ["healthy", "unhealthy"].map(|setting| live.value(setting).and_then(Value::as_integer).unwrap())
}

/// What is not healthy yet is unhealthy, and what is on its way out is no target any more.
pub(crate) fn targets_come_and_go() {
    let account = account(&["edge"]);
    let told = |state: &str| {
        account.proxy.when("elasticloadbalancing", "DescribeTargetHealth").times(1).alter(late::target_health(state));
        counts(&account.read("target-group/edge"))
    };
    assert_eq!(told("initial"), [0, 2]);
    assert_eq!(told("unhealthy.draining"), [0, 2]);
    assert_eq!(told("draining"), [0, 0]);
    assert_eq!(counts(&account.read("target-group/edge")), [2, 0]);
}

/// The API then refuses all that were asked for by name.
pub(crate) fn one_that_is_missing_hides_no_other() {
    let account = account(&["api", "edge"]);
    let ask = |names: &[&str]| {
        let asked: Vec<Query> = names.iter().map(|name| Query::one(address(&format!("target-group/{name}")))).collect();
        account.proxy.forget();
        let read = account.ask(&asked);
        (read, account.proxy.count("elasticloadbalancing", "DescribeTargetGroups"))
    };
    let (mut read, calls) = ask(&["edge", "nothing"]);
    assert!(matches!(read.remove(1), Reading::Fault(Fault::Missing(_))));
    assert_eq!((counts(&read.remove(0).into_one().unwrap()), calls), ([2, 0], 2));
    assert_eq!(account.proxy.count("elasticloadbalancing", "DescribeTargetHealth"), 1);
    let (read, calls) = ask(&["nothing"]);
    assert!(matches!(read[..], [Reading::Fault(Fault::Missing(_))]));
    assert_eq!(calls, 1);
}

/// Of two groups one cannot be read; the other can.
pub(crate) fn one_of_them_is_throttled() {
    let account = account(&["api", "edge"]);
    account.proxy.when("elasticloadbalancing", "DescribeTargetHealth").says("targetgroup%2Fapi").times(1).throttle();
    let asked = ["api", "edge"].map(|name| Query::one(address(&format!("target-group/{name}"))));
    let mut read = account.ask(&asked);
    assert_eq!(counts(&read.remove(1).into_one().unwrap()), [2, 0]);
    assert_eq!(read.remove(0), Reading::Fault(Fault::throttled("elasticloadbalancing:DescribeTargetHealth", None)));
}
