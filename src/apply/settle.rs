use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opsctl_api::{Address, Edit, Live, LiveSetting, Query, Readiness, Receipt, Selector, Value, Wanted};

/// What one step waits for: values that become true, a resource that becomes ready.
#[derive(Debug)]
pub(super) struct Awaited {
    /// The hop of the step.
    pub(super) hop: usize,
    /// The resource.
    pub(super) at: Address,
    /// What must be true; none of a wait.
    pub(super) edits: Vec<Edit>,
    /// What the API moves along.
    pub(super) coupled: Vec<Edit>,
    /// How many of another resource must be ready.
    pub(super) floor: Option<Floor>,
    /// To ask about the write by.
    pub(super) receipt: Option<Receipt>,
    /// The write was not answered: when it has been done, or never will be.
    pub(super) unsure_until: Option<Instant>,
    /// Since when it is waited for.
    pub(super) since: Instant,
    /// How long.
    pub(super) deadline: Instant,
    /// How the resource was before the write: an old failure is no news.
    pub(super) before: Readiness,
    /// Whether the values were true once.
    pub(super) was_true: bool,
    /// Whether the last look found a value that is neither what was asked for nor what was there before.
    pub(super) was_elsewhere: bool,
    /// What was seen last, as a clause.
    pub(super) last_seen: String,
    /// The readiness that was told last.
    pub(super) shown: Option<Readiness>,
}

/// A raised floor has settled when what it confines has that many ready.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Floor {
    /// What is confined.
    pub(super) at: Address,
    /// Its setting, and the new floor; `None` where it must be ready, and that is all.
    pub(super) least: Option<(&'static str, Value)>,
}

/// What a look at a resource says of what is waited for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Look {
    /// The values are true and the resource is ready. Those that are not to the letter what was asked for.
    Settled(BTreeMap<String, Option<Value>>),
    /// The values are true; the resource is on its way.
    Progressing(Readiness),
    /// The values are not true.
    NotTrue,
    /// It will not get there.
    Failed(String),
}

/// For how long a failure that was there before the write may still be the old one.
const OLD_FAILURE: Duration = Duration::from_secs(5);

impl Awaited {
    /// Holds what was read against what is waited for. `confined` is the resource of [`Awaited::floor`].
    ///
    /// An API that does not tell whether a resource is ready is taken at its values.
    pub(super) fn look(&mut self, live: &Live, confined: Option<&Live>, now: Instant) -> Look {
        if let Some(wrong) = self.edits.iter().find(|edit| !is_true(edit, live)) {
            self.last_seen = seen(&wrong.setting, live);
            if self.was_true {
                return Look::Failed(format!(
                    "it was as asked for, and was then set back: {}{}",
                    self.last_seen,
                    by_whom(&wrong.setting, live)
                ));
            }
            let elsewhere = live.value(&wrong.setting) != wrong.from.as_ref() && !hidden(wrong, live);
            // Seen twice, and not on its way: somebody else set it.
            if elsewhere && self.was_elsewhere && !matches!(live.readiness, Readiness::Progressing { .. }) {
                return Look::Failed(format!("conflict: {}{}", self.last_seen, by_whom(&wrong.setting, live)));
            }
            self.was_elsewhere = elsewhere;
            return Look::NotTrue;
        }
        self.was_true = true;
        match &live.readiness {
            Readiness::Ready | Readiness::Unknown => {}
            Readiness::Progressing { .. } => {
                self.last_seen = words(&live.readiness);
                return Look::Progressing(live.readiness.clone());
            }
            Readiness::Failed(why) => {
                self.last_seen.clone_from(why);
                let old = self.before == live.readiness && now.duration_since(self.since) < OLD_FAILURE;
                return if old { Look::Progressing(live.readiness.clone()) } else { Look::Failed(why.clone()) };
            }
        }
        if let Some(missing) = self.floor.as_ref().and_then(|floor| floor.is_missing(confined)) {
            self.last_seen = words(&missing);
            return Look::Progressing(missing);
        }
        let all = self.edits.iter().chain(&self.coupled);
        // Of a secret only the reference can be compared later, and each write may give it another.
        let is_secret = |edit: &&Edit| edit.to.as_ref().is_some_and(Value::is_secret);
        let moved = all.filter(|edit| live.value(&edit.setting) != edit.to.as_ref() || is_secret(edit));
        Look::Settled(moved.map(|edit| (edit.setting.clone(), live.value(&edit.setting).cloned())).collect())
    }

