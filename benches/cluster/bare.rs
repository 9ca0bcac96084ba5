//! The cluster without opsctl: the objects, and the calls that are the least it takes.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use http::{Method, Request};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde::Deserialize;
use serde_json::{Value as Json, json};

pub(crate) const DEPLOYMENTS: usize = 1_000;
/// With Deployments of their own: they would hold those that are changed.
const HPAS: usize = 50;
pub(crate) const NAMESPACE: &str = "bench";
/// As many calls at once as opsctl has under way.
const AT_ONCE: usize = 32;
/// Each look costs the API a list of all.
const LOOK: Duration = Duration::from_secs(1);

/// A cluster with Deployments of one pod each.
pub(crate) struct Bare {
    client: kube::Client,
    /// How curl is told whom to ask, and as whom.
    server: String,
    token: String,
    authority: String,
}

impl Bare {
    /// Makes the objects.
    pub(crate) async fn populate(kubeconfig: &str) -> Self {
        let options = KubeConfigOptions { context: Some("rig".to_owned()), ..KubeConfigOptions::default() };
        let read = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
        let config = kube::Config::from_custom_kubeconfig(read, &options).await.expect("a context");
        let folder = std::env::var("OPSCTL_RIG_DIR").expect("`tests/rig/rig run` sets it");
        let tokens = std::fs::read_to_string(format!("{folder}/tokens.csv")).expect("the rig's tokens");
        let server = config.cluster_url.to_string();
        let token = tokens.split(',').next().expect("a token").to_owned();
        let client = kube::Client::try_from(config).expect("a client");
        let bare = Self { client, server, token, authority: format!("{folder}/ca.crt") };
        bare.post("/api/v1/namespaces".to_owned(), json!({ "metadata": { "name": NAMESPACE } })).await;
        let deployments = (0..DEPLOYMENTS).map(|number| deployment(&format!("d-{number}")));
        let scaled = (0..HPAS).map(|number| deployment(&format!("h-{number}")));
        bare.all(deployments.chain(scaled).map(|object| bare.post(path("apps/v1", "deployments"), object))).await;
        let hpas = (0..HPAS).map(|number| hpa(&format!("h-{number}")));
        bare.all(hpas.map(|hpa| bare.post(path("autoscaling/v2", "horizontalpodautoscalers"), hpa))).await;
        bare
    }

    /// What `kubectl diff` is given.
    pub(crate) fn manifests(&self) -> Json {
        let items: Vec<Json> = (0..DEPLOYMENTS).map(|number| deployment(&format!("d-{number}"))).collect();
        json!({ "apiVersion": "v1", "kind": "List", "items": items })
    }

    /// The arguments for curl to list all Deployments.
    pub(crate) fn list_by_curl(&self) -> Vec<String> {
        let url = format!("{}{}", self.server.trim_end_matches('/'), path("apps/v1", "deployments"));
        let token = format!("Authorization: Bearer {}", self.token);
        [
            "--silent",
            "--fail",
            "--noproxy",
            "*",
            "--output",
            "list.json",
            "--cacert",
            &self.authority,
            "-H",
            &token,
            &url,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// Scales all of them: how long until the last call was answered, and until all are ready.
    pub(crate) async fn scale(&self, replicas: usize) -> (Duration, Duration) {
        let began = Instant::now();
        let patch = json!([{ "op": "replace", "path": "/spec/replicas", "value": replicas }]);
        self.all((0..DEPLOYMENTS).map(|number| {
            let path = format!("{}/d-{number}/scale", path("apps/v1", "deployments"));
            self.call(Method::PATCH, path, "application/json-patch+json", patch.clone())
        }))
        .await;
        let sent = began.elapsed();
        self.until_ready().await;
        (sent, began.elapsed())
    }

    /// Waits until all Deployments have what they ask for, and nothing else.
    pub(crate) async fn until_ready(&self) {
        #[derive(Deserialize)]
        struct List {
            items: Vec<Deployment>,
        }
        loop {
            let list = self.call(Method::GET, path("apps/v1", "deployments"), "", Json::Null).await;
            let list: List = serde_json::from_str(&list).expect("a list");
            if list.items.iter().all(Deployment::is_ready) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn post(&self, path: String, object: Json) {
        self.call(Method::POST, path, "application/json", object).await;
    }

    async fn call(&self, method: Method, path: String, content: &str, body: Json) -> String {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request::builder().method(method).uri(path).header("content-type", content).body(body);
        self.client.request_text(request.expect("a request")).await.expect("a success")
    }

    async fn all<T>(&self, calls: impl Iterator<Item = impl Future<Output = T>>) {
        futures_util::stream::iter(calls).buffer_unordered(AT_ONCE).for_each(|_| async {}).await;
    }
}

#[derive(Deserialize)]
struct Deployment {
    metadata: Meta,
    spec: Spec,
    status: Status,
}

#[derive(Deserialize)]
struct Meta {
    generation: i64,
}

#[derive(Deserialize)]
struct Spec {
    replicas: i64,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: i64,
    replicas: i64,
    updated_replicas: i64,
    available_replicas: i64,
    terminating_replicas: i64,
}

impl Deployment {
    fn is_ready(&self) -> bool {
        let Status { observed_generation, replicas, updated_replicas, available_replicas, terminating_replicas } =
            self.status;
        let wanted = self.spec.replicas;
        observed_generation >= self.metadata.generation
            && [replicas, updated_replicas, available_replicas].iter().all(|count| *count == wanted)
            && terminating_replicas == 0
    }
}

fn path(group: &str, plural: &str) -> String {
    format!("/apis/{group}/namespaces/{NAMESPACE}/{plural}")
}

/// Of a size that such objects have in real clusters.
fn deployment(name: &str) -> Json {
    let labels = json!({ "app": name });
    let env: Vec<Json> =
        (0..10).map(|n| json!({ "name": format!("SETTING_{n}"), "value": "something of a length" })).collect();
    let container = json!({ "name": "ats", "image": "ats:9", "ports": [{ "containerPort": 8080 }], "env": env,
        "resources": { "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "1Gi" } } });
    json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": NAMESPACE, "labels": labels },
        "spec": { "replicas": 1, "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } } } })
}

fn hpa(name: &str) -> Json {
    let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": name });
    json!({ "metadata": { "name": name },
        "spec": { "scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9 } })
}
