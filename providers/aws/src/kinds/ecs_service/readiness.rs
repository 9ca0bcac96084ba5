//! Whether a service runs what it shall: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html>.

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service, StabilityStatus};
use opsctl_api::Readiness;

/// The deployment that the service is on its way to.
pub(super) fn primary(service: &Service) -> Option<&Deployment> {
    service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"))
}

/// All tasks run, of the newest deployment alone, and that one is completed; behind a Classic Load Balancer, and where something
/// else deploys, there is no word of that. `receipt` is the deployment that a write began.
pub(super) fn readiness(service: &Service, receipt: Option<&str>) -> Readiness {
    if service.status() == Some("DRAINING") {
        return Readiness::Failed("it is being deleted".to_owned());
    }
    let began = service.deployments().iter().find(|deployment| receipt.is_some() && deployment.id() == receipt);
    let failed = |deployment: &&Deployment| deployment.rollout_state() == Some(&DeploymentRolloutState::Failed);
    if let Some(deployment) = began.into_iter().chain(primary(service)).find(failed) {
        let why = deployment.rollout_state_reason().unwrap_or("its deployment failed");
        return Readiness::Failed(why.to_owned());
    }
    let primary = primary(service);
    let (running, wanted) = match primary {
        Some(deployment) => (deployment.running_count(), deployment.desired_count().max(service.desired_count())),
        None => (service.running_count(), service.desired_count()),
    };
    let rolling = primary.and_then(Deployment::rollout_state) == Some(&DeploymentRolloutState::InProgress)
        || service.deployments().iter().any(|other| other.status() == Some("ACTIVE") && other.running_count() > 0)
        || service.task_sets().iter().any(|set| set.stability_status() == Some(&StabilityStatus::Stabilizing));
    if !rolling && running == wanted && service.running_count() == wanted && service.pending_count() == 0 {
        return Readiness::Ready;
    }
    let count = |number: i32| u64::try_from(number).unwrap_or_default();
    Readiness::Progressing { done: count(running.min(wanted)), total: count(wanted), what: said(service, primary) }
}

/// What the service says of it: how many tasks failed, and its newest event, which tells what it cannot do.
fn said(service: &Service, primary: Option<&Deployment>) -> String {
    let failed = primary.map(Deployment::failed_tasks).filter(|failed| *failed > 0);
    let failed = failed.map(|failed| format!("{failed} failed"));
    let event = service.events().first().and_then(|event| event.message());
    // An old word of how all was well tells nothing.
    let event = event.filter(|said| !said.contains("has reached a steady state"));
    let reason = || primary.and_then(Deployment::rollout_state_reason).filter(|said| !said.contains("completed"));
    let said = event.or_else(reason).map(str::to_owned);
    failed.into_iter().chain(said).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::ServiceEvent;

    use super::*;

    fn deployment(status: &str, running: i32, state: &str) -> Deployment {
        let deployment = Deployment::builder().id(status).status(status).desired_count(4).running_count(running);
        deployment.rollout_state(state.into()).rollout_state_reason(format!("it is {state}")).build()
    }

    fn service(running: i32, deployments: Vec<Deployment>) -> Service {
        Service::builder()
            .status("ACTIVE")
            .desired_count(4)
            .running_count(running)
            .set_deployments(Some(deployments))
            .events(ServiceEvent::builder().message("(service web) was unable to place a task").build())
            .build()
    }

    #[test]
    fn test_all_run_and_the_deployment_is_completed() {
        let ready = |running, deployments| readiness(&service(running, deployments), None) == Readiness::Ready;
        assert!(ready(4, vec![deployment("PRIMARY", 4, "COMPLETED")]));
        assert!(!ready(3, vec![deployment("PRIMARY", 3, "COMPLETED")]));
        assert!(!ready(4, vec![deployment("PRIMARY", 4, "IN_PROGRESS")]));
        assert!(!ready(5, vec![deployment("PRIMARY", 4, "COMPLETED"), deployment("ACTIVE", 1, "COMPLETED")]));
        // Behind a Classic Load Balancer.
        let silent = Deployment::builder().status("PRIMARY").desired_count(4).running_count(4).build();
        assert!(ready(4, vec![silent]));
        assert!(ready(4, Vec::new()));
    }

    #[test]
    fn test_the_services_own_words() {
        let of = |deployments, receipt| readiness(&service(3, deployments), receipt);
        let what = "(service web) was unable to place a task".to_owned();
        let progressing = Readiness::Progressing { done: 3, total: 4, what };
        assert_eq!(of(vec![deployment("PRIMARY", 3, "IN_PROGRESS")], None), progressing);
        let failed = Readiness::Failed("it is FAILED".to_owned());
        assert_eq!(of(vec![deployment("PRIMARY", 3, "FAILED")], None), failed);
        // The circuit breaker has begun to go back.
        let back = vec![deployment("PRIMARY", 3, "IN_PROGRESS"), deployment("ACTIVE", 1, "FAILED")];
        assert_eq!(of(back.clone(), Some("ACTIVE")), failed);
        assert_eq!(of(back, None), progressing);
    }
}
