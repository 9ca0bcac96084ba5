//! A namespace of its own for each test, and a client to set it up and to look behind opsctl's back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::{Method, Request};
use kube::config::{KubeConfigOptions, Kubeconfig};
use opsctl_api::{
    Address, Change, Config, Cx, Edit, Fault, Hop, Live, Provider, Query, Readiness, Receipt, Value, Write, Written,
};
use serde_json::{Value as Json, json};

static COUNT: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Rig {
    pub(crate) provider: Box<dyn Provider>,
    pub(crate) cx: Cx,
    pub(crate) namespace: String,
    client: kube::Client,
}

/// The kubeconfig of the rig.
pub(crate) fn kubeconfig() -> String {
    std::env::var("OPSCTL_RIG_KUBECONFIG").expect(
        "OPSCTL_RIG_KUBECONFIG names the kubeconfig of a control plane for tests; this sets it: \
         tests/rig/rig run cargo test -p opsctl-kubernetes --features rig",
    )
}

pub(crate) fn cx() -> Cx {
    Cx::new(Duration::from_secs(10))
}

pub(crate) fn open(context: &str) -> Box<dyn Provider> {
    open_with(json!({ "kubeconfig": kubeconfig(), "context": context }))
}

pub(crate) fn open_with(config: Json) -> Box<dyn Provider> {
    let config: Config = serde_json::from_value(config).unwrap();
    opsctl_kubernetes::open("k8s", &config).map_err(|problems| format!("{problems:?}")).unwrap()
}

pub(crate) fn edit(setting: &str, from: Option<Value>, to: Option<Value>) -> Edit {
    Edit { setting: setting.to_owned(), from, to }
}

pub(crate) fn count(number: i64) -> Option<Value> {
    Some(Value::Integer(number))
}

pub(crate) fn text(text: &str) -> Option<Value> {
    Some(Value::String(text.to_owned()))
}

pub(crate) fn amount(text: &str) -> Option<Value> {
    Some(Value::Quantity(text.parse().unwrap()))
}

impl Rig {
    pub(crate) async fn new() -> Self {
        let options = KubeConfigOptions { context: Some("rig".into()), ..KubeConfigOptions::default() };
        let kubeconfig = Kubeconfig::read_from(kubeconfig()).unwrap();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        let client = kube::Client::try_from(config).unwrap();
        let namespace = format!("t-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let rig = Self { provider: open("rig"), cx: cx(), namespace: namespace.clone(), client };
        rig.make_namespace(&namespace).await;
        rig
    }

    pub(crate) async fn make_namespace(&self, name: &str) {
        self.make("/api/v1/namespaces", json!({ "metadata": { "name": name } })).await;
    }

    /// Creates an object at a path such as `/apis/apps/v1/namespaces/{ns}/deployments`; `{ns}` is the test's namespace.
    pub(crate) async fn make(&self, path: &str, object: Json) -> Json {
        self.send(Method::POST, path, "application/json", object).await
    }

    /// What a colleague does.
    pub(crate) async fn merge(&self, path: &str, patch: Json) -> Json {
        self.send(Method::PATCH, path, "application/merge-patch+json", patch).await
    }

    pub(crate) async fn look(&self, path: &str) -> Json {
        self.send(Method::GET, path, "application/json", Json::Null).await
    }

    async fn send(&self, method: Method, path: &str, content: &str, body: Json) -> Json {
        self.try_send(method, path, content, body).await.unwrap()
    }

    pub(crate) async fn try_send(&self, method: Method, path: &str, content: &str, body: Json) -> kube::Result<Json> {
        let request = Request::builder()
            .method(method)
            .uri(path.replace("{ns}", &self.namespace))
            .header("content-type", content)
            .body(if body.is_null() { Vec::new() } else { body.to_string().into_bytes() })
            .unwrap();
        self.client.request(request).await
    }

    pub(crate) async fn deployment(&self, name: &str, replicas: i64) -> Address {
        self.deployment_with(name, replicas, json!([{ "name": "ats", "image": "ats:9" }]), json!({})).await
    }

    pub(crate) async fn deployment_with(&self, name: &str, replicas: i64, containers: Json, meta: Json) -> Address {
        let mut object = json!({
            "metadata": meta,
            "spec": {
                "replicas": replicas,
                "selector": { "matchLabels": { "app": name } },
                "template": { "metadata": { "labels": { "app": name } }, "spec": { "containers": containers } },
            },
        });
        object["metadata"]["name"] = json!(name);
        self.make("/apis/apps/v1/namespaces/{ns}/deployments", object).await;
        self.at("deployment", name)
    }

    pub(crate) async fn hpa(&self, name: &str, target: &str, min: i64, max: i64) -> Address {
        let spec = json!({
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": target },
            "minReplicas": min,
            "maxReplicas": max,
        });
        let object = json!({ "metadata": { "name": name }, "spec": spec });
        self.make("/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers", object).await;
        self.at("hpa", name)
    }

    pub(crate) fn at(&self, kind: &str, name: &str) -> Address {
        Address::new("k8s", kind, &format!("{}/{name}", self.namespace)).unwrap()
    }

    pub(crate) async fn read(&self, ask: Query) -> Result<Live, Fault> {
        self.provider.read(&self.cx, &[ask]).await.remove(0).into_one()
    }

    pub(crate) async fn live(&self, at: &Address) -> Live {
        self.read(Query::one(at.clone())).await.unwrap()
    }

    pub(crate) fn hop(&self, at: &Address, edits: Vec<Edit>) -> Hop {
        let change = Change { at: at.clone(), edits };
        let hops = opsctl_kubernetes::catalogue().hops(&change, &Live::new(at.clone())).unwrap();
        assert_eq!(hops.len(), 1);
        hops.into_iter().next().unwrap()
    }

    pub(crate) async fn write(&self, at: &Address, edits: Vec<Edit>) -> Written {
        self.write_as(&*self.provider, at, edits).await
    }

    pub(crate) async fn write_as(&self, provider: &dyn Provider, at: &Address, edits: Vec<Edit>) -> Written {
        let hop = self.hop(at, edits);
        let write = Write { hop, live: Live::new(at.clone()), idempotency_token: String::new() };
        provider.write(&self.cx, &[write]).await.remove(0)
    }

    /// Reads until it is ready, as an engine does.
    pub(crate) async fn settle(&self, at: &Address, receipt: Option<Receipt>) -> Live {
        self.until(at, receipt, |readiness| *readiness == Readiness::Ready).await
    }

    pub(crate) async fn until(
        &self,
        at: &Address,
        receipt: Option<Receipt>,
        holds: impl Fn(&Readiness) -> bool,
    ) -> Live {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let live = self.read(Query { receipt: receipt.clone(), ..Query::one(at.clone()) }).await.unwrap();
            if holds(&live.readiness) {
                return live;
            }
            assert!(Instant::now() < deadline, "{at} stays {:?}", live.readiness);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The calls that were made since the last time this was asked.
    pub(crate) fn calls(&mut self) -> BTreeMap<String, u64> {
        std::mem::replace(&mut self.cx, cx()).calls.by_verb()
    }
}

pub(crate) fn sent(written: Written) -> Option<Receipt> {
    match written {
        Written::Sent { receipt, version } => {
            assert!(version.is_some());
            receipt
        }
        other => panic!("not sent: {other:?}"),
    }
}

pub(crate) fn calls(calls: &[(&str, u64)]) -> BTreeMap<String, u64> {
    calls.iter().map(|(verb, count)| ((*verb).to_owned(), *count)).collect()
}
