//! What goes out: calls to write, and what is measured between them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use opsctl_api::{Hop, Live, Write, Written};

use super::dispatch::Start;
use super::entry::{Entry, Intent};
use super::event::What;
use super::execute::{Engine, News};
use super::moment::{later, later_by_clock};
use super::pace::Paces;
use super::probe::Task;
use super::{ApplyError, probe};
use crate::plan::Work;
use crate::snapshot::Status;

/// One call that is about to go out.
pub(super) struct Call {
    instance: String,
    steps: Vec<usize>,
    writes: Vec<Write>,
}

impl Engine {
    /// Begins what is free: waits and checks at once, writes as calls that go out when their intents are durable.
    pub(super) fn begin(&mut self) -> Result<Vec<Call>, ApplyError> {
        let now = Instant::now();
        let starts = {
            let (catalogues, alone) = (&self.catalogues, &self.alone);
            let mut room = Paces { of: &mut self.paces, now };
            self.machine.free(&mut room, &|step, hop: &Hop| match catalogues.0.get(hop.at.instance()) {
                Some(catalogue) if !alone.contains(&step) => catalogue.batch(hop),
                _ => None,
            })
        };
        let mut calls = Vec::new();
        for start in starts {
            match start {
                Start::Wait(step) => {
                    self.note(Entry::Began { step })?;
                    self.watch(step, None, None);
                }
                Start::Check(step) => {
                    self.note(Entry::Began { step })?;
                    self.measure(step)?;
                }
                Start::Act(step) => self.act(step)?,
                Start::Write(steps) => calls.extend(self.intend(steps, now)?),
            }
        }
        Ok(calls)
    }

    fn intend(&mut self, steps: Vec<usize>, now: Instant) -> Result<Option<Call>, ApplyError> {
        let mut writes = Vec::with_capacity(steps.len());
        let mut instance = String::new();
        for &step in &steps {
            let Some(hop) = self.machine.hop(step) else { continue };
            let progress = &self.machine.steps()[step];
            let edits = match self.rebased.remove(&step) {
                Some(edits) => edits,
                // Once more, from where it started then.
                None if progress.attempt > 0 => self.machine.written(step),
                None => hop.edits.clone(),
            };
            let attempt = progress.attempt + 1;
            let same = progress.attempt > 0 && progress.wrote(&edits);
            let token = if same {
                progress.token.clone()
            } else {
                format!("{}-{step}-{}-{attempt}", self.operation, progress.hop)
            };
            let hop = Hop { at: hop.at.clone(), edits, coupled: hop.coupled.clone() };
            hop.at.instance().clone_into(&mut instance);
            let intent = Intent {
                step,
                hop: progress.hop,
                attempt,
                edits: hop.edits.clone(),
                token: token.clone(),
                deadline: later_by_clock(Timestamp::now(), self.lost_answer(&instance)),
            };
            self.say(What::Sent { step, hop: intent.hop, attempt });
            self.note(Entry::Intent(intent))?;
            self.deadlines.entry(step).or_insert(later(now, self.plan.steps[step].timeout));
            let live = self.lives.get(&hop.at).cloned().unwrap_or_else(|| Live::new(hop.at.clone()));
            writes.push(Write { hop, live, idempotency_token: token });
        }
        Ok((!writes.is_empty()).then_some(Call { instance, steps, writes }))
    }

    /// How long after a write without an answer it may still be done.
    pub(super) fn lost_answer(&self, instance: &str) -> Duration {
        let call = || self.instances.get(instance).map_or(Duration::from_secs(30), |instance| instance.cx.timeout);
        self.tempo.lost_answer.unwrap_or_else(|| call().saturating_mul(2))
    }

    /// Sends one call. It goes on whatever becomes of this engine.
    pub(super) fn send(&mut self, call: Call) {
        let Call { instance, steps, writes } = call;
        let news = self.news.clone();
        self.unanswered += 1;
        let Some(instance) = self.instances.get(&instance).cloned() else {
            let fault = || opsctl_api::Fault::Invalid(format!("`{instance}` is no configured provider instance"));
            let answers = steps.iter().map(|_| Written::Refused(fault())).collect();
            // The engine holds the other end.
            let _ = news.send(News::Written { steps, answers });
            return;
        };
        let write = tokio::spawn(async move { instance.provider.write(&instance.cx, &writes).await });
        tokio::spawn(async move {
            // A provider that panics has told nothing of what it did.
            let answers = write.await.unwrap_or_default();
            let _ = news.send(News::Written { steps, answers });
        });
    }

    /// Lets all calls that are out come to their end, without doing anything about it.
    pub(super) async fn await_answers(&mut self) {
        while self.unanswered > 0 {
            match self.arrived.recv().await {
                Some(News::Written { .. } | News::Called { .. }) => self.unanswered -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    pub(super) fn measure(&mut self, step: usize) -> Result<(), ApplyError> {
        let Work::Check { name } = &self.plan.steps[step].work else { return Ok(()) };
        let Some(check) = self.plan.checks.iter().find(|check| check.name == *name).cloned() else {
            return self.end(step, Status::Failed, format!("the plan has no check `{name}`"));
        };
        let (instances, events, news) = (Arc::clone(&self.instances), self.events.clone(), self.news.clone());
        let measuring = Task::spawn(async move {
            let verdict = probe::measure_until(&check, &instances, &events).await;
            let _ = news.send(News::Checked { step, verdict });
        });
        self.measuring.insert(step, measuring);
        Ok(())
    }
}
