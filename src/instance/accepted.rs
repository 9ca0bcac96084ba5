use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opsctl_api::{Address, Hop, Value};

/// How long a dry run is believed. A plan that is applied at once is not asked a second time; one that an operator has thought about
/// for longer is.
const BELIEVED: Duration = Duration::from_secs(60);

/// The hops that an instance has accepted in a dry run, and when. Clones share it.
///
/// A dry run costs an API about as much as the write.
#[derive(Clone, Default)]
pub struct Accepted(Arc<Mutex<Known>>);

type Known = BTreeMap<Address, Vec<(Hop, Instant)>>;

impl Accepted {
    /// Whether just this was accepted a moment ago.
    pub(super) fn has(&self, hop: &Hop, now: Instant) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of = known.get(&hop.at).into_iter().flatten();
        of.any(|(known, at)| known == hop && now.saturating_duration_since(*at) < BELIEVED)
    }

    /// Remembers it; not where there is a secret in it, for two that look alike may have different texts.
    pub(super) fn remember(&self, hop: &Hop, now: Instant) {
        if hop.edits.iter().any(|edit| edit.to.as_ref().is_some_and(Value::is_secret)) {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = known.entry(hop.at.clone()).or_default();
        of.retain(|(known, _)| known != hop);
        of.push((hop.clone(), now));
    }
}

#[cfg(test)]
mod tests {
    use opsctl_api::{Edit, Secret, Source};

    use super::*;

    fn hop(to: Value) -> Hop {
        let edits = vec![Edit { setting: "replicas".to_owned(), from: None, to: Some(to) }];
        Hop { at: "k8s:deployment/cdn/edge".parse().unwrap(), edits, coupled: Vec::new() }
    }

    #[test]
    fn test_the_very_same_is_believed_for_a_while() {
        let (accepted, now) = (Accepted::default(), Instant::now());
        accepted.remember(&hop(Value::Integer(2)), now);
        assert!(accepted.clone().has(&hop(Value::Integer(2)), now + BELIEVED / 2));
        assert!(!accepted.has(&hop(Value::Integer(3)), now));
        assert!(!accepted.has(&hop(Value::Integer(2)), now + BELIEVED));
    }

    #[test]
    fn test_a_secret_is_asked_each_time() {
        let (accepted, now) = (Accepted::default(), Instant::now());
        let source = Some(Source::Env("TOKEN".to_owned()));
        let secret = hop(Value::from(Secret { source, reference: None, plain: None }));
        accepted.remember(&secret, now);
        assert!(!accepted.has(&secret, now));
    }
}
