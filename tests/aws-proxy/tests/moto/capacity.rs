//! Auto Scaling groups, ECS services and their scalable targets.

use opsctl_aws_proxy::{Call, Proxy, Xml, late};
use serde_json::{Value as Json, json};

use crate::client::{EAST, Reply, ask};

/// A group that runs 2 instances, of 1 to 4.
fn group() -> Proxy {
    let aws = Proxy::start();
    let console = aws.console(EAST);
    let launch = [("LaunchConfigurationName", "small"), ("ImageId", "ami-12c6146b"), ("InstanceType", "t3.micro")];
    console.form("autoscaling", "CreateLaunchConfiguration", &launch);
    let fields = [
        ("AutoScalingGroupName", "edge"),
        ("LaunchConfigurationName", "small"),
        ("AvailabilityZones.member.1", "us-east-1a"),
        ("MinSize", "1"),
        ("MaxSize", "4"),
        ("DesiredCapacity", "2"),
    ];
    console.form("autoscaling", "CreateAutoScalingGroup", &fields);
    aws
}

fn of_group(aws: &Proxy, operation: &str, fields: &[(&str, &str)]) -> Reply {
    let fields = [&[("AutoScalingGroupName", "edge")], fields].concat();
    ask(aws, &Call::form("autoscaling", EAST, operation, &fields))
}

/// Minimum, desired, maximum, instances in service.
fn seen(aws: &Proxy) -> String {
    let read: Xml = ask(aws, &Call::form("autoscaling", EAST, "DescribeAutoScalingGroups", &[])).xml();
    let groups = read.all("AutoScalingGroups")[0];
    let group = &groups.children[0];
    let serving = group.all("LifecycleState").iter().filter(|state| state.text == "InService").count();
    format!("{} {} {} {serving}", group.at("MinSize"), group.at("DesiredCapacity"), group.at("MaxSize"))
}

#[test]
fn test_a_group_stays_within_its_bounds_and_they_move_it() {
    let aws = group();
    assert_eq!(seen(&aws), "1 2 4 2");
    for (fields, code) in [
        (&[("DesiredCapacity", "9")][..], "Desired capacity:9 must be between"),
        (&[("MinSize", "3"), ("DesiredCapacity", "2")], "Desired capacity:2"),
        (&[("MinSize", "5")], "Max bound, 4"),
    ] {
        let reply = of_group(&aws, "UpdateAutoScalingGroup", fields);
        reply.assert_refused(400, "<Code>ValidationError</Code>");
        reply.assert_refused(400, code);
    }
    of_group(&aws, "SetDesiredCapacity", &[("DesiredCapacity", "5")]).assert_refused(400, "above max value 4");
    of_group(&aws, "SetDesiredCapacity", &[("DesiredCapacity", "0")]).assert_refused(400, "below min value 1");
    assert_eq!(seen(&aws), "1 2 4 2");
    assert_eq!(of_group(&aws, "UpdateAutoScalingGroup", &[("MinSize", "3")]).status, 200);
    assert_eq!(seen(&aws), "3 3 4 3");
    assert_eq!(of_group(&aws, "UpdateAutoScalingGroup", &[("MinSize", "0"), ("MaxSize", "1")]).status, 200);
    assert_eq!(seen(&aws), "0 1 1 1");
    let missing = [("AutoScalingGroupName", "none"), ("MinSize", "1")];
    ask(&aws, &Call::form("autoscaling", EAST, "UpdateAutoScalingGroup", &missing)).assert_refused(400, "not found");
}

#[test]
fn test_a_group_that_may_not_launch_does_so_later() {
    let aws = group();
    of_group(&aws, "SuspendProcesses", &[("ScalingProcesses.member.1", "Launch")]);
    assert_eq!(of_group(&aws, "UpdateAutoScalingGroup", &[("DesiredCapacity", "4")]).status, 200);
    assert_eq!(seen(&aws), "1 4 4 2");
    of_group(&aws, "ResumeProcesses", &[("ScalingProcesses.member.1", "Launch")]);
    assert_eq!(seen(&aws), "1 4 4 4");
    aws.when("autoscaling", "DescribeAutoScalingGroups").times(1).alter(late::asg_in_service(3));
    assert_eq!([seen(&aws), seen(&aws)], ["1 4 4 3", "1 4 4 4"]);
}

/// A service that shall run 2 tasks of `web:1`.
fn service() -> Proxy {
    let aws = Proxy::start();
    let console = aws.console(EAST);
    console.json("ecs", "CreateCluster", &json!({ "clusterName": "edge" }));
    for _ in 0..2 {
        let container = json!({ "name": "web", "image": "web", "memory": 64 });
        console.json("ecs", "RegisterTaskDefinition", &json!({ "family": "web", "containerDefinitions": [container] }));
    }
    let service = json!({ "cluster": "edge", "serviceName": "web", "taskDefinition": "web:1", "desiredCount": 2 });
    console.json("ecs", "CreateService", &service);
    aws
}

fn update(aws: &Proxy, change: Json) -> Reply {
    let mut body = json!({ "cluster": "edge", "service": "web" });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    ask(aws, &Call::json("ecs", EAST, "UpdateService", &body))
}

fn read(aws: &Proxy) -> Json {
    let body = json!({ "cluster": "edge", "services": ["web"] });
    ask(aws, &Call::json("ecs", EAST, "DescribeServices", &body)).json()["services"][0].take()
}

