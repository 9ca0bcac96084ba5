//! What else sets an object's fields, as far as the object itself tells.

use std::collections::BTreeSet;
use std::time::Duration;

use opsctl_api::{Owner, Value};

use crate::fetch::Key;
use crate::kinds::{Hpa, Served};
use crate::object::{Meta, Object};

/// How often an HPA acts, unless its controller is configured otherwise (`--horizontal-pod-autoscaler-sync-period`).
const HPA_SYNC: Duration = Duration::from_secs(15);

/// A tool that keeps objects as a repository has them. Whether it does so at the moment, its own object tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Keeper {
    /// An Application of Argo CD, by name; its namespace is not on the objects.
    Argo(String),
    /// A Kustomization of Flux.
    Kustomization(Key),
    /// A HelmRelease of Flux.
    HelmRelease(Key),
}

/// The tools that an object says it belongs to.
pub(crate) fn keepers(served: &Served, meta: &Meta) -> BTreeSet<Keeper> {
    let labels = &meta.labels;
    let mut keepers = BTreeSet::new();
    if let Some(application) = argo_application(served, meta) {
        keepers.insert(Keeper::Argo(application));
    }
    let flux = |name: &Option<String>, namespace: &Option<String>| {
        Some((namespace.clone().unwrap_or_else(|| meta.namespace.clone()), name.clone()?))
    };
    if meta.annotations.flux_reconcile.as_deref() != Some("disabled") {
        keepers.extend(flux(&labels.kustomization, &labels.kustomization_namespace).map(Keeper::Kustomization));
    }
    keepers.extend(flux(&labels.helm_release, &labels.helm_release_namespace).map(Keeper::HelmRelease));
    keepers
}

/// Argo CD tracks by annotation, `APPLICATION:GROUP/KIND:NAMESPACE/NAME` (a copy of it on another object does not count), and
/// did so by a label that others use too: that counts only where Argo CD has also set fields.
fn argo_application(served: &Served, meta: &Meta) -> Option<String> {
    if let Some(tracking) = &meta.annotations.argo_tracking {
        let (application, object) = tracking.split_once(':')?;
        let itself = format!("/{}:{}/{}", served.refers, meta.namespace, meta.name);
        return object.ends_with(&itself).then(|| application.to_owned());
    }
    let set_by_argo = meta.managed_fields.iter().any(|entry| entry.manager.starts_with("argocd"));
    meta.labels.instance.clone().filter(|_| set_by_argo)
}

/// Owners that need no further question: a controller that the object belongs to, and Helm.
pub(crate) fn plain_owners(meta: &Meta, keepers: &BTreeSet<Keeper>) -> Vec<Owner> {
    let mut owners = Vec::new();
    if let Some(controller) = meta.owner_references.iter().find(|reference| reference.controller) {
        let name = format!("{} {}", controller.kind, controller.name);
        owners.push(Owner {
            instead: format!("set it on the {name}"),
            name,
            settings: Vec::new(),
            within: None,
            off_at: None,
            reverts: true,
            soon: None,
            does: "made it and sets it as its own object says".to_owned(),
        });
    }
    let by_helm = meta.labels.managed_by.as_deref() == Some("Helm") || meta.annotations.helm_release.is_some();
    // Argo CD and Flux render charts themselves, labels and all.
    if by_helm && keepers.is_empty() {
        let release = meta.annotations.helm_release.as_deref().unwrap_or(&meta.name);
        owners.push(Owner {
            name: format!("Helm release {release}"),
            settings: Vec::new(),
            within: None,
            off_at: None,
            reverts: false,
            soon: None,
            does: "sets what its chart has at the next upgrade".to_owned(),
            instead: "set it in the values of the release too".to_owned(),
        });
    }
    owners
}

/// The HPA as owner of what it scales.
pub(crate) fn autoscaler(instance: &str, hpa: &Hpa, setting: &str) -> Owner {
    let Meta { namespace, name, .. } = hpa.meta();
    let (min, max) = hpa.bounds();
    let instead = match name.strip_prefix("keda-hpa-") {
        Some(scaled) => format!("set the bounds of scaledobject/{namespace}/{scaled}, or pause it"),
        None => format!("set min and max of {instance}:hpa/{namespace}/{name}"),
    };
    Owner {
        name: format!("hpa/{namespace}/{name}"),
        settings: vec![setting.to_owned()],
        within: Some((Value::Integer(min), Value::Integer(max))),
        off_at: Some(Value::Integer(0)),
        reverts: true,
        soon: Some(HPA_SYNC),
        does: "moves it there at its next sync".to_owned(),
        instead,
    }
}

/// A note that there may be an owner that could not be read.
pub(crate) fn unread(name: String, settings: Vec<String>, why: &dyn std::fmt::Display) -> Owner {
    Owner {
        name,
        settings,
        within: None,
        off_at: None,
        reverts: false,
        soon: None,
        does: format!("may set it: this could not be read ({why})"),
        instead: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::served;

    fn meta(json: &str) -> Meta {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn test_keepers() {
        let deployment = served("deployment").unwrap();
        for (json, expected) in [
            (r#"{"namespace": "cdn", "name": "edge"}"#, vec![]),
            (
                r#"{"namespace": "cdn", "name": "edge",
                    "annotations": {"argocd.argoproj.io/tracking-id": "streaming:apps/Deployment:cdn/edge"}}"#,
                vec![Keeper::Argo("streaming".into())],
            ),
            (
                r#"{"namespace": "cdn", "name": "copy",
                    "annotations": {"argocd.argoproj.io/tracking-id": "streaming:apps/Deployment:cdn/edge"}}"#,
                vec![],
            ),
            (r#"{"namespace": "cdn", "name": "edge", "labels": {"app.kubernetes.io/instance": "streaming"}}"#, vec![]),
            (
                r#"{"namespace": "cdn", "name": "edge", "labels": {"app.kubernetes.io/instance": "streaming"},
                    "managedFields": [{"manager": "argocd-controller", "operation": "Apply"}]}"#,
                vec![Keeper::Argo("streaming".into())],
            ),
            (
                r#"{"namespace": "cdn", "name": "edge", "labels": {"kustomize.toolkit.fluxcd.io/name": "apps",
                    "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}"#,
                vec![Keeper::Kustomization(("flux-system".into(), "apps".into()))],
            ),
            (
                r#"{"namespace": "cdn", "name": "edge", "labels": {"kustomize.toolkit.fluxcd.io/name": "apps"},
                    "annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}}"#,
                vec![],
            ),
        ] {
            assert_eq!(keepers(deployment, &meta(json)).into_iter().collect::<Vec<_>>(), expected, "{json}");
        }
    }

    #[test]
    fn test_controllers_revert_and_helm_is_a_note() {
        let operated = meta(
            r#"{"namespace": "data", "name": "scylla", "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {"meta.helm.sh/release-name": "db"},
                "ownerReferences": [{"kind": "ScyllaCluster", "name": "main", "controller": true}]}"#,
        );
        let owners = plain_owners(&operated, &BTreeSet::new());
        let shown: Vec<_> = owners.iter().map(|owner| (owner.name.as_str(), owner.reverts)).collect();
        assert_eq!(shown, [("ScyllaCluster main", true), ("Helm release db", false)]);
    }
}
