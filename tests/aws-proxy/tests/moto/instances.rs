use opsctl_aws_proxy::{Call, Proxy, late};

use crate::client::{EAST, Reply, ask};

fn run(aws: &Proxy, count: &str) -> Vec<String> {
    let fields = [("ImageId", "ami-12c6146b"), ("InstanceType", "t3.micro"), ("MinCount", count), ("MaxCount", count)];
    let made = aws.console(EAST).form("ec2", "RunInstances", &fields);
    made.all("instanceId").iter().map(|id| id.text.clone()).collect()
}

fn of(aws: &Proxy, operation: &str, id: &str, fields: &[(&str, &str)]) -> Reply {
    let name = if operation.ends_with("Attribute") { "InstanceId" } else { "InstanceId.1" };
    ask(aws, &Call::form("ec2", EAST, operation, &[&[(name, id)], fields].concat()))
}

fn state(aws: &Proxy, id: &str) -> String {
    of(aws, "DescribeInstances", id, &[]).xml().all("instanceState")[0].at("name").to_owned()
}

#[test]
fn test_an_instance_type_changes_only_at_rest() {
    let aws = Proxy::start();
    let id = &run(&aws, "1")[0];
    let large = [("InstanceType.Value", "t3.large")];
    of(&aws, "ModifyInstanceAttribute", id, &large).assert_refused(400, "IncorrectInstanceState");
    assert_eq!(of(&aws, "StopInstances", id, &[]).status, 200);
    assert_eq!(of(&aws, "ModifyInstanceAttribute", id, &large).status, 200);
    assert_eq!(of(&aws, "StartInstances", id, &[]).status, 200);
    let read = of(&aws, "DescribeInstances", id, &[]).xml();
    assert_eq!(read.all("instanceType")[0].text, "t3.large");
    aws.when("ec2", "DescribeInstances").times(1).alter(late::ec2_state("pending"));
    assert_eq!([state(&aws, id), state(&aws, id)], ["pending", "running"]);
}

#[test]
fn test_what_is_terminated_stays_so() {
    let aws = Proxy::start();
    let id = &run(&aws, "1")[0];
    of(&aws, "TerminateInstances", id, &[]);
    of(&aws, "StartInstances", id, &[]).assert_refused(400, "IncorrectInstanceState");
    of(&aws, "StopInstances", id, &[]).assert_refused(400, "IncorrectInstanceState");
    assert_eq!(state(&aws, id), "terminated");
    of(&aws, "StartInstances", "i-00000000000000000", &[]).assert_refused(400, "InvalidInstanceID.NotFound");
}

#[test]
fn test_where_one_may_not_stop_none_does() {
    let aws = Proxy::start();
    let ids = run(&aws, "2");
    assert_eq!(of(&aws, "ModifyInstanceAttribute", &ids[1], &[("DisableApiStop.Value", "true")]).status, 200);
    of(&aws, "StopInstances", &ids[0], &[("InstanceId.2", &ids[1])]).assert_refused(400, "OperationNotPermitted");
    assert_eq!(state(&aws, &ids[0]), "running");
    of(&aws, "StopInstances", &ids[0], &[("DryRun", "true")]).assert_refused(412, "DryRunOperation");
}

#[test]
fn test_all_is_allowed_unless_a_rule_says_otherwise() {
    let aws = Proxy::start();
    let fields = [
        ("PolicySourceArn", "arn:aws:iam::123456789012:user/ops"),
        ("ActionNames.member.1", "ecs:UpdateService"),
        ("ActionNames.member.2", "rds:StopDBInstance"),
    ];
    let read = ask(&aws, &Call::form("iam", EAST, "SimulatePrincipalPolicy", &fields)).xml();
    let results = read.all("EvaluationResults")[0];
    let said: Vec<_> =
        results.children.iter().map(|found| (found.at("EvalActionName"), found.at("EvalDecision"))).collect();
    assert_eq!(said, [("ecs:UpdateService", "allowed"), ("rds:StopDBInstance", "allowed")]);
}
