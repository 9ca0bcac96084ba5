use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Address, Readiness};

use crate::apply::{Event, What};
use crate::plan::{Plan, Step, Work};
use crate::snapshot::Status;
use crate::view::address::fold_apart;
use crate::view::time::{length, roughly};
use crate::view::value::way;
use crate::view::words::{clean, cut, ranges, width};
use crate::view::{Ink, Screen, Sign};

/// How wide the names of steps may be, and how wide most of them are.
const NAMES: usize = 48;
const TYPICAL_NAME: usize = 30;
/// How wide the columns of names and of changes are on any terminal.
const LEAST: usize = 16;
/// What stands beside name and change in a row: its sign and number, and where it stands.
const BESIDE: usize = 40;

/// Where all steps of a plan stand: the fold of the events so far.
pub(super) struct Board<'a> {
    plan: &'a Plan,
    began: Option<Timestamp>,
    stage: String,
    steps: BTreeMap<usize, Standing>,
    names: BTreeMap<usize, String>,
    /// How wide most names are, and most changes; what is longer pushes on what follows it.
    name: usize,
    changes: usize,
}

/// Where one step stands.
struct Standing {
    status: Status,
    began: Option<Timestamp>,
    seen: String,
}

impl<'a> Board<'a> {
    pub(super) fn new(plan: &'a Plan, screen: &Screen) -> Self {
        let steps: BTreeMap<usize, Standing> = plan
            .work()
            .map(|(id, _)| (id, Standing { status: Status::Pending, began: None, seen: String::new() }))
            .collect();
        // A terminal has no room for the longest of both.
        let room = |taken| screen.columns.map_or(usize::MAX, |columns| columns.saturating_sub(BESIDE + taken));
        let changes = plan.work().map(|(_, step)| width(&what(step, &Screen::default()))).max().unwrap_or(0);
        let changes = changes.min(room(TYPICAL_NAME).max(LEAST));
        let most = room(changes).clamp(LEAST, NAMES);
        // As wide as most names must be: none of them is folded further, and a longer one pushes on what follows it.
        let widest = |names: &BTreeMap<usize, String>| {
            names.values().map(|name| width(name)).filter(|width| *width <= most.max(TYPICAL_NAME)).max().unwrap_or(0)
        };
        let most = widest(&names(plan, most, screen)).max(most);
        let names = names(plan, most, screen);
        let name = widest(&names);
        Self { plan, began: None, stage: String::new(), steps, names, name, changes }
    }

    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) {
        match &event.what {
            What::Begun { .. } => self.began = self.began.or(Some(event.at)),
            // What is looked at before it begins takes its time too.
            What::Stage { name } => {
                self.began = self.began.or(Some(event.at));
                self.stage.clone_from(name);
            }
            What::Sent { step, .. } => self.moved(*step, Status::Sent, event.at, "sent".to_owned()),
            What::Calling { step, member, nth, of } => {
                self.moved(*step, Status::Settling, event.at, calling(member.as_deref(), *nth, *of));
            }
            What::Settling { step, readiness } | What::Enough { step, readiness } => {
                self.moved(*step, Status::Settling, event.at, settling(readiness))
            }
            What::Ended { step, status, why, .. } => self.moved(*step, *status, event.at, clean(why)),
            What::Measured { check, .. } => self.measured(check, event.at),
            What::Snapshot { .. } | What::Stopping { .. } | What::Notice { .. } | What::Finished { .. } => {}
        }
    }

    fn moved(&mut self, step: usize, status: Status, at: Timestamp, seen: String) {
        if let Some(standing) = self.steps.get_mut(&step) {
            standing.status = status;
            standing.began.get_or_insert(at);
            standing.seen = seen;
        }
    }

    /// A check that stands between is under way once it was looked at.
    fn measured(&mut self, check: &str, at: Timestamp) {
        let is_its = |step: &Step| matches!(&step.work, Work::Check { name } if name == check);
        for standing in self.steps.iter_mut().filter(|(id, _)| self.plan.steps.get(**id).is_some_and(is_its)) {
            standing.1.began.get_or_insert(at);
        }
    }

    pub(super) fn stage(&self) -> &str {
        &self.stage
    }

    /// How long the operation runs at a moment.
    pub(super) fn since(&self, at: Timestamp) -> Duration {
        self.began.map_or(Duration::ZERO, |began| between(began, at))
    }

    pub(super) fn total(&self) -> usize {
        self.steps.len()
    }

    /// How many steps will not move any more.
    pub(super) fn ended(&self) -> usize {
        self.steps.values().filter(|standing| is_end(standing.status)).count()
    }

    /// How many steps stand at one of these.
    pub(super) fn count(&self, at: &[Status]) -> usize {
        self.steps.values().filter(|standing| at.contains(&standing.status)).count()
    }

    /// The steps that are under way.
    pub(super) fn under_way(&self) -> impl Iterator<Item = usize> {
        self.steps
            .iter()
            .filter(|(_, standing)| matches!(standing.status, Status::Sent | Status::Settling))
            .map(|(&id, _)| id)
    }

    /// How much is left of the time that the plan expects, where it expects one: `about 5m to go`.
    pub(super) fn left(&self, at: Timestamp) -> Option<String> {
        let estimate = self.plan.estimate?;
        let left = estimate.about.saturating_sub(self.since(at));
        let about = if estimate.unknown > 0 { "at least" } else { "about" };
        Some(match left {
            Duration::ZERO => format!("{about} {} was expected", roughly(estimate.about)),
            left => format!("{about} {} to go", roughly(left)),
        })
    }

    /// One step on one line: what it is and where it stands.
    pub(super) fn row(&self, id: usize, at: Timestamp, screen: &Screen) -> String {
        self.row_within(id, at, None, screen)
    }

    /// The same where there is only so much room. Where the step stands is what changes: what it is gives way to that.
    pub(super) fn row_within(&self, id: usize, at: Timestamp, room: Option<usize>, screen: &Screen) -> String {
        let (Some(step), Some(standing)) = (self.plan.steps.get(id), self.steps.get(&id)) else { return String::new() };
        let (sign, ink) = sign(standing.status, screen);
        let name = self.names.get(&id).map_or("", String::as_str);
        let blank = " ".repeat(self.name.saturating_sub(width(name)));
        let what = what(step, screen);
        let (changes, state) = (self.changes, self.state(standing, step, at));
        let mut head = format!("{:>2}  {name}{blank}  {what:<changes$}", step.wave);
        if let Some(room) = room {
            // What it waits for in detail may be cut off, but not how far it is.
            let (far, _) = state.split_once("; ").unwrap_or((state.as_str(), ""));
            let room = room.saturating_sub(width(sign) + 1 + 2 + width(far));
            if width(&head) > room {
                head = format!("{:<room$}", cut(head.trim_end(), room, screen.sign(Sign::More)));
            }
        }
        format!("{} {head}  {state}", screen.paint(ink, sign)).trim_end().to_owned()
    }

    /// Where a step stands, in words.
    fn state(&self, standing: &Standing, step: &Step, at: Timestamp) -> String {
        let took = standing.began.map(|began| length(between(began, at))).unwrap_or_default();
        let word = match &step.work {
            Work::Check { .. } => "holds",
            Work::Action { .. } if !standing.seen.is_empty() && standing.status == Status::Done => {
                return standing.seen.clone();
            }
            Work::Action { .. } => "done",
            Work::Change { .. } | Work::Wait { .. } | Work::Joint { .. } => "ready",
        };
        match standing.status {
            Status::Pending => {
                let waves = step.after.iter().filter_map(|edge| Some(self.plan.steps.get(edge.step)?.wave));
                format!("waits for {}", ranges(waves))
            }
            Status::Sent if took == "0s" => "sent".to_owned(),
            Status::Sent => format!("sent, {took}"),
            Status::Settling => match standing.seen.split_once("; ") {
                Some((ready, what)) => format!("{ready}, {took}; {what}"),
                None => format!("{}, {took}", standing.seen),
            },
            Status::Done => format!("{word} after {took}"),
            Status::Failed | Status::Unknown | Status::Skipped | Status::Owed | Status::LeftAlone => {
                if standing.seen.is_empty() {
                    standing.status.to_string()
                } else {
                    format!("{}: {}", standing.status, standing.seen)
                }
            }
        }
    }
}

