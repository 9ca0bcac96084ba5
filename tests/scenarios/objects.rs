//! What an address and a setting of the stories are on Kubernetes.

use serde_json::{Value as Json, json};

/// An address without its instance: `deployment/NS/edge`.
pub(crate) struct Object<'a> {
    kind: &'a str,
    namespace: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Object<'a> {
    pub(crate) fn of(at: &'a str) -> Self {
        let (_, local) = at.split_once(':').unwrap();
        let [kind, namespace, name] = local.split('/').collect::<Vec<_>>().try_into().unwrap();
        Self { kind, namespace, name }
    }

    pub(crate) fn is_deployment(&self) -> bool {
        self.kind == "deployment"
    }

    /// Where its like are made.
    pub(crate) fn collection(&self) -> String {
        let (group, plural) = match self.kind {
            "deployment" => ("apis/apps/v1", "deployments"),
            "hpa" => ("apis/autoscaling/v2", "horizontalpodautoscalers"),
            "configmap" => ("api/v1", "configmaps"),
            other => panic!("the stories have no {other}"),
        };
        format!("/{group}/namespaces/{}/{plural}", self.namespace)
    }

    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.collection(), self.name)
    }

    /// Where a setting stands in it.
    pub(crate) fn pointer(&self, setting: &str) -> String {
        match (self.kind, setting.split_once('.')) {
            ("deployment", None) if setting == "config_digest" => {
                "/spec/template/metadata/annotations/opsctl~1config-digest".to_owned()
            }
            ("deployment", None) => format!("/spec/{setting}"),
            ("hpa", None) => format!("/spec/{setting}Replicas"),
            ("configmap", Some(("data", key))) => format!("/data/{key}"),
            _ => panic!("the stories have no {setting} of a {}", self.kind),
        }
    }

    /// Nothing but one setting.
    pub(crate) fn only(&self, setting: &str, to: Json) -> Json {
        self.pointer(setting)
            .rsplit('/')
            .filter(|field| !field.is_empty())
            .fold(to, |inner, field| json!({ field.replace("~1", "/"): inner }))
    }

    /// As it is made; of `confines` the first is what an HPA scales. Pods go to nodes that have the label alone.
    pub(crate) fn made(&self, settings: &toml::Table, label: &str) -> Json {
        let setting = |name: &str| serde_json::to_value(&settings[name]).unwrap();
        let mut object = match self.kind {
            "deployment" => json!({ "spec": {
                "replicas": setting("replicas"),
                "selector": { "matchLabels": { "app": self.name } },
                "template": {
                    "metadata": { "labels": { "app": self.name } },
                    "spec": {
                        "containers": [{ "name": "main", "image": "main:1" }],
                        "nodeSelector": { label: "" },
                    },
                },
            } }),
            "hpa" => json!({ "spec": {
                "scaleTargetRef": {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "name": Object::of(settings["confines"][0].as_str().unwrap()).name,
                },
                "minReplicas": setting("min"),
                "maxReplicas": setting("max"),
            } }),
            _ => json!({ "data": setting("data") }),
        };
        object["metadata"] = json!({ "name": self.name });
        object
    }
}
