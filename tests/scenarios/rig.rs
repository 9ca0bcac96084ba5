use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::cluster::Cluster;
use crate::ground::Ground;
use crate::harness::Repository;
use crate::objects::Object;
use crate::platform::{WORLD, config};

/// A real control plane, whose nodes are simulated, and a namespace of its own for each story.
///
/// Each deployment's pods go to a node that has a label of its own: without one they are not scheduled, and nothing else is
/// different. Nodes are of one story alone and edited once at most, for an edit puts off a simulated node's next heartbeat.
pub(crate) struct Rig {
    here: Cluster,
    namespace: String,
    /// Another cluster, where `k8s` is that one.
    other: Cell<Option<Cluster>>,
}

static COUNT: AtomicU32 = AtomicU32::new(0);
const NODES: &str = "/api/v1/nodes";
const RBAC: &str = "rbac.authorization.k8s.io";

fn provider(kubeconfig: &str, context: &str) -> String {
    format!("type = \"kubernetes\"\nkubeconfig = \"{kubeconfig}\"\ncontext = \"{context}\"\n")
}

impl Rig {
    fn label(&self, object: &Object<'_>) -> String {
        format!("{}.opsctl/{}", self.namespace, object.name)
    }

    /// `gke` is the rig itself, always.
    fn configure(&self, repository: &Repository, kubeconfig: &str, context: &str) {
        let gke = provider(&self.here.kubeconfig, "rig");
        repository.write("opsctl.toml", &config(&provider(kubeconfig, context), &gke));
    }

    /// Makes the world in a cluster, and waits until all of it is ready.
    fn fill(&self, cluster: &Cluster) {
        cluster.create("/api/v1/namespaces", &json!({ "metadata": { "name": self.namespace } }));
        let world: toml::Table = WORLD.replace("NS", &self.namespace).parse().unwrap();
        let resources: Vec<&toml::Table> =
            world["resource"].as_table().unwrap().values().map(|table| table.as_table().unwrap()).collect();
        let objects: Vec<Object<'_>> =
            resources.iter().map(|table| Object::of(table["at"].as_str().unwrap())).collect();
        let deployments = objects.iter().filter(|object| object.is_deployment());
        let labels: serde_json::Map<_, _> = deployments.map(|object| (self.label(object), json!(""))).collect();
        cluster.create(NODES, &node(&self.namespace, &labels.into()));
        for (object, settings) in objects.iter().zip(&resources) {
            cluster.create(&object.collection(), &object.made(settings, &self.label(object)));
        }
        for object in objects.iter().filter(|object| object.is_deployment()) {
            await_ready(cluster, &object.path());
        }
    }
}

/// One that has room for all.
fn node(name: &str, labels: &Json) -> Json {
    let room = json!({ "cpu": "1000", "memory": "1000Gi", "pods": "1000" });
    json!({ "metadata": { "name": name, "labels": labels }, "status": { "allocatable": room, "capacity": room } })
}

fn await_ready(cluster: &Cluster, path: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let live = cluster.get(path);
        let available = live["status"]["availableReplicas"].as_u64().unwrap_or_default();
        if live["status"]["observedGeneration"] == live["metadata"]["generation"]
            && live["spec"]["replicas"] == available
        {
            return;
        }
        assert!(Instant::now() < deadline, "{path} is not ready: {}", live["status"]);
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Ground for Rig {
    fn new(repository: &Repository) -> Self {
        let here = Cluster::of("OPSCTL_RIG_KUBECONFIG");
        let namespace = format!("s-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let rig = Self { here, namespace, other: Cell::new(None) };
        rig.fill(&rig.here);
        rig.reconnect(repository);
        rig
    }

    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn live(&self, _: &Repository, at: &str, setting: &str) -> Json {
        let object = Object::of(at);
        let other = self.other.take();
        let cluster = other.as_ref().filter(|_| at.starts_with("k8s:")).unwrap_or(&self.here);
        let live = cluster.get(&object.path()).pointer(&object.pointer(setting)).cloned().unwrap_or_default();
        self.other.set(other);
        live
    }

    fn edit(&self, _: &Repository, at: &str, setting: &str, to: Json) {
        let object = Object::of(at);
        self.here.merge(&object.path(), &object.only(setting, to));
    }

    fn stall(&self, _: &Repository, at: &str) {
        let labels = json!({ self.label(&Object::of(at)): null });
        self.here.merge(&format!("{NODES}/{}", self.namespace), &json!({ "metadata": { "labels": labels } }));
    }

    fn mend(&self, _: &Repository, at: &str) {
        let object = Object::of(at);
        let labels = json!({ self.label(&object): "" });
        self.here.create(NODES, &node(&format!("{}-{}", self.namespace, object.name), &labels));
    }

    fn restrict(&self, repository: &Repository) {
        let path = format!("/apis/{RBAC}/v1/namespaces/{}", self.namespace);
        let rules = json!([{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["patch", "update"] }]);
        self.here.create(&format!("{path}/roles"), &json!({ "metadata": { "name": "settings" }, "rules": rules }));
        let binding = json!({
            "metadata": { "name": "settings" },
            "roleRef": { "kind": "Role", "apiGroup": RBAC, "name": "settings" },
            "subjects": [{ "kind": "User", "apiGroup": RBAC, "name": "reader" }],
        });
        self.here.create(&format!("{path}/rolebindings"), &binding);
        self.configure(repository, &self.here.kubeconfig, "reader");
    }

    fn elsewhere(&self, repository: &Repository) {
        let other = Cluster::of("OPSCTL_RIG_OTHER_KUBECONFIG");
        self.fill(&other);
        self.configure(repository, &other.kubeconfig, "rig");
        self.other.set(Some(other));
    }

    fn cut_off(&self, repository: &Repository) {
        let text = std::fs::read_to_string(&self.here.kubeconfig).unwrap();
        let (before, server) = text.split_once("https://127.0.0.1:").unwrap();
        let after = server.trim_start_matches(|c: char| c.is_ascii_digit());
        // Nobody listens at the first port.
        repository.write("dead.kubeconfig", &format!("{before}https://127.0.0.1:1{after}"));
        self.configure(repository, "dead.kubeconfig", "rig");
    }

    fn reconnect(&self, repository: &Repository) {
        self.configure(repository, &self.here.kubeconfig, "rig");
    }
}
