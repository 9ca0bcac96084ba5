use std::collections::BTreeMap;

use opsctl_api::{Fault, Preflight, Query, Readiness, Reading, Value, Written};
use opsctl_aws_proxy::{Refusal, Xml, late};

use crate::account::{Account, address, all, text};

/// So many instances; their addresses, without the name of the instance of AWS.
fn account(count: &str) -> (Account, Vec<String>) {
    let account = Account::new();
    let fields = [("ImageId", "ami-12c6146b"), ("InstanceType", "t3.micro"), ("MinCount", count), ("MaxCount", count)];
    let made = account.console().form("ec2", "RunInstances", &fields);
    let ids = made.all("instanceId").iter().map(|id| format!("ec2-instance/{}", id.text)).collect();
    (account, ids)
}

fn id(at: &str) -> &str {
    at.strip_prefix("ec2-instance/").unwrap()
}

fn waits(what: &str) -> Readiness {
    Readiness::Progressing { done: 0, total: 0, what: what.to_owned() }
}

/// It is stopped for it, and started again, each by a call of its own.
pub(crate) fn a_type_changes_at_rest() {
    let (account, ids) = account("1");
    for expected in ["StopInstances", "ModifyInstanceAttribute", "StartInstances"] {
        let stopped = account.read(&ids[0]).value("running") == Some(&Value::Bool(false));
        let done = account.read(&ids[0]).value("instance_type") == Some(&text("t3.large"));
        let written = match (stopped, done) {
            (true, true) => account.write(&ids[0], "running", Value::Bool(true)),
            _ => account.write(&ids[0], "instance_type", text("t3.large")),
        };
        assert!(matches!(written, Written::Sent { .. }), "{written:?}");
        assert_eq!(account.proxy.count("ec2", expected), 1);
    }
    let live = account.read(&ids[0]);
    assert_eq!(
        (live.value("running"), live.value("instance_type")),
        (Some(&Value::Bool(true)), Some(&text("t3.large")))
    );
}

pub(crate) fn it_is_on_its_way() {
    let (account, ids) = account("1");
    let at = &ids[0];
    let read = || account.proxy.when("ec2", "DescribeInstances").times(1);
    read().after("StopInstances").alter(late::ec2_state("stopping"));
    assert!(matches!(account.write(at, "running", Value::Bool(false)), Written::Sent { .. }));
    let stopping = account.read(at);
    assert_eq!((stopping.value("running"), &stopping.readiness), (Some(&Value::Bool(false)), &waits("stopping")));
    assert_eq!(account.read(at).readiness, Readiness::Ready);
    read().after("StartInstances").alter(late::ec2_state("pending"));
    assert!(matches!(account.write(at, "running", Value::Bool(true)), Written::Sent { .. }));
    let pending = account.read(at);
    assert_eq!((pending.value("running"), &pending.readiness), (Some(&Value::Bool(true)), &waits("pending")));
    // It runs, and its checks are still to come.
    let status = |element: &'static str, word: &'static str| {
        account.proxy.when("ec2", "DescribeInstanceStatus").times(1).alter(move |_, answer| {
            answer.alter_xml(|xml| xml.each(element, &mut |status| status.set("status", word)));
        });
        account.read(at).readiness
    };
    assert_eq!(status("instanceStatus", "initializing"), waits("status checks"));
    assert_eq!(status("systemStatus", "impaired"), Readiness::Failed("its system is impaired".to_owned()));
    assert_eq!(account.read(at).readiness, Readiness::Ready);
}

/// The same word of the API: while it is on its way it may be asked again; else it never takes it.
pub(crate) fn what_is_busy_is_asked_again() {
    let (account, ids) = account("1");
    let refuse = || {
        let refusal =
            Refusal::new("IncorrectInstanceState", "The instance is not in a state from which it can be stopped.");
        account.proxy.when("ec2", "StopInstances").times(1).refuse(refusal)
    };
    refuse();
    let written = account.write(&ids[0], "running", Value::Bool(false));
    assert!(matches!(written, Written::Refused(Fault::Invalid(_))), "{written:?}");
    refuse();
    let pending = account.proxy.when("ec2", "DescribeInstances").alter(late::ec2_state("pending"));
    let written = account.write(&ids[0], "running", Value::Bool(false));
    assert!(matches!(written, Written::Refused(Fault::Busy(_))), "{written:?}");
    pending.end();
}

