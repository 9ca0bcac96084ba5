use std::time::{Duration, Instant};

use jiff::Timestamp;

/// For as long nobody waits: a century.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);

/// A moment so much later, however long that is: a plan may say what it likes.
pub(super) fn later(now: Instant, by: Duration) -> Instant {
    now.checked_add(by.min(LONGEST)).unwrap_or(now)
}

/// The same by the clock on the wall.
pub(super) fn later_by_clock(now: Timestamp, by: Duration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// How long it is from one time on the wall to a later one; nothing where it is not later.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_no_length_of_time_is_too_much() {
        let (now, today) = (Instant::now(), Timestamp::now());
        assert_eq!(later(now, Duration::from_secs(1)) - now, Duration::from_secs(1));
        assert!(later(now, Duration::MAX) > now);
        assert_eq!(later_by_clock(today, Duration::MAX), Timestamp::MAX);
        assert_eq!(between(today, later_by_clock(today, Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(between(today, Timestamp::UNIX_EPOCH), Duration::ZERO);
    }
}
