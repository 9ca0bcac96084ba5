use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use opsctl_api::{Address, Batch, Hop};

use super::entry::{Answer, Entry, Intent};
use super::progress::{Progress, Stand};
use crate::action::Member;
use crate::plan::{OnFailure, Plan, Step, Work};
use crate::snapshot::Status;

/// Where every step of an operation stands, and what may be begun next. No I/O: entries in, starts out.
///
/// It is only moved by [`Machine::apply`], so replaying a journal leads to where the process that wrote it was.
#[derive(Debug)]
pub struct Machine {
    plan: Arc<Plan>,
    on_failure: OnFailure,
    /// How many steps may be under way at once.
    parallelism: usize,
    steps: Vec<Progress>,
    /// Of each step what comes after it, and whether that may begin once enough of it is ready.
    followers: Vec<BTreeMap<usize, bool>>,
    /// The steps of which something can be begun, in order of id.
    ready: BTreeSet<usize>,
    underway: usize,
    /// Why the operator wants nothing new to be started.
    stop: Option<String>,
    /// The failure after which nothing new is started.
    failure: Option<String>,
}

/// Something to be begun now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Start {
    /// One call that carries the next hop of each of these steps, all at one instance.
    Write(Vec<usize>),
    /// The resource is waited for.
    Wait(usize),
    /// The check is measured.
    Check(usize),
    /// The action is begun, or its next member is to be called. It is told so until that has begun.
    Act(usize),
}

/// How far a step has come, for what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Enough of it is ready.
    Enough,
    /// It is done.
    Done,
}

/// How many calls each instance takes now.
pub trait Room {
    /// Takes room for one call about a resource of this kind at its instance; false where there is none now.
    fn take(&mut self, at: &Address) -> bool;
}

/// An entry that cannot follow from where a step stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The step does not stand where the entry says it did.
    #[error("step {step} is {stand}, so {entry} cannot follow")]
    Step {
        /// The step.
        step: usize,
        /// Where it stands.
        stand: Stand,
        /// The entry.
        entry: String,
    },
    /// The plan has no such step, or the step no such hop.
    #[error("the plan has no step {step} with hop {hop}")]
    NoSuchHop {
        /// The step.
        step: usize,
        /// The hop.
        hop: usize,
    },
    /// A second beginning, or something after the end.
    #[error("{0} stands where it cannot")]
    Misplaced(String),
}

impl Machine {
    /// Nothing is done yet.
    pub fn new(plan: Arc<Plan>, on_failure: OnFailure, parallelism: Option<usize>) -> Self {
        let mut followers = vec![BTreeMap::new(); plan.steps.len()];
        let mut steps = Vec::with_capacity(plan.steps.len());
        for (id, step) in plan.steps.iter().enumerate() {
            let mut earlier: BTreeMap<usize, bool> = BTreeMap::new();
            for edge in step.after.iter().filter(|edge| edge.step < id) {
                // Of two edges the stricter one counts.
                let enough = earlier.entry(edge.step).or_insert(edge.enough);
                *enough &= edge.enough;
            }
            for (&other, &enough) in &earlier {
                followers[other].insert(id, enough);
            }
            steps.push(Progress::new(earlier.len()));
        }
        let mut machine = Self {
            plan,
            on_failure,
            parallelism: parallelism.unwrap_or(usize::MAX).max(1),
            steps,
            followers,
            ready: BTreeSet::new(),
            underway: 0,
            stop: None,
            failure: None,
        };
        for id in 0..machine.steps.len() {
            if machine.steps[id].waits_for == 0
                && let Some((step, level)) = machine.free_now(id)
            {
                machine.release(step, level);
            }
        }
        machine
    }

    /// The same plan with other texts of its secrets.
    pub(super) fn set_plan(&mut self, plan: Arc<Plan>) {
        self.plan = plan;
    }

    /// Where each step stands, by id.
    pub fn steps(&self) -> &[Progress] {
        &self.steps
    }

