//! The provider instances of a run, with the layers around them: retry of reads, limits, and the count of calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use opsctl_api::{Catalogue, Cx, Kind, Limits, Provider};

mod accepted;
mod ask;

pub use accepted::Accepted;

/// One configured instance of a provider.
#[derive(Clone)]
pub struct Instance {
    /// Its name in `opsctl.toml`: `k8s`.
    pub name: String,
    /// The `type` there: `kubernetes`, `sim`.
    pub provider_type: String,
    /// What it talks to, for the eye: `prod-east`.
    pub target: String,
    /// What it knows without talking.
    pub catalogue: &'static dyn Catalogue,
    /// What talks.
    pub provider: Arc<dyn Provider>,
    /// Timeouts, and the count of calls.
    pub cx: Cx,
    /// What it has accepted in a dry run.
    pub accepted: Accepted,
}

/// All instances of a run, by name.
#[derive(Clone, Default)]
pub struct Instances(pub BTreeMap<String, Instance>);

/// What each instance's kinds are, without anything that talks: enough to read states.
#[derive(Clone, Default)]
pub struct Catalogues(pub BTreeMap<String, &'static dyn Catalogue>);

impl Instance {
    /// How fast the engine may go.
    pub fn limits(&self) -> Limits {
        self.provider.limits()
    }
}

impl Instances {
    /// The instance of this name.
    pub fn get(&self, name: &str) -> Option<&Instance> {
        self.0.get(name)
    }

    /// Their catalogues alone.
    pub fn catalogues(&self) -> Catalogues {
        Catalogues(self.0.iter().map(|(name, instance)| (name.clone(), instance.catalogue)).collect())
    }

    /// The calls made so far, by instance and verb.
    pub fn calls(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        self.0.iter().map(|(name, instance)| (name.clone(), instance.cx.calls.by_verb())).collect()
    }
}

impl Catalogues {
    /// The names of the instances, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.keys().map(String::as_str)
    }

    /// The kind of this name at this instance.
    pub fn kind(&self, instance: &str, kind: &str) -> Option<&'static Kind> {
        self.0.get(instance)?.kind(kind)
    }
}
