use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use kube::config::Kubeconfig;
use opsctl_api::{Cx, Fault, Preflight, Provider, Query, Written};
use serde_json::{Value as Json, json};

use crate::rig::{Rig, count, cx, edit, kubeconfig, open, open_with, text};

/// The rig's kubeconfig, changed, as a file of its own.
fn changed(change: impl FnOnce(&mut Json)) -> tempfile::NamedTempFile {
    let mut config = serde_json::to_value(Kubeconfig::read_from(kubeconfig()).unwrap()).unwrap();
    change(&mut config);
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), config.to_string()).unwrap();
    file
}

fn at_server(server: &str) -> Box<dyn Provider> {
    let file = changed(|config| {
        for cluster in config["clusters"].as_array_mut().unwrap() {
            cluster["cluster"]["server"] = json!(server);
        }
    });
    open_with(json!({ "kubeconfig": file.path(), "context": "rig" }))
}

#[tokio::test]
async fn test_a_dry_run_asks_rbac_validation_and_admission_and_changes_nothing() {
    let mut rig = Rig::new().await;
    let edge = rig.deployment("edge", 2).await;
    let hpa = rig.hpa("edge", "edge", 1, 4).await;
    let policy = json!({
        "metadata": { "name": format!("at-most-10-{}", rig.namespace) },
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": { "resourceRules": [{ "apiGroups": ["apps"], "apiVersions": ["v1"],
                "operations": ["UPDATE"], "resources": ["deployments", "deployments/scale"] }] },
            "validations": [{ "expression": "object.spec.replicas <= 10", "message": "ten are enough" }],
        },
    });
    let api = "/apis/admissionregistration.k8s.io/v1";
    let name = policy["metadata"]["name"].clone();
    rig.make(&format!("{api}/validatingadmissionpolicies"), policy).await;
    let selector = json!({ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": rig.namespace } } });
    let binding = json!({ "metadata": { "name": name },
        "spec": { "policyName": name, "validationActions": ["Deny"], "matchResources": selector } });
    rig.make(&format!("{api}/validatingadmissionpolicybindings"), binding).await;

    let scale = |to| rig.hop(&edge, vec![edit("replicas", count(2), count(to))]);
    let hops = [
        scale(5),
        scale(11),
        rig.hop(&hpa, vec![edit("min", count(1), count(9))]),
        rig.hop(&edge, vec![edit("image.ats", text("ats:9"), text(""))]),
        rig.hop(&rig.at("deployment", "nothing"), vec![edit("replicas", count(2), count(5))]),
        // It depends on an earlier hop what it comes from.
        rig.hop(&edge, vec![edit("replicas", count(7), count(5))]),
    ];
    // A policy takes effect some time after it was made.
    let answers = loop {
        let answers = rig.provider.preflight(&rig.cx, &hops).await;
        if answers[1] != Preflight::Accepted {
            break answers;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(answers[0], Preflight::Accepted);
    assert!(
        matches!(&answers[1], Preflight::Refused(Fault::Invalid(why)) if why.contains("ten are enough")),
        "{answers:?}"
    );
    assert!(matches!(&answers[2], Preflight::Refused(Fault::Invalid(_))), "{answers:?}");
    assert!(matches!(&answers[3], Preflight::Refused(Fault::Invalid(_))), "{answers:?}");
    assert!(matches!(&answers[4], Preflight::Refused(Fault::Missing(_))), "{answers:?}");
    assert_eq!(answers[5], Preflight::Accepted);
    assert!(rig.calls().keys().all(|verb| verb.ends_with("(dry run)") || verb.starts_with("GET")));
    assert_eq!(rig.live(&edge).await.value("replicas"), count(2).as_ref());
    // The write itself is refused in the same words, and has done nothing.
    let written = rig.write(&edge, vec![edit("replicas", count(2), count(11))]).await;
    assert!(matches!(&written, Written::Refused(Fault::Invalid(why)) if why.contains("ten are enough")), "{written:?}");
}

#[tokio::test]
async fn test_a_denial_names_verb_and_resource() {
    let rig = Rig::new().await;
    let edge = rig.deployment("edge", 2).await;
    let reader = open("reader");
    let edits = || vec![edit("replicas", count(2), count(5))];
    let said = format!("patch deployments/scale in {}: ", rig.namespace);
    let answer = reader.preflight(&rig.cx, &[rig.hop(&edge, edits())]).await.remove(0);
    assert!(matches!(&answer, Preflight::Refused(Fault::Denied(why)) if why.starts_with(&said)), "{answer:?}");
    let written = rig.write_as(&*reader, &edge, edits()).await;
    assert!(matches!(&written, Written::Refused(Fault::Denied(why)) if why.starts_with(&said)), "{written:?}");
    let identity = open("nobody").identity(&rig.cx).await;
    assert!(
        matches!(&identity, Err(Fault::Denied(why)) if why.starts_with("get namespaces kube-system: ")),
        "{identity:?}"
    );
}

#[tokio::test]
async fn test_where_nobody_listens_nothing_was_sent() {
    let rig = Rig::new().await;
    let edge = rig.deployment("edge", 2).await;
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gone = at_server(&format!("https://127.0.0.1:{port}"));
    let reading = gone.read(&rig.cx, &[Query::one(edge.clone())]).await.remove(0).into_one();
    assert!(matches!(reading, Err(Fault::Unreachable(_))), "{reading:?}");
    let hop = rig.hop(&edge, vec![edit("replicas", count(2), count(5))]);
    let answer = gone.preflight(&rig.cx, &[hop]).await.remove(0);
    assert!(matches!(answer, Preflight::CannotTell(_)), "{answer:?}");
    let written = rig.write_as(&*gone, &edge, vec![edit("replicas", count(2), count(5))]).await;
    assert!(matches!(written, Written::Refused(Fault::Unreachable(_))), "{written:?}");
}

#[tokio::test]
async fn test_where_nobody_answers_a_write_is_unknown_and_ends_in_time() {
    let mut rig = Rig::new().await;
    let edge = rig.deployment("edge", 2).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = at_server(&format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port()));
    let accept = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    rig.cx = Cx::new(Duration::from_millis(300));
    let written = rig.write_as(&*silent, &edge, vec![edit("replicas", count(2), count(5))]).await;
    assert!(matches!(written, Written::Unknown(Fault::Unreachable(_))), "{written:?}");
    let reading = silent.read(&rig.cx, &[Query::one(edge)]).await.remove(0).into_one();
    assert!(matches!(&reading, Err(Fault::Unreachable(why)) if why.contains("0.3s")), "{reading:?}");
    accept.abort();
}

#[tokio::test]
async fn test_credentials_may_come_from_another_program() {
    let rig = Rig::new().await;
    let config = Kubeconfig::read_from(kubeconfig()).unwrap();
    let token = serde_json::to_value(&config).unwrap()["users"]
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["name"] == "rig" || user["name"] == "admin")
        .unwrap()["user"]["token"]
        .clone();
    let folder = tempfile::tempdir().unwrap();
    let plugin = |name: &str, script: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let exec = json!({ "apiVersion": "client.authentication.k8s.io/v1", "command": path,
            "interactiveMode": "Never", "env": [{ "name": "PASSWORD", "value": "hunter2" }] });
        let file = changed(|config| {
            for user in config["users"].as_array_mut().unwrap() {
                user["user"] = json!({ "exec": exec });
            }
        });
        open_with(json!({ "kubeconfig": file.path(), "context": "rig" }))
    };
    let credential = json!({ "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": { "token": token } });
    let good = plugin("good", &format!("cat <<'END'\n{credential}\nEND"));
    assert_eq!(good.identity(&cx()).await, rig.provider.identity(&rig.cx).await);
    let bad = plugin("bad", "echo 'token: s3cr3t'; echo 'the session has expired, log in again' >&2; exit 1");
    let fault = bad.identity(&cx()).await.unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)), "{fault}");
    let shown = format!("{fault:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("s3cr3t"), "{shown}");
}

#[tokio::test]
async fn test_a_wrong_token_is_denied() {
    let file = changed(|config| {
        for user in config["users"].as_array_mut().unwrap() {
            user["user"] = json!({ "token": "not-this-one" });
        }
    });
    let stranger = open_with(json!({ "kubeconfig": file.path(), "context": "rig" }));
    let fault = stranger.identity(&cx()).await.unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)), "{fault}");
    assert!(!fault.to_string().contains("not-this-one"));
}