    /// Why nothing new is started, where that is so.
    pub fn stopping(&self) -> Option<&str> {
        self.stop.as_deref().or(self.failure.as_deref())
    }

    /// Whether what was done is to be taken back: a step failed, nothing is under way any more, and the operator did not stop it.
    pub fn takes_back(&self) -> bool {
        self.wants_back() && self.has_acted()
    }

    /// The same where nothing was done, so that all is as it was before.
    pub(super) fn is_as_before(&self) -> bool {
        self.wants_back() && !self.has_acted()
    }

    fn wants_back(&self) -> bool {
        self.on_failure == OnFailure::Rollback && self.failure.is_some() && self.stop.is_none() && self.is_over()
    }

    fn has_acted(&self) -> bool {
        let sent = |progress: &Progress| progress.written.iter().any(|edit| edit.sent);
        self.steps.iter().any(|progress| sent(progress) || !progress.called.is_empty())
    }

    /// Whether the operator stopped it.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// What is measured or waited for, and was to be so only for the sake of what would come next.
    pub(super) fn awaited(&self) -> Vec<usize> {
        let awaited = |step: &usize| {
            self.steps[*step].stand == Stand::Settling
                && matches!(self.plan.steps[*step].work, Work::Wait { .. } | Work::Check { .. })
        };
        (0..self.steps.len()).filter(awaited).collect()
    }

    /// How many steps are under way.
    pub fn underway(&self) -> usize {
        self.underway
    }

    /// Whether nothing is under way, and nothing can be begun any more.
    pub fn is_over(&self) -> bool {
        match self.stopping() {
            None => self.underway == 0 && self.ready.is_empty(),
            Some(_) => self.underway == (0..self.steps.len()).filter(|&step| self.is_between_members(step)).count(),
        }
    }

    /// Whether an action was begun, none of its calls is out, and there are more. When nothing new is started, that is where it stays.
    pub(super) fn is_between_members(&self, step: usize) -> bool {
        let Some(action) = self.plan.action(step) else { return false };
        let progress = &self.steps[step];
        let left = |(index, member): (usize, &Member)| !member.done && !progress.called.contains(&index);
        progress.stand == Stand::Between && action.members.iter().enumerate().any(left)
    }

    /// The next hop of a step: the one that is under way, or that is to be begun.
    pub fn hop(&self, step: usize) -> Option<&Hop> {
        match &self.plan.steps.get(step)?.work {
            Work::Change { hops, .. } => hops.get(self.steps.get(step)?.hop),
            _ => None,
        }
    }

    /// What may be begun now, in order of id, as far as there is room. Nothing is begun before its entry is applied.
    pub fn free(&self, room: &mut dyn Room, batch: &dyn Fn(usize, &Hop) -> Option<Batch>) -> Vec<Start> {
        let mut starts = Vec::new();
        let mut shared: Vec<(String, Batch, usize)> = Vec::new();
        let mut full: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut underway = self.underway;
        let stopping = self.stopping().is_some();
        for &id in &self.ready {
            let begun = self.steps[id].stand != Stand::Pending;
            if !begun && (stopping || underway >= self.parallelism) || stopping && self.is_between_members(id) {
                continue;
            }
            let began = match &self.plan.steps[id].work {
                Work::Joint { .. } => false,
                Work::Wait { .. } => push(&mut starts, Start::Wait(id)),
                Work::Check { .. } => push(&mut starts, Start::Check(id)),
                Work::Action { .. } => push(&mut starts, Start::Act(id)),
                Work::Change { .. } => self.hop(id).is_some_and(|hop| {
                    let instance = hop.at.instance();
                    let key = batch(id, hop);
                    if let Some(key) = &key
                        && let Some((.., at)) = shared.iter().find(|(name, other, _)| name == instance && other == key)
                        && let Start::Write(steps) = &mut starts[*at]
                        && steps.len() < key.most
                    {
                        return push(steps, id);
                    }
                    let lane = (instance, hop.at.kind());
                    if full.contains(&lane) || !room.take(&hop.at) {
                        full.insert(lane);
                        return false;
                    }
                    if let Some(key) = key {
                        shared.retain(|(name, other, _)| name != instance || *other != key);
                        shared.push((instance.to_owned(), key, starts.len()));
                    }
                    push(&mut starts, Start::Write(vec![id]))
                }),
            };
            if began && !begun {
                underway += 1;
            }
        }
        starts
    }

