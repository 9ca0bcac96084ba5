//! Reads that an API takes few of in a second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use opsctl_api::Rate;
use tokio::time::{Instant, sleep_until};

/// Lets calls go as fast as a rate allows, and holds the others back. All that an instance reads shares it.
pub(crate) struct Pace {
    rate: Rate,
    /// When the next call would go if none went before its time.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(crate) const fn new(rate: Rate) -> Self {
        Self { rate, next: Mutex::new(None) }
    }

    /// Waits until one more call may go.
    pub(crate) async fn turn(&self) {
        sleep_until(self.take(Instant::now())).await;
    }

    fn take(&self, now: Instant) -> Instant {
        let span = Duration::from_secs_f64(1.0 / self.rate.per_second);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let due = next.map_or(now, |next| next.max(now));
        *next = Some(due + span);
        due.checked_sub(span * self.rate.burst.saturating_sub(1)).map_or(now, |early| early.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_a_burst_and_then_the_rate() {
        let (pace, now) = (Pace::new(Rate { burst: 5, per_second: 10.0 }), Instant::now());
        let waits = |count: usize, now: Instant| -> Vec<u128> {
            (0..count).map(|_| pace.take(now).duration_since(now).as_millis()).collect()
        };
        assert_eq!(waits(8, now), [0, 0, 0, 0, 0, 100, 200, 300]);
        // From rest there is a burst again.
        assert_eq!(waits(6, now + Duration::from_secs(10)), [0, 0, 0, 0, 0, 100]);
    }
}
