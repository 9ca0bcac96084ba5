use http::{Method, Request};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value as Json;
use tokio::runtime::{Builder, Runtime};

/// A real cluster, as somebody without opsctl reaches it.
pub(crate) struct Cluster {
    client: kube::Client,
    runtime: Runtime,
    /// The path of its kubeconfig.
    pub(crate) kubeconfig: String,
}

impl Cluster {
    /// The one whose kubeconfig a variable names.
    pub(crate) fn of(variable: &str) -> Self {
        let kubeconfig = std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} names the kubeconfig of a control plane for tests; this sets it: tests/rig/rig run tests/live")
        });
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let options = KubeConfigOptions { context: Some("rig".to_owned()), ..KubeConfigOptions::default() };
        let client = runtime.block_on(async {
            let read = Kubeconfig::read_from(&kubeconfig).unwrap();
            let config = kube::Config::from_custom_kubeconfig(read, &options).await.unwrap();
            kube::Client::try_from(config).unwrap()
        });
        Self { client, runtime, kubeconfig }
    }

    pub(crate) fn get(&self, path: &str) -> Json {
        self.send(Method::GET, path, "application/json", &Json::Null)
    }

    pub(crate) fn create(&self, path: &str, object: &Json) {
        self.send(Method::POST, path, "application/json", object);
    }

    /// Lays these fields over an object; `null` takes one away.
    pub(crate) fn merge(&self, path: &str, fields: &Json) {
        self.send(Method::PATCH, path, "application/merge-patch+json", fields);
    }

    fn send(&self, method: Method, path: &str, content: &str, body: &Json) -> Json {
        let request = Request::builder().method(&method).uri(path).header("content-type", content);
        let request = request.body(if body.is_null() { Vec::new() } else { body.to_string().into_bytes() }).unwrap();
        let answer = self.runtime.block_on(self.client.request(request));
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }
}
