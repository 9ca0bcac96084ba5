use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use opsctl_api::Edit;
use serde::{Deserialize, Serialize};

use super::{Plan, Position, Step, Work};
use crate::check::Gate;

/// How long a plan takes, as far as earlier operations tell. No part of what is digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// Where each step takes as long as it mostly did.
    pub about: Duration,
    /// Where each step is as quick as it ever was.
    pub least: Duration,
    /// Where each step is as slow as it ever was.
    pub most: Duration,
    /// From how many operations that is known.
    pub runs: usize,
    /// How many steps were never done themselves: others of their kind tell.
    pub alike: usize,
    /// How many steps nothing tells of: they are counted with their drain time alone, so that all this is the least it takes.
    pub unknown: usize,
}

/// How long the steps of earlier operations took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Times {
    own: Took,
    of_kind: Took,
}

/// By what was done and its direction: in which run, and how long it took.
type Took = BTreeMap<(String, Option<Position>), Vec<(String, Duration)>>;

impl Times {
    /// Takes in a step that is done: `what` is its address, or `check edge`, `action drain`; `kind` that of its resource.
    pub fn take(&mut self, run: &str, what: &str, kind: Option<&str>, position: Option<Position>, took: Duration) {
        let entry = (run.to_owned(), took);
        if let Some(kind) = kind {
            self.of_kind.entry((kind.to_owned(), position)).or_default().push(entry.clone());
        }
        self.own.entry((what.to_owned(), position)).or_default().push(entry);
    }
}

/// Estimates how long a plan takes and how long its way back, along what waits for what. `None` where no step of it is known.
pub fn estimate(plan: &Plan, times: &Times) -> (Option<Estimate>, Option<Estimate>) {
    let held = plan.checks.iter().filter(|check| check.gate == Gate::After).map(|check| check.hold).max();
    let there = along(plan, times, |step| Some(deed(step, false)));
    // The same edits turned round, in the order turned round: the longest way through it has the same steps.
    let back = along(plan, times, |step| match &step.work {
        Work::Change { at, edits, .. } => {
            let stay = plan.way_back.irreversible.get(at);
            let returns = edits.iter().any(|edit| !stay.is_some_and(|stay| stay.contains(&edit.setting)));
            returns.then(|| deed(step, true))
        }
        Work::Wait { .. } | Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => None,
    });
    (there.map(|there| there.and(held.unwrap_or_default())), back)
}

/// What a step does, as [`Times`] has it.
struct Deed<'a> {
    what: String,
    kind: Option<&'a str>,
    position: Option<Position>,
    drain: Duration,
    most: Duration,
}

fn deed(step: &Step, back: bool) -> Deed<'_> {
    let (what, kind, position, drain) = match &step.work {
        Work::Change { at, position, edits, drain_time, .. } => {
            let grows = edits.iter().any(is_ordered);
            let position = match (position, back) {
                (Position::Up, true) if grows => Position::Down,
                (Position::Down, true) => Position::Up,
                // What has no direction stands at up whichever way it goes.
                (position, _) => *position,
            };
            (at.to_string(), Some(at.kind()), Some(position), *drain_time)
        }
        Work::Wait { at, .. } => (at.to_string(), Some(at.kind()), None, Duration::ZERO),
        Work::Check { name } => (format!("check {name}"), None, None, Duration::ZERO),
        Work::Action { name } => (format!("action {name}"), None, None, Duration::ZERO),
        Work::Joint { .. } => (String::new(), None, None, Duration::ZERO),
    };
    // What was resumed a day later has not taken a day.
    Deed { what, kind, position, drain, most: step.timeout.saturating_add(drain) }
}

/// The longest way through a plan's steps, each as long as its deed; one without a deed takes no time.
fn along<'p>(plan: &'p Plan, times: &Times, of: impl Fn(&'p Step) -> Option<Deed<'p>>) -> Option<Estimate> {
    let mut ends: Vec<[Duration; 3]> = Vec::with_capacity(plan.steps.len());
    let mut runs: BTreeSet<&str> = BTreeSet::new();
    let (mut known, mut alike, mut unknown) = (0, 0, 0);
    for step in &plan.steps {
        let mut end = [Duration::ZERO; 3];
        for before in step.after.iter().filter_map(|edge| ends.get(edge.step)) {
            end = std::array::from_fn(|i| end[i].max(before[i]));
        }
        if let Some(deed) = of(step).filter(|_| !matches!(step.work, Work::Joint { .. })) {
            let own = times.own.get(&(deed.what, deed.position));
            let of_kind = || times.of_kind.get(&(deed.kind?.to_owned(), deed.position));
            let took = match own.or_else(of_kind) {
                Some(took) => {
                    known += 1;
                    alike += usize::from(own.is_none());
                    runs.extend(took.iter().map(|(run, _)| run.as_str()));
                    spread(took).map(|took| took.min(deed.most).max(deed.drain))
                }
                None => {
                    unknown += 1;
                    [deed.drain; 3]
                }
            };
            end = std::array::from_fn(|i| end[i].saturating_add(took[i]));
        }
        ends.push(end);
    }
    let longest = |i: usize| ends.iter().map(|end| end[i]).max().unwrap_or_default();
    let (least, about, most) = (longest(0), longest(1), longest(2));
    (known > 0).then_some(Estimate { about, least, most, runs: runs.len(), alike, unknown })
}

/// The shortest, the middle one, the longest.
fn spread(took: &[(String, Duration)]) -> [Duration; 3] {
    let mut sorted: Vec<Duration> = took.iter().map(|(_, took)| *took).collect();
    sorted.sort_unstable();
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    [at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1))]
}

/// Whether its values are more and less of something.
fn is_ordered(edit: &Edit) -> bool {
    matches!((&edit.from, &edit.to), (Some(from), Some(to)) if to.compare(from).is_some())
}

impl Estimate {
    /// The same, and then so long again.
    fn and(self, more: Duration) -> Self {
        let add = |duration: Duration| duration.saturating_add(more);
        Self { about: add(self.about), least: add(self.least), most: add(self.most), ..self }
    }
}