    /// What is asked to see it.
    pub(super) fn query(&self) -> Query {
        let moved = self.edits.iter().chain(&self.coupled);
        let settings = Wanted::Only(moved.map(|edit| edit.setting.clone()).collect());
        Query { at: Selector::One(self.at.clone()), settings, receipt: self.receipt.clone() }
    }

    /// When to look again: often at first, then slower, as a part of the time that it has taken so far.
    pub(super) fn look_again(&self, now: Instant, tempo: &super::Tempo) -> Instant {
        let pause = (now.duration_since(self.since) / 4).clamp(tempo.first_look, tempo.slowest_look);
        let at = now + pause;
        // No later than what would change the answer.
        let until = self.unsure_until.filter(|until| *until > now).unwrap_or(self.deadline);
        if until > now { at.min(until) } else { at }
    }
}

impl Floor {
    /// What is asked to see it.
    pub(super) fn query(&self) -> Query {
        let settings = Wanted::Only(self.least.iter().map(|(setting, _)| (*setting).to_owned()).collect());
        Query { at: Selector::One(self.at.clone()), settings, receipt: None }
    }

    /// How far what is confined has come, where it has not come far enough.
    fn is_missing(&self, confined: Option<&Live>) -> Option<Readiness> {
        let unread = || Readiness::Progressing { done: 0, total: 0, what: format!("{} cannot be read", self.at) };
        let Some(live) = confined else { return Some(unread()) };
        let Some((setting, least)) = &self.least else {
            return (!matches!(live.readiness, Readiness::Ready | Readiness::Unknown)).then(|| live.readiness.clone());
        };
        let total = least.as_integer().and_then(|least| u64::try_from(least).ok()).unwrap_or_default();
        let less = |value: &Value| matches!(value.compare(least), None | Some(std::cmp::Ordering::Less));
        if live.value(setting).is_none_or(less) {
            return Some(Readiness::Progressing {
                done: 0,
                total,
                what: format!("{}: {}", self.at, seen(setting, live)),
            });
        }
        match &live.readiness {
            Readiness::Ready | Readiness::Unknown => None,
            Readiness::Progressing { done, .. } if *done >= total => None,
            other => Some(other.clone()),
        }
    }
}

/// Whether live has what an edit asks for, or what an owner made of it within its bounds.
pub(super) fn is_true(edit: &Edit, live: &Live) -> bool {
    if hidden(edit, live) {
        return false;
    }
    let value = live.value(&edit.setting);
    value == edit.to.as_ref()
        // What still is as it was before may just not have been taken over yet.
        || (value != edit.from.as_ref()
            && value.is_some_and(|value| live.mover(&edit.setting, edit.to.as_ref(), value).is_some()))
}

fn hidden(edit: &Edit, live: &Live) -> bool {
    matches!(live.settings.get(&edit.setting), Some(LiveSetting::Hidden(_)))
}

/// `replicas is 4`.
pub(super) fn seen(setting: &str, live: &Live) -> String {
    match live.settings.get(setting) {
        Some(LiveSetting::Is { value, .. }) => format!("{setting} is {value}"),
        Some(LiveSetting::Hidden(why)) => format!("{setting} cannot be read: {why}"),
        Some(LiveSetting::Absent) | None => format!("{setting} is absent"),
    }
}

/// ` (kubectl-scale)`, or who holds the setting; empty where nobody is known.
pub(super) fn by_whom(setting: &str, live: &Live) -> String {
    let touched = live.touched.iter().find(|touch| touch.setting == setting).map(|touch| touch.by.as_str());
    let owner = || live.owners_of(setting).find(|owner| owner.reverts).map(|owner| owner.name.as_str());
    touched.or_else(owner).map(|name| format!(" ({name})")).unwrap_or_default()
}

/// `2 of 3, pulling image`.
pub(super) fn words(readiness: &Readiness) -> String {
    match readiness {
        Readiness::Ready => "ready".to_owned(),
        Readiness::Progressing { done, total, what } if what.is_empty() => format!("{done} of {total} ready"),
        Readiness::Progressing { done, total, what } => format!("{done} of {total} ready, {what}"),
        Readiness::Failed(why) => why.clone(),
        Readiness::Unknown => "the API does not tell whether it is ready".to_owned(),
    }
}
