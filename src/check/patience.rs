use std::time::{Duration, Instant};

use opsctl_api::format_duration;

use super::{Check, Verdict};

/// The pause between two measurements is at least this, whatever a check says.
const LEAST_PAUSE: Duration = Duration::from_millis(50);

/// No check is waited for longer than a year, whatever it says.
const MOST: Duration = Duration::from_secs(365 * 24 * 3600);

/// When to measure again, and when to stop. It looks at no clock.
pub(super) struct Patience {
    deadline: Instant,
    hold: Duration,
    every: Duration,
    /// Since when it is true.
    since: Option<Instant>,
    /// Whether it was never false.
    unbroken: bool,
}

/// What follows from a measurement.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// This is how it ended.
    Ended(Verdict),
    /// Measure again, after a pause.
    Again(Duration),
}

impl Patience {
    pub(super) fn new(check: &Check, now: Instant) -> Self {
        let every = check.every.max(LEAST_PAUSE);
        Self { deadline: now + check.within.min(MOST), hold: check.hold, every, since: None, unbroken: true }
    }

    /// What is left of the time.
    pub(super) fn left(&self, now: Instant) -> Duration {
        self.deadline.saturating_duration_since(now)
    }

    pub(super) fn saw(&mut self, verdict: &Verdict, now: Instant) -> Next {
        if !verdict.holds {
            self.since = None;
            self.unbroken = false;
            return match self.left(now) {
                Duration::ZERO => Next::Ended(verdict.clone()),
                left => Next::Again(self.every.min(left)),
            };
        }
        let held = now.duration_since(*self.since.get_or_insert(now));
        let missing = self.hold.saturating_sub(held);
        if missing.is_zero() {
            return Next::Ended(verdict.clone());
        }
        match self.left(now) {
            _ if self.unbroken => Next::Again(self.every.min(missing)),
            Duration::ZERO => Next::Ended(self.too_short(verdict, held)),
            left => Next::Again(self.every.min(missing).min(left)),
        }
    }

    fn too_short(&self, verdict: &Verdict, held: Duration) -> Verdict {
        let (held, hold) = (format_duration(held), format_duration(self.hold));
        Verdict::no(format!("{}, but only for {held} of {hold}", verdict.seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Gate, Probe};

    const SECOND: Duration = Duration::from_secs(1);

    /// Plays measurements that take no time: what each second would say. How it ends, and when.
    fn play(within: u32, hold: u32, every: u32, says: impl Fn(u64) -> bool) -> (bool, u64, String) {
        let check = Check {
            name: String::new(),
            probe: Probe::Tcp { address: String::new() },
            within: SECOND * within,
            hold: SECOND * hold,
            every: SECOND * every,
            gate: Gate::After,
            place: None,
        };
        let began = Instant::now();
        let mut now = began;
        let mut patience = Patience::new(&check, now);
        loop {
            let seconds = now.duration_since(began).as_secs();
            let verdict = Verdict { holds: says(seconds), seen: "seen".to_owned() };
            match patience.saw(&verdict, now) {
                Next::Ended(verdict) => return (verdict.holds, seconds, verdict.seen),
                Next::Again(pause) => now += pause,
            }
        }
    }

    #[test]
    fn test_true_at_once() {
        assert_eq!(play(60, 0, 5, |_| true), (true, 0, "seen".to_owned()));
        assert!(play(0, 0, 5, |_| true).0);
    }

    #[test]
    fn test_it_is_given_its_time() {
        assert_eq!(play(60, 0, 5, |at| at >= 12), (true, 15, "seen".to_owned()));
        assert_eq!(play(60, 0, 7, |_| false), (false, 60, "seen".to_owned()));
        assert_eq!(play(0, 0, 7, |_| false).1, 0);
    }

    #[test]
    fn test_a_time_without_end() {
        let check = Check {
            name: String::new(),
            probe: Probe::Tcp { address: String::new() },
            within: Duration::MAX,
            hold: Duration::MAX,
            every: Duration::MAX,
            gate: Gate::After,
            place: None,
        };
        let now = Instant::now();
        let mut patience = Patience::new(&check, now);
        assert_eq!(patience.saw(&Verdict::yes(""), now), Next::Again(Duration::MAX));
        assert_eq!(patience.saw(&Verdict::no(""), now), Next::Again(MOST));
    }

    #[test]
    fn test_it_must_hold_without_a_break() {
        assert_eq!(play(300, 30, 5, |_| true).1, 30);
        assert_eq!(play(300, 30, 5, |at| at != 20).1, 55);
        assert_eq!(play(60, 30, 5, |at| at >= 40), (false, 60, "seen, but only for 20s of 30s".to_owned()));
    }

    #[test]
    fn test_a_hold_longer_than_all_the_time_must_be_true_from_the_first() {
        assert_eq!(play(0, 30, 5, |_| true), (true, 30, "seen".to_owned()));
        assert_eq!(play(10, 30, 5, |at| at < 20), (false, 20, "seen".to_owned()));
    }
}
