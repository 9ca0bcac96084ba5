mod by_hand;
mod readiness;

use opsctl_api::{Change, Kind, Live, LiveSetting, NoWay, Readiness, Setting, Type};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{NAMESPACED, Served};
use crate::object::{Api, Meta, Object, live_setting};
use crate::path::Path;
use crate::selector::LabelSelector;

/// The annotation of the pod template that holds `restart`: a new value makes a new template, so all pods roll.
const RESTART_ANNOTATION: &str = "opsctl/restart";

/// The annotation of the pod template that holds `config_digest`.
const DIGEST_ANNOTATION: &str = "opsctl/config-digest";

const COUNT: Type = Type::Integer { min: 0, max: i32::MAX as i64 };
const REPLICAS: Setting = Setting::new("replicas", COUNT, "How many pods it runs.").count();
const RESTART: Setting = Setting::new(
    "restart",
    Type::String,
    "A word in the annotation opsctl/restart of the pod template: a new one rolls all pods.",
)
.optional();
const DIGEST: Setting = Setting::new(
    "config_digest",
    Type::String,
    "What its pods were started with, in the annotation opsctl/config-digest of the pod template: `restarts_with` sets it.",
)
.carries();
const IMAGE: Setting =
    Setting::new("image", Type::String, "The image of one container; a change rolls all pods.").keyed("CONTAINER");
const AMOUNTS: [Setting; 4] = [
    amount("cpu_request", "The CPU that one container is promised; a change rolls all pods."),
    amount("memory_request", "The memory that one container is promised; a change rolls all pods."),
    amount("cpu_limit", "The CPU that one container may use at most; a change rolls all pods."),
    amount("memory_limit", "The memory that one container may use at most; a change rolls all pods."),
];

const fn amount(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Type::Quantity, doc).keyed("CONTAINER")
}

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "deployment",
        doc: "A Deployment: how many pods, of which image, with how much of the node.",
        path: NAMESPACED,
        settings: &[REPLICAS, IMAGE, AMOUNTS[0], AMOUNTS[1], AMOUNTS[2], AMOUNTS[3], RESTART, DIGEST],
        confines: None,
        rate: None,
    },
    api: Api::of::<Deployment>("/apis/apps/v1", "deployments"),
    refers: "Deployment",
    scale: Some("replicas"),
    paths,
    lawful,
    by_hand: by_hand::by_hand,
};

/// Within `resources` of a container: the list and the name in it.
fn resource(setting: &str) -> Option<(&'static str, &'static str)> {
    match setting {
        "cpu_request" => Some(("requests", "cpu")),
        "memory_request" => Some(("requests", "memory")),
        "cpu_limit" => Some(("limits", "cpu")),
        "memory_limit" => Some(("limits", "memory")),
        _ => None,
    }
}

fn paths(setting: &str) -> Vec<Path> {
    match setting {
        "replicas" => return vec![Path::fields(&["spec", "replicas"])],
        "restart" => {
            return vec![Path::fields(&["spec", "template", "metadata", "annotations", RESTART_ANNOTATION])];
        }
        "config_digest" => {
            return vec![Path::fields(&["spec", "template", "metadata", "annotations", DIGEST_ANNOTATION])];
        }
        _ => {}
    }
    let Some((name, container)) = setting.split_once('.') else { return Vec::new() };
    let containers =
        ["containers", "initContainers"].map(|list| Path::fields(&["spec", "template", "spec", list]).named(container));
    match (name, resource(name)) {
        ("image", _) => containers.map(|path| path.field("image")).to_vec(),
        (_, Some((list, name))) => containers.map(|path| path.field("resources").field(list).field(name)).to_vec(),
        _ => Vec::new(),
    }
}

fn lawful(change: &Change, _live: &Live) -> Result<(), NoWay> {
    match change.edits.iter().find(|edit| edit.setting.starts_with("image.") && edit.to.is_none()) {
        Some(edit) => Err(NoWay {
            why: format!("a container always has an image: {} cannot be taken away", edit.setting),
            instead: String::new(),
        }),
        None => Ok(()),
    }
}

/// A Deployment of `apps/v1`.
#[derive(Deserialize)]
struct Deployment {
    metadata: Meta,
    spec: Spec,
    #[serde(default)]
    status: readiness::Status,
}

