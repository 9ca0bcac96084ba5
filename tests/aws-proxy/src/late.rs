//! What is not yet true: alterations of what is read, for [`When::alter`](crate::When::alter) with `times` or `lasting`,
//! and with `after` from a write on.

use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;

/// ECS services run so many tasks, and their deployments are in progress.
pub fn ecs_running(count: u64) -> impl Fn(&Call, &mut Answer) {
    move |_, answer| {
        answer.alter_json(|body| {
            for service in body["services"].as_array_mut().into_iter().flatten() {
                let wanted = service["desiredCount"].as_u64().unwrap_or_default();
                let counts = [("runningCount", count), ("pendingCount", wanted.saturating_sub(count))];
                for (name, count) in counts {
                    service[name] = json!(count);
                }
                for deployment in service["deployments"].as_array_mut().into_iter().flatten() {
                    for (name, count) in counts {
                        deployment[name] = json!(count);
                    }
                    deployment["rolloutState"] = json!("IN_PROGRESS");
                }
            }
        });
    }
}

/// ECS deployments have failed: a circuit breaker has ended them.
pub fn ecs_failed(reason: &str) -> impl Fn(&Call, &mut Answer) + use<> {
    let reason = reason.to_owned();
    move |_, answer| {
        answer.alter_json(|body| {
            for service in body["services"].as_array_mut().into_iter().flatten() {
                for deployment in service["deployments"].as_array_mut().into_iter().flatten() {
                    deployment["rolloutState"] = json!("FAILED");
                    deployment["rolloutStateReason"] = json!(reason);
                }
            }
        });
    }
}

/// Streams have this status: `UPDATING`.
pub fn kinesis_status(status: &str) -> impl Fn(&Call, &mut Answer) + use<> {
    let status = status.to_owned();
    move |_, answer| {
        answer.alter_json(|body| {
            for name in ["StreamDescriptionSummary", "StreamDescription"] {
                if body[name].is_object() {
                    body[name]["StreamStatus"] = json!(status);
                }
            }
        });
    }
}

/// Database instances have this status: `starting`, `stopping`, `modifying`.
pub fn rds_status(status: &str) -> impl Fn(&Call, &mut Answer) + use<> {
    let status = status.to_owned();
    move |_, answer| answer.alter_xml(|xml| xml.each("DBInstance", &mut |found| found.set("DBInstanceStatus", &status)))
}

/// Database instances are still replicas of this one, and being changed.
pub fn rds_replica(source: &str) -> impl Fn(&Call, &mut Answer) + use<> {
    let source = source.to_owned();
    move |_, answer| {
        answer.alter_xml(|xml| {
            xml.each("DBInstance", &mut |found| {
                found.set("ReadReplicaSourceDBInstanceIdentifier", &source);
                found.set("DBInstanceStatus", "modifying");
            });
        });
    }
}

/// Instances have this state: `pending`, `stopping`.
pub fn ec2_state(name: &str) -> impl Fn(&Call, &mut Answer) + use<> {
    let name = name.to_owned();
    let code = match name.as_str() {
        "pending" => 0,
        "running" => 16,
        "shutting-down" => 32,
        "terminated" => 48,
        "stopping" => 64,
        _ => 80,
    };
    move |_, answer| {
        answer.alter_xml(|xml| {
            for element in ["instanceState", "currentState"] {
                xml.each(element, &mut |state| {
                    state.set("code", code);
                    state.set("name", &name);
                });
            }
        });
    }
}

/// Of each Auto Scaling group so many instances are in service, and the others are on their way.
pub fn asg_in_service(count: usize) -> impl Fn(&Call, &mut Answer) {
    move |_, answer| {
        answer.alter_xml(|xml| {
            xml.each("Instances", &mut |instances| {
                for instance in instances.children.iter_mut().skip(count) {
                    instance.set("LifecycleState", "Pending");
                }
            });
        });
    }
}

/// Changes of Route 53 have not reached all of its servers.
pub fn route53_pending() -> impl Fn(&Call, &mut Answer) {
    |_, answer| answer.alter_xml(|xml| xml.each("ChangeInfo", &mut |info| info.set("Status", "PENDING")))
}

/// Targets of a load balancer have this health: `initial`, `unhealthy`, `draining`.
pub fn target_health(state: &str) -> impl Fn(&Call, &mut Answer) + use<> {
    let state = state.to_owned();
    move |_, answer| answer.alter_xml(|xml| xml.each("TargetHealth", &mut |health| health.set("State", &state)))
}
