use std::collections::BTreeMap;

use opsctl_api::{Kind, LiveSetting, Setting, Type};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{NAMESPACED, Served, always_lawful, kubectl_patch};
use crate::object::{Api, Meta, Object, live_setting};
use crate::path::Path;

const DATA: Setting =
    Setting::new("data", Type::Text, "The text of one key; the other keys stay as they are.").keyed("KEY");

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "configmap",
        doc: "A ConfigMap, key by key. Who reads it once only, as an environment, must be restarted to see a new value.",
        path: NAMESPACED,
        settings: &[DATA],
        confines: None,
        rate: None,
    },
    api: Api::of::<ConfigMap>("/api/v1", "configmaps"),
    refers: "ConfigMap",
    scale: None,
    paths,
    lawful: always_lawful,
    by_hand: kubectl_patch,
};

fn paths(setting: &str) -> Vec<Path> {
    setting.strip_prefix("data.").map(|key| Path::fields(&["data", key])).into_iter().collect()
}

/// It is ready at once: nothing follows from it by itself.
#[derive(Deserialize)]
struct ConfigMap {
    metadata: Meta,
    #[serde(default)]
    data: BTreeMap<String, String>,
}

impl Object for ConfigMap {
    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn setting(&self, key: &str) -> LiveSetting {
        let text = key.strip_prefix("data.").and_then(|key| self.data.get(key));
        live_setting(&DATA, text.map(|text| Json::from(text.as_str())))
    }

    fn keys(&self) -> Vec<String> {
        self.data.keys().map(|key| format!("data.{key}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use opsctl_api::Value;

    use super::*;

    #[test]
    fn test_keys_with_dots_and_no_data_at_all() {
        let json = br#"{"metadata": {"name": "atc"}, "data": {"shield.max-hosts": "4"}}"#;
        let atc = (SERVED.api.one)(json).unwrap();
        assert_eq!(atc.keys(), ["data.shield.max-hosts"]);
        assert_eq!(atc.setting("data.shield.max-hosts").value(), Some(&Value::String("4".into())));
        assert_eq!(atc.setting("data.other"), LiveSetting::Absent);
        let empty = (SERVED.api.one)(br#"{"metadata": {"name": "atc"}}"#).unwrap();
        assert!(empty.keys().is_empty());
    }
}
