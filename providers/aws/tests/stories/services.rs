use std::collections::BTreeMap;

use opsctl_api::{Fault, Preflight, Query, Readiness, Reading, Value, Wanted, Written};
use opsctl_aws_proxy::{Refusal, late};
use serde_json::json;

use crate::account::{Account, address, all, text};

const AT: &str = "ecs-service/edge/web";

/// A service that shall run two tasks of `web:1`, and another revision of that.
fn account() -> Account {
    let account = Account::new();
    let console = account.console();
    console.json("ecs", "CreateCluster", &json!({ "clusterName": "edge" }));
    for _ in 0..2 {
        let container = json!({ "name": "web", "image": "web", "memory": 64 });
        console.json("ecs", "RegisterTaskDefinition", &json!({ "family": "web", "containerDefinitions": [container] }));
    }
    create(&account, "web", json!({}));
    account
}

fn create(account: &Account, name: &str, more: serde_json::Value) {
    let mut body = json!({ "cluster": "edge", "serviceName": name, "taskDefinition": "web:1", "desiredCount": 2 });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    account.console().json("ecs", "CreateService", &body);
}

/// A deployment is on its way with so many tasks, and is failed by the circuit breaker with the service's own reason.
pub(crate) fn a_deployment_waits_and_fails() {
    let account = account();
    account.proxy.when("ecs", "DescribeServices").after("UpdateService").times(1).alter(late::ecs_running(1));
    let Written::Sent { receipt, .. } = account.write(AT, "task_definition", text("web:2")) else { panic!() };
    assert!(receipt.is_some());
    let waits = account.read_of(AT, receipt.clone());
    assert_eq!(waits.value("task_definition"), Some(&text("web:2")));
    assert!(matches!(waits.readiness, Readiness::Progressing { done: 1, total: 2, .. }), "{:?}", waits.readiness);
    let why = "ECS deployment circuit breaker: tasks failed to start.";
    account.proxy.when("ecs", "DescribeServices").times(1).alter(late::ecs_failed(why));
    assert_eq!(account.read_of(AT, receipt.clone()).readiness, Readiness::Failed(why.to_owned()));
    assert_eq!(account.read_of(AT, receipt).readiness, Readiness::Ready);
}

/// What is not there, or is inactive, is told with what there is. Of services that get the same one, one call is made.
pub(crate) fn a_task_definition_that_is_not_there_is_told_before() {
    let account = account();
    create(&account, "api", json!({}));
    let told = |definition: &str| {
        let both = [AT, "ecs-service/edge/api"].map(|at| (at, "task_definition", text(definition)));
        let mut told = account.preflight_all(&both);
        assert_eq!(told[0], told[1]);
        told.remove(0)
    };
    let missing = |what: &str| Preflight::Refused(Fault::Missing(what.to_owned()));
    assert_eq!(told("web:9"), missing("no active task definition web:9; the newest are web:2, web:1"));
    let calls =
        ["DescribeTaskDefinition", "ListTaskDefinitions"].map(|operation| account.proxy.count("ecs", operation));
    assert_eq!(calls, [1, 1]);
    assert_eq!(told("web2:1"), missing("no active task definition web2:1"));
    assert!(matches!(told("web:2"), Preflight::CannotTell(why) if why.contains("no dry run")));
    account.console().json("ecs", "DeregisterTaskDefinition", &json!({ "taskDefinition": "web:2" }));
    let inactive = "no active task definition web:2: it was deregistered; the newest are web:1";
    assert_eq!(told("web:2"), missing(inactive));
    account.proxy.when("ecs", "DescribeTaskDefinition").throttle();
    assert!(
        matches!(told("web:2"), Preflight::CannotTell(why) if why.contains("could not be read: ecs:DescribeTaskDefinition is throttled"))
    );
}

