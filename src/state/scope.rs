use std::collections::BTreeMap;

use super::{Scope, State};

impl Scope {
    /// Every setting that any of these states sets.
    pub fn of(states: &BTreeMap<String, State>) -> Self {
        let mut scope = Self::default();
        for state in states.values() {
            for (name, resource) in &state.resources {
                if !scope.declared.contains_key(name) {
                    scope.declared.insert(name.clone(), resource.declared.clone());
                }
                if resource.wants.is_empty() {
                    continue;
                }
                if !scope.settings.contains_key(name) {
                    scope.settings.insert(name.clone(), BTreeMap::new());
                }
                let Some(settings) = scope.settings.get_mut(name) else { continue };
                for (key, want) in &resource.wants {
                    let goal = (state.name.clone(), want.goal.clone());
                    match settings.get_mut(key) {
                        Some(goals) => goals.push(goal),
                        None => {
                            settings.insert(key.clone(), vec![goal]);
                        }
                    }
                }
            }
        }
        scope
    }
}
