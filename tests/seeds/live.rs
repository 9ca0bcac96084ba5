use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::harness::Repository;

/// All that is live, by address and setting, and whether it is ready.
///
/// Without the words that `restarts_with` leaves: the first one comes with the first change, and a restart is not taken back.
#[derive(Debug, PartialEq)]
pub(super) struct Live(BTreeMap<(String, String), Json>);

impl Live {
    #[track_caller]
    pub(super) fn of(repository: &Repository) -> Self {
        let mut live = BTreeMap::new();
        let document = repository.json(&["sim", "show"]);
        let worlds = document["worlds"].as_array().unwrap().iter();
        for resource in worlds.flat_map(|world| world["resources"].as_array().unwrap()) {
            let at = resource["at"].as_str().unwrap().to_owned();
            for (setting, value) in resource["settings"].as_object().unwrap() {
                if setting != "config_digest" {
                    live.insert((at.clone(), setting.clone()), value.clone());
                }
            }
            live.insert((at, "readiness".to_owned()), resource["readiness"].clone());
        }
        Self(live)
    }

    /// Requires that all is live so again.
    #[track_caller]
    pub(super) fn is_again(&self, repository: &Repository) {
        let now = Self::of(repository);
        let keys = self.0.keys().chain(now.0.keys());
        let differ: Vec<String> = keys
            .filter(|key| self.0.get(key) != now.0.get(key))
            .map(|key| format!("{} {}: {:?}, now {:?}", key.0, key.1, self.0.get(key), now.0.get(key)))
            .collect();
        assert!(differ.is_empty(), "{differ:#?}");
    }
}
