use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::{Address, Cx, Fault, Hop, Live, Pattern, Receipt};

/// An answer that is on its way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One configured instance that reads and writes resources.
///
/// It never retries, sleeps or prints: those are layers around it. It may only hold back the calls of its reads, of one or of several,
/// where the API takes few of them in a second. Answers come in the order of the questions, one for each. Every call to the API is counted in
/// [`Cx::calls`].
pub trait Provider: Send + Sync {
    /// What this instance really talks to, so that a plan is never applied to something else.
    ///
    /// Duties: one call at most; the same answer for the same target, whatever it is called in a configuration file.
    fn identity<'a>(&'a self, cx: &'a Cx) -> Answer<'a, Result<Identity, Fault>>;

    /// The only way to see: plan, settle, verification, drift and snapshot all use it.
    ///
    /// Duties: changes nothing; batches (one LIST a kind and namespace, never one call a resource where the API has a list, and
    /// never a list of 5,000 for 3); an incomplete answer or an unreadable setting is said and never taken as empty; a missing
    /// resource is [`Fault::Missing`] and no other fault is; answers are not stale, which matters right after a write.
    fn read<'a>(&'a self, cx: &'a Cx, ask: &'a [Query]) -> Answer<'a, Vec<Reading>>;

    /// Whether the API would take each hop, without doing it. All hops of a change are asked about, one after the other.
    ///
    /// Duties: changes nothing; never `Accepted` for what was not asked of the API; a later hop of a change is not refused for what the
    /// earlier ones bring about.
    fn preflight<'a>(&'a self, cx: &'a Cx, hops: &'a [Hop]) -> Answer<'a, Vec<Preflight>>;

    /// Sends what may share one call (equal [`crate::Batch`] keys), or one write. Returns once the API has answered, not once
    /// it is true. The engine never drops this future; an operator who ends opsctl at once (a second Ctrl-C) does, as a kill would: what
    /// a call was about must be told from what it leaves.
    ///
    /// Duties: compare-and-set: sets only what the hop names, and only if `from` still holds; where the API has no means for
    /// that, re-reads right before and documents the race that is left. [`Written::Refused`] only where nothing was done, and
    /// [`Written::Unknown`] wherever that is not certain.
    fn write<'a>(&'a self, cx: &'a Cx, batch: &'a [Write]) -> Answer<'a, Vec<Written>>;

    /// How fast the engine may go.
    fn limits(&self) -> Limits {
        Limits::default()
    }
}

/// What an instance talks to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Equal for the same target and for no other: a cluster's UID, an account and region.
    pub id: String,
    /// For the eye: `cluster 7c1e02b4`, `account 123456789012`.
    pub shown: String,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which resources.
    pub at: Selector,
    /// Which of their settings.
    pub settings: Wanted,
    /// Asks whether this write has become true, beyond what the settings show.
    pub receipt: Option<Receipt>,
}

/// Which resources a question is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    /// This one.
    One(Address),
    /// All of a kind whose address matches, and that carry these labels or tags.
    Many {
        /// Bound to one instance and one kind.
        pattern: Pattern,
        /// All of them must be there.
        labels: BTreeMap<String, String>,
    },
}

/// Which settings a question is about; what was not asked for need not be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All that the kind has.
    All,
    /// These keys; one that is not there is answered as absent.
    Only(BTreeSet<String>),
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// What was found, sorted by address; exactly one for [`Selector::One`].
    Members {
        /// The resources.
        found: Vec<Live>,
        /// False where there are more that could not be read.
        complete: bool,
    },
    /// Nothing could be read.
    Fault(Fault),
}

/// What the API says of a hop that was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preflight {
    /// It would take it.
    Accepted,
    /// It would not.
    Refused(Fault),
    /// It has no means to tell, or it depends on an earlier step.
    CannotTell(String),
}

/// One hop to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// What to set.
    pub hop: Hop,
    /// The resource as it was read last: raw values and version, for compare-and-set.
    pub live: Live,
    /// The same over a resume of the same step, so that an API that knows such tokens does it once.
    pub idempotency_token: String,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// The API took it.
    Sent {
        /// To ask about this write by.
        receipt: Option<Receipt>,
        /// The API's version of the whole after it.
        version: Option<String>,
    },
    /// `from` no longer holds; nothing was done. What is there now.
    Conflict(Box<Live>),
    /// Nothing was done.
    Refused(Fault),
    /// It may be done, or may yet be.
    Unknown(Fault),
}

/// How fast the engine may go at one instance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Calls to `write` under way at once.
    pub writes_at_once: usize,
    /// Calls to `write` in a second; `None` for no limit.
    pub writes_per_second: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { writes_at_once: 16, writes_per_second: None }
    }
}

impl Selector {
    /// The instance that is asked; `None` for a pattern that is bound to none.
    pub fn instance(&self) -> Option<&str> {
        match self {
            Self::One(at) => Some(at.instance()),
            Self::Many { pattern, .. } => pattern.instance(),
        }
    }

    /// The kind that is asked for; `None` for a pattern that is bound to none.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::One(at) => Some(at.kind()),
            Self::Many { pattern, .. } => pattern.kind(),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(at) => at.fmt(f),
            Self::Many { pattern, .. } => pattern.fmt(f),
        }
    }
}

impl Wanted {
    /// Whether a setting was asked for.
    pub fn wants(&self, setting: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(keys) => keys.contains(setting),
        }
    }
}

impl Query {
    /// All settings of one resource.
    pub fn one(at: Address) -> Self {
        Self { at: Selector::One(at), settings: Wanted::All, receipt: None }
    }
}

impl Reading {
    /// The one resource that was asked for.
    ///
    /// # Errors
    /// The fault; an answer without a resource counts as [`Fault::Missing`].
    pub fn into_one(self) -> Result<Live, Fault> {
        match self {
            Self::Members { found, .. } => {
                found.into_iter().next().ok_or_else(|| Fault::Missing("the answer was empty".to_owned()))
            }
            Self::Fault(fault) => Err(fault),
        }
    }
}
