use std::time::{Duration, Instant};

use camino::Utf8Path;
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::astray::astray;
use super::entry::{Answer, Entry};
use super::event::{Event, What};
use super::execute::Engine;
use super::finish::{Site, carry_out, stage};
use super::journal::Journal;
use super::lock::Lock;
use super::moment::{between, later};
use super::progress::{Progress, Stand};
use super::replay::Replayed;
use super::run::snapshot_before;
use super::secrets::{self, Secrets};
use super::sight::Sight;
use super::unfinished::Mark;
use super::{ApplyError, Tempo, abandon, gate, say, sight};
use crate::config::GuardConfig;
use crate::instance::Instances;
use crate::plan::{Plan, Step, Work};
use crate::snapshot::{Operation, Status, Store};
use crate::state::OnFailure;

/// What it takes to go on with an operation that did not end; the rest is in its journal.
pub struct Resume<'a> {
    /// What it is carried out on.
    pub instances: &'a Instances,
    /// Where snapshots go.
    pub store: &'a Store,
    /// The checkout's `.opsctl`: lock and journal.
    pub work_dir: &'a Utf8Path,
    /// Held by whoever calls, over all that belongs together.
    pub lock: &'a Lock,
    /// Who goes on.
    pub operator: String,
    /// On which machine.
    pub host: String,
    /// Up to where it was looked at; `None` where the lock has been held since it began.
    pub mark: Option<Mark>,
    /// What a failed step does to the rest from now on; `None` for what it did until now.
    pub on_failure: Option<OnFailure>,
    /// How many steps may be under way at once from now on; `None` for as many as until now.
    pub parallelism: Option<usize>,
    /// Who is told what happens.
    pub events: UnboundedSender<Event>,
    /// How often Ctrl-C was pressed so far.
    pub interrupt: watch::Receiver<u8>,
    /// What stops it from beginning more: it may be newer than the plan.
    pub guard: &'a GuardConfig,
    /// Where secrets' texts come from.
    pub secrets: &'a Secrets<'a>,
    /// How often to look.
    pub tempo: Tempo,
}

/// Goes on with the operation that did not end, under its id and with its first *before* snapshot. What was sent and not seen to
/// be true is looked at first; nothing is done twice.
///
/// # Errors
/// No operation is open, or it cannot be gone on with: it stays as it is.
pub async fn resume(resume: Resume<'_>) -> Result<Operation, ApplyError> {
    let site = resume.site();
    let found = abandon::find(&site, resume.work_dir, resume.mark.as_ref()).await?;
    let (mut journal, replayed) = found.ok_or(ApplyError::NothingOpen)?;
    say(&site.events, What::Begun { operation: replayed.begin.operation.clone(), resumed: true });
    stage(&site.events, "checking");
    gate::identities(&replayed.begin.plan, site.instances).await?;
    let filled = secrets::filled(&replayed.begin.plan, resume.secrets)?;
    let mut replayed = replayed.with_plan(filled);
    let sight = sight::look(&replayed.begin.plan, site.instances).await;

    let resumed = Entry::Resumed {
        operator: resume.operator,
        host: resume.host,
        on_failure: resume.on_failure,
        parallelism: resume.parallelism,
    };
    replayed.machine.apply(&resumed, Timestamp::now())?;
    if replayed.machine.stopping().is_none() {
        gate::guarded(&to_write(&replayed), &sight, resume.guard)?;
    }
    journal.append(vec![resumed])?;
    if !replayed.has_before {
        snapshot_before(&replayed.begin, &sight, &site, &mut journal)?;
    }
    hold_back(&mut replayed, &sight, &site, &mut journal)?;
    stage(&site.events, "applying");
    let begin = replayed.begin;
    let mut engine = Engine::new(&site, &begin, replayed.machine, journal, sight.found, resume.tempo);
    engine.take_over()?;
    carry_out(site, &begin, engine).await
}

/// Ends the steps that are not to be begun, for what they need is not as it was left.
fn hold_back(replayed: &mut Replayed, sight: &Sight, site: &Site<'_>, journal: &mut Journal) -> Result<(), ApplyError> {
    if replayed.machine.stopping().is_some() {
        return Ok(());
    }
    let stands: Vec<Stand> = replayed.machine.steps().iter().map(|progress| progress.stand).collect();
    let held = astray(&replayed.begin.plan, &stands, sight, &site.instances.catalogues()).held;
    let mut entries = Vec::new();
    for (step, why) in held {
        let status = Status::Skipped;
        let entry = Entry::Ended { step, status, why: why.clone() };
        replayed.machine.apply(&entry, Timestamp::now())?;
        entries.push(entry);
        say(&site.events, What::Ended { step, status, why, took: Duration::ZERO });
    }
    if !entries.is_empty() {
        journal.append(entries)?;
    }
    Ok(())
}

/// Its plan without what has nothing more to write: that is only seen to its end.
fn to_write(replayed: &Replayed) -> Plan {
    let mut plan = Plan::clone(&replayed.begin.plan);
    let steps = plan.steps.into_iter().zip(replayed.machine.steps());
    let is_to_write = |(step, progress): &(Step, &Progress)| {
        !matches!(progress.stand, Stand::Over(_)) && !progress.ahead(&step.work).is_empty()
    };
    plan.steps = steps.filter(is_to_write).map(|(step, _)| step).collect();
    plan
}

impl<'a> Resume<'a> {
    pub(super) fn site(&self) -> Site<'a> {
        Site::new(self.instances, self.store, self.events.clone(), self.interrupt.clone(), self.lock)
    }
}

impl Engine {
    /// Takes over what another process had under way.
    pub(super) fn take_over(&mut self) -> Result<(), ApplyError> {
        let stands: Vec<(usize, Stand)> =
            self.machine.steps().iter().enumerate().map(|(step, progress)| (step, progress.stand)).collect();
        for (step, stand) in stands {
            match stand {
                Stand::Asked | Stand::Unknown | Stand::Settling
                    if matches!(self.plan.steps[step].work, Work::Action { .. }) =>
                {
                    self.take_over_action(step)?;
                }
                Stand::Asked => {
                    let hop = self.machine.steps()[step].hop;
                    self.note(Entry::Answer { step, hop, answer: Answer::never_came() })?;
                    self.watch(step, None, Some(self.unsure_until(step)));
                }
                Stand::Unknown => self.watch(step, None, Some(self.unsure_until(step))),
                Stand::Settling if matches!(self.plan.steps[step].work, Work::Check { .. }) => self.measure(step)?,
                Stand::Settling => {
                    let receipt = self.machine.steps()[step].receipt.clone();
                    self.watch(step, receipt, None);
                }
                Stand::Settled => self.drain_rest(step),
                Stand::Pending | Stand::Again | Stand::Between | Stand::Over(_) => {}
            }
        }
        Ok(())
    }

    /// When the last write of a step has been done or never will be.
    fn unsure_until(&self, step: usize) -> Instant {
        let deadline = self.machine.steps()[step].deadline;
        let instance = self.machine.hop(step).map_or("", |hop| hop.at.instance());
        // A clock that was set back since makes it no longer than it was when it was written.
        later(Instant::now(), between(Timestamp::now(), deadline).min(self.lost_answer(instance)))
    }

    fn drain_rest(&mut self, step: usize) {
        let Work::Change { drain_time, .. } = self.plan.steps[step].work else { return };
        let since = self.machine.steps()[step].ended.unwrap_or_else(Timestamp::now);
        let left = drain_time.saturating_sub(between(since, Timestamp::now()));
        self.draining.insert((later(Instant::now(), left), step));
    }
}
