use opsctl_api::{Hop, Kind, Setting, Type};
use serde_json::{Map, json};

use super::{NAMESPACED, Served, always_lawful, kubectl_patch, plain};

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "configmap",
        doc: "A ConfigMap, key by key. Pods see a new value when they next read it: those that read it once must be restarted.",
        path: NAMESPACED,
        settings: &[
            Setting::new("data", Type::Text, "The text of one key; the other keys stay as they are.").keyed("KEY")
        ],
        confines: None,
    },
    lawful: always_lawful,
    by_hand,
};

fn by_hand(hop: &Hop) -> String {
    let data: Map<_, _> = hop
        .edits
        .iter()
        .filter_map(|edit| Some((edit.setting.strip_prefix("data.")?.to_owned(), plain(edit.to.as_ref()))))
        .collect();
    kubectl_patch(hop, true, &json!({ "data": data }))
}
