use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opsctl_api::Limits;

use super::dispatch::Room;
use super::moment::later;

/// How fast one instance is written to: its limits, and slower for a while when it says that it is too much.
#[derive(Debug)]
pub(super) struct Pace {
    limits: Limits,
    /// How many calls may be under way at once now; fewer than the limit after it was throttled.
    at_once: usize,
    underway: usize,
    /// Not before this.
    next: Option<Instant>,
    /// How often it was throttled without a call that went through in between.
    throttled: u32,
}

/// How long nothing is written after a throttled answer that does not say: doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

impl Pace {
    pub(super) fn new(limits: Limits) -> Self {
        let at_once = limits.writes_at_once.max(1);
        Self { limits, at_once, underway: 0, next: None, throttled: 0 }
    }

    /// Takes room for one call; false where there is none now.
    fn take(&mut self, now: Instant) -> bool {
        if self.underway >= self.at_once || self.next.is_some_and(|next| next > now) {
            return false;
        }
        self.underway += 1;
        if let Some(rate) = self.limits.writes_per_second.filter(|rate| *rate > 0.0) {
            // A tenth of a second may be made up for, so that a late wake-up does not cost speed.
            let earliest = now.checked_sub(Duration::from_millis(100)).unwrap_or(now);
            let from = self.next.map_or(now, |next| next.max(earliest));
            let pause = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::MAX);
            self.next = Some(later(from, pause));
        }
        true
    }

    /// A call was answered, and not with "too many".
    pub(super) fn went_through(&mut self) {
        self.underway = self.underway.saturating_sub(1);
        self.throttled = 0;
        self.at_once = (self.at_once + 1).min(self.limits.writes_at_once.max(1));
    }

    /// A call was answered with "too many": fewer at once, and none for a while.
    /// Whether that is news.
    pub(super) fn slow_down(&mut self, after: Option<Duration>, now: Instant) -> bool {
        self.underway = self.underway.saturating_sub(1);
        self.at_once = (self.at_once / 2).max(1);
        let pause = after.unwrap_or(FIRST_PAUSE * 2_u32.saturating_pow(self.throttled.min(10))).min(LONGEST_PAUSE);
        self.throttled += 1;
        self.next = Some(self.next.map_or(now + pause, |next| next.max(now + pause)));
        self.throttled == 1
    }
}

/// The paces of all instances at one moment.
pub(super) struct Paces<'a> {
    pub(super) of: &'a mut BTreeMap<String, Pace>,
    pub(super) now: Instant,
}

impl Room for Paces<'_> {
    fn take(&mut self, instance: &str) -> bool {
        self.of.get_mut(instance).is_none_or(|pace| pace.take(self.now))
    }
}

/// When an instance that holds back now takes the next call.
pub(super) fn next_room(paces: &BTreeMap<String, Pace>, now: Instant) -> Option<Instant> {
    paces.values().filter(|pace| pace.underway < pace.at_once).filter_map(|pace| pace.next).filter(|at| *at > now).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_throttling_halves_and_success_brings_back() {
        let now = Instant::now();
        let mut pace = Pace::new(Limits { writes_at_once: 4, writes_per_second: None });
        assert_eq!((0..9).filter(|_| pace.take(now)).count(), 4);
        pace.slow_down(None, now);
        assert!(!pace.take(now));
        for _ in 0..3 {
            pace.went_through();
        }
        assert!(!pace.take(now + FIRST_PAUSE / 2));
        assert_eq!((0..9).filter(|_| pace.take(now + FIRST_PAUSE)).count(), 4);
    }

    #[test]
    fn test_pauses_grow_to_a_longest() {
        let now = Instant::now();
        let mut pace = Pace::new(Limits::default());
        let mut pauses = Vec::new();
        for _ in 0..12 {
            pace.next = None;
            pace.slow_down(None, now);
            pauses.push(pace.next.unwrap() - now);
        }
        assert!(pauses.is_sorted());
        assert_eq!((pauses[0], pauses[11]), (FIRST_PAUSE, LONGEST_PAUSE));
    }

    #[test]
    fn test_no_rate_is_too_low() {
        let now = Instant::now();
        let mut pace = Pace::new(Limits { writes_at_once: 2, writes_per_second: Some(1e-300) });
        assert!(pace.take(now) && !pace.take(now + Duration::from_secs(3600)));
    }

    #[test]
    fn test_a_rate_is_held() {
        let begin = Instant::now();
        let mut pace = Pace::new(Limits { writes_at_once: 1000, writes_per_second: Some(10.0) });
        let mut taken = 0;
        for tick in 0..3_000 {
            while pace.take(begin + Duration::from_millis(tick)) {
                taken += 1;
            }
        }
        assert!((30..=32).contains(&taken), "{taken}");
    }
}
