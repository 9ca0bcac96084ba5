//! Why the pods of something are not there yet, in their own words.

use std::collections::BTreeSet;

use opsctl_api::{Cx, Readiness};
use serde::Deserialize;

use crate::client::Client;
use crate::condition::{Condition, find};
use crate::fetch::{Fetch, Found, Need, Selection};
use crate::object::{Api, Meta, Object};

/// Pods are listed for so many of those that are not ready, failed ones first: enough for a screen.
const MOST: usize = 5;

/// While more than this are on their way, only failed ones are asked about: thousands that settle have nothing to complain of.
const STRAGGLERS: usize = 20;

static PODS: Api = Api::of::<Pod>("/api/v1", "pods");

/// What the pods of some objects say.
pub(crate) struct Pods(Found);

impl Pods {
    /// Asks the pods of those objects that are not ready.
    pub(crate) async fn read(client: &Client, cx: &Cx, unready: &[(&dyn Object, bool)]) -> Self {
        let few = unready.len() <= STRAGGLERS;
        let mut asked: Vec<&(&dyn Object, bool)> = unready.iter().filter(|(_, failed)| *failed || few).collect();
        asked.sort_by_key(|(_, failed)| !failed);
        let selections: BTreeSet<Selection> =
            asked.into_iter().filter_map(|(object, _)| selection(*object)).take(MOST).collect();
        let need = Need { selections, ..Need::default() };
        Self(Fetch { client, cx, api: &PODS }.gather(&need).await)
    }

    /// A readiness with what a pod says to it.
    pub(crate) fn explain(&self, object: &dyn Object, readiness: Readiness) -> Readiness {
        let said = selection(object).and_then(|selection| {
            let (pods, _) = self.0.selected(&selection);
            pods.into_iter().find_map(|pod| (pod as &dyn std::any::Any).downcast_ref::<Pod>()?.complaint())
        });
        let Some(said) = said else { return readiness };
        let with = |what: String| if what.is_empty() { said.clone() } else { format!("{what}; {said}") };
        match readiness {
            Readiness::Progressing { done, total, what } => Readiness::Progressing { done, total, what: with(what) },
            Readiness::Failed(why) => Readiness::Failed(with(why)),
            other => other,
        }
    }
}

fn selection(object: &dyn Object) -> Option<Selection> {
    let namespace = Some(object.meta().namespace.clone());
    Some(Selection { namespace, by: "labelSelector", selector: object.pods()? })
}

/// A Pod of `v1`.
#[derive(Deserialize)]
struct Pod {
    metadata: Meta,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    conditions: Vec<Condition>,
    container_statuses: Vec<ContainerStatus>,
    init_container_statuses: Vec<ContainerStatus>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ContainerStatus {
    name: String,
    state: State,
    last_state: State,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct State {
    waiting: Option<Said>,
    terminated: Option<Said>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Said {
    reason: String,
    message: String,
    exit_code: i64,
}

impl Pod {
    /// What keeps it from running; `None` where it runs or merely starts.
    fn complaint(&self) -> Option<String> {
        let pod = &self.metadata.name;
        let containers = self.status.init_container_statuses.iter().chain(&self.status.container_statuses);
        let container = containers.into_iter().find_map(|container| {
            let waiting = container.state.waiting.as_ref()?;
            let starting = matches!(waiting.reason.as_str(), "ContainerCreating" | "PodInitializing" | "");
            (!starting).then(|| format!("{pod} {}: {}", container.name, container.complaint(waiting)))
        });
        let unscheduled = || {
            let condition = find(&self.status.conditions, "PodScheduled").filter(|condition| condition.is("False"))?;
            Some(format!("{pod}: {}", condition.said()))
        };
        container.or_else(unscheduled)
    }
}

impl ContainerStatus {
    fn complaint(&self, waiting: &Said) -> String {
        let mut said = waiting.reason.clone();
        if !waiting.message.is_empty() {
            said = format!("{said}: {}", waiting.message);
        }
        // Of a crash loop the last end tells more than the wait.
        match &self.last_state.terminated {
            Some(Said { reason, exit_code, .. }) => format!("{said} (last: {reason}, exit {exit_code})"),
            None => said,
        }
    }
}

impl Object for Pod {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(status: &str) -> Option<String> {
        let json = format!(r#"{{"metadata": {{"name": "edge-7d9f-x"}}, "status": {status}}}"#);
        serde_json::from_str::<Pod>(&json).unwrap().complaint()
    }

    #[test]
    fn test_complaints() {
        for (status, expected) in [
            (r#"{"phase": "Running", "containerStatuses": [{"name": "ats", "state": {"running": {}}}]}"#, None),
            (
                r#"{"containerStatuses": [{"name": "ats", "state": {"waiting": {"reason": "ContainerCreating"}}}]}"#,
                None,
            ),
            (
                r#"{"containerStatuses": [{"name": "ats", "state": {"waiting": {"reason": "ImagePullBackOff",
                    "message": "Back-off pulling image \"ats:10\""}}}]}"#,
                Some(r#"edge-7d9f-x ats: ImagePullBackOff: Back-off pulling image "ats:10""#),
            ),
            (
                r#"{"containerStatuses": [{"name": "ats", "state": {"waiting": {"reason": "CrashLoopBackOff",
                    "message": "back-off 5m0s restarting"}}, "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]}"#,
                Some("edge-7d9f-x ats: CrashLoopBackOff: back-off 5m0s restarting (last: OOMKilled, exit 137)"),
            ),
            (
                r#"{"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                    "message": "0/3 nodes are available: 3 Insufficient cpu."}]}"#,
                Some("edge-7d9f-x: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."),
            ),
        ] {
            assert_eq!(complaint(status).as_deref(), expected);
        }
    }
}