/// EC2 says it with a status of a server that broke down, and has done nothing.
pub(crate) fn no_capacity_is_a_refusal() {
    let (account, ids) = account("1");
    account.console().form("ec2", "StopInstances", &[("InstanceId.1", id(&ids[0]))]);
    let none = Refusal::new("InsufficientInstanceCapacity", "There is no capacity of t3.micro here.").status(500);
    account.proxy.when("ec2", "StartInstances").times(1).refuse(none);
    let written = account.write(&ids[0], "running", Value::Bool(true));
    let Written::Refused(Fault::Invalid(why)) = written else { panic!("{written:?}") };
    assert!(why.contains("no capacity of t3.micro"), "{why}");
}

pub(crate) fn an_answer_is_lost() {
    let (account, ids) = account("1");
    account.proxy.when("ec2", "StopInstances").times(1).lose_answer();
    let written = account.write(&ids[0], "running", Value::Bool(false));
    assert!(matches!(written, Written::Unknown(Fault::Unreachable(_))), "{written:?}");
    assert_eq!(account.proxy.count("ec2", "StopInstances"), 1);
    assert_eq!(account.read(&ids[0]).value("running"), Some(&Value::Bool(false)));
}

pub(crate) fn it_is_throttled() {
    let (account, ids) = account("1");
    account.proxy.when("ec2", "StopInstances").times(1).throttle();
    let written = account.write(&ids[0], "running", Value::Bool(false));
    assert_eq!(written, Written::Refused(Fault::throttled("ec2:StopInstances", None)));
    account.proxy.when("ec2", "DescribeInstances").times(1).throttle();
    let read = account.ask(&[Query::one(address(&ids[0]))]).remove(0);
    assert_eq!(read, Reading::Fault(Fault::throttled("ec2:DescribeInstances", None)));
}

/// One that was terminated is told for an hour, and is gone all the same.
pub(crate) fn a_terminated_one_is_missing() {
    let (account, ids) = account("2");
    account.console().form("ec2", "TerminateInstances", &[("InstanceId.1", id(&ids[0]))]);
    let asked: Vec<Query> = ids.iter().map(|at| Query::one(address(at))).collect();
    let mut read = account.ask(&asked);
    assert!(read.remove(1).into_one().is_ok());
    assert!(matches!(read.remove(0), Reading::Fault(Fault::Missing(_))));
    let Reading::Members { found, complete: true } = account.ask(&[all("ec2-instance/*", "running")]).remove(0) else {
        panic!()
    };
    assert_eq!(found.len(), 1);
}

/// A group and a node group keep it running; a stack is a note.
pub(crate) fn others_hold_it() {
    let (account, ids) = account("1");
    account.proxy.when("ec2", "DescribeInstances").alter(|_, answer| {
        let tags = [
            ("aws:autoscaling:groupName", "web"),
            ("eks:nodegroup-name", "spot"),
            ("aws:cloudformation:stack-name", "edge"),
        ];
        let tag = |(key, value): (&str, &str)| Xml::new("item", vec![Xml::leaf("key", key), Xml::leaf("value", value)]);
        let tags = Xml::new("tagSet", tags.map(tag).into());
        answer.alter_xml(|xml| {
            xml.each("instancesSet", &mut |set| {
                set.children.iter_mut().for_each(|instance| instance.put(tags.clone()))
            });
        });
    });
    let live = account.read(&ids[0]);
    let owners: Vec<_> = live.owners.iter().map(|owner| (owner.name.as_str(), owner.reverts)).collect();
    assert_eq!(owners, [("asg/web", true), ("EKS node group spot", true), ("CloudFormation stack edge", false)]);
    let group = live.owners_of("running").next().unwrap();
    assert!(group.allows(&Value::Bool(true)) && !group.allows(&Value::Bool(false)));
}

