use opsctl_api::{Fault, LiveSetting, Readiness, Value, Written};
use serde_json::json;

use crate::rig::{Rig, amount, count, edit, sent, text};

#[tokio::test]
async fn test_a_scale_settles_and_is_one_call_to_the_subresource() {
    let mut rig = Rig::new().await;
    let edge = rig.deployment("edge", 2).await;
    rig.settle(&edge, None).await;
    rig.calls();
    let receipt = sent(rig.write(&edge, vec![edit("replicas", count(2), count(5))]).await);
    assert_eq!(receipt, None);
    assert_eq!(rig.calls(), crate::rig::calls(&[("PATCH deployments/scale", 1)]));
    assert_eq!(rig.live(&edge).await.value("replicas"), Some(&Value::Integer(5)));
    let live = rig.settle(&edge, receipt).await;
    assert_eq!(live.touched.iter().find(|touch| touch.setting == "replicas").unwrap().by, "opsctl");
}

#[tokio::test]
async fn test_down_to_nothing_and_up_from_nothing() {
    let rig = Rig::new().await;
    let edge = rig.deployment("edge", 2).await;
    rig.settle(&edge, None).await;
    let receipt = sent(rig.write(&edge, vec![edit("replicas", count(2), count(0))]).await);
    assert!(receipt.is_some(), "what made it fewer can be asked about");
    rig.settle(&edge, receipt).await;
    sent(rig.write(&edge, vec![edit("replicas", count(0), count(1))]).await);
    rig.settle(&edge, None).await;
}

#[tokio::test]
async fn test_a_stale_from_is_a_conflict_and_changes_nothing() {
    let rig = Rig::new().await;
    let edge = rig.deployment("edge", 2).await;
    let path = "/apis/apps/v1/namespaces/{ns}/deployments/edge";
    rig.merge(path, json!({ "spec": { "replicas": 3 } })).await;
    let before = rig.live(&edge).await;
    for edits in [
        vec![edit("replicas", count(2), count(5))],
        vec![edit("image.ats", text("ats:8"), text("ats:10"))],
        vec![edit("image.ats", text("ats:9"), text("ats:10")), edit("replicas", count(2), count(5))],
        vec![edit("cpu_limit.ats", amount("1"), amount("2"))],
        vec![edit("restart", text("a"), text("b"))],
    ] {
        match rig.write(&edge, edits.clone()).await {
            Written::Conflict(live) => {
                assert_eq!(live.value("replicas").is_some(), edits.iter().any(|e| e.setting == "replicas"))
            }
            other => panic!("{edits:?}: {other:?}"),
        }
    }
    let after = rig.live(&edge).await;
    assert_eq!(after.settings, before.settings);
}

#[tokio::test]
async fn test_all_of_a_template_in_one_patch() {
    let mut rig = Rig::new().await;
    let containers = json!([
        { "name": "log", "image": "log:1" },
        { "name": "ats", "image": "ats:9", "resources": { "requests": { "cpu": "0.1" } } },
    ]);
    let edge = rig.deployment_with("edge", 2, containers, json!({})).await;
    rig.settle(&edge, None).await;
    rig.calls();
    sent(
        rig.write(
            &edge,
            vec![
                edit("cpu_limit.ats", None, amount("2")),
                edit("cpu_request.ats", amount("100m"), amount("0.2")),
                edit("image.ats", text("ats:9"), text("ats:10")),
                edit("memory_limit.ats", None, amount("1Gi")),
                edit("replicas", count(2), count(3)),
                edit("restart", None, text("7c1e")),
            ],
        )
        .await,
    );
    assert_eq!(rig.calls(), crate::rig::calls(&[("GET deployments", 1), ("PATCH deployments", 1)]));
    let live = rig.settle(&edge, None).await;
    for (setting, value) in [
        ("cpu_limit.ats", amount("2")),
        ("cpu_request.ats", amount("200m")),
        ("image.ats", text("ats:10")),
        ("image.log", text("log:1")),
        ("memory_limit.ats", amount("1024Mi")),
        ("replicas", count(3)),
        ("restart", text("7c1e")),
    ] {
        assert_eq!(live.value(setting), value.as_ref(), "{setting}");
    }
    sent(
        rig.write(&edge, vec![edit("memory_limit.ats", amount("1Gi"), None), edit("restart", text("7c1e"), None)])
            .await,
    );
    let live = rig.settle(&edge, None).await;
    assert_eq!(live.value("memory_limit.ats"), None);
    assert_eq!(live.settings["restart"], LiveSetting::Absent);
}

