use std::collections::BTreeMap;

use opsctl_api::Settings;

use super::{Goal, Resource, Scope, State};

impl Scope {
    /// Every setting that any of these states sets.
    pub fn of(states: &BTreeMap<String, State>) -> Self {
        let mut all: Vec<(&String, &Resource, &State)> = states
            .values()
            .flat_map(|state| state.resources.iter().map(move |(name, resource)| (name, resource, state)))
            .collect();
        // Stable: of several declarations the one of the first state counts.
        all.sort_by_key(|(name, ..)| *name);
        let by_name = || all.chunk_by(|(a, ..), (b, ..)| a == b);
        let declared = |chunk: &[(&String, &Resource, &State)]| {
            let (name, resource, _) = chunk.first()?;
            Some(((*name).clone(), resource.declared.clone()))
        };
        let settings = |chunk: &[(&String, &Resource, &State)]| {
            let mut settings = settings(chunk);
            // No state sets it, and a plan does.
            for with in chunk.iter().filter_map(|(_, resource, _)| resource.declared.restarts_with.as_ref()) {
                settings.or_default(&with.carried_by);
            }
            (!settings.is_empty()).then(|| (chunk[0].0.clone(), settings))
        };
        // Collected in order, a map's nodes are full.
        Self {
            declared: by_name().filter_map(declared).collect(),
            settings: by_name().filter_map(settings).collect(),
            roots: Vec::new(),
        }
    }
}

/// What each state wants of each setting of one resource.
fn settings(chunk: &[(&String, &Resource, &State)]) -> Settings<Vec<(String, Goal)>> {
    if let [(_, resource, state)] = chunk {
        let one = |(key, want): (&String, &super::Want)| (key.clone(), vec![(state.name.clone(), want.goal.clone())]);
        return resource.wants.iter().map(one).collect();
    }
    let mut settings: Settings<Vec<(String, Goal)>> = Settings::new();
    for (_, resource, state) in chunk {
        for (key, want) in &resource.wants {
            settings.or_default(key).push((state.name.clone(), want.goal.clone()));
        }
    }
    settings
}
