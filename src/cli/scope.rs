use crate::state::{Scope, State};

/// What a state says something about, to be observed.
pub(super) fn scope_of(state: &State) -> Scope {
    let mut scope = Scope::default();
    for (name, resource) in &state.resources {
        scope.declared.insert(name.clone(), resource.declared.clone());
        let settings =
            resource.wants.iter().map(|(key, want)| (key.clone(), vec![(state.name.clone(), want.goal.clone())]));
        scope.settings.insert(name.clone(), settings.collect());
    }
    scope
}