#[tokio::test]
async fn test_an_init_container_is_patched_where_it_is() {
    let rig = Rig::new().await;
    let edge = rig.deployment("edge", 1).await;
    let warm = json!([{ "name": "warm", "image": "curl:7" }]);
    let template = json!({ "spec": { "initContainers": warm } });
    rig.merge("/apis/apps/v1/namespaces/{ns}/deployments/edge", json!({ "spec": { "template": template } })).await;
    sent(rig.write(&edge, vec![edit("image.warm", text("curl:7"), text("curl:8"))]).await);
    assert_eq!(rig.live(&edge).await.value("image.warm"), text("curl:8").as_ref());
}

#[tokio::test]
async fn test_a_container_that_is_not_there_is_hidden_and_never_added() {
    let rig = Rig::new().await;
    let edge = rig.deployment("edge", 1).await;
    let written = rig.write(&edge, vec![edit("image.nginx", None, text("nginx:1"))]).await;
    let Written::Refused(Fault::Invalid(why)) = written else { panic!("{written:?}") };
    assert!(why.contains("`nginx`") && why.contains("ats"), "{why}");
}

#[tokio::test]
async fn test_keys_of_a_configmap() {
    let rig = Rig::new().await;
    rig.make("/api/v1/namespaces/{ns}/configmaps", json!({ "metadata": { "name": "atc" } })).await;
    let atc = rig.at("configmap", "atc");
    let long = "shield:\n  hosts: 4\n".repeat(100);
    sent(
        rig.write(&atc, vec![edit("data.shield.max-hosts", None, text("4")), edit("data.b", None, text(&long))]).await,
    );
    sent(rig.write(&atc, vec![edit("data.shield.max-hosts", text("4"), text("2"))]).await);
    let live = rig.live(&atc).await;
    assert_eq!(live.readiness, Readiness::Ready);
    assert_eq!(live.value("data.shield.max-hosts"), text("2").as_ref());
    assert_eq!(live.value("data.b"), text(&long).as_ref());
    let conflict = rig.write(&atc, vec![edit("data.shield.max-hosts", text("4"), None)]).await;
    assert!(matches!(conflict, Written::Conflict(_)), "{conflict:?}");
    let conflict = rig.write(&atc, vec![edit("data.b", None, text("x"))]).await;
    assert!(matches!(conflict, Written::Conflict(_)), "{conflict:?}");
    sent(rig.write(&atc, vec![edit("data.shield.max-hosts", text("2"), None)]).await);
    assert_eq!(rig.live(&atc).await.settings.len(), 1);
}

#[tokio::test]
async fn test_bounds_of_an_hpa() {
    let mut rig = Rig::new().await;
    rig.deployment("edge", 2).await;
    let hpa = rig.hpa("edge", "edge", 1, 4).await;
    rig.calls();
    sent(rig.write(&hpa, vec![edit("max", count(4), count(20)), edit("min", count(1), count(10))]).await);
    assert_eq!(rig.calls(), crate::rig::calls(&[("PATCH horizontalpodautoscalers", 1)]));
    let live = rig.live(&hpa).await;
    assert_eq!((live.value("min"), live.value("max")), (count(10).as_ref(), count(20).as_ref()));
    let refused = rig.write(&hpa, vec![edit("min", count(10), count(30))]).await;
    assert!(matches!(refused, Written::Refused(Fault::Invalid(_))), "{refused:?}");
    let conflict = rig.write(&hpa, vec![edit("min", count(9), count(11))]).await;
    assert!(matches!(conflict, Written::Conflict(_)), "{conflict:?}");
}

#[tokio::test]
async fn test_writers_of_different_settings_do_not_disturb_each_other() {
    let rig = Rig::new().await;
    let data = json!({ "a": "0", "b": "0", "c": "0", "d": "0" });
    rig.make("/api/v1/namespaces/{ns}/configmaps", json!({ "metadata": { "name": "atc" }, "data": data })).await;
    let atc = rig.at("configmap", "atc");
    let writer = async |key: &str| {
        for number in 0..20 {
            let (from, to) = (number.to_string(), (number + 1).to_string());
            sent(rig.write(&atc, vec![edit(&format!("data.{key}"), text(&from), text(&to))]).await);
        }
    };
    tokio::join!(writer("a"), writer("b"), writer("c"), writer("d"));
    let live = rig.live(&atc).await;
    assert!(live.settings.values().all(|setting| setting.value() == text("20").as_ref()));
}
