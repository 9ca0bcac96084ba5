use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// When to look at which step again. One round at a time for each instance, so that one which does not answer holds up no other.
#[derive(Debug, Default)]
pub(super) struct Looks(BTreeMap<String, Rounds>);

/// How many times as long as a round the pause behind it is. Where a look at all is dear, what it looks at is slowed by each: a thousand
/// Deployments, read at a quarter of the time, were ready a fifth later than without anybody looking.
const PAUSE: u32 = 12;

#[derive(Debug, Default)]
struct Rounds {
    /// Those that are being looked at are left out.
    due: BTreeSet<(Instant, usize)>,
    under_way: bool,
    not_before: Option<Instant>,
}

impl Looks {
    /// The step is looked at then, or soon after.
    pub(super) fn add(&mut self, instance: &str, at: Instant, step: usize) {
        match self.0.get_mut(instance) {
            Some(rounds) => rounds.due.insert((at, step)),
            None => self.0.entry(instance.to_owned()).or_default().due.insert((at, step)),
        };
    }

    /// The rounds that begin now: of each instance that has something due all that is due until `soon`, sorted.
    pub(super) fn begin(&mut self, now: Instant, soon: Instant) -> Vec<(String, Vec<usize>)> {
        let mut begun = Vec::new();
        for (instance, rounds) in &mut self.0 {
            if rounds.next().is_none_or(|at| at > now) {
                continue;
            }
            let later = rounds.due.split_off(&(soon, usize::MAX));
            let due = std::mem::replace(&mut rounds.due, later);
            rounds.under_way = true;
            let mut steps: Vec<usize> = due.into_iter().map(|(_, step)| step).collect();
            steps.sort_unstable();
            begun.push((instance.clone(), steps));
        }
        begun
    }

    /// A round is over. Until the next one passes a multiple of the time that it took, up to a longest pause, so that looking takes but
    /// a small part of what the API can do: most of that is for what is looked at.
    pub(super) fn ended(&mut self, instance: &str, now: Instant, took: Duration, longest: Duration) {
        if let Some(rounds) = self.0.get_mut(instance) {
            rounds.under_way = false;
            rounds.not_before = Some(now + took.saturating_mul(PAUSE).min(longest));
        }
    }

    /// When the next round begins.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().filter_map(Rounds::next).min()
    }
}

impl Rounds {
    fn next(&self) -> Option<Instant> {
        let (at, _) = self.due.first().filter(|_| !self.under_way)?;
        Some(self.not_before.map_or(*at, |not_before| not_before.max(*at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_one_round_at_a_time_for_each_instance() {
        let now = Instant::now();
        let after = |millis| now + Duration::from_millis(millis);
        let mut looks = Looks::default();
        assert_eq!(looks.next(), None);
        looks.add("a", after(0), 3);
        looks.add("a", after(5), 1);
        looks.add("a", after(50), 2);
        looks.add("b", after(20), 7);
        assert_eq!(looks.begin(after(0), after(10)), [("a".to_owned(), vec![1, 3])]);
        looks.add("a", after(1), 4);
        assert_eq!(looks.next(), Some(after(20)));
        assert_eq!(looks.begin(after(30), after(40)), [("b".to_owned(), vec![7])]);
        assert_eq!(looks.next(), None);
        let longest = Duration::from_millis(100);
        looks.ended("a", after(40), Duration::from_millis(5), longest);
        assert_eq!(looks.next(), Some(after(100)));
        assert_eq!(looks.begin(after(100), after(110)), [("a".to_owned(), vec![2, 4])]);
        looks.add("a", after(110), 4);
        looks.ended("a", after(120), Duration::from_secs(9), longest);
        assert_eq!(looks.next(), Some(after(220)));
    }
}