    /// What happened, and when. Joints complete by themselves.
    ///
    /// # Errors
    /// It cannot follow from where things stand; nothing was changed.
    pub fn apply(&mut self, entry: &Entry, at: Timestamp) -> Result<(), Illegal> {
        match entry {
            Entry::Begin(_) | Entry::End { .. } => return Err(Illegal::Misplaced("a begin or an end".to_owned())),
            Entry::Before { .. } => {}
            // Who goes on wants what was stopped to go on too; what failed still stands.
            Entry::Resumed { on_failure, parallelism, .. } => {
                self.stop = None;
                self.on_failure = on_failure.unwrap_or(self.on_failure);
                self.parallelism = parallelism.map_or(self.parallelism, |most| most.max(1));
                if self.on_failure == OnFailure::Continue {
                    self.failure = None;
                }
            }
            Entry::Stop { why } => self.stop = Some(why.clone()),
            Entry::Intent(intent) => self.intend(intent, at)?,
            Entry::Began { step } => self.begin(*step, at)?,
            Entry::Answer { step, hop, answer } => self.answer(*step, *hop, answer)?,
            Entry::Enough { step } => self.has_enough(*step, entry)?,
            Entry::Settled { step, hop, left } => {
                let last = self.last_hop(*step, *hop)?;
                let progress =
                    self.at_hop(*step, *hop, entry, |stand| matches!(stand, Stand::Settling | Stand::Unknown))?;
                progress.settle(left, last, at);
                if !last {
                    self.ready.insert(*step);
                }
            }
            Entry::Ended { step, status, why } => self.end(*step, *status, why, at, entry)?,
        }
        Ok(())
    }

    fn intend(&mut self, intent: &Intent, at: Timestamp) -> Result<(), Illegal> {
        let step = intent.step;
        self.last_hop(step, intent.hop)?;
        if self.is_action(step) {
            return self.intend_member(intent, at);
        }
        let entry = || Entry::Intent(intent.clone());
        let first = self.progress(step, 0)?.stand == Stand::Pending;
        let attempt = intent.attempt;
        let waits_for = self.progress(step, 0)?.waits_for;
        let progress = self.at_hop(step, intent.hop, &entry(), |stand| match stand {
            Stand::Pending => waits_for == 0 && attempt == 1,
            Stand::Between => attempt == 1,
            Stand::Again => true,
            _ => false,
        })?;
        if progress.stand == Stand::Again && attempt != progress.attempt + 1 {
            return Err(illegal(step, progress.stand, &entry()));
        }
        progress.intend(intent, at);
        self.ready.remove(&step);
        if first {
            self.underway += 1;
        }
        Ok(())
    }

    /// A member of an action is a hop of its step. It is called once.
    fn intend_member(&mut self, intent: &Intent, at: Timestamp) -> Result<(), Illegal> {
        let step = intent.step;
        let progress = self.progress(step, intent.hop)?;
        if progress.stand != Stand::Between || intent.attempt != 1 || progress.called.contains(&intent.hop) {
            return Err(illegal(step, progress.stand, &Entry::Intent(intent.clone())));
        }
        progress.called.push(intent.hop);
        progress.intend(intent, at);
        self.ready.remove(&step);
        Ok(())
    }

