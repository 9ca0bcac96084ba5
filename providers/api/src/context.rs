use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a call is made in: how long it may take, and where it counts what it sends.
#[derive(Debug, Clone)]
pub struct Cx {
    /// How long one call to the API may take.
    pub timeout: Duration,
    /// Where each call to the API is counted.
    pub calls: Calls,
}

/// How many calls were made to an API, by verb. Clones share one count.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<String, u64>>>);

impl Cx {
    /// A context of its own.
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, calls: Calls::default() }
    }
}

impl Calls {
    /// Counts one call: `LIST deployments`, `ChangeResourceRecordSets`.
    pub fn count(&self, verb: &str) {
        let mut calls = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match calls.get_mut(verb) {
            Some(count) => *count += 1,
            None => {
                calls.insert(verb.to_owned(), 1);
            }
        }
    }

    /// All that was counted so far, by verb.
    pub fn by_verb(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// How many calls were counted so far.
    pub fn total(&self) -> u64 {
        self.by_verb().values().sum()
    }
}
