use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use opsctl_api::{Address, Secret, Value};

use crate::knobs::Knobs;

/// One resource of a world, as its last write left it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resource {
    /// Sorted by key; what is absent and never was there has none.
    slots: Vec<Slot>,
    /// Counts the writes; 1 as the world file has it.
    pub(crate) version: u64,
    /// What it bounds a setting of.
    pub(crate) confines: Vec<Address>,
    pub(crate) knobs: Option<Box<Knobs>>,
    /// The values that its keepers put back: those of the time when they came.
    pub(crate) kept: Vec<(Key, Option<Value>)>,
    /// Each version that a secret ever had, by its key, to restore it from.
    pub(crate) secrets: Vec<(Key, Secret)>,
}

/// A setting's key. Those of a catalogue cost nothing.
pub(crate) type Key = Cow<'static, str>;

/// One setting.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) key: Key,
    pub(crate) value: Option<Value>,
    /// What it was before, where it was ever changed.
    pub(crate) past: Option<Box<Past>>,
}

/// A setting's last change.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    pub(crate) was: Option<Value>,
    pub(crate) at: Timestamp,
    pub(crate) by: Arc<str>,
}

impl Resource {
    /// As a world file has it. `slots` need not be sorted.
    pub(crate) fn new(mut slots: Vec<(Key, Value)>, confines: Vec<Address>, knobs: Option<Box<Knobs>>) -> Self {
        slots.sort_by(|a, b| a.0.cmp(&b.0));
        let secrets = slots.iter().filter_map(|(key, value)| Some((key.clone(), secret(value)?.clone()))).collect();
        let slots = slots.into_iter().map(|(key, value)| Slot { key, value: Some(value), past: None }).collect();
        let mut resource = Self { slots, version: 1, confines, knobs, kept: Vec::new(), secrets };
        resource.keep();
        resource
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(crate) fn slot(&self, key: &str) -> Option<&Slot> {
        self.slots.binary_search_by(|slot| (*slot.key).cmp(key)).ok().map(|index| &self.slots[index])
    }

    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        self.slot(key).and_then(|slot| slot.value.as_ref())
    }

    /// When a setting was changed last; `None` where it is as the world file has it.
    pub(crate) fn changed(&self, key: &str) -> Option<Timestamp> {
        self.slot(key).and_then(|slot| slot.past.as_ref()).map(|past| past.at)
    }

    /// Puts a setting to a value, or takes it away.
    pub(crate) fn put(&mut self, key: Key, value: Option<Value>, at: Timestamp, by: &Arc<str>) {
        if let Some(secret) = value.as_ref().and_then(secret)
            && self.version_of(&key, secret.reference.as_deref()).is_none()
        {
            self.secrets.push((key.clone(), secret.clone()));
        }
        let past = |was| Some(Box::new(Past { was, at, by: by.clone() }));
        match self.slots.binary_search_by(|slot| slot.key.cmp(&key)) {
            Ok(index) => {
                let slot = &mut self.slots[index];
                slot.past = past(std::mem::replace(&mut slot.value, value));
            }
            Err(index) => self.slots.insert(index, Slot { key, value, past: past(None) }),
        }
    }

    /// What a secret was in a version. Keys that were set together have one reference.
    pub(crate) fn version_of(&self, key: &str, reference: Option<&str>) -> Option<&Secret> {
        let mut versions = self.secrets.iter().filter(|(of, _)| of == key).map(|(_, version)| version);
        versions.find(|version| version.reference.as_deref() == reference)
    }

    /// Puts a setting where the world file would have had it.
    pub(crate) fn begin_with(&mut self, key: &str, value: Value) {
        if let Ok(index) = self.slots.binary_search_by(|slot| (*slot.key).cmp(key)) {
            self.slots[index].value = Some(value);
        }
    }

    /// Remembers what the keepers hold, as it is now; of those that were here before, as it was then.
    pub(crate) fn keep(&mut self) {
        let keepers = self.knobs.as_ref().and_then(|knobs| knobs.owners.as_deref()).unwrap_or_default();
        let held = |key: &str| keepers.iter().any(|keeper| keeper.reverts && keeper.holds(key));
        let mut kept = std::mem::take(&mut self.kept);
        kept.retain(|(key, _)| held(key));
        for slot in &self.slots {
            if held(&slot.key) && !kept.iter().any(|(key, _)| *key == slot.key) {
                kept.push((slot.key.clone(), slot.value.clone()));
            }
        }
        self.kept = kept;
    }
}

fn secret(value: &Value) -> Option<&Secret> {
    match value {
        Value::Secret(secret) => Some(secret),
        _ => None,
    }
}