/// A dry run asks for the permission alone; whether one may be stopped is read.
pub(crate) fn what_is_protected_is_told_before() {
    let (account, ids) = account("2");
    let fields = [("InstanceId", id(&ids[1])), ("DisableApiStop.Value", "true")];
    account.console().form("ec2", "ModifyInstanceAttribute", &fields);
    let told =
        account.preflight_all(&[(&ids[0], "running", Value::Bool(false)), (&ids[1], "running", Value::Bool(false))]);
    let [Preflight::Accepted, Preflight::Refused(Fault::Invalid(why))] = &told[..] else { panic!("{told:?}") };
    assert!(why.contains("disableApiStop"), "{why}");
    assert_eq!(account.proxy.count("ec2", "StopInstances"), 1);
    // Where one of several is denied, each is asked by itself.
    let denied = Refusal::new("UnauthorizedOperation", "You are not authorized").status(403);
    let second = id(&ids[1]).to_owned();
    account.proxy.when("ec2", "StopInstances").says(&second).refuse(denied);
    let told =
        account.preflight_all(&[(&ids[0], "running", Value::Bool(false)), (&ids[1], "running", Value::Bool(false))]);
    assert!(matches!(told[..], [Preflight::Accepted, Preflight::Refused(Fault::Denied(_))]), "{told:?}");
}

/// What a dry run says of the instance and not of the permission counts, too; only not what passes.
/// A running one is stopped, changed and started: each of the three calls is asked about, and whether the region has the type, once for all.
pub(crate) fn a_type_that_is_not_there_is_told_before() {
    let (account, ids) = account("1");
    let told = |size: &str| account.preflight_way(&ids[0], "instance_type", text(size));
    assert_eq!(told("t3.large"), [Preflight::Accepted, Preflight::Accepted, Preflight::Accepted]);
    let calls = ["StopInstances", "ModifyInstanceAttribute", "StartInstances", "DescribeInstanceTypes"];
    assert_eq!(calls.map(|operation| account.proxy.count("ec2", operation)), [1, 1, 1, 1]);
    let missing = |told: Vec<Preflight>| match &told[..] {
        [Preflight::Accepted, Preflight::Refused(Fault::Missing(why)), Preflight::Accepted] => why.clone(),
        other => panic!("{other:?}"),
    };
    let sizes = ["2xlarge", "large", "medium", "micro", "nano", "small", "xlarge"].map(|size| format!("t3.{size}"));
    let none = "no instance type t3.lagre in us-east-1; there are";
    assert_eq!(missing(told("t3.lagre")), format!("{none} {}", sizes.join(", ")));
    assert_eq!(missing(told("z0.*")), "no instance type z0.* in us-east-1");
    let denied = || Refusal::new("UnauthorizedOperation", "You are not authorized").status(403);
    account.proxy.when("ec2", "DescribeInstanceTypes").times(1).refuse(denied());
    let unread = told("t3.large");
    assert!(
        matches!(&unread[1], Preflight::CannotTell(why) if why.contains("could not be read: denied")),
        "{unread:?}"
    );
    account.proxy.when("ec2", "ModifyInstanceAttribute").times(1).refuse(denied());
    assert!(matches!(told("t3.large")[1], Preflight::Refused(Fault::Denied(_))));
}

pub(crate) fn what_the_dry_run_refuses_is_told_before() {
    let (account, ids) = account("1");
    let told = |code: &str| {
        account.proxy.when("ec2", "StopInstances").times(1).refuse(Refusal::new(code, "a one-time Spot instance"));
        account.preflight(&ids[0], "running", Value::Bool(false))
    };
    assert!(matches!(told("UnsupportedOperation"), Preflight::Refused(Fault::Invalid(_))));
    assert!(matches!(told("IncorrectInstanceState"), Preflight::CannotTell(_)));
}

/// Two hundred a DescribeInstances, a hundred a DescribeInstanceStatus, and many stop by one call.
pub(crate) fn many_take_few_calls() {
    let (account, ids) = account("250");
    let asked: Vec<Query> = ids.iter().map(|at| Query::one(address(at))).collect();
    assert!(account.ask(&asked).into_iter().all(|reading| reading.into_one().is_ok()));
    let expected = [("ec2:DescribeInstanceStatus", 3), ("ec2:DescribeInstances", 2)];
    let expected: BTreeMap<String, u64> = expected.map(|(verb, calls)| (verb.to_owned(), calls)).into();
    assert_eq!(account.cx.calls.by_verb(), expected);
    let wanted: Vec<(&str, &str, Value)> =
        ids.iter().take(20).map(|at| (at.as_str(), "running", Value::Bool(false))).collect();
    assert!(account.write_all(&wanted).iter().all(|written| matches!(written, Written::Sent { .. })));
    assert_eq!(account.proxy.count("ec2", "StopInstances"), 1);
}