    fn begin(&mut self, step: usize, at: Timestamp) -> Result<(), Illegal> {
        let (waited, action) = match self.plan.steps.get(step).map(|step| &step.work) {
            Some(Work::Wait { .. } | Work::Check { .. }) => (true, false),
            Some(Work::Action { .. }) => (true, true),
            Some(Work::Change { .. } | Work::Joint { .. }) | None => (false, false),
        };
        let progress = self.progress(step, 0)?;
        if !waited || progress.stand != Stand::Pending || progress.waits_for != 0 {
            return Err(illegal(step, progress.stand, &Entry::Began { step }));
        }
        progress.began = Some(at);
        // An action stays ready: a member is called next.
        progress.stand = if action { Stand::Between } else { Stand::Settling };
        self.underway += 1;
        if !action {
            self.ready.remove(&step);
        }
        Ok(())
    }

    fn answer(&mut self, step: usize, hop: usize, answer: &Answer) -> Result<(), Illegal> {
        let entry = || Entry::Answer { step, hop, answer: answer.clone() };
        self.last_hop(step, hop)?;
        let plan = Arc::clone(&self.plan);
        let coupled = match &plan.steps[step].work {
            Work::Change { hops, .. } => &hops[hop].coupled[..],
            _ => &[],
        };
        let progress = self.at_hop(step, hop, &entry(), |stand| match answer {
            Answer::Again(_) | Answer::Already => matches!(stand, Stand::Asked | Stand::Unknown),
            _ => stand == Stand::Asked,
        })?;
        progress.answer(answer, coupled);
        if progress.stand == Stand::Again {
            self.ready.insert(step);
        }
        Ok(())
    }

    fn has_enough(&mut self, step: usize, entry: &Entry) -> Result<(), Illegal> {
        let hop = self.progress(step, 0)?.hop;
        let known = self.plan.steps[step].enough.is_some() && !self.steps[step].enough;
        // Of several hops it is the last one that leads to what is enough.
        let last = matches!(self.plan.steps[step].work, Work::Wait { .. }) || self.last_hop(step, hop)?;
        let progress =
            self.at_hop(step, hop, entry, |stand| known && last && matches!(stand, Stand::Settling | Stand::Unknown))?;
        progress.enough = true;
        self.release(step, Level::Enough);
        Ok(())
    }

    fn end(&mut self, step: usize, status: Status, why: &str, at: Timestamp, entry: &Entry) -> Result<(), Illegal> {
        let change = matches!(self.plan.steps.get(step).map(|step| &step.work), Some(Work::Change { .. }));
        let action = self.is_action(step);
        let progress = self.progress(step, 0)?;
        let legal = match status {
            // A change is done when its last hop has settled.
            Status::Done if change => progress.stand == Stand::Settled,
            // An action is, when no member is left to be called.
            Status::Done if action => progress.stand == Stand::Between,
            Status::Done => progress.stand == Stand::Settling,
            Status::Failed | Status::Unknown => progress.stand.is_underway(),
            // What is measured or waited for is given up when nothing comes next.
            Status::Skipped => !change && !action && progress.stand == Stand::Settling,
            _ => false,
        };
        if !legal {
            return Err(illegal(step, progress.stand, entry));
        }
        progress.end(status, why, at);
        self.underway -= 1;
        self.ready.remove(&step);
        match status {
            Status::Done => self.release(step, Level::Done),
            _ => {
                self.skip_followers(step);
                if status != Status::Skipped && self.on_failure != OnFailure::Continue && self.failure.is_none() {
                    self.failure = Some(format!("{} {status}", self.told(step)));
                }
            }
        }
        Ok(())
    }

    /// A step as an operator knows it.
    fn told(&self, step: usize) -> String {
        match &self.plan.steps[step].work {
            Work::Change { at, .. } | Work::Wait { at, .. } => at.to_string(),
            Work::Check { name } => format!("check {name}"),
            Work::Action { name } => format!("action {name}"),
            Work::Joint { label } => label.clone(),
        }
    }