/// A write whose answer is lost may be done, and is not told as refused.
pub(crate) fn an_answer_is_lost() {
    let account = account();
    account.proxy.when("ecs", "UpdateService").times(1).lose_answer();
    let written = account.write(AT, "desired_count", Value::Integer(5));
    assert!(matches!(written, Written::Unknown(Fault::Unreachable(_))), "{written:?}");
    assert_eq!(account.proxy.count("ecs", "UpdateService"), 1);
    assert_eq!(account.read(AT).value("desired_count"), Some(&Value::Integer(5)));
}

pub(crate) fn it_is_throttled() {
    let account = account();
    account.proxy.when("ecs", "UpdateService").times(1).throttle();
    let written = account.write(AT, "desired_count", Value::Integer(5));
    assert_eq!(written, Written::Refused(Fault::throttled("ecs:UpdateService", None)));
    account.proxy.when("ecs", "DescribeServices").times(1).throttle();
    let read = account.ask(&[Query::one(address(AT))]).remove(0);
    assert_eq!(read, Reading::Fault(Fault::throttled("ecs:DescribeServices", None)));
}

/// A scalable target with its policies, a stack and CodeDeploy; and that the first could not be read.
pub(crate) fn others_hold_it() {
    let account = account();
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/edge/web", "ScalableDimension": "ecs:service:DesiredCount",
    });
    let with = |more: serde_json::Value| {
        let mut body = target.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let scaling = "application-autoscaling";
    account.console().json(scaling, "RegisterScalableTarget", &with(json!({ "MinCapacity": 1, "MaxCapacity": 6 })));
    let tracking = json!({
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": { "PredefinedMetricType": "ECSServiceAverageCPUUtilization" },
    });
    let policy = json!({
        "PolicyName": "half-busy", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    });
    account.console().json(scaling, "PutScalingPolicy", &with(policy));
    let live = account.read(AT);
    let owner = live.owners_of("desired_count").next().unwrap();
    assert_eq!(owner.name, "scalable-target/ecs/service/edge/web/ecs:service:DesiredCount");
    assert_eq!(owner.within, Some((Value::Integer(1), Value::Integer(6))));
    assert_eq!(owner.does, "moves it into its bounds, and between them by the policy half-busy");
    let denied = || Refusal::new("AccessDeniedException", "no");
    account.proxy.when(scaling, "DescribeScalingPolicies").times(1).refuse(denied());
    let unread = account.read(AT);
    assert_eq!(unread.owners[0].within, owner.within);
    assert!(unread.owners[0].does.contains("policies could not be read: denied"), "{:?}", unread.owners);
    // What is suspended as a whole acts no more.
    let suspended = json!({ "SuspendedState": {
        "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": true, "ScheduledScalingSuspended": true,
    } });
    account.console().json(scaling, "RegisterScalableTarget", &with(suspended));
    assert!(!account.read(AT).owners[0].reverts);
    let tags = json!([{ "key": "aws:cloudformation:stack-name", "value": "edge" }]);
    create(&account, "deployed", json!({ "deploymentController": { "type": "CODE_DEPLOY" }, "tags": tags }));
    let live = account.read("ecs-service/edge/deployed");
    let owners: Vec<_> = live.owners.iter().map(|owner| (owner.name.as_str(), owner.reverts)).collect();
    assert_eq!(owners, [("CodeDeploy", true), ("CloudFormation stack edge", false)]);
    account.proxy.when(scaling, "DescribeScalableTargets").times(1).refuse(denied());
    let live = account.read(AT);
    assert!(live.owners[0].does.contains("could not be read: denied"), "{:?}", live.owners);
    // What is throttled is asked again: without its target a service looks as if nothing else scaled it.
    account.proxy.when(scaling, "DescribeScalableTargets").times(1).throttle();
    let read = account.ask(&[Query::one(address(AT))]).remove(0);
    assert_eq!(read, Reading::Fault(Fault::throttled("application-autoscaling:DescribeScalableTargets", None)));
}

