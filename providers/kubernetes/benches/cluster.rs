//! How long the client takes on a real control plane, beside the bare calls:
//! `tests/rig/rig run cargo bench -p opsctl-kubernetes --features rig`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::future::Future;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use http::{Method, Request};
use kube::config::{KubeConfigOptions, Kubeconfig};
use opsctl_api::{
    Address, Config, Cx, Edit, Hop, Live, Preflight, Provider, Query, Readiness, Reading, Value, Wanted, Write, Written,
};
use serde_json::{Value as Json, json};

const DEPLOYMENTS: usize = 1_000;
const HPAS: usize = 100;
const NAMESPACE: &str = "bench";

#[tokio::main]
async fn main() {
    let kubeconfig = std::env::var("OPSCTL_RIG_KUBECONFIG").expect("tests/rig/rig run cargo bench … sets it");
    let config = json!({ "kubeconfig": kubeconfig, "context": "rig" });
    let config: Config = serde_json::from_value(config).unwrap();
    let provider = opsctl_kubernetes::open("k8s", &config).map_err(|problems| format!("{problems:?}")).unwrap();
    let client = client(&kubeconfig).await;
    let all: Vec<Address> = (0..DEPLOYMENTS)
        .map(|number| Address::new("k8s", "deployment", &format!("{NAMESPACE}/d-{number}")).unwrap())
        .collect();
    populate(&client).await;
    println!("{DEPLOYMENTS} Deployments, {HPAS} HPAs");

    let ask: Vec<Query> = all.iter().cloned().map(Query::one).collect();
    let replicas = Wanted::Only(["replicas".to_owned()].into());
    let ask_replicas: Vec<Query> = ask.iter().map(|ask| Query { settings: replicas.clone(), ..ask.clone() }).collect();
    until_ready(&*provider, &ask).await;

    let list = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments");
    let bare = || async { client.request_text(request(Method::GET, &list, Json::Null)).await.unwrap().len() };
    let bytes = bare().await;
    timed(&format!("bare LIST ({} KB)", bytes / 1024), 5, |_| async {
        bare().await;
    })
    .await;
    timed("read, all settings", 5, |cx| read(&*provider, cx, &ask)).await;
    timed("read, replicas", 5, |cx| read(&*provider, cx, &ask_replicas)).await;
    timed("read, three of them", 5, |cx| read(&*provider, cx, &ask[..3])).await;

    let hops: Vec<Hop> = all.iter().map(|at| scale(at, 1, 2)).collect();
    timed("dry runs", 1, |cx| async {
        let cx = cx;
        let answers = provider.preflight(&cx, &hops).await;
        assert!(answers.iter().all(|answer| *answer == Preflight::Accepted));
    })
    .await;
    timed("writes", 1, |cx| async {
        let cx = cx;
        let writes = futures_util::stream::iter(&hops).map(|hop| write(&*provider, &cx, hop));
        let mut writes = writes.buffer_unordered(provider.limits().writes_at_once);
        while let Some(written) = writes.next().await {
            assert!(matches!(written, Written::Sent { .. }), "{written:?}");
        }
    })
    .await;
    let start = Instant::now();
    let rounds = until_ready(&*provider, &ask).await;
    println!("{:<28} {:>8.3} s   {rounds} rounds", "until all are ready", start.elapsed().as_secs_f64());
    client
        .request::<Json>(request(Method::DELETE, &format!("/api/v1/namespaces/{NAMESPACE}"), Json::Null))
        .await
        .unwrap();
}

async fn client(kubeconfig: &str) -> kube::Client {
    let options = KubeConfigOptions { context: Some("rig".into()), ..KubeConfigOptions::default() };
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    kube::Client::try_from(kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap()
}

fn request(method: Method, path: &str, body: Json) -> Request<Vec<u8>> {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Request::builder().method(method).uri(path).header("content-type", "application/json").body(body).unwrap()
}

async fn populate(client: &kube::Client) {
    let make = |path: String, object: Json| async move {
        client.request::<Json>(request(Method::POST, &path, object)).await.unwrap();
    };
    make("/api/v1/namespaces".to_owned(), json!({ "metadata": { "name": NAMESPACE } })).await;
    let container = json!({ "name": "ats", "image": "ats:9", "ports": [{ "containerPort": 8080 }],
        "resources": { "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "1Gi" } },
        "env": (0..10).map(|n| json!({ "name": format!("SETTING_{n}"), "value": "something of a length" })).collect::<Vec<_>>(),
    });
    let deployments = (0..DEPLOYMENTS).map(|number| {
        let labels = json!({ "app": format!("d-{number}") });
        let spec = json!({ "replicas": 1, "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } } });
        let object = json!({ "metadata": { "name": format!("d-{number}"), "labels": labels }, "spec": spec });
        make(format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments"), object)
    });
    futures_util::stream::iter(deployments).buffer_unordered(32).collect::<Vec<()>>().await;
    let hpas = (0..HPAS).map(|number| {
        let name = format!("d-{number}");
        let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": name });
        let spec = json!({ "scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9 });
        let path = format!("/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers");
        make(path, json!({ "metadata": { "name": name }, "spec": spec }))
    });
    futures_util::stream::iter(hpas).buffer_unordered(32).collect::<Vec<()>>().await;
}

/// The median of some runs, and the calls of the last one.
async fn timed<F: Future<Output = ()>>(what: &str, runs: usize, run: impl Fn(Cx) -> F) {
    let mut times = Vec::new();
    let mut calls = std::collections::BTreeMap::new();
    for _ in 0..runs {
        let cx = Cx::new(Duration::from_secs(30));
        let counted = cx.calls.clone();
        let start = Instant::now();
        run(cx).await;
        times.push(start.elapsed());
        calls = counted.by_verb();
    }
    times.sort_unstable();
    let calls: Vec<String> = calls.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
    println!("{what:<28} {:>8.3} s   {}", times[times.len() / 2].as_secs_f64(), calls.join(", "));
}

async fn read(provider: &dyn Provider, cx: Cx, ask: &[Query]) {
    let readings = provider.read(&cx, ask).await;
    assert!(readings.iter().all(|reading| matches!(reading, Reading::Members { complete: true, .. })));
}

async fn until_ready(provider: &dyn Provider, ask: &[Query]) -> usize {
    for rounds in 1.. {
        let readings = provider.read(&Cx::new(Duration::from_secs(30)), ask).await;
        let ready = |reading: Reading| reading.into_one().is_ok_and(|live| live.readiness == Readiness::Ready);
        if readings.into_iter().all(ready) {
            return rounds;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    0
}

fn scale(at: &Address, from: i64, to: i64) -> Hop {
    let (from, to) = (Some(Value::Integer(from)), Some(Value::Integer(to)));
    Hop { at: at.clone(), edits: vec![Edit { setting: "replicas".to_owned(), from, to }], coupled: Vec::new() }
}

async fn write(provider: &dyn Provider, cx: &Cx, hop: &Hop) -> Written {
    let write = Write { hop: hop.clone(), live: Live::new(hop.at.clone()), idempotency_token: String::new() };
    provider.write(cx, &[write]).await.remove(0)
}
