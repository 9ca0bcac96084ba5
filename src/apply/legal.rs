//! What may follow from where the steps of an operation stand.

use std::sync::Arc;

use jiff::Timestamp;

use super::dispatch::{Level, Machine};
use super::entry::{Answer, Entry, Intent};
use super::progress::{Progress, Stand};
use crate::plan::{OnFailure, Step, Work};
use crate::snapshot::Status;

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
    /// What happened, and when. Joints complete by themselves.
    ///
    /// # Errors
    /// It cannot follow from where things stand; nothing was changed.
    pub(super) fn apply(&mut self, entry: &Entry, at: Timestamp) -> Result<(), Illegal> {
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
        if matches!(progress.stand, Stand::Again | Stand::Between) {
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
        self.progress(step, 0)?;
        let may_be_owed = self.may_be_owed(step);
        let progress = self.progress(step, 0)?;
        let legal = match status {
            // A change is done when its last hop has settled.
            Status::Done if change => progress.stand == Stand::Settled,
            // An action is, when no member is left to be called.
            Status::Done if action => progress.stand == Stand::Between,
            Status::Done => progress.stand == Stand::Settling,
            Status::Failed | Status::Unknown => progress.stand.is_underway(),
            Status::Owed => may_be_owed && progress.stand == Stand::Asked,
            // What is held back was not begun.
            Status::Skipped if progress.stand == Stand::Pending => true,
            // What is measured or waited for is given up when nothing comes next.
            Status::Skipped => !change && !action && progress.stand == Stand::Settling,
            _ => false,
        };
        if !legal {
            return Err(illegal(step, progress.stand, entry));
        }
        let was_begun = progress.stand != Stand::Pending;
        progress.end(status, why, at);
        self.underway -= usize::from(was_begun);
        self.ready.remove(&step);
        match status {
            Status::Done => self.release(step, Level::Done),
            // What comes after what is held back is so by itself.
            Status::Skipped if !was_begun => {}
            _ => {
                self.skip_followers(step);
                if matches!(status, Status::Failed | Status::Unknown)
                    && self.on_failure != OnFailure::Continue
                    && self.failure.is_none()
                {
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
