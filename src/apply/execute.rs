use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use opsctl_api::{Address, Edit, Live, Reading, Written};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::act::Next;
use super::dispatch::Machine;
use super::entry::{Begin, Entry};
use super::event::{Event, What};
use super::finish::Site;
use super::interrupt::Interrupt;
use super::journal::Journal;
use super::looks::Looks;
use super::pace::{Pace, next_room};
use super::probe::Task;
use super::settle::Awaited;
use super::{ApplyError, Tempo, say};
use crate::action::Called;
use crate::check::Verdict;
use crate::instance::{Catalogues, Instance, Instances};
use crate::plan::Plan;
use crate::snapshot::Status;

/// Carries out a plan's steps: what is free is begun, and what was begun is watched until it is true or will not be.
///
/// All news (answers, looks, checks, Ctrl-C, time) meet in [`Engine::drive`]. What happened goes through the [`Machine`], which
/// alone decides what may be begun, and into the journal.
pub(super) struct Engine {
    pub(super) operation: String,
    pub(super) plan: Arc<Plan>,
    pub(super) instances: Arc<Instances>,
    pub(super) catalogues: Catalogues,
    pub(super) machine: Machine,
    pub(super) journal: Journal,
    /// What has happened and is not in the journal yet.
    pending: Vec<Entry>,
    /// What is changed, as it was read last.
    pub(super) lives: BTreeMap<Address, Live>,
    /// What is looked at, by step.
    pub(super) awaited: BTreeMap<usize, Awaited>,
    pub(super) looks: Looks,
    /// When the drain time of which step is over.
    pub(super) draining: BTreeSet<(Instant, usize)>,
    /// Until when a step that was begun must be true and ready.
    pub(super) deadlines: BTreeMap<usize, Instant>,
    /// What the next write of a step sets, where that is not what was planned.
    pub(super) rebased: BTreeMap<usize, Vec<Edit>>,
    /// Steps that share no call any more, since a shared one was refused for another's sake.
    pub(super) alone: BTreeSet<usize>,
    /// Steps and hops that were written again after an answer was lost.
    pub(super) rewritten: BTreeSet<(usize, usize)>,
    pub(super) paces: BTreeMap<String, Pace>,
    /// Calls to write that were not answered yet.
    pub(super) unanswered: usize,
    /// Checks that are being measured, by step; given up with the engine.
    pub(super) measuring: BTreeMap<usize, Task>,
    /// What is done for an action now, by step; given up with the engine.
    pub(super) acting: BTreeMap<usize, Task>,
    /// Steps and members that are to be called.
    pub(super) chosen: Vec<(usize, usize)>,
    pub(super) news: UnboundedSender<News>,
    pub(super) arrived: UnboundedReceiver<News>,
    pub(super) events: UnboundedSender<Event>,
    interrupt: Interrupt,
    pub(super) tempo: Tempo,
}

/// How the steps came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing is under way any more.
    Over,
    /// The operator ended it at once; what is under way stays in the journal.
    AtOnce,
}

/// What a task has to tell.
pub(super) enum News {
    /// A call to write was answered.
    Written { steps: Vec<usize>, answers: Vec<Written> },
    /// Resources were read: of a step its own, or that of its floor.
    Looked { instance: String, asked: Vec<(usize, bool)>, readings: Vec<Reading>, took: Duration },
    /// A check came to its end.
    Checked { step: usize, verdict: Verdict },
    /// What is to be done next for an action.
    Chosen { step: usize, next: Next },
    /// The call of an action came to its end.
    Called { step: usize, member: usize, called: Called },
    /// What tells that a call is done was measured.
    Confirmed { step: usize, member: usize, verdict: Verdict },
}

impl Engine {
    pub(super) fn new(
        site: &Site<'_>,
        begin: &Begin,
        machine: Machine,
        journal: Journal,
        mut lives: BTreeMap<Address, Live>,
        tempo: Tempo,
    ) -> Self {
        let instances = site.instances;
        let changed: BTreeSet<&Address> = begin.plan.steps.iter().filter_map(|step| step.at()).collect();
        lives.retain(|at, _| changed.contains(at));
        let pace = |instance: &Instance| Pace::new(instance.limits(), instance.catalogue.kinds());
        let paces = instances.0.iter().map(|(name, instance)| (name.clone(), pace(instance))).collect();
        let (news, arrived) = mpsc::unbounded_channel();
        Self {
            operation: begin.operation.clone(),
            plan: Arc::clone(&begin.plan),
            catalogues: instances.catalogues(),
            instances: Arc::new(instances.clone()),
            machine,
            journal,
            pending: Vec::new(),
            lives,
            awaited: BTreeMap::new(),
            looks: Looks::default(),
            draining: BTreeSet::new(),
            deadlines: BTreeMap::new(),
            rebased: BTreeMap::new(),
            alone: BTreeSet::new(),
            rewritten: BTreeSet::new(),
            paces,
            unanswered: 0,
            measuring: BTreeMap::new(),
            acting: BTreeMap::new(),
            chosen: Vec::new(),
            news,
            arrived,
            events: site.events.clone(),
            interrupt: site.interrupt.clone(),
            tempo,
        }
    }

