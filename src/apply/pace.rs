use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opsctl_api::{Address, Kind, Limits, Rate};

use super::dispatch::Room;
use super::moment::later;

/// How fast one instance is written to: its limits as a whole, and those of each kind; slower for a while where the API says that
/// it is too much.
#[derive(Debug)]
pub(super) struct Pace {
    limits: Limits,
    underway: usize,
    /// Not before this.
    next: Option<Instant>,
    kinds: BTreeMap<String, Lane>,
    /// Resources that are in the middle of another change: each is put off by itself.
    busy: BTreeMap<Address, Busy>,
}

/// A resource that took nothing for now.
#[derive(Debug)]
struct Busy {
    /// Not before this.
    until: Instant,
    /// How often in a row.
    times: u32,
}

/// How fast resources of one kind are written to: APIs count each of their operations by itself.
#[derive(Debug)]
struct Lane {
    bucket: Option<Bucket>,
    /// How many calls may be under way at once now; fewer than the limit after it was throttled.
    at_once: usize,
    underway: usize,
    /// Not before this.
    next: Option<Instant>,
    /// How often it was throttled without a call that went through in between.
    throttled: u32,
}

/// What is left of a rate.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    left: f64,
    at: Option<Instant>,
}

/// How long nothing is written after a throttled answer that does not say, or to what is busy: doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

impl Pace {
    pub(super) fn new(limits: Limits, kinds: &[Kind]) -> Self {
        let at_once = limits.writes_at_once.max(1);
        let lane = |rate: Option<Rate>| Lane {
            bucket: rate.map(|rate| Bucket { rate, left: f64::from(rate.burst.max(1)), at: None }),
            at_once,
            underway: 0,
            next: None,
            throttled: 0,
        };
        let kinds = kinds.iter().map(|kind| (kind.name.to_owned(), lane(kind.rate))).collect();
        Self { limits, underway: 0, next: None, kinds, busy: BTreeMap::new() }
    }

    /// Takes room for one call; false where there is none now.
    fn take(&mut self, kind: &str, now: Instant) -> bool {
        if self.underway >= self.limits.writes_at_once.max(1) || self.next.is_some_and(|next| next > now) {
            return false;
        }
        if self.kinds.get_mut(kind).is_some_and(|lane| !lane.take(now)) {
            return false;
        }
        self.underway += 1;
        if let Some(rate) = self.limits.writes_per_second.filter(|rate| *rate > 0.0) {
            // A tenth of a second may be made up for, so that a late wake-up does not cost speed.
            let earliest = now.checked_sub(Duration::from_millis(100)).unwrap_or(now);
            let from = self.next.map_or(now, |next| next.max(earliest));
            self.next = Some(later(from, span(1.0 / rate)));
        }
        true
    }

    /// A call was answered, and not with "too many".
    pub(super) fn went_through(&mut self, kind: &str) {
        self.underway = self.underway.saturating_sub(1);
        let most = self.limits.writes_at_once.max(1);
        if let Some(lane) = self.kinds.get_mut(kind) {
            lane.underway = lane.underway.saturating_sub(1);
            lane.throttled = 0;
            lane.at_once = (lane.at_once + 1).min(most);
        }
    }

    /// A call was answered with "too many": fewer of that kind at once, and none for a while.
    /// Whether that is news.
    pub(super) fn slow_down(&mut self, kind: &str, after: Option<Duration>, now: Instant) -> bool {
        self.underway = self.underway.saturating_sub(1);
        let Some(lane) = self.kinds.get_mut(kind) else { return false };
        lane.underway = lane.underway.saturating_sub(1);
        lane.at_once = (lane.at_once / 2).max(1);
        let pause = after.unwrap_or(doubled(lane.throttled)).min(LONGEST_PAUSE);
        lane.throttled += 1;
        lane.next = Some(lane.next.map_or(now + pause, |next| next.max(now + pause)));
        lane.throttled == 1
    }

