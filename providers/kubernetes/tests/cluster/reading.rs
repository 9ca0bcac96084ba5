use std::collections::BTreeMap;

use futures_util::future::join_all;
use opsctl_api::{Fault, Pattern, Query, Readiness, Reading, Selector, Wanted};
use serde_json::json;

use crate::rig::{Rig, calls, open};

fn many(pattern: String, labels: &[(&str, &str)]) -> Query {
    let labels: BTreeMap<_, _> = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Query { at: Selector::Many { pattern: Pattern::new(pattern), labels }, settings: Wanted::All, receipt: None }
}

fn only(setting: &str, query: Query) -> Query {
    Query { settings: Wanted::Only([setting.to_owned()].into()), ..query }
}

fn names(reading: &Reading) -> Vec<String> {
    match reading {
        Reading::Members { found, complete: true } => {
            found.iter().map(|live| live.at.segments().last().unwrap().to_owned()).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn test_the_identity_is_the_cluster_whoever_asks() {
    let rig = Rig::new().await;
    let namespace = rig.look("/api/v1/namespaces/kube-system").await;
    let identity = rig.provider.identity(&rig.cx).await.unwrap();
    assert_eq!(identity.id, namespace["metadata"]["uid"]);
    assert_eq!(identity.shown, format!("cluster {}", &identity.id[..8]));
    assert_eq!(open("reader").identity(&rig.cx).await.unwrap(), identity);
    assert_eq!(rig.cx.calls.total(), 2);
}

#[tokio::test]
async fn test_few_are_got_and_many_are_listed_and_answers_keep_their_order() {
    let mut rig = Rig::new().await;
    let mut all = Vec::new();
    for number in 0..5 {
        all.push(rig.deployment(&format!("d-{number}"), 0).await);
    }
    let ask = |count: usize| -> Vec<Query> { all[..count].iter().rev().cloned().map(Query::one).collect() };
    let readings = rig.provider.read(&rig.cx, &ask(2)).await;
    assert_eq!(readings.iter().flat_map(names).collect::<Vec<_>>(), ["d-1", "d-0"]);
    assert_eq!(rig.calls(), calls(&[("GET deployments", 2), ("LIST horizontalpodautoscalers", 1)]));
    let readings = rig.provider.read(&rig.cx, &ask(5)).await;
    assert_eq!(readings.iter().flat_map(names).collect::<Vec<_>>(), ["d-4", "d-3", "d-2", "d-1", "d-0"]);
    assert_eq!(rig.calls(), calls(&[("LIST deployments", 1), ("LIST horizontalpodautoscalers", 1)]));
    rig.provider.read(&rig.cx, &[only("image.ats", Query::one(all[0].clone()))]).await;
    assert_eq!(rig.calls(), calls(&[("GET deployments", 1)]));
}

#[tokio::test]
async fn test_patterns_and_labels() {
    let mut rig = Rig::new().await;
    let edge = json!({ "labels": { "tier": "edge", "zone": "east" } });
    let containers = json!([{ "name": "c", "image": "i" }]);
    rig.deployment_with("edge-1", 0, containers.clone(), edge.clone()).await;
    rig.deployment_with("edge-2", 0, containers.clone(), json!({ "labels": { "tier": "edge" } })).await;
    rig.deployment_with("shield", 0, containers, json!({})).await;
    let ns = rig.namespace.clone();
    let asks = [
        many(format!("k8s:deployment/{ns}/*"), &[]),
        many(format!("k8s:deployment/{ns}/edge-*"), &[]),
        many(format!("k8s:deployment/{ns}/*"), &[("tier", "edge")]),
        many(format!("k8s:deployment/{ns}/*"), &[("tier", "edge"), ("zone", "east")]),
        many("k8s:deployment/*/no-such-name".to_owned(), &[]),
        many("k8s:deployment/no-such-namespace/*".to_owned(), &[]),
    ];
    let readings = rig.provider.read(&rig.cx, &asks).await;
    let found: Vec<Vec<String>> = readings.iter().map(names).collect();
    assert_eq!(found[0], ["edge-1", "edge-2", "shield"]);
    assert_eq!(found[1], ["edge-1", "edge-2"]);
    assert_eq!(found[2], ["edge-1", "edge-2"]);
    assert_eq!(found[3], ["edge-1"]);
    assert!(found[4].is_empty() && found[5].is_empty());
    // One for all, and one for each selector.
    assert_eq!(rig.calls()["LIST deployments"], 3);
}

#[tokio::test]
async fn test_missing_is_missing_and_denied_is_denied() {
    let rig = Rig::new().await;
    rig.deployment("edge", 0).await;
    let missing = |at: &str| Query::one(at.parse().unwrap());
    let asks = [
        Query::one(rig.at("deployment", "nothing")),
        missing("k8s:deployment/no-such-namespace/edge"),
        missing("k8s:hpa/no-such-namespace/edge"),
    ];
    for reading in rig.provider.read(&rig.cx, &asks).await {
        assert!(matches!(reading.clone().into_one(), Err(Fault::Missing(_))), "{reading:?}");
    }
    let listed: Vec<Query> = (0..5).map(|n| missing(&format!("k8s:deployment/no-such-namespace/d-{n}"))).collect();
    for reading in rig.provider.read(&rig.cx, &listed).await {
        assert!(matches!(reading.clone().into_one(), Err(Fault::Missing(_))), "{reading:?}");
    }
    let nobody = open("nobody");
    let asks = [
        Query::one(rig.at("deployment", "edge")),
        many(format!("k8s:configmap/{}/*", rig.namespace), &[]),
        many("k8s:hpa/*".to_owned(), &[]),
    ];
    for reading in nobody.read(&rig.cx, &asks).await {
        assert!(matches!(reading, Reading::Fault(Fault::Denied(_))), "{reading:?}");
    }
}

#[tokio::test]
async fn test_many_namespaces_are_one_list_and_where_that_is_denied_each_by_itself() {
    let mut rig = Rig::new().await;
    let namespaces: Vec<String> = (0..12).map(|number| format!("{}-{number}", rig.namespace)).collect();
    let containers = json!([{ "name": "c", "image": "i" }]);
    for namespace in &namespaces {
        rig.make_namespace(namespace).await;
        let object = json!({
            "metadata": { "name": "edge" },
            "spec": {
                "replicas": 0,
                "selector": { "matchLabels": { "app": "edge" } },
                "template": { "metadata": { "labels": { "app": "edge" } }, "spec": { "containers": containers } },
            },
        });
        rig.make(&format!("/apis/apps/v1/namespaces/{namespace}/deployments"), object).await;
        // Somebody who may read deployments here, but not everywhere.
        let role = json!({ "kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": "view" });
        let subject = json!({ "kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "nobody" });
        let binding = json!({ "metadata": { "name": "nobody" }, "roleRef": role, "subjects": [subject] });
        rig.make(&format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"), binding).await;
    }
    let asks: Vec<Query> = namespaces
        .iter()
        .map(|namespace| Query::one(format!("k8s:deployment/{namespace}/edge").parse().unwrap()))
        .collect();
    assert!(rig.provider.read(&rig.cx, &asks).await.iter().flat_map(names).eq(vec!["edge"; 12]));
    assert_eq!(rig.calls(), calls(&[("LIST deployments", 1), ("LIST horizontalpodautoscalers", 1)]));
    let nobody = open("nobody");
    assert!(nobody.read(&rig.cx, &asks).await.iter().flat_map(names).eq(vec!["edge"; 12]));
    let made = rig.calls();
    assert_eq!((made["LIST deployments"], made["GET deployments"]), (1, 12));
}

#[tokio::test]
async fn test_a_long_list_is_paged_and_a_few_of_it_are_not_worth_all_pages() {
    let mut rig = Rig::new().await;
    let total = 2_300;
    for chunk in (0..total).collect::<Vec<_>>().chunks(100) {
        join_all(chunk.iter().map(async |number| {
            let object = json!({ "metadata": { "name": format!("c-{number:05}") }, "data": { "a": "1" } });
            rig.make("/api/v1/namespaces/{ns}/configmaps", object).await
        }))
        .await;
    }
    let all = many(format!("k8s:configmap/{}/c-*", rig.namespace), &[]);
    let reading = rig.provider.read(&rig.cx, &[all]).await.remove(0);
    assert_eq!(names(&reading).len(), total);
    assert_eq!(rig.calls(), calls(&[("LIST configmaps", 3)]));
    let four: Vec<Query> =
        [1, 2, 2_200, 2_201].iter().map(|number| Query::one(rig.at("configmap", &format!("c-{number:05}")))).collect();
    assert_eq!(rig.provider.read(&rig.cx, &four).await.iter().flat_map(names).count(), 4);
    assert_eq!(rig.calls(), calls(&[("GET configmaps", 2), ("LIST configmaps", 1)]));
}

#[tokio::test]
async fn test_pods_say_why_it_does_not_become_ready() {
    let mut rig = Rig::new().await;
    let greedy = json!([{ "name": "ats", "image": "ats:9", "resources": { "requests": { "cpu": "1000000" } } }]);
    let edge = rig.deployment_with("edge", 2, greedy, json!({})).await;
    let waits = |readiness: &Readiness| matches!(readiness, Readiness::Progressing { done: 0, total: 2, what } if what.contains("Unschedulable: 0/") && what.contains("Insufficient cpu"));
    rig.until(&edge, None, waits).await;
    assert!(rig.calls()["LIST pods"] >= 1);
}

#[tokio::test]
async fn test_a_quota_is_a_failure() {
    let rig = Rig::new().await;
    let quota = json!({ "metadata": { "name": "pods" }, "spec": { "hard": { "pods": "1" } } });
    rig.make("/api/v1/namespaces/{ns}/resourcequotas", quota).await;
    // Until it is in force, pods pass.
    while rig.look("/api/v1/namespaces/{ns}/resourcequotas/pods").await["status"]["hard"].is_null() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let edge = rig.deployment("edge", 3).await;
    let failed =
        |readiness: &Readiness| matches!(readiness, Readiness::Failed(why) if why.contains("exceeded quota: pods"));
    rig.until(&edge, None, failed).await;
}

#[tokio::test]
async fn test_a_paused_rollout_is_a_failure_only_where_the_template_has_changed() {
    let rig = Rig::new().await;
    let edge = rig.deployment("edge", 2).await;
    rig.settle(&edge, None).await;
    let path = "/apis/apps/v1/namespaces/{ns}/deployments/edge";
    rig.merge(path, json!({ "spec": { "paused": true, "replicas": 3 } })).await;
    rig.settle(&edge, None).await;
    crate::rig::sent(
        rig.write(&edge, vec![crate::rig::edit("image.ats", crate::rig::text("ats:9"), crate::rig::text("ats:10"))])
            .await,
    );
    let paused = |readiness: &Readiness| matches!(readiness, Readiness::Failed(why) if why.contains("paused"));
    rig.until(&edge, None, paused).await;
}
