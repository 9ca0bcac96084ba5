use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use opsctl_api::{Address, Pattern, Plain, Settings, Source};

use super::{Part, Past, Rest};
use crate::config::GuardConfig;
use crate::state::{Goal, Scope, State};

/// The calls that set what an API takes few of in a time, within that time from now on back: when each was made at the latest. By address and key.
pub type Made = BTreeMap<Address, BTreeMap<String, Vec<Timestamp>>>;

/// What a plan is asked for.
pub struct Request<'a> {
    /// What shall be.
    pub state: &'a State,
    /// What is observed beside it.
    pub scope: &'a Scope,
    /// What stops an apply.
    pub guard: &'a GuardConfig,
    /// How much of it.
    pub part: Part,
    /// One-way changes of these are allowed.
    pub allow_one_way: Vec<Pattern>,
    /// The operation that is taken back.
    pub reverts: Option<String>,
    /// The rest of an operation, and nothing else.
    pub rest: Option<Rest>,
    /// The actions that were called by what a rollback takes back.
    pub called: BTreeSet<String>,
    /// What opsctl left at each setting that a rollback restores.
    pub left: Past,
    /// What was live before all that a rollback takes back.
    pub before: BTreeMap<Address, Settings<Goal>>,
    /// What was before opsctl's operations: what `restore` leads to.
    pub past: Past,
    /// What opsctl has used up of what the APIs allow in a time.
    pub made: Made,
    /// A rollback takes these back whoever changed them.
    pub force: Vec<Pattern>,
    /// Nobody is asked anything: what no snapshot tells is not known.
    pub offline: bool,
    /// Where secrets' texts come from, to be compared with what is live.
    pub secrets: &'a (dyn Fn(&Source) -> Result<Plain, String> + Send + Sync),
}
