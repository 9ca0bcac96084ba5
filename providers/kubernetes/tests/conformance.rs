//! The conformance suite on a real control plane:
//! `tests/rig/rig run cargo test -p opsctl-kubernetes --features rig --test conformance`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{Method, Request};
use kube::config::{KubeConfigOptions, Kubeconfig};
use opsctl_api::testkit::{Example, Harness};
use opsctl_api::{Address, Answer, Catalogue, Config, Kind, Pattern, Provider, Value};
use serde_json::{Value as Json, json};
use tokio::sync::OnceCell;

fn main() -> ExitCode {
    let kubeconfig = std::env::var("OPSCTL_RIG_KUBECONFIG").expect(
        "OPSCTL_RIG_KUBECONFIG names the kubeconfig of a control plane for tests; this sets it: \
         tests/rig/rig run cargo test -p opsctl-kubernetes --features rig",
    );
    opsctl_api::testkit::run(Rig {
        kubeconfig,
        namespace: format!("conformance-{}", std::process::id()),
        client: OnceCell::new(),
        next: AtomicU64::new(0),
    })
}

/// A namespace of a control plane.
struct Rig {
    kubeconfig: String,
    namespace: String,
    client: OnceCell<kube::Client>,
    next: AtomicU64,
}

impl Rig {
    fn open(&self, instance: &str, context: &str) -> Arc<dyn Provider> {
        self.open_file(instance, context, &self.kubeconfig)
    }

    fn open_file(&self, instance: &str, context: &str, kubeconfig: &str) -> Arc<dyn Provider> {
        let config: Config = serde_json::from_value(json!({ "context": context, "kubeconfig": kubeconfig })).unwrap();
        opsctl_kubernetes::open(instance, &config).map_err(|problems| format!("{problems:?}")).unwrap().into()
    }

    async fn client(&self) -> &kube::Client {
        let made = async {
            let options = KubeConfigOptions { context: Some("rig".into()), ..KubeConfigOptions::default() };
            let kubeconfig = Kubeconfig::read_from(&self.kubeconfig).unwrap();
            let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
            let client = kube::Client::try_from(config).unwrap();
            let namespace = json!({ "metadata": { "name": self.namespace } });
            send(&client, Method::POST, "/api/v1/namespaces", "application/json", namespace).await.unwrap();
            client
        };
        self.client.get_or_init(|| made).await
    }

    async fn make(&self, kind: &str, name: &str) -> Result<(), String> {
        let path = format!("{}/{}", self.folder(kind), name).rsplit_once('/').unwrap().0.to_owned();
        let object = json!({ "metadata": { "name": name, "labels": labels() } });
        let spec = match kind {
            "deployment" => json!({ "spec": {
                "replicas": 2,
                "selector": { "matchLabels": { "app": name } },
                "template": { "metadata": { "labels": { "app": name } }, "spec": { "containers": [
                    { "name": "log", "image": "log:1" },
                    { "name": "ats", "image": "ats:9",
                      "resources": { "requests": { "cpu": "0.1" }, "limits": { "memory": "1Gi" } } },
                ] } },
            } }),
            "hpa" => json!({ "spec": {
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": name },
                "minReplicas": 2,
                "maxReplicas": 4,
            } }),
            "configmap" => json!({ "data": { "shield.max-hosts": "4", "remap.config": "map / /\n" } }),
            other => return Err(format!("no such kind: {other}")),
        };
        let object = merged(object, spec);
        send(self.client().await, Method::POST, &path, "application/json", object).await
    }

    fn folder(&self, kind: &str) -> String {
        let (base, plural) = match kind {
            "deployment" => ("/apis/apps/v1", "deployments"),
            "hpa" => ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
            _ => ("/api/v1", "configmaps"),
        };
        format!("{base}/namespaces/{}/{plural}", self.namespace)
    }
}

