use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use opsctl_api::{Address, Relation, Value};

use crate::check::Check;
use crate::state::Declared;

/// What was live at one moment. A valid state: a literal one.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// When the values were read.
    pub taken_at: Timestamp,
    /// What was declared of the resources, by name.
    pub declared: BTreeMap<String, Arc<Declared>>,
    /// By address, then by key of the setting; `None` is absent.
    pub resources: BTreeMap<Address, BTreeMap<String, Option<Value>>>,
    /// What the providers knew of their neighbours.
    pub relations: BTreeMap<Address, Vec<Relation>>,
    /// What could not be read, and why.
    pub unread: BTreeMap<String, String>,
    /// The state's checks, without gates.
    pub checks: Vec<Check>,
}
