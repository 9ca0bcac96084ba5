use std::collections::BTreeMap;

use opsctl_api::{Edit, Hop, Kind, Setting, Type, shell_word};
use serde_json::{Value as Json, json};

use super::{NAMESPACED, Served, always_lawful, kubectl, kubectl_patch, plain};

/// The annotation of the pod template that holds `restart`: a new value makes a new template, so all pods roll.
const RESTART: &str = "opsctl/restart";

const REPLICAS: Type = Type::Integer { min: 0, max: i32::MAX as i64 };

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "deployment",
        doc: "A Deployment: how many pods, of which image, with how much of the node.",
        path: NAMESPACED,
        settings: &[
            Setting::new("replicas", REPLICAS, "How many pods it runs.").capacity(),
            // A container always has an image: this one cannot be taken away.
            Setting {
                optional: false,
                ..Setting::new("image", Type::String, "The image of one container; a change rolls all pods.")
                    .keyed("CONTAINER")
            },
            Setting::new("cpu_request", Type::Quantity, "The CPU that one container is promised; rolls all pods.")
                .keyed("CONTAINER"),
            Setting::new(
                "memory_request",
                Type::Quantity,
                "The memory that one container is promised; rolls all pods.",
            )
            .keyed("CONTAINER"),
            Setting::new("cpu_limit", Type::Quantity, "The CPU that one container may use at most; rolls all pods.")
                .keyed("CONTAINER"),
            Setting::new(
                "memory_limit",
                Type::Quantity,
                "The memory that one container may use at most; rolls all pods.",
            )
            .keyed("CONTAINER"),
            Setting::new(
                "restart",
                Type::String,
                "A word in the annotation opsctl/restart of the pod template: a new one rolls all pods.",
            )
            .optional(),
        ],
        confines: None,
    },
    lawful: always_lawful,
    by_hand,
};

/// What a setting names in the object.
enum Field<'a> {
    Replicas,
    Restart,
    Image { container: &'a str },
    Resource { container: &'a str, list: &'static str, name: &'static str },
}

fn field(setting: &str) -> Option<Field<'_>> {
    let (name, container) = match setting {
        "replicas" => return Some(Field::Replicas),
        "restart" => return Some(Field::Restart),
        keyed => keyed.split_once('.')?,
    };
    let (list, name) = match name {
        "image" => return Some(Field::Image { container }),
        "cpu_request" => ("requests", "cpu"),
        "memory_request" => ("requests", "memory"),
        "cpu_limit" => ("limits", "cpu"),
        "memory_limit" => ("limits", "memory"),
        _ => return None,
    };
    Some(Field::Resource { container, list, name })
}

fn by_hand(hop: &Hop) -> String {
    let fields: Vec<(&Edit, Field<'_>)> =
        hop.edits.iter().filter_map(|edit| Some((edit, field(&edit.setting)?))).collect();
    if let [(Edit { from, to: Some(to), .. }, Field::Replicas)] = fields.as_slice() {
        let current = from.as_ref().map_or_else(String::new, |from| format!("--current-replicas={from} "));
        return kubectl("scale", hop, &format!("{current}--replicas={to}"));
    }
    let images: Option<Vec<String>> = fields
        .iter()
        .map(|(edit, field)| match field {
            Field::Image { container } => Some(shell_word(&format!("{container}={}", edit.to.as_ref()?.as_str()?))),
            _ => None,
        })
        .collect();
    match images {
        Some(images) => kubectl("set image", hop, &images.join(" ")),
        None => kubectl_patch(hop, false, &strategic(&fields)),
    }
}

/// A strategic merge patch of all fields: it finds a container by its name.
fn strategic(fields: &[(&Edit, Field<'_>)]) -> Json {
    let mut spec = json!({});
    let mut containers: BTreeMap<&str, Json> = BTreeMap::new();
    for (edit, field) in fields {
        let to = plain(edit.to.as_ref());
        match field {
            Field::Replicas => spec["replicas"] = to,
            Field::Restart => spec["template"]["metadata"]["annotations"][RESTART] = to,
            Field::Image { container } => {
                containers.entry(container).or_insert_with(|| json!({ "name": container }))["image"] = to;
            }
            Field::Resource { container, list, name } => {
                let patched = containers.entry(container).or_insert_with(|| json!({ "name": container }));
                patched["resources"][*list][*name] = to;
            }
        }
    }
    if !containers.is_empty() {
        spec["template"]["spec"]["containers"] = Json::Array(containers.into_values().collect());
    }
    json!({ "spec": spec })
}