#[derive(Deserialize)]
struct Spec {
    replicas: Option<i64>,
    #[serde(default)]
    paused: bool,
    #[serde(default)]
    selector: LabelSelector,
    #[serde(default)]
    template: Template,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Template {
    metadata: TemplateMeta,
    spec: PodSpec,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TemplateMeta {
    annotations: TemplateAnnotations,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TemplateAnnotations {
    #[serde(rename = "opsctl/restart")]
    restart: Option<String>,
    #[serde(rename = "opsctl/config-digest")]
    config_digest: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PodSpec {
    containers: Vec<Container>,
    init_containers: Vec<Container>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Container {
    name: String,
    image: Option<String>,
    resources: Resources,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resources {
    requests: Amounts,
    limits: Amounts,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Amounts {
    cpu: Option<Json>,
    memory: Option<Json>,
}

impl Deployment {
    fn containers(&self) -> impl Iterator<Item = &Container> {
        let pod = &self.spec.template.spec;
        pod.containers.iter().chain(&pod.init_containers)
    }

    /// A setting of one container.
    fn of_container(&self, name: &str, container: &str) -> LiveSetting {
        let Some(setting) = SERVED.kind.settings.iter().find(|setting| setting.name == name && setting.key.is_some())
        else {
            return LiveSetting::Absent;
        };
        match self.containers().find(|candidate| candidate.name == container) {
            Some(container) => live_setting(setting, container.raw(name)),
            None => {
                let names: Vec<&str> = self.containers().map(|container| container.name.as_str()).collect();
                LiveSetting::Hidden(format!("it has no container `{container}`, but {}", names.join(", ")))
            }
        }
    }
}

impl Container {
    fn raw(&self, name: &str) -> Option<Json> {
        let Some((list, name)) = resource(name) else { return self.image.as_deref().map(Json::from) };
        let amounts = if list == "limits" { &self.resources.limits } else { &self.resources.requests };
        if name == "cpu" { amounts.cpu.clone() } else { amounts.memory.clone() }
    }
}

impl Object for Deployment {
    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn setting(&self, key: &str) -> LiveSetting {
        match (key, key.split_once('.')) {
            ("replicas", _) => live_setting(&REPLICAS, self.spec.replicas.map(Json::from)),
            ("restart", _) => {
                live_setting(&RESTART, self.spec.template.metadata.annotations.restart.as_deref().map(Json::from))
            }
            ("config_digest", _) => {
                live_setting(&DIGEST, self.spec.template.metadata.annotations.config_digest.as_deref().map(Json::from))
            }
            (_, Some((name, container))) => self.of_container(name, container),
            _ => LiveSetting::Absent,
        }
    }

    fn keys(&self) -> Vec<String> {
        let mut keys = vec!["replicas".to_owned(), "restart".to_owned(), "config_digest".to_owned()];
        for container in self.containers() {
            keys.push(format!("image.{}", container.name));
            for setting in AMOUNTS.iter().filter(|setting| container.raw(setting.name).is_some()) {
                keys.push(format!("{}.{}", setting.name, container.name));
            }
        }
        keys
    }

    fn readiness(&self, settling_down: bool) -> Readiness {
        self.status.readiness(&readiness::Wanted {
            generation: self.metadata.generation,
            replicas: self.spec.replicas.unwrap_or(1),
            paused: self.spec.paused,
            settling_down,
        })
    }

    fn pods(&self) -> Option<String> {
        let seen = self.status.is_of(self.metadata.generation);
        (seen && self.spec.replicas != Some(0)).then(|| self.spec.selector.written())?
    }
}

#[cfg(test)]
mod tests {
    use opsctl_api::{Quantity, Value};

    use super::*;

    const EDGE: &str = r#"{
        "metadata": {"namespace": "cdn", "name": "ats-edge", "generation": 3, "resourceVersion": "77"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "ats-edge"}},
            "template": {
                "metadata": {"labels": {"app": "ats-edge"}},
                "spec": {
                    "containers": [
                        {"name": "ats", "image": "ats:9", "ports": [{"containerPort": 8080}],
                         "resources": {"limits": {"cpu": "2", "memory": "4Gi"}, "requests": {"cpu": "100m"}}},
                        {"name": "log", "image": "fluent-bit:3", "resources": {}}
                    ],
                    "initContainers": [{"name": "warm", "image": "curl:8"}]
                }
            }
        },
        "status": {"observedGeneration": 3}
    }"#;

    #[test]
    fn test_what_is_read() {
        let edge = (SERVED.api.one)(EDGE.as_bytes()).unwrap();
        assert_eq!(
            edge.keys(),
            [
                "replicas",
                "restart",
                "config_digest",
                "image.ats",
                "cpu_request.ats",
                "cpu_limit.ats",
                "memory_limit.ats",
                "image.log",
                "image.warm"
            ]
        );
        let quantity = |text: &str| Value::Quantity(text.parse::<Quantity>().unwrap());
        assert_eq!(edge.setting("replicas"), LiveSetting::is(Value::Integer(2), Json::from(2)));
        assert_eq!(edge.setting("cpu_request.ats").value(), Some(&quantity("0.1")));
        assert_eq!(edge.setting("memory_limit.ats").value(), Some(&quantity("4096Mi")));
        assert_eq!(edge.setting("image.warm").value(), Some(&Value::String("curl:8".into())));
        assert_eq!(edge.setting("cpu_limit.log"), LiveSetting::Absent);
        assert_eq!(edge.setting("restart"), LiveSetting::Absent);
        assert_eq!(
            edge.setting("image.nginx"),
            LiveSetting::Hidden("it has no container `nginx`, but ats, log, warm".into())
        );
        assert_eq!(edge.pods().unwrap(), "app=ats-edge");
    }

    #[test]
    fn test_every_setting_has_a_place_that_it_is_read_from() {
        let json: Json = serde_json::from_str(EDGE).unwrap();
        let edge = (SERVED.api.one)(EDGE.as_bytes()).unwrap();
        for key in edge.keys().into_iter().filter(|key| !["restart", "config_digest"].contains(&key.as_str())) {
            let LiveSetting::Is { raw, .. } = edge.setting(&key) else { panic!("{key} is not there") };
            let mut patch = crate::patch::Patch::of(json.clone());
            patch.set(&paths(&key), Some(&raw.0)).unwrap();
            let operations = patch.into_operations();
            let tested = operations.iter().rfind(|operation| operation["op"] == "test").unwrap();
            assert_eq!(tested["value"], raw.0, "{key}");
        }
    }
}