#[test]
fn test_a_service_runs_what_it_shall_and_its_deployment_says_so() {
    let aws = service();
    let first = read(&aws);
    let counts = |service: &Json| {
        let deployment = &service["deployments"][0];
        assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&service["runningCount"], &service["taskDefinition"]),
            (&deployment["runningCount"], &deployment["taskDefinition"])
        );
        format!("{} {} {}", service["desiredCount"], service["runningCount"], deployment["rolloutState"])
    };
    assert_eq!(counts(&first), "2 2 \"COMPLETED\"");
    assert_eq!(counts(&update(&aws, json!({ "desiredCount": 5 })).json()["service"]), "5 5 \"COMPLETED\"");
    let scaled = read(&aws);
    assert_eq!(scaled["deployments"][0]["id"], first["deployments"][0]["id"]);
    update(&aws, json!({ "taskDefinition": "web" }));
    let rolled = read(&aws);
    let arn = format!("arn:aws:ecs:us-east-1:{}:task-definition/web:2", aws.account());
    assert_eq!(rolled["taskDefinition"], json!(arn));
    assert_ne!(rolled["deployments"][0]["id"], scaled["deployments"][0]["id"]);
    update(&aws, json!({ "forceNewDeployment": true }));
    assert_ne!(read(&aws)["deployments"][0]["id"], rolled["deployments"][0]["id"]);
    aws.when("ecs", "DescribeServices").times(1).alter(late::ecs_running(3));
    assert_eq!(counts(&read(&aws)), "5 3 \"IN_PROGRESS\"");
    assert_eq!(counts(&read(&aws)), "5 5 \"COMPLETED\"");
}

#[test]
fn test_what_a_service_cannot_be_is_refused() {
    let aws = service();
    update(&aws, json!({ "desiredCount": -1 })).assert_refused(400, "InvalidParameterException");
    let many: Vec<String> = (0..11).map(|number| format!("s{number}")).collect();
    let many = Call::json("ecs", EAST, "DescribeServices", &json!({ "cluster": "edge", "services": many }));
    ask(&aws, &many).assert_refused(400, "InvalidParameterException");
    update(&aws, json!({ "taskDefinition": "none:1" })).assert_refused(400, "ClientException");
    let console = aws.console(EAST);
    let newest = json!({ "familyPrefix": "web", "sort": "DESC", "maxResults": 1 });
    let newest = console.json("ecs", "ListTaskDefinitions", &newest);
    assert_eq!(newest["taskDefinitionArns"].as_array().unwrap().len(), 1);
    assert!(newest["taskDefinitionArns"][0].as_str().unwrap().ends_with("/web:2"), "{newest}");
    console.json("ecs", "DeregisterTaskDefinition", &json!({ "taskDefinition": "web:2" }));
    update(&aws, json!({ "taskDefinition": "web:2" })).assert_refused(400, "TaskDefinition is inactive");
    console.json("ecs", "DeleteService", &json!({ "cluster": "edge", "service": "web", "force": true }));
    update(&aws, json!({ "desiredCount": 1 })).assert_refused(400, "ServiceNotActiveException");
}

#[test]
fn test_services_are_listed_in_pages() {
    let aws = service();
    for nth in 0..11 {
        let service = json!({ "cluster": "edge", "serviceName": format!("s{nth}"), "taskDefinition": "web:1" });
        aws.console(EAST).json("ecs", "CreateService", &service);
    }
    let list = |more: Json| {
        let mut body = json!({ "cluster": "edge" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&aws, &Call::json("ecs", EAST, "ListServices", &body))
    };
    let first = list(json!({})).json();
    assert_eq!(first["serviceArns"].as_array().unwrap().len(), 10);
    let rest = list(json!({ "nextToken": first["nextToken"] })).json();
    assert_eq!((rest["serviceArns"].as_array().unwrap().len(), &rest["nextToken"]), (2, &Json::Null));
    assert_eq!(list(json!({ "maxResults": 100 })).json()["serviceArns"].as_array().unwrap().len(), 12);
    list(json!({ "maxResults": 101 })).assert_refused(400, "InvalidParameterException");
}

#[test]
fn test_a_target_moves_the_service_between_its_bounds() {
    let aws = service();
    let register = |change: Json| {
        let mut body = json!({
            "ServiceNamespace": "ecs", "ResourceId": "service/edge/web", "ScalableDimension": "ecs:service:DesiredCount",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        ask(&aws, &Call::json("application-autoscaling", EAST, "RegisterScalableTarget", &body))
    };
    register(json!({ "MinCapacity": 1 })).assert_refused(400, "ValidationException");
    register(json!({ "MinCapacity": 3, "MaxCapacity": 1 })).assert_refused(400, "ValidationException");
    assert_eq!(register(json!({ "MinCapacity": 3, "MaxCapacity": 9 })).status, 200);
    assert_eq!(read(&aws)["desiredCount"], json!(3));
    register(json!({ "MinCapacity": 10 })).assert_refused(400, "ValidationException");
    assert_eq!(register(json!({ "MinCapacity": 0, "MaxCapacity": 2 })).status, 200);
    assert_eq!((&read(&aws)["desiredCount"], &read(&aws)["runningCount"]), (&json!(2), &json!(2)));
}