    /// A resource is in the middle of another change: it is put off, and nothing else is. Whether that is news.
    pub(super) fn put_off(&mut self, at: &Address, now: Instant) -> bool {
        let busy = self.busy.entry(at.clone()).or_insert(Busy { until: now, times: 0 });
        busy.until = now + doubled(busy.times);
        busy.times += 1;
        busy.times == 1
    }

    /// A resource took a write.
    pub(super) fn took(&mut self, at: &Address) {
        self.busy.remove(at);
    }

    fn is_put_off(&self, at: &Address, now: Instant) -> bool {
        self.busy.get(at).is_some_and(|busy| busy.until > now)
    }

    /// When something that holds back now takes the next call, with room for it by then.
    fn next_room(&self, now: Instant) -> Option<Instant> {
        if self.underway >= self.limits.writes_at_once.max(1) {
            return None;
        }
        let waits = self.kinds.values().filter(|lane| lane.underway < lane.at_once).filter_map(Lane::opens);
        let busy = self.busy.values().map(|busy| busy.until);
        waits.chain(busy).chain(self.next).filter(|at| *at > now).min()
    }
}

impl Lane {
    fn take(&mut self, now: Instant) -> bool {
        if self.underway >= self.at_once || self.next.is_some_and(|next| next > now) {
            return false;
        }
        if self.bucket.as_mut().is_some_and(|bucket| !bucket.take(now)) {
            return false;
        }
        self.underway += 1;
        true
    }

    /// Until when it holds back.
    fn opens(&self) -> Option<Instant> {
        [self.next, self.bucket.as_ref().and_then(Bucket::opens)].into_iter().flatten().max()
    }
}

impl Bucket {
    fn take(&mut self, now: Instant) -> bool {
        if let Some(at) = self.at {
            let more = now.saturating_duration_since(at).as_secs_f64() * self.rate.per_second;
            self.left = (self.left + more).min(f64::from(self.rate.burst.max(1)));
        }
        self.at = Some(now);
        // A sum of many small parts may miss the whole by a hair.
        if self.left < 1.0 - 1e-6 {
            return false;
        }
        self.left -= 1.0;
        true
    }

    /// When it has a whole one again, where it has none.
    fn opens(&self) -> Option<Instant> {
        let at = self.at.filter(|_| self.left < 1.0)?;
        Some(later(at, span((1.0 - self.left) / self.rate.per_second)))
    }
}

fn doubled(times: u32) -> Duration {
    (FIRST_PAUSE * 2_u32.saturating_pow(times.min(10))).min(LONGEST_PAUSE)
}

fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// The paces of all instances at one moment.
pub(super) struct Paces<'a> {
    pub(super) of: &'a mut BTreeMap<String, Pace>,
    pub(super) now: Instant,
}

impl Room for Paces<'_> {
    fn is_put_off(&self, at: &Address) -> bool {
        self.of.get(at.instance()).is_some_and(|pace| pace.is_put_off(at, self.now))
    }

    fn take(&mut self, at: &Address) -> bool {
        self.of.get_mut(at.instance()).is_none_or(|pace| pace.take(at.kind(), self.now))
    }
}

