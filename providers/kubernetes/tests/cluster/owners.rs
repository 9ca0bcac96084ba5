use std::time::Duration;

use http::Method;
use opsctl_api::{Live, Owner, Relation, Value};
use serde_json::{Value as Json, json};

use crate::rig::{Rig, open};

fn owner<'a>(live: &'a Live, name: &str) -> &'a Owner {
    live.owners.iter().find(|owner| owner.name.starts_with(name)).unwrap_or_else(|| panic!("{name}: {:?}", live.owners))
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Takes away what an earlier run has left.
async fn undefine(rig: &Rig, name: &str) {
    let path = format!("{DEFINITIONS}/{name}");
    while rig.try_send(Method::DELETE, &path, "application/json", Json::Null).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Serves objects of a group that no controller here knows.
async fn define(rig: &Rig, group: &str, version: &str, kind: &str) -> String {
    let plural = format!("{}s", kind.to_lowercase());
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let object = json!({
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": { "plural": plural, "singular": kind.to_lowercase(), "kind": kind },
            "versions": [{ "name": version, "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }],
        },
    });
    rig.make(DEFINITIONS, object).await;
    let path = format!("/apis/{group}/{version}/namespaces/{{ns}}/{plural}");
    while rig.try_send(Method::GET, &path, "application/json", Json::Null).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    path
}

fn tracked(application: &str, rig: &Rig, name: &str) -> Json {
    let id = format!("{application}:apps/Deployment:{}/{name}", rig.namespace);
    json!({ "annotations": { "argocd.argoproj.io/tracking-id": id } })
}

#[tokio::test]
async fn test_an_hpa_owns_the_replicas_of_its_target_and_confines_it() {
    let rig = Rig::new().await;
    let edge = rig.deployment("edge", 3).await;
    let other = rig.deployment("other", 3).await;
    let hpa = rig.hpa("edge-hpa", "edge", 2, 20).await;
    let live = rig.live(&edge).await;
    let owner = owner(&live, "hpa/");
    assert_eq!(owner.name, format!("hpa/{}/edge-hpa", rig.namespace));
    assert!(owner.reverts && owner.holds("replicas") && !owner.holds("image.ats"));
    assert_eq!(owner.within, Some((Value::Integer(2), Value::Integer(20))));
    assert!(owner.allows(&Value::Integer(0)) && !owner.allows(&Value::Integer(1)));
    assert!(owner.instead.contains(hpa.as_str()), "{}", owner.instead);
    assert_eq!(rig.live(&hpa).await.relations, [Relation::Confines(edge)]);
    assert!(rig.live(&other).await.owners.is_empty());
}

#[tokio::test]
async fn test_hpas_that_may_not_be_read_are_said() {
    let rig = Rig::new().await;
    let edge = rig.deployment("edge", 1).await;
    let group = "rbac.authorization.k8s.io";
    let rules = json!([{ "apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"] }]);
    let path = format!("/apis/{group}/v1/namespaces/{{ns}}");
    rig.make(&format!("{path}/roles"), json!({ "metadata": { "name": "half" }, "rules": rules })).await;
    let role = json!({ "kind": "Role", "apiGroup": group, "name": "half" });
    let subject = json!({ "kind": "User", "apiGroup": group, "name": "nobody" });
    let binding = json!({ "metadata": { "name": "half" }, "roleRef": role, "subjects": [subject] });
    rig.make(&format!("{path}/rolebindings"), binding).await;
    let nobody = open("nobody");
    let ask = [opsctl_api::Query::one(edge)];
    let live = nobody.read(&rig.cx, &ask).await.remove(0).into_one().unwrap();
    let note = owner(&live, "an HPA");
    assert!(!note.reverts && note.holds("replicas"));
    assert!(note.does.contains("list horizontalpodautoscalers"), "{}", note.does);
}

#[tokio::test]
async fn test_argo_and_flux_revert_where_they_are_set_to() {
    let rig = Rig::new().await;
    undefine(&rig, "applications.argoproj.io").await;
    undefine(&rig, "kustomizations.kustomize.toolkit.fluxcd.io").await;
    // Without Argo CD's API there is nothing that could say whether it reverts.
    let meta = tracked("streaming", &rig, "edge");
    let edge = rig.deployment_with("edge", 1, json!([{ "name": "ats", "image": "ats:9" }]), meta).await;
    let unread = rig.live(&edge).await;
    assert!(!owner(&unread, "Argo CD application streaming").reverts);
    assert!(owner(&unread, "Argo CD application streaming").does.contains("could not be read"));

    let applications = define(&rig, "argoproj.io", "v1alpha1", "Application").await;
    let application = |name: &str, policy: Json| {
        json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": { "name": name },
                "spec": { "syncPolicy": policy } })
    };
    rig.make(&applications, application("streaming", json!({ "automated": { "selfHeal": true } }))).await;
    let live = rig.live(&edge).await;
    let argo = owner(&live, "Argo CD application streaming");
    assert!(argo.reverts && argo.soon == Some(Duration::from_secs(5)), "{argo:?}");
    rig.merge(&format!("{applications}/streaming"), json!({ "spec": { "syncPolicy": { "automated": null } } })).await;
    assert!(!owner(&rig.live(&edge).await, "Argo CD application streaming").reverts);

    let kustomizations = define(&rig, "kustomize.toolkit.fluxcd.io", "v1", "Kustomization").await;
    let kustomization = json!({ "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": { "name": "apps" }, "spec": { "interval": "10m0s" } });
    rig.make(&kustomizations, kustomization).await;
    let labels = json!({ "labels": { "kustomize.toolkit.fluxcd.io/name": "apps",
        "kustomize.toolkit.fluxcd.io/namespace": rig.namespace } });
    let shield = rig.deployment_with("shield", 1, json!([{ "name": "ats", "image": "ats:9" }]), labels).await;
    let live = rig.live(&shield).await;
    let flux = owner(&live, "Flux kustomization");
    assert!(flux.reverts && flux.soon == Some(Duration::from_secs(600)), "{flux:?}");
    rig.merge(&format!("{kustomizations}/apps"), json!({ "spec": { "suspend": true } })).await;
    assert!(!owner(&rig.live(&shield).await, "Flux kustomization").reverts);
}