    /// Goes on until nothing is under way and nothing can be begun.
    ///
    /// # Errors
    /// The journal cannot be written. Nothing was sent that it does not hold, and all answers have come in or their time is over.
    pub(super) async fn drive(&mut self) -> Result<Ending, ApplyError> {
        loop {
            match self.interrupt.count() {
                0 => {}
                1 => self.stop("interrupted")?,
                _ => {
                    self.flush()?;
                    return Ok(Ending::AtOnce);
                }
            }
            if self.machine.stopping().is_some() {
                // What would be called next is not, so nobody has to know.
                self.acting.retain(|&step, _| !self.machine.is_between_calls(step));
                for step in self.machine.awaited() {
                    self.measuring.remove(&step);
                    self.end(step, Status::Skipped, "nothing after it is started".to_owned())?;
                }
            }
            self.end_drained(Instant::now())?;
            let calls = self.begin()?;
            let members = self.call_members()?;
            if let Err(error) = self.flush() {
                self.await_answers().await;
                return Err(error);
            }
            calls.into_iter().for_each(|call| self.send(call));
            members.into_iter().for_each(|(step, member)| self.call(step, member));
            if self.machine.is_over() && self.acting.is_empty() {
                return Ok(Ending::Over);
            }
            self.look(Instant::now());
            self.wait().await?;
        }
    }

    /// Waits for news, and takes in all that have arrived.
    async fn wait(&mut self) -> Result<(), ApplyError> {
        let wake = self.wake();
        let sleep = async {
            match wake {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let first = tokio::select! {
            news = self.arrived.recv() => news,
            () = sleep => None,
            () = self.interrupt.changed() => None,
        };
        if let Some(news) = first {
            self.take_in(news)?;
        }
        while let Ok(news) = self.arrived.try_recv() {
            self.take_in(news)?;
        }
        Ok(())
    }

    /// When there will be something to do without any news.
    fn wake(&self) -> Option<Instant> {
        let drained = self.draining.first().map(|(at, _)| *at);
        [self.looks.next(), drained, next_room(&self.paces, Instant::now())].into_iter().flatten().min()
    }

    fn take_in(&mut self, news: News) -> Result<(), ApplyError> {
        match news {
            News::Written { steps, answers } => {
                self.unanswered -= 1;
                self.answered(steps, answers)
            }
            News::Looked { instance, asked, readings, took } => {
                self.looks.ended(&instance, Instant::now(), took, self.tempo.slowest_look);
                self.looked(&asked, readings)
            }
            // It was given up meanwhile.
            News::Checked { step, .. } if self.measuring.remove(&step).is_none() => Ok(()),
            News::Checked { step, verdict } if verdict.holds => self.end(step, Status::Done, String::new()),
            News::Checked { step, verdict } => self.end(step, Status::Failed, verdict.seen),
            News::Chosen { step, next } => self.chose(step, next),
            News::Called { step, member, called } => {
                self.unanswered -= 1;
                self.called(step, member, called)
            }
            News::Confirmed { step, member, verdict } => self.confirmed(step, member, &verdict),
        }
    }

    /// Something happened.
    pub(super) fn note(&mut self, entry: Entry) -> Result<(), ApplyError> {
        self.machine.apply(&entry, Timestamp::now())?;
        self.pending.push(entry);
        Ok(())
    }

    /// Makes all that has happened durable.
    pub(super) fn flush(&mut self) -> Result<(), ApplyError> {
        if !self.pending.is_empty() {
            self.journal.append(std::mem::take(&mut self.pending))?;
        }
        Ok(())
    }

    /// Nothing new is started from here on.
    fn stop(&mut self, why: &str) -> Result<(), ApplyError> {
        if self.machine.stopping().is_none() {
            self.note(Entry::Stop { why: why.to_owned() })?;
            self.say_stopping();
        }
        Ok(())
    }

    fn say_stopping(&self) {
        if let Some(why) = self.machine.stopping() {
            self.say(What::Stopping { why: why.to_owned(), settling: self.machine.underway() });
        }
    }

    pub(super) fn say(&self, what: What) {
        say(&self.events, what);
    }

    /// A step ended.
    pub(super) fn end(&mut self, step: usize, status: Status, why: String) -> Result<(), ApplyError> {
        let stopping = self.machine.stopping().is_some();
        self.awaited.remove(&step);
        self.note(Entry::Ended { step, status, why: why.clone() })?;
        let took = self.machine.steps()[step].took();
        self.say(What::Ended { step, status, why, took });
        if !stopping {
            self.say_stopping();
        }
        Ok(())
    }

    fn end_drained(&mut self, now: Instant) -> Result<(), ApplyError> {
        while let Some((at, step)) = self.draining.pop_first() {
            if at > now {
                self.draining.insert((at, step));
                break;
            }
            self.end(step, Status::Done, String::new())?;
        }
        Ok(())
    }

    /// What is left when the steps have come to an end.
    pub(super) fn into_parts(self) -> (Machine, Journal) {
        (self.machine, self.journal)
    }
}
