use serde_json::Value as Json;

use crate::harness::Repository;

/// What a plan does in what order, as `plan --json` says it.
pub(super) struct Order {
    plan: Json,
}

impl Order {
    /// Of the way to a state.
    #[track_caller]
    pub(super) fn of(repository: &Repository, state: &str) -> Self {
        let mut document = repository.json(&["plan", state]);
        Self { plan: document["plan"].take() }
    }

    /// Requires that each of these (addresses, actions, gating checks) is only begun once the one before it is done.
    #[track_caller]
    pub(super) fn one_by_one(&self, names: &[&str]) {
        for pair in names.windows(2) {
            let (first, then) = (self.step(pair[0]), self.step(pair[1]));
            assert!(self.follows(then, first), "{} does not wait for {}", pair[1], pair[0]);
        }
    }

    /// Requires that nothing is changed at this address.
    #[track_caller]
    pub(super) fn spares(&self, at: &str) {
        assert!(!self.steps().iter().any(|step| name(step) == Some(at)), "{at} is changed");
    }

    fn follows(&self, then: usize, first: usize) -> bool {
        self.after(then).any(|step| step == first || self.follows(step, first))
    }

    fn after(&self, step: usize) -> impl Iterator<Item = usize> {
        let edges = self.steps()[step]["after"].as_array().into_iter().flatten();
        edges.filter_map(|edge| usize::try_from(edge["step"].as_u64()?).ok())
    }

    #[track_caller]
    fn step(&self, what: &str) -> usize {
        let found = self.steps().iter().position(|step| name(step) == Some(what));
        found.unwrap_or_else(|| panic!("{what} has no step in {:#}", self.plan["steps"]))
    }

    fn steps(&self) -> &[Json] {
        self.plan["steps"].as_array().unwrap()
    }
}

fn name(step: &Json) -> Option<&str> {
    let work = &step["work"];
    let at = ["change", "wait"].iter().find_map(|what| work[what]["at"].as_str());
    at.or_else(|| ["action", "check"].iter().find_map(|what| work[what]["name"].as_str()))
}
