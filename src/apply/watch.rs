use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use opsctl_api::{Address, Edit, Live, Readiness, Reading, Receipt, Value, format_duration};

use super::ApplyError;
use super::conflict;
use super::entry::{Answer, Entry};
use super::event::What;
use super::execute::{Engine, News};
use super::moment::later;
use super::progress::Stand;
use super::settle::{Awaited, Floor, Look, is_true, seen};
use super::unfinished::Effect;
use crate::plan::Work;
use crate::snapshot::Status;

impl Engine {
    /// From now on a step is looked at: a wait, or a hop that was written. `unsure_until`: the write was not answered.
    pub(super) fn watch(&mut self, step: usize, receipt: Option<Receipt>, unsure_until: Option<Instant>) {
        let now = Instant::now();
        let planned = &self.plan.steps[step];
        let progress = &self.machine.steps()[step];
        let Some(at) = planned.at().cloned() else { return };
        let (coupled, floor) = match &planned.work {
            Work::Change { hops, settles_with, .. } => (
                hops.get(progress.hop).map(|hop| hop.coupled.clone()).unwrap_or_default(),
                settles_with.as_ref().map(|confined| self.floor(&progress.edits, &at, confined)),
            ),
            _ => (Vec::new(), None),
        };
        let before = self.lives.get(&at).map_or(Readiness::Unknown, |live| live.readiness.clone());
        let is_change = matches!(planned.work, Work::Change { .. });
        let edits = if is_change { self.machine.written(step) } else { Vec::new() };
        let awaited = Awaited {
            hop: progress.hop,
            edits,
            coupled,
            floor,
            receipt,
            unsure_until,
            since: now,
            deadline: *self.deadlines.entry(step).or_insert(later(now, planned.timeout)),
            before: if is_change { before } else { Readiness::Unknown },
            was_true: false,
            was_elsewhere: false,
            last_seen: "nothing yet".to_owned(),
            shown: None,
            at,
        };
        // A moment later, so that what is answered together is looked at together.
        self.looks.add(awaited.at.instance(), now + self.tempo.first_look / 5, step);
        self.awaited.insert(step, awaited);
    }

    fn floor(&self, edits: &[Edit], at: &Address, confined: &Address) -> Floor {
        let confines = self.catalogues.kind(at.instance(), at.kind()).and_then(|kind| kind.confines);
        let least = confines.and_then(|confines| {
            let (_, setting) = confines.of.iter().find(|(kind, _)| *kind == confined.kind())?;
            let floor = edits.iter().find(|edit| edit.setting == confines.floor)?.to.clone()?;
            Some((*setting, floor))
        });
        Floor { at: confined.clone(), least }
    }

    /// Begins a round at each instance that has something due: one read of all that is.
    pub(super) fn look(&mut self, now: Instant) {
        for (instance, steps) in self.looks.begin(now, now + self.tempo.first_look) {
            let (mut asked, mut queries) = (Vec::with_capacity(steps.len()), Vec::with_capacity(steps.len()));
            for step in steps {
                let Some(awaited) = self.awaited.get(&step) else { continue };
                asked.push((step, false));
                queries.push(awaited.query());
                if let Some(floor) = &awaited.floor {
                    asked.push((step, true));
                    queries.push(floor.query());
                }
            }
            let (instances, news) = (Arc::clone(&self.instances), self.news.clone());
            tokio::spawn(async move {
                let readings = instances.read(&queries).await;
                let _ = news.send(News::Looked { instance, asked, readings, took: now.elapsed() });
            });
        }
    }

    /// A round is over.
    pub(super) fn looked(&mut self, asked: &[(usize, bool)], readings: Vec<Reading>) -> Result<(), ApplyError> {
        let now = Instant::now();
        let mut readings = readings.into_iter().peekable();
        let mut asked = asked.iter().peekable();
        while let (Some(&(step, _)), Some(reading)) = (asked.next(), readings.next()) {
            let confined = match asked.next_if(|(other, floor)| *other == step && *floor) {
                Some(_) => readings.next().and_then(|reading| reading.into_one().ok()),
                None => None,
            };
            match reading.into_one() {
                Ok(live) => self.seen(step, live, confined.as_ref(), now)?,
                Err(fault) => {
                    if let Some(awaited) = self.awaited.get_mut(&step) {
                        awaited.last_seen = fault.to_string();
                    }
                    self.look_later(step, now)?;
                }
            }
        }
        Ok(())
    }

