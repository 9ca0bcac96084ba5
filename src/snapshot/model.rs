use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use opsctl_api::{Address, Live, LiveSetting, Relation, Value};

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

impl Snapshot {
    /// One in which nothing was seen yet.
    pub fn new(taken_at: Timestamp, declared: BTreeMap<String, Arc<Declared>>) -> Self {
        Self {
            taken_at,
            declared,
            resources: BTreeMap::new(),
            relations: BTreeMap::new(),
            unread: BTreeMap::new(),
            checks: Vec::new(),
        }
    }

    /// Takes in what was read of a resource, of these settings and no others: what a provider reads along is nobody's wish.
    pub fn see<'k>(&mut self, live: &Live, keys: impl IntoIterator<Item = &'k String>) {
        let mut values = BTreeMap::new();
        for key in keys {
            match live.settings.get(key) {
                Some(LiveSetting::Hidden(why)) => {
                    self.unread.insert(format!("{} {key}", live.at), why.clone());
                }
                Some(LiveSetting::Is { .. } | LiveSetting::Absent) | None => {
                    values.insert(key.clone(), live.value(key).cloned());
                }
            }
        }
        self.resources.insert(live.at.clone(), values);
        if !live.relations.is_empty() {
            self.relations.insert(live.at.clone(), live.relations.clone());
        }
    }
}
