use opsctl_api::{Address, Change, Confines, Kind, Live, LiveSetting, NoWay, Readiness, Relation, Setting, Type};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{NAMESPACED, Served, kubectl_patch};
use crate::condition::{Condition, find};
use crate::object::{Api, Meta, Object, live_setting};
use crate::path::Path;

/// An HPA's counts are 32-bit, and its least is 1: to scale to zero is an alpha feature of Kubernetes that is off by default.
const COUNT: Type = Type::Integer { min: 1, max: i32::MAX as i64 };
const MAX: Setting =
    Setting::new("max", COUNT, "The most replicas that it scales its target to.").capacity().read_with(&["min"]);
const MIN: Setting =
    Setting::new("min", COUNT, "The fewest replicas that it scales its target to.").capacity().read_with(&["max"]);

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "hpa",
        doc: "A HorizontalPodAutoscaler: the bounds within which it scales its target.",
        path: NAMESPACED,
        settings: &[MAX, MIN],
        confines: Some(Confines { floor: "min", ceiling: "max", of: &[("deployment", "replicas")] }),
        rate: None,
    },
    api: Api::of::<Hpa>("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    refers: "HorizontalPodAutoscaler",
    scale: None,
    paths,
    lawful,
    by_hand: kubectl_patch,
};

fn paths(setting: &str) -> Vec<Path> {
    match setting {
        "max" => vec![Path::fields(&["spec", "maxReplicas"])],
        "min" => vec![Path::fields(&["spec", "minReplicas"])],
        _ => Vec::new(),
    }
}

fn lawful(change: &Change, live: &Live) -> Result<(), NoWay> {
    let to = |setting: &str| match change.edits.iter().find(|edit| edit.setting == setting) {
        Some(edit) => edit.to.as_ref()?.as_integer(),
        None => live.value(setting)?.as_integer(),
    };
    match (to("min"), to("max")) {
        (Some(min), Some(max)) if min > max => Err(NoWay {
            why: format!("min {min} is above max {max}"),
            instead: "set a max that is at least min".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// A HorizontalPodAutoscaler of `autoscaling/v2`.
#[derive(Deserialize)]
pub(crate) struct Hpa {
    metadata: Meta,
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    scale_target_ref: Target,
    min_replicas: Option<i64>,
    max_replicas: i64,
}

/// What an HPA scales.
#[derive(Deserialize)]
pub(crate) struct Target {
    /// `Deployment`.
    pub(crate) kind: String,
    /// In the HPA's own namespace.
    pub(crate) name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    conditions: Vec<Condition>,
}

impl Hpa {
    /// What it scales.
    pub(crate) fn target(&self) -> &Target {
        &self.spec.scale_target_ref
    }

    /// The bounds within which it does; a least that is left out is 1.
    pub(crate) fn bounds(&self) -> (i64, i64) {
        (self.spec.min_replicas.unwrap_or(1), self.spec.max_replicas)
    }
}

impl Object for Hpa {
    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn setting(&self, key: &str) -> LiveSetting {
        match key {
            "max" => live_setting(&MAX, Some(Json::from(self.spec.max_replicas))),
            "min" => live_setting(&MIN, self.spec.min_replicas.map(Json::from)),
            _ => LiveSetting::Absent,
        }
    }

    fn keys(&self) -> Vec<String> {
        vec!["max".to_owned(), "min".to_owned()]
    }

    /// Bounds hold as soon as they are written; without metrics (`ScalingActive`) it still keeps its target within them.
    fn readiness(&self, _settling_down: bool) -> Readiness {
        match find(&self.status.conditions, "AbleToScale") {
            Some(condition) if condition.is("False") => Readiness::Failed(condition.said()),
            _ => Readiness::Ready,
        }
    }

    fn relations(&self, at: &Address) -> Vec<Relation> {
        let target = self.target();
        let confined = super::ALL
            .iter()
            .find(|served| served.refers == target.kind && served.scale.is_some())
            .and_then(|served| {
                let path = format!("{}/{}", self.metadata.namespace, target.name);
                Address::new(at.instance(), served.kind.name, &path).ok()
            });
        confined.map(Relation::Confines).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use opsctl_api::Value;

    use super::*;

    fn hpa(kind: &str, conditions: &str) -> Box<dyn Object> {
        let json = format!(
            r#"{{"metadata": {{"namespace": "cdn", "name": "edge"}},
                "spec": {{"scaleTargetRef": {{"apiVersion": "apps/v1", "kind": "{kind}", "name": "ats-edge"}},
                          "minReplicas": 2, "maxReplicas": 20, "metrics": []}},
                "status": {{"currentReplicas": 3, "desiredReplicas": 3, "conditions": [{conditions}]}}}}"#
        );
        (SERVED.api.one)(json.as_bytes()).unwrap()
    }

    #[test]
    fn test_bounds_and_what_they_confine() {
        let at: Address = "k8s:hpa/cdn/edge".parse().unwrap();
        let of_deployment = hpa("Deployment", "");
        assert_eq!(of_deployment.setting("min").value(), Some(&Value::Integer(2)));
        assert_eq!(of_deployment.setting("max").value(), Some(&Value::Integer(20)));
        let confined = "k8s:deployment/cdn/ats-edge".parse().unwrap();
        assert_eq!(of_deployment.relations(&at), [Relation::Confines(confined)]);
        assert!(hpa("Rollout", "").relations(&at).is_empty());
    }

    #[test]
    fn test_readiness() {
        let scaling_disabled = r#"{"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale"},
            {"type": "ScalingActive", "status": "False", "reason": "ScalingDisabled", "message": "scaling is disabled"}"#;
        let no_target = r#"{"type": "AbleToScale", "status": "False", "reason": "FailedGetScale",
            "message": "deployments.apps \"ats-edge\" not found"}"#;
        for (conditions, expected) in [
            ("", Readiness::Ready),
            (scaling_disabled, Readiness::Ready),
            (no_target, Readiness::Failed("FailedGetScale: deployments.apps \"ats-edge\" not found".to_owned())),
        ] {
            assert_eq!(hpa("Deployment", conditions).readiness(false), expected);
        }
    }
}