pub(super) fn is_end(status: Status) -> bool {
    match status {
        Status::Done | Status::Failed | Status::Unknown | Status::Skipped | Status::Owed | Status::LeftAlone => true,
        Status::Pending | Status::Sent | Status::Settling => false,
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

fn sign(status: Status, screen: &Screen) -> (&'static str, Ink) {
    match status {
        Status::Pending => (screen.sign(Sign::Waits), Ink::Dim),
        Status::Sent | Status::Settling => (screen.sign(Sign::Under), Ink::Attention),
        Status::Done => (screen.sign(Sign::Done), Ink::Good),
        Status::Failed => (screen.sign(Sign::Failed), Ink::Bad),
        Status::Unknown => ("?", Ink::Bad),
        Status::Skipped => (screen.sign(Sign::Waits), Ink::Attention),
        Status::Owed | Status::LeftAlone => ("!", Ink::Attention),
    }
}

/// What each step is about: its address, folded so that it is told apart from all that the plan looked at.
fn names(plan: &Plan, most: usize, screen: &Screen) -> BTreeMap<usize, String> {
    let mut locals: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    for instance in plan.instances.keys() {
        let room = most.saturating_sub(width(instance) + 2);
        let all = plan.addresses().filter(|at| at.instance() == instance).map(Address::local);
        locals.insert(instance, fold_apart(all, room, screen.sign(Sign::More)));
    }
    let name = |step: &Step| match &step.work {
        Work::Change { at, .. } | Work::Wait { at, .. } => {
            let folded = locals.get(at.instance()).and_then(|locals| locals.get(at.local()));
            format!("{}  {}", at.instance(), folded.map_or(at.local(), String::as_str))
        }
        Work::Check { name } => format!("check {}", clean(name)),
        Work::Action { name } => format!("action {}", clean(name)),
        Work::Joint { label } => clean(label),
    };
    plan.work().map(|(id, step)| (id, name(step))).collect()
}

/// What a step does, as far as one column goes.
fn what(step: &Step, screen: &Screen) -> String {
    match &step.work {
        Work::Change { edits, .. } => match edits.as_slice() {
            [edit] => format!("{} {}", clean(&edit.setting), way(edit, screen)),
            [first, rest @ ..] => format!("{} {} (+{})", clean(&first.setting), way(first, screen), rest.len()),
            [] => String::new(),
        },
        Work::Wait { .. } | Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => String::new(),
    }
}

/// `called`; `2 of 3; broker-2`.
pub(super) fn calling(member: Option<&str>, nth: usize, of: usize) -> String {
    member.map_or_else(|| "called".to_owned(), |member| format!("{nth} of {of}: {}", clean(member)))
}

/// What is seen of a step that is under way: `2 of 3 ready; pulling image`.
fn settling(readiness: &Readiness) -> String {
    match readiness {
        Readiness::Progressing { done, total, what } if what.is_empty() => format!("{done} of {total} ready"),
        Readiness::Progressing { done, total, what } => format!("{done} of {total} ready; {}", clean(what)),
        Readiness::Ready => "ready, draining".to_owned(),
        Readiness::Failed(why) => clean(why),
        Readiness::Unknown => "waiting".to_owned(),
    }
}