    /// One step's resource was read.
    fn seen(&mut self, step: usize, live: Live, confined: Option<&Live>, now: Instant) -> Result<(), ApplyError> {
        let Some(awaited) = self.awaited.get_mut(&step) else { return Ok(()) };
        if let Some(until) = awaited.unsure_until {
            if !awaited.edits.iter().all(|edit| is_true(edit, &live)) {
                return self.still_unsure(step, live, until, now);
            }
            awaited.unsure_until = None;
        }
        let hop = awaited.hop;
        let looked = awaited.look(&live, confined, now);
        if let Look::Progressing(readiness) = &looked
            && awaited.shown.as_ref() != Some(readiness)
        {
            awaited.shown = Some(readiness.clone());
            self.say(What::Settling { step, readiness: readiness.clone() });
        }
        let has_enough = match &looked {
            Look::Progressing(readiness) => self.plan.steps[step].enough.is_some_and(|enough| readiness.has(enough)),
            // What enough of it is enough for does not wait for its drain time.
            Look::Settled(_) => {
                matches!(self.plan.steps[step].work, Work::Change { drain_time, .. } if !drain_time.is_zero())
            }
            Look::NotTrue | Look::Failed(_) => false,
        };
        if has_enough {
            self.has_enough(step, &live)?;
        }
        self.freshen(live);
        match looked {
            Look::Progressing(_) | Look::NotTrue => self.look_later(step, now),
            Look::Failed(why) => self.end(step, Status::Failed, why),
            Look::Settled(left) => self.settled(step, hop, left, now),
        }
    }

    /// Enough of a step's resource is ready, told once: where something goes on then that would wait for the rest.
    fn has_enough(&mut self, step: usize, live: &Live) -> Result<(), ApplyError> {
        let planned = &self.plan.steps[step];
        let is_last = match &planned.work {
            Work::Change { hops, .. } => self.machine.steps()[step].hop + 1 == hops.len(),
            _ => true,
        };
        if planned.enough.is_none() || !is_last || self.machine.steps()[step].enough {
            return Ok(());
        }
        self.note(Entry::Enough { step })?;
        self.say(What::Enough { step, readiness: live.readiness.clone() });
        Ok(())
    }

    fn settled(
        &mut self,
        step: usize,
        hop: usize,
        left: BTreeMap<String, Option<Value>>,
        now: Instant,
    ) -> Result<(), ApplyError> {
        let Work::Change { drain_time, .. } = self.plan.steps[step].work else {
            return self.end(step, Status::Done, String::new());
        };
        self.awaited.remove(&step);
        self.note(Entry::Settled { step, hop, left })?;
        if self.machine.steps()[step].stand == Stand::Settled {
            if drain_time.is_zero() {
                return self.end(step, Status::Done, String::new());
            }
            let what = format!("true and ready; {} pass before anything relies on it", format_duration(drain_time));
            self.say(What::Settling { step, readiness: Readiness::Progressing { done: 0, total: 0, what } });
            self.draining.insert((later(now, drain_time), step));
        }
        Ok(())
    }

    /// A write was not answered, and live does not have what it asked for.
    fn still_unsure(&mut self, step: usize, live: Live, until: Instant, now: Instant) -> Result<(), ApplyError> {
        let Some(awaited) = self.awaited.get_mut(&step) else { return Ok(()) };
        let effect = conflict::effect(&awaited.edits, &live);
        let hop = awaited.hop;
        if let Some(edit) = awaited.edits.first() {
            awaited.last_seen = seen(&edit.setting, &live);
        }
        if now < until {
            return self.look_later(step, now);
        }
        if effect != Effect::NotDone {
            return self.met(step, live);
        }
        // Its time is over and nothing of it is there: once more, under the same token, and only once.
        if !self.rewritten.insert((step, hop)) {
            return self.look_later(step, now);
        }
        self.freshen(live);
        self.awaited.remove(&step);
        // It is as if it had not been written: it has its time again.
        self.deadlines.remove(&step);
        let why = "its answer was lost, and nothing of it was done".to_owned();
        self.note(Entry::Answer { step, hop, answer: Answer::Again(why) })
    }

    /// Looks again later, or gives up.
    fn look_later(&mut self, step: usize, now: Instant) -> Result<(), ApplyError> {
        let Some(awaited) = self.awaited.get(&step) else { return Ok(()) };
        // Until a write without an answer has been done or never will be, nothing is known of it.
        if now < awaited.deadline || awaited.unsure_until.is_some_and(|until| now < until) {
            self.looks.add(awaited.at.instance(), awaited.look_again(now, &self.tempo), step);
            return Ok(());
        }
        let last = &awaited.last_seen;
        let within = format_duration(self.plan.steps[step].timeout);
        if awaited.unsure_until.is_some() {
            let why = format!("the write was not answered, and nothing shows within {within} that it was done: {last}");
            return self.end(step, Status::Unknown, why);
        }
        // What was taken and is not true yet may still become so.
        if !awaited.edits.is_empty() && !awaited.was_true {
            return self.end(step, Status::Unknown, format!("not true within {within}; last seen: {last}"));
        }
        self.end(step, Status::Failed, format!("not ready within {within}; last seen: {last}"))
    }
}
