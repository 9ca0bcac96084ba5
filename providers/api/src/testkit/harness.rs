use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{Address, Answer, Catalogue, Kind, Pattern, Provider, Value};

/// What a provider supplies to be tried. Methods with a default are for what not every provider can do: without them the trials
/// that need it are not there, and the list of trials shows that.
pub trait Harness: Send + Sync + 'static {
    /// What is tried against its own declarations.
    fn catalogue(&self) -> &'static dyn Catalogue;

    /// The provider, open to something real. Called within a tokio runtime, once a trial.
    fn provider(&self) -> Arc<dyn Provider>;

    /// Makes a resource of a kind, which no other trial touches and nothing else holds, as the examples expect it. It may still
    /// be settling. Of a kind that confines, what it confines is made too.
    fn fresh<'a>(&'a self, kind: &'static Kind) -> Answer<'a, Result<Address, String>>;

    /// What a fresh resource of a kind may be set to: every setting at least once, those with a direction up and down, and
    /// the most telling ones to two values that differ (what is refused as stale is shown by those).
    fn examples(&self, kind: &'static Kind) -> Vec<Example>;

    /// What a fresh resource of a kind must not be set to, though the type allows it: a minimum above the maximum.
    fn illegal(&self, _kind: &'static Kind) -> Vec<Example> {
        Vec::new()
    }

    /// Sets a setting as another operator would, not by way of the provider; `None` takes it away.
    fn disturb<'a>(
        &'a self,
        at: &'a Address,
        setting: &'a str,
        to: Option<&'a Value>,
    ) -> Answer<'a, Result<(), String>>;

    /// An address of a kind that is not there, with a path that is well formed.
    fn missing(&self, kind: &'static Kind) -> Address;

    /// A pattern that stands for all fresh resources of a kind.
    fn pattern(&self, kind: &'static Kind) -> Pattern {
        Pattern::new(format!("{}:{}/*", self.missing(kind).instance(), kind.name))
    }

    /// Labels or tags that every fresh resource of a kind carries.
    fn labels(&self, _kind: &'static Kind) -> Option<BTreeMap<String, String>> {
        None
    }

    /// Settings of a kind that move by themselves, and so are not held against a write of another.
    fn restless(&self, _kind: &'static Kind) -> Vec<String> {
        Vec::new()
    }

    /// The same target, but its credentials do not allow to read.
    fn denied_reads(&self) -> Option<Arc<dyn Provider>> {
        None
    }

    /// The same target, but its credentials do not allow to write.
    fn denied_writes(&self) -> Option<Arc<dyn Provider>> {
        None
    }

    /// A target at which nobody answers.
    fn unreachable(&self) -> Option<Arc<dyn Provider>> {
        None
    }

    /// The same target under another name in the configuration.
    fn other_name(&self) -> Option<Arc<dyn Provider>> {
        None
    }

    /// The most calls that reading so many resources of a kind at once may take.
    fn most_calls(&self, _kind: &'static Kind, _resources: usize) -> u64 {
        1
    }

    /// How long a change may take to be true and ready.
    fn settles_within(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// How long one call may take.
    fn timeout(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// A value that a setting of a fresh resource may be given.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The key, as in a state.
    pub setting: String,
    /// What it is given; `None` takes it away.
    pub to: Option<Value>,
    /// Whether the API moves other settings along.
    pub couples: bool,
    /// What somebody else has to set first, where a fresh resource does not take it.
    pub given: Option<Box<Example>>,
}

impl Example {
    /// A setting is given a value.
    pub fn set(setting: impl Into<String>, to: Value) -> Self {
        Self { setting: setting.into(), to: Some(to), couples: false, given: None }
    }

    /// A setting is taken away.
    pub fn absent(setting: impl Into<String>) -> Self {
        Self { setting: setting.into(), to: None, couples: false, given: None }
    }

    /// A fresh resource takes it only once it has this.
    pub fn given(mut self, first: Example) -> Self {
        self.given = Some(Box::new(first));
        self
    }

    /// The API moves other settings along, which the hop must name.
    pub fn couples(mut self) -> Self {
        self.couples = true;
        self
    }
}