/// When an instance that holds back now takes the next call.
pub(super) fn next_room(paces: &BTreeMap<String, Pace>, now: Instant) -> Option<Instant> {
    paces.values().filter_map(|pace| pace.next_room(now)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &'static str, rate: Option<Rate>) -> Kind {
        Kind { name, doc: "", path: &[], settings: &[], confines: None, rate }
    }

    fn at_once(writes_at_once: usize) -> Pace {
        let limits = Limits { writes_at_once, writes_per_second: None };
        Pace::new(limits, &[kind("service", None), kind("record", None)])
    }

    #[test]
    fn test_throttling_halves_and_success_brings_back() {
        let now = Instant::now();
        let mut pace = at_once(4);
        assert_eq!((0..9).filter(|_| pace.take("service", now)).count(), 4);
        pace.slow_down("service", None, now);
        assert!(!pace.take("service", now));
        for _ in 0..3 {
            pace.went_through("service");
        }
        assert!(!pace.take("service", now + FIRST_PAUSE / 2));
        assert_eq!((0..9).filter(|_| pace.take("service", now + FIRST_PAUSE)).count(), 4);
    }

    #[test]
    fn test_another_kind_is_not_slowed_down() {
        let now = Instant::now();
        let mut pace = at_once(4);
        assert!(pace.take("service", now));
        assert!(pace.slow_down("service", None, now));
        assert!(!pace.take("service", now));
        assert!(pace.take("record", now));
        assert_eq!(pace.next_room(now), Some(now + FIRST_PAUSE));
    }

    #[test]
    fn test_what_is_busy_is_put_off_by_itself() {
        let now = Instant::now();
        let mut pace = at_once(4);
        let (a, b) = ("i:service/a".parse().unwrap(), "i:service/b".parse().unwrap());
        assert!(pace.put_off(&a, now));
        assert!(pace.is_put_off(&a, now) && !pace.is_put_off(&b, now) && pace.take("service", now));
        assert_eq!(pace.next_room(now), Some(now + FIRST_PAUSE));
        assert!(!pace.is_put_off(&a, now + FIRST_PAUSE));
        assert!(!pace.put_off(&a, now) && pace.is_put_off(&a, now + FIRST_PAUSE));
        pace.took(&a);
        assert!(!pace.is_put_off(&a, now));
        for _ in 0..12 {
            pace.put_off(&a, now);
        }
        assert!(!pace.is_put_off(&a, now + LONGEST_PAUSE));
    }

    #[test]
    fn test_pauses_grow_to_a_longest() {
        let now = Instant::now();
        let mut pace = at_once(16);
        let mut pauses = Vec::new();
        for _ in 0..12 {
            pace.kinds.get_mut("service").unwrap().next = None;
            pace.slow_down("service", None, now);
            pauses.push(pace.kinds["service"].next.unwrap() - now);
        }
        assert!(pauses.is_sorted());
        assert_eq!((pauses[0], pauses[11]), (FIRST_PAUSE, LONGEST_PAUSE));
    }

    #[test]
    fn test_no_rate_is_too_low() {
        let now = Instant::now();
        let limits = Limits { writes_at_once: 2, writes_per_second: Some(1e-300) };
        let mut pace = Pace::new(limits, &[kind("service", None)]);
        assert!(pace.take("service", now) && !pace.take("service", now + Duration::from_secs(3600)));
    }

    fn held(pace: &mut Pace, begin: Instant) -> usize {
        let mut taken = 0;
        for tick in 0..3_000 {
            while pace.take("service", begin + Duration::from_millis(tick)) {
                pace.went_through("service");
                taken += 1;
            }
        }
        taken
    }

    #[test]
    fn test_a_rate_is_held() {
        let limits = Limits { writes_at_once: 1000, writes_per_second: Some(10.0) };
        let taken = held(&mut Pace::new(limits, &[kind("service", None)]), Instant::now());
        assert!((30..=32).contains(&taken), "{taken}");
    }

    #[test]
    fn test_a_kind_has_a_burst_and_then_its_rate() {
        let begin = Instant::now();
        let rate = Rate { burst: 50, per_second: 5.0 };
        let mut pace =
            Pace::new(Limits { writes_at_once: 1000, writes_per_second: None }, &[kind("service", Some(rate))]);
        let taken = held(&mut pace, begin);
        assert!((64..=65).contains(&taken), "{taken}");
        let now = begin + Duration::from_millis(3_000);
        while pace.take("service", now) {}
        let opens = pace.next_room(now).unwrap();
        assert!(opens <= now + Duration::from_millis(201) && pace.take("service", opens), "{:?}", opens - now);
    }
}
