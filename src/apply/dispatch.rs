use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use opsctl_api::{Address, Batch, Edit, Hop};

use super::act;
use super::progress::{Progress, Stand};
use crate::action::Member;
use crate::plan::{OnFailure, Plan, Work};
use crate::snapshot::Status;

/// Where every step of an operation stands, and what may be begun next. No I/O: entries in, starts out.
///
/// It is only moved by [`Machine::apply`], so replaying a journal leads to where the process that wrote it was.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) plan: Arc<Plan>,
    pub(super) on_failure: OnFailure,
    /// How many steps may be under way at once.
    pub(super) parallelism: usize,
    pub(super) steps: Vec<Progress>,
    /// Of each step what comes after it, and whether that may begin once enough of it is ready.
    followers: Vec<BTreeMap<usize, bool>>,
    /// The steps of which something can be begun, in order of id.
    pub(super) ready: BTreeSet<usize>,
    pub(super) underway: usize,
    /// Why the operator wants nothing new to be started.
    pub(super) stop: Option<String>,
    /// The failure after which nothing new is started.
    pub(super) failure: Option<String>,
}

/// Something to be begun now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(super) enum Start {
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
pub(super) enum Level {
    /// Enough of it is ready.
    Enough,
    /// It is done.
    Done,
}

/// How many calls each instance takes now.
pub(super) trait Room {
    /// Whether this resource takes nothing for now, whatever room there is for others.
    fn is_put_off(&self, at: &Address) -> bool;

    /// Takes room for one call about a resource of this kind at its instance; false where there is none now.
    fn take(&mut self, at: &Address) -> bool;
}