fn merged(mut one: Json, other: Json) -> Json {
    if let (Json::Object(one), Json::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

fn labels() -> BTreeMap<String, String> {
    [("made-by".to_owned(), "conformance".to_owned())].into()
}

async fn send(client: &kube::Client, method: Method, path: &str, content: &str, body: Json) -> Result<(), String> {
    let request = Request::builder().method(method).uri(path).header("content-type", content);
    let request = request.body(body.to_string().into_bytes()).map_err(|error| error.to_string())?;
    client.request::<Json>(request).await.map(drop).map_err(|error| error.to_string())
}

/// What another operator sends: a strategic merge patch.
fn patch(kind: &str, setting: &str, to: Option<&Value>) -> Json {
    let value = match to {
        None => Json::Null,
        Some(Value::Integer(number)) => json!(number),
        Some(Value::Quantity(quantity)) => json!(quantity.as_str()),
        Some(Value::String(text)) => json!(text),
        Some(other) => panic!("no such value here: {other}"),
    };
    let container = |name: &str, fields: Json| {
        let containers = [merged(json!({ "name": name }), fields)];
        json!({ "spec": { "template": { "spec": { "containers": containers } } } })
    };
    match (kind, setting.split_once('.').unwrap_or((setting, ""))) {
        ("deployment", ("replicas", _)) => json!({ "spec": { "replicas": value } }),
        ("deployment", ("config_digest", _)) => {
            json!({ "spec": { "template": { "metadata": { "annotations": { "opsctl/config-digest": value } } } } })
        }
        ("deployment", ("restart", _)) => {
            json!({ "spec": { "template": { "metadata": { "annotations": { "opsctl/restart": value } } } } })
        }
        ("deployment", ("image", name)) => container(name, json!({ "image": value })),
        ("deployment", (amount, name)) => {
            let (resource, list) = amount.split_once('_').unwrap();
            container(name, json!({ "resources": { format!("{list}s"): { resource: value } } }))
        }
        ("hpa", ("min", _)) => json!({ "spec": { "minReplicas": value } }),
        ("hpa", ("max", _)) => json!({ "spec": { "maxReplicas": value } }),
        (_, (_, key)) => json!({ "data": { key: value } }),
    }
}

impl Harness for Rig {
    fn catalogue(&self) -> &'static dyn Catalogue {
        opsctl_kubernetes::catalogue()
    }

    fn provider(&self) -> Arc<dyn Provider> {
        self.open("k8s", "rig")
    }

    fn fresh<'a>(&'a self, kind: &'static Kind) -> Answer<'a, Result<Address, String>> {
        Box::pin(async move {
            let name = format!("{}-{}", kind.name, self.next.fetch_add(1, Ordering::Relaxed));
            if kind.name == "hpa" {
                self.make("deployment", &name).await?;
            }
            self.make(kind.name, &name).await?;
            Address::new("k8s", kind.name, &format!("{}/{name}", self.namespace)).map_err(|error| error.to_string())
        })
    }

    fn examples(&self, kind: &'static Kind) -> Vec<Example> {
        let count = |setting: &str, number| Example::set(setting, Value::Integer(number));
        let text = |setting: &str, text: &str| Example::set(setting, Value::String(text.to_owned()));
        let amount = |setting: &str, text: &str| Example::set(setting, Value::Quantity(text.parse().unwrap()));
        match kind.name {
            "deployment" => vec![
                count("replicas", 3),
                count("replicas", 1),
                count("replicas", 0),
                text("image.ats", "ats:10"),
                text("image.ats", "ats:11"),
                amount("cpu_request.ats", "200m"),
                amount("cpu_request.ats", "0.3"),
                Example::absent("cpu_request.ats"),
                amount("memory_request.log", "64Mi"),
                amount("cpu_limit.ats", "2"),
                amount("memory_limit.ats", "2Gi"),
                Example::absent("memory_limit.ats"),
                text("config_digest", "5e0a"),
                text("config_digest", "91c4"),
                text("restart", "7c1e"),
                text("restart", "02b4"),
            ],
            "hpa" => vec![count("max", 5), count("max", 3), count("min", 1), count("min", 3)],
            _ => vec![
                text("data.shield.max-hosts", "2"),
                text("data.shield.max-hosts", "8"),
                Example::absent("data.shield.max-hosts"),
                text("data.new", "two\nlines\n"),
                text("data.remap.config", "it's \"quoted\" ~ / ünïcode\n"),
            ],
        }
    }

    fn illegal(&self, kind: &'static Kind) -> Vec<Example> {
        match kind.name {
            "deployment" => {
                let more = Value::Quantity("2Gi".parse().unwrap());
                vec![Example::set("memory_request.ats", more), Example::set("image.ats", Value::String(String::new()))]
            }
            "hpa" => vec![Example::set("min", Value::Integer(5)), Example::set("max", Value::Integer(1))],
            _ => vec![Example::set("data.no such key", Value::String("x".to_owned()))],
        }
    }

    fn disturb<'a>(
        &'a self,
        at: &'a Address,
        setting: &'a str,
        to: Option<&'a Value>,
    ) -> Answer<'a, Result<(), String>> {
        Box::pin(async move {
            let name = at.segments().last().unwrap();
            let path = format!("{}/{name}", self.folder(at.kind()));
            let content = "application/strategic-merge-patch+json";
            send(self.client().await, Method::PATCH, &path, content, patch(at.kind(), setting, to)).await
        })
    }

    fn missing(&self, kind: &'static Kind) -> Address {
        Address::new("k8s", kind.name, &format!("{}/no-such-{}", self.namespace, kind.name)).unwrap()
    }

    fn pattern(&self, kind: &'static Kind) -> Pattern {
        Pattern::new(format!("k8s:{}/{}/*", kind.name, self.namespace))
    }

    fn labels(&self, _kind: &'static Kind) -> Option<BTreeMap<String, String>> {
        Some(labels())
    }

    fn denied_reads(&self) -> Option<Arc<dyn Provider>> {
        Some(self.open("k8s", "nobody"))
    }

    fn denied_writes(&self) -> Option<Arc<dyn Provider>> {
        Some(self.open("k8s", "reader"))
    }

    fn unreachable(&self) -> Option<Arc<dyn Provider>> {
        let mut config = serde_json::to_value(Kubeconfig::read_from(&self.kubeconfig).unwrap()).unwrap();
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        for cluster in config["clusters"].as_array_mut().unwrap() {
            cluster["cluster"]["server"] = json!(format!("https://127.0.0.1:{port}"));
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config.to_string()).unwrap();
        Some(self.open_file("k8s", "rig", file.path().to_str().unwrap()))
    }

    fn other_name(&self) -> Option<Arc<dyn Provider>> {
        Some(self.open("prod", "rig"))
    }

    /// One LIST, for Deployments one more of HPAs, and some of pods while they are not ready yet.
    fn most_calls(&self, kind: &'static Kind, _resources: usize) -> u64 {
        if kind.name == "deployment" { 7 } else { 1 }
    }
}
