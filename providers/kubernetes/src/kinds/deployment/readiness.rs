use opsctl_api::Readiness;
use serde::Deserialize;

use crate::condition::{Condition, find};

/// The status of a Deployment; the API leaves out what is 0.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status {
    observed_generation: i64,
    replicas: i64,
    updated_replicas: i64,
    available_replicas: i64,
    terminating_replicas: i64,
    conditions: Vec<Condition>,
}

/// What the status is held against.
pub(super) struct Wanted {
    pub(super) generation: i64,
    pub(super) replicas: i64,
    pub(super) paused: bool,
    /// Whether pods that are still terminating count: of a write that made it fewer they do. Otherwise they do only where
    /// none shall be left, for every rollout and every drained node leaves some behind that nobody waits for.
    pub(super) settling_down: bool,
}

impl Status {
    /// Whether the controller has seen this generation: before, all that it says is of an earlier one.
    pub(super) fn is_of(&self, generation: i64) -> bool {
        self.observed_generation >= generation
    }

    /// As `kubectl rollout status` sees it, and stricter: no pod too many, and the reasons why there are too few.
    pub(super) fn readiness(&self, wanted: &Wanted) -> Readiness {
        let total = u64::try_from(wanted.replicas).unwrap_or_default();
        let done = u64::try_from(self.updated_replicas.min(self.available_replicas)).unwrap_or_default().min(total);
        if !self.is_of(wanted.generation) {
            return Readiness::Progressing { done: 0, total, what: "its controller has not seen it yet".to_owned() };
        }
        let terminating = if wanted.settling_down || wanted.replicas == 0 { self.terminating_replicas } else { 0 };
        let all = [self.replicas, self.updated_replicas, self.available_replicas];
        if all == [wanted.replicas; 3] && terminating == 0 {
            return Readiness::Ready;
        }
        match self.stuck(wanted) {
            Some(why) => Readiness::Failed(why),
            None => Readiness::Progressing { done, total, what: self.going_on(wanted.replicas, terminating) },
        }
    }

    /// Why it will not get there by itself.
    fn stuck(&self, wanted: &Wanted) -> Option<String> {
        let condition = |name, status| find(&self.conditions, name).filter(|condition| condition.is(status));
        if let Some(failure) = condition("ReplicaFailure", "True") {
            return Some(failure.said());
        }
        // Only a new template has this deadline: a mere scale never fails so.
        if let Some(deadline) = condition("Progressing", "False") {
            return Some(deadline.said());
        }
        let old = wanted.replicas - self.updated_replicas;
        (wanted.paused && self.replicas == wanted.replicas && old > 0)
            .then(|| format!("its rollout is paused: {old} of {} pods stay on the old template", wanted.replicas))
    }

    fn going_on(&self, wanted: i64, terminating: i64) -> String {
        let mut parts = Vec::new();
        if self.updated_replicas < self.replicas {
            parts.push(format!("{} of {wanted} updated", self.updated_replicas));
        }
        if self.replicas > wanted {
            parts.push(format!("{} too many", self.replicas - wanted));
        }
        if terminating > 0 {
            parts.push(format!("{terminating} terminating"));
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(status: &str, wanted: Wanted) -> Readiness {
        serde_json::from_str::<Status>(status).unwrap().readiness(&wanted)
    }

    fn want(replicas: i64) -> Wanted {
        Wanted { generation: 4, replicas, paused: false, settling_down: false }
    }

    fn progressing(done: u64, total: u64, what: &str) -> Readiness {
        Readiness::Progressing { done, total, what: what.to_owned() }
    }

    #[test]
    fn test_counts() {
        for (status, wanted, expected) in [
            (
                r#"{"observedGeneration": 4, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}"#,
                3,
                Readiness::Ready,
            ),
            (r#"{"observedGeneration": 4}"#, 0, Readiness::Ready),
            (r#"{}"#, 3, progressing(0, 3, "its controller has not seen it yet")),
            (
                r#"{"observedGeneration": 3, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}"#,
                3,
                progressing(0, 3, "its controller has not seen it yet"),
            ),
            (
                r#"{"observedGeneration": 4, "replicas": 10, "updatedReplicas": 10, "availableReplicas": 4}"#,
                10,
                progressing(4, 10, ""),
            ),
            (
                r#"{"observedGeneration": 4, "replicas": 12, "updatedReplicas": 5, "availableReplicas": 9}"#,
                10,
                progressing(5, 10, "5 of 10 updated, 2 too many"),
            ),
            (
                r#"{"observedGeneration": 4, "replicas": 5, "updatedReplicas": 5, "availableReplicas": 5}"#,
                2,
                progressing(2, 2, "3 too many"),
            ),
            (r#"{"observedGeneration": 4, "terminatingReplicas": 2}"#, 0, progressing(0, 0, "2 terminating")),
        ] {
            assert_eq!(ready(status, want(wanted)), expected, "{status}");
        }
    }

    #[test]
    fn test_terminating_pods_hold_up_only_a_write_that_made_it_fewer() {
        let status = r#"{"observedGeneration": 4, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
                         "terminatingReplicas": 1}"#;
        assert_eq!(ready(status, want(2)), Readiness::Ready);
        assert_eq!(ready(status, Wanted { settling_down: true, ..want(2) }), progressing(2, 2, "1 terminating"));
    }

    #[test]
    fn test_what_will_not_get_there_by_itself() {
        let status = |conditions: &str| {
            format!(
                r#"{{"observedGeneration": 4, "replicas": 3, "updatedReplicas": 1, "availableReplicas": 2,
                     "conditions": [{{"type": "Available", "status": "False"}}, {conditions}]}}"#
            )
        };
        let deadline = r#"{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
            "message": "ReplicaSet \"ats-edge-7d9f\" has timed out progressing."}"#;
        let quota = r#"{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
            "message": "pods \"ats-edge-7d9f-\" is forbidden: exceeded quota: pods"}"#;
        let paused = r#"{"type": "Progressing", "status": "Unknown", "reason": "DeploymentPaused",
            "message": "Deployment is paused"}"#;
        for (conditions, paused, expected) in [
            (deadline, false, "ProgressDeadlineExceeded: ReplicaSet \"ats-edge-7d9f\" has timed out progressing."),
            (quota, false, "FailedCreate: pods \"ats-edge-7d9f-\" is forbidden: exceeded quota: pods"),
            (paused, true, "its rollout is paused: 2 of 3 pods stay on the old template"),
        ] {
            let readiness = ready(&status(conditions), Wanted { paused, ..want(3) });
            assert_eq!(readiness, Readiness::Failed(expected.to_owned()));
        }
    }

    #[test]
    fn test_a_deadline_of_the_past_does_not_count_once_it_is_complete() {
        let status = r#"{"observedGeneration": 4, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1,
            "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}"#;
        assert_eq!(ready(status, want(1)), Readiness::Ready);
    }
}