    /// What waited for a step alone is free now: all that follows it once it is done, before that what enough of it is enough for.
    fn release(&mut self, step: usize, level: Level) {
        let mut reached = vec![(step, level)];
        while let Some((step, level)) = reached.pop() {
            let (done, had_enough) = (level == Level::Done, self.steps[step].enough);
            let followers: Vec<(usize, bool)> =
                self.followers[step].iter().map(|(&id, &enough)| (id, enough)).collect();
            for (follower, enough) in followers {
                let met = if enough { !done || !had_enough } else { done };
                let progress = &mut self.steps[follower];
                progress.not_done -= usize::from(done);
                progress.waits_for -= usize::from(met);
                reached.extend(self.free_now(follower));
            }
        }
    }

    /// Takes in that an edge to a step was met. A joint passes on what it has reached by that.
    fn free_now(&mut self, step: usize) -> Option<(usize, Level)> {
        let progress = &mut self.steps[step];
        if progress.stand != Stand::Pending || progress.waits_for > 0 {
            return None;
        }
        if !matches!(self.plan.steps[step].work, Work::Joint { .. }) {
            self.ready.insert(step);
            return None;
        }
        if progress.not_done == 0 {
            progress.stand = Stand::Over(Status::Done);
            return Some((step, Level::Done));
        }
        (!std::mem::replace(&mut progress.enough, true)).then_some((step, Level::Enough))
    }

    /// All that depends on a step, and was not begun, will not be begun.
    fn skip_followers(&mut self, step: usize) {
        let mut lost = vec![step];
        while let Some(step) = lost.pop() {
            for &follower in self.followers[step].keys() {
                if self.steps[follower].stand == Stand::Pending {
                    self.steps[follower].stand = Stand::Over(Status::Skipped);
                    // It may have been free: enough of the step was ready.
                    self.ready.remove(&follower);
                    lost.push(follower);
                }
            }
        }
    }

    fn is_action(&self, step: usize) -> bool {
        matches!(self.plan.steps.get(step).map(|step| &step.work), Some(Work::Action { .. }))
    }

    fn progress(&mut self, step: usize, hop: usize) -> Result<&mut Progress, Illegal> {
        self.steps.get_mut(step).ok_or(Illegal::NoSuchHop { step, hop })
    }

    /// The step, where it stands at this hop, and as it should.
    fn at_hop(
        &mut self,
        step: usize,
        hop: usize,
        entry: &Entry,
        stands: impl Fn(Stand) -> bool,
    ) -> Result<&mut Progress, Illegal> {
        let progress = self.progress(step, hop)?;
        if progress.hop != hop || !stands(progress.stand) {
            return Err(illegal(step, progress.stand, entry));
        }
        Ok(progress)
    }

    /// Whether a hop is the last of its step.
    fn last_hop(&self, step: usize, hop: usize) -> Result<bool, Illegal> {
        match self.plan.steps.get(step) {
            Some(Step { work: Work::Change { hops, .. }, .. }) if hop < hops.len() => Ok(hop + 1 == hops.len()),
            // Which members there is nothing to do for is only seen when their turn comes.
            Some(Step { work: Work::Action { .. }, .. })
                if self.plan.action(step).is_some_and(|action| hop < action.members.len()) =>
            {
                Ok(false)
            }
            _ => Err(Illegal::NoSuchHop { step, hop }),
        }
    }
}

fn illegal(step: usize, stand: Stand, entry: &Entry) -> Illegal {
    let entry = match entry {
        Entry::Intent(intent) => format!("attempt {} of hop {}", intent.attempt, intent.hop),
        Entry::Answer { hop, .. } => format!("an answer to hop {hop}"),
        Entry::Settled { hop, .. } => format!("that hop {hop} has settled"),
        Entry::Ended { status, .. } => format!("that it ended as {status}"),
        _ => "its beginning".to_owned(),
    };
    Illegal::Step { step, stand, entry }
}

fn push<T>(list: &mut Vec<T>, item: T) -> bool {
    list.push(item);
    true
}