impl Machine {
    /// Nothing is done yet.
    pub(super) fn new(plan: Arc<Plan>, on_failure: OnFailure, parallelism: Option<usize>) -> Self {
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
    pub(super) fn steps(&self) -> &[Progress] {
        &self.steps
    }

    /// Why nothing new is started, where that is so.
    pub(super) fn stopping(&self) -> Option<&str> {
        self.stop.as_deref().or(self.failure.as_deref())
    }

    /// Whether what was done is to be taken back: a step failed, nothing is under way any more, and the operator did not stop it.
    pub(super) fn takes_back(&self) -> bool {
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

    /// Whether anything is held back, for what it needs is not as it was left.
    pub(super) fn holds_back(&self) -> bool {
        let is_held = |progress: &Progress| progress.stand == Stand::Over(Status::Skipped) && progress.began.is_none();
        self.steps.iter().any(|progress| is_held(progress) && progress.ended.is_some())
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
    pub(super) fn underway(&self) -> usize {
        self.underway
    }

    /// Whether nothing is under way, and nothing can be begun any more.
    pub(super) fn is_over(&self) -> bool {
        match self.stopping() {
            None => self.underway == 0 && self.ready.is_empty(),
            Some(_) => self.underway == (0..self.steps.len()).filter(|&step| self.is_between_calls(step)).count(),
        }
    }

    /// Whether a step was begun, none of its calls is out, and there are more to make. When nothing new is started, that is where it
    /// stays, unless it has set something on its way that it has yet to set back.
    pub(super) fn is_between_calls(&self, step: usize) -> bool {
        let progress = &self.steps[step];
        match &self.plan.steps[step].work {
            Work::Change { edits, hops, .. } => {
                let mut made = hops.iter().take(progress.hop).flat_map(|hop| &hop.edits);
                progress.stand == Stand::Between
                    && made.all(|made| edits.iter().any(|edit| edit.setting == made.setting))
            }
            Work::Action { .. } => self.plan.action(step).is_some_and(|action| {
                let left = |(index, member): (usize, &Member)| !member.done && !progress.called.contains(&index);
                progress.stand == Stand::Between && action.members.iter().enumerate().any(left)
            }),
            Work::Wait { .. } | Work::Check { .. } | Work::Joint { .. } => false,
        }
    }

    /// How far a step came that stays between its calls: `stopped after 2 of 5 calls`; empty where it made none.
    pub(super) fn stopped(&self, step: usize) -> String {
        let progress = &self.steps[step];
        match &self.plan.steps[step].work {
            Work::Change { hops, .. } if progress.hop > 0 => {
                format!("stopped after {} of {} calls", progress.hop, hops.len())
            }
            Work::Action { .. } => {
                self.plan.action(step).map(|action| act::stopped(action, &progress.called)).unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    /// The next hop of a step: the one that is under way, or that is to be begun.
    pub(super) fn hop(&self, step: usize) -> Option<&Hop> {
        match &self.plan.steps.get(step)?.work {
            Work::Change { hops, .. } => hops.get(self.steps.get(step)?.hop),
            _ => None,
        }
    }

    /// What the last write of a step set. The texts of its secrets are those of the plan, for a journal has none.
    pub(super) fn written(&self, step: usize) -> Vec<Edit> {
        let planned = self.hop(step).map_or(&[][..], |hop| &hop.edits);
        let written = self.steps[step].edits.iter().map(|edit| {
            let planned = planned.iter().find(|planned| planned.setting == edit.setting);
            Edit { from: edit.from.clone(), ..planned.unwrap_or(edit).clone() }
        });
        written.collect()
    }

    /// What may be begun now, in order of id, as far as there is room. Nothing is begun before its entry is applied.
    pub(super) fn free(&self, room: &mut dyn Room, batch: &dyn Fn(usize, &Hop) -> Option<Batch>) -> Vec<Start> {
        let mut starts = Vec::new();
        let mut shared: Vec<(String, Batch, usize)> = Vec::new();
        let mut full: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut underway = self.underway;
        let stopping = self.stopping().is_some();
        for &id in &self.ready {
            let begun = self.steps[id].stand != Stand::Pending;
            if !begun && (stopping || underway >= self.parallelism) || stopping && self.is_between_calls(id) {
                continue;
            }
            let began = match &self.plan.steps[id].work {
                Work::Joint { .. } => false,
                Work::Wait { .. } => push(&mut starts, Start::Wait(id)),
                Work::Check { .. } => push(&mut starts, Start::Check(id)),
                Work::Action { .. } => push(&mut starts, Start::Act(id)),
                Work::Change { .. } => self.hop(id).is_some_and(|hop| {
                    if room.is_put_off(&hop.at) {
                        return false;
                    }
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

    /// What waited for a step alone is free now: all that follows it once it is done, before that what enough of it is enough for.
    pub(super) fn release(&mut self, step: usize, level: Level) {
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

    /// Whether what a step changes may be unreachable, and nothing of it was sent: where it is, the step is owed and has not failed.
    pub(super) fn may_be_owed(&self, step: usize) -> bool {
        let tolerated = |at: &Address| self.plan.intent.tolerates_unreachable.iter().any(|named| named.matches(at));
        self.hop(step).is_some_and(|hop| tolerated(&hop.at)) && !self.steps[step].written.iter().any(|edit| edit.sent)
    }

    /// All that depends on a step, and was not begun, will not be begun. Behind what is owed, all at the same instance is owed, too.
    pub(super) fn skip_followers(&mut self, step: usize) {
        let plan = Arc::clone(&self.plan);
        let gone = plan.steps[step].at().filter(|_| self.steps[step].stand == Stand::Over(Status::Owed));
        let is_there = |at: &Address| gone.is_some_and(|gone| gone.instance() == at.instance());
        let mut lost = vec![step];
        while let Some(step) = lost.pop() {
            let followers = self.followers[step].keys().copied();
            for follower in followers.filter(|id| self.steps[*id].stand == Stand::Pending).collect::<Vec<_>>() {
                let owed = plan.steps[follower].at().is_some_and(is_there) && self.may_be_owed(follower);
                let progress = &mut self.steps[follower];
                progress.stand = Stand::Over(if owed { Status::Owed } else { Status::Skipped });
                if let Some(gone) = gone {
                    progress.why = format!("it comes after {gone}, which is owed");
                }
                // It may have been free: enough of the step was ready.
                self.ready.remove(&follower);
                lost.push(follower);
            }
        }
    }
}

fn push<T>(list: &mut Vec<T>, item: T) -> bool {
    list.push(item);
    true
}
