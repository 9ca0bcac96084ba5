use opsctl_api::{Change, Confines, Hop, Kind, NoWay, Setting, Type};
use serde_json::{Map, json};

use super::{NAMESPACED, Served, kubectl_patch, plain};

/// An HPA's counts are 32-bit, and its least is 1: to scale to zero is an alpha feature of Kubernetes that is off by default.
const COUNT: Type = Type::Integer { min: 1, max: i32::MAX as i64 };

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "hpa",
        doc: "A HorizontalPodAutoscaler: the bounds within which it scales its target.",
        path: NAMESPACED,
        settings: &[
            Setting::new("max", COUNT, "The most replicas that it scales its target to.").capacity(),
            Setting::new("min", COUNT, "The fewest replicas that it scales its target to.").capacity(),
        ],
        confines: Some(Confines { floor: "min", ceiling: "max", of: &[("deployment", "replicas")] }),
    },
    lawful,
    by_hand,
};

/// The field in `spec` of a setting.
fn field(setting: &str) -> Option<&'static str> {
    match setting {
        "max" => Some("maxReplicas"),
        "min" => Some("minReplicas"),
        _ => None,
    }
}

fn lawful(change: &Change) -> Result<(), NoWay> {
    let to = |setting: &str| {
        change.edits.iter().find(|edit| edit.setting == setting).and_then(|edit| edit.to.as_ref()?.as_integer())
    };
    match (to("min"), to("max")) {
        (Some(min), Some(max)) if min > max => Err(NoWay {
            why: format!("min {min} is above max {max}"),
            instead: "set a max that is at least min".to_owned(),
        }),
        _ => Ok(()),
    }
}

fn by_hand(hop: &Hop) -> String {
    let spec: Map<_, _> =
        hop.edits.iter().filter_map(|edit| Some((field(&edit.setting)?.to_owned(), plain(edit.to.as_ref())))).collect();
    kubectl_patch(hop, true, &json!({ "spec": spec }))
}
