use crate::{Change, Config, ConfigKey, Hop, Kind, Live};

/// What a provider knows without talking to anybody: data and arithmetic.
///
/// Compiled without the feature `live`; used by planning, simulation, documentation and the schema.
pub trait Catalogue: Send + Sync {
    /// The `type` in `opsctl.toml`: `kubernetes`.
    fn provider(&self) -> &'static str;

    /// The keys of an instance in `opsctl.toml` beside its `type`, sorted by name. It takes no others.
    fn config(&self) -> &'static [ConfigKey] {
        &[]
    }

    /// All kinds, sorted by name.
    fn kinds(&self) -> &'static [Kind];

    /// The kind of this name.
    fn kind(&self, name: &str) -> Option<&'static Kind> {
        self.kinds().iter().find(|kind| kind.name == name)
    }

    /// The legal way of a change, one atomic call a hop: a change that needs two calls has two hops.
    ///
    /// Duties: the hops lead each edit from its `from` to its `to` without a gap. Another setting they move only where they
    /// bring it back (an instance is stopped, gets its type, and is started), or name it as `coupled`. The same question has
    /// the same answer.
    ///
    /// # Errors
    /// No legal way leads there.
    fn hops(&self, change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
        let _ = live;
        Ok(change.in_one_hop())
    }

    /// Hops with equal keys that are free at the same time may share one call (Route 53: the zone). `None`: each goes alone.
    fn batch(&self, hop: &Hop) -> Option<Batch> {
        let _ = hop;
        None
    }

    /// What a person would type instead, at an instance that is configured so. The line says where it acts (a region, a context): what
    /// stands in another one may have the same name.
    fn by_hand(&self, hop: &Hop, config: &Config) -> String;
}

/// The key of hops that may share one call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Batch {
    /// Equal keys may go together.
    pub key: String,
    /// How many hops one call takes at most.
    pub most: usize,
}

/// There is no legal way to make a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct NoWay {
    /// The rule, as a sentence.
    pub why: String,
    /// What to do instead; empty where there is nothing.
    pub instead: String,
}