/// What sets the bounds of a target when its time comes is a note of the target.
pub(crate) fn bounds_may_be_scheduled() {
    let account = account();
    let target = [
        ("ServiceNamespace", "ecs"),
        ("ResourceId", "service/edge/web"),
        ("ScalableDimension", "ecs:service:DesiredCount"),
    ];
    let send = |operation: &str, more: serde_json::Value| {
        let mut body = more;
        target.iter().for_each(|(name, value)| body[name] = json!(value));
        account.console().json("application-autoscaling", operation, &body);
    };
    send("RegisterScalableTarget", json!({ "MinCapacity": 1, "MaxCapacity": 6 }));
    let night = json!({ "MinCapacity": 0, "MaxCapacity": 2 });
    let action =
        json!({ "ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)", "ScalableTargetAction": night });
    send("PutScheduledAction", action);
    let live = account.read("scalable-target/ecs/service/edge/web/ecs:service:DesiredCount");
    let owners: Vec<_> = live.owners_of("min").map(|owner| (owner.name.as_str(), owner.reverts)).collect();
    assert_eq!(owners, [("scheduled action night", false)]);
    assert_eq!(live.owners[0].does, "sets its own bounds when its time comes");
}

/// Of many a part is lost: in passing, so that all are asked for again, or for good, which is said. They are never fewer.
pub(crate) fn a_part_that_is_lost_is_no_less() {
    let account = account();
    for nth in 1..15 {
        create(&account, &format!("web-{nth}"), json!({}));
    }
    let all = || account.ask(&[all("ecs-service/edge/*", "desired_count")]).remove(0);
    let describe = || account.proxy.when("ecs", "DescribeServices").times(1);
    describe().throttle();
    assert_eq!(all(), Reading::Fault(Fault::throttled("ecs:DescribeServices", None)));
    describe().close();
    assert!(matches!(all(), Reading::Fault(Fault::Unreachable(_))));
    describe().refuse(Refusal::new("AccessDeniedException", "no"));
    let Reading::Members { found, complete: false } = all() else { panic!() };
    assert!(!found.is_empty() && found.len() < 15);
    account.proxy.when("ecs", "ListServices").times(1).refuse(Refusal::new("AccessDeniedException", "no"));
    assert!(matches!(all(), Reading::Fault(Fault::Denied(_))));
    let Reading::Members { found, complete: true } = all() else { panic!() };
    assert_eq!(found.len(), 15);
}

/// Ten services a DescribeServices and a hundred a ListServices are what the API takes.
pub(crate) fn a_thousand_take_few_calls() {
    let account = account();
    for nth in 1..1000 {
        create(&account, &format!("web-{nth}"), json!({}));
    }
    let verbs = |calls: &[(&str, u64)]| -> BTreeMap<String, u64> {
        calls.iter().map(|(verb, calls)| ((*verb).to_owned(), *calls)).collect()
    };
    let fixed = [
        ("application-autoscaling:DescribeScalableTargets", 1),
        ("ecs:DescribeServices", 100),
        ("sts:GetCallerIdentity", 1),
    ];
    let one = |name: String| Query {
        settings: Wanted::Only(["desired_count".to_owned()].into()),
        ..Query::one(address(&format!("ecs-service/edge/{name}")))
    };
    let named: Vec<Query> =
        std::iter::once("web".to_owned()).chain((1..1000).map(|nth| format!("web-{nth}"))).map(one).collect();
    account.identity();
    assert!(account.ask(&named).into_iter().all(|reading| reading.into_one().is_ok()));
    let by_name = account.cx.calls.by_verb();
    assert_eq!(by_name, verbs(&fixed));
    account.identity();
    let Reading::Members { found, complete: true } =
        account.ask(&[all("ecs-service/edge/*", "desired_count")]).remove(0)
    else {
        panic!()
    };
    assert_eq!(found.len(), 1000);
    let both = account.cx.calls.by_verb();
    let of_list = |verb: &str| both.get(verb).unwrap() - by_name.get(verb).copied().unwrap_or_default();
    assert_eq!(fixed.map(|(verb, _)| of_list(verb)), fixed.map(|(_, calls)| calls));
    assert_eq!(of_list("ecs:ListServices"), 10);
}
