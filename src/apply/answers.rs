use std::time::Instant;

use opsctl_api::{Fault, Live, Written};

use super::ApplyError;
use super::conflict::{self, Known, Met};
use super::entry::{Answer, Entry};
use super::event::What;
use super::execute::Engine;
use super::moment::later;
use super::say;
use super::settle::seen;
use crate::snapshot::Status;

/// How often a write may meet what others moved before that is a conflict.
const MEETINGS: u32 = 10;

impl Engine {
    /// A call was answered, one answer a step.
    pub(super) fn answered(&mut self, steps: Vec<usize>, answers: Vec<Written>) -> Result<(), ApplyError> {
        self.pace(&steps, &answers);
        let shared = steps.len() > 1;
        let mut answers = answers.into_iter();
        for step in steps {
            let lost = || Written::Unknown(Fault::Unexpected("the provider gave no answer".to_owned()));
            let answer = answers.next().unwrap_or_else(lost);
            self.one_answered(step, answer, shared)?;
        }
        Ok(())
    }

    fn pace(&mut self, steps: &[usize], answers: &[Written]) {
        let of = |step: &usize| self.machine.hop(*step).map(|hop| &hop.at);
        let Some(at) = steps.first().and_then(of) else { return };
        let Some(pace) = self.paces.get_mut(at.instance()) else { return };
        let now = Instant::now();
        for (at, answer) in steps.iter().filter_map(of).zip(answers) {
            match answer {
                Written::Refused(Fault::Busy(why)) if pace.put_off(at, now) => {
                    let text = format!("{at} is in the middle of another change and is tried again later: {why}");
                    say(&self.events, What::Notice { text });
                }
                Written::Refused(Fault::Busy(_)) => {}
                _ => pace.took(at),
            }
        }
        let throttled = answers.iter().find_map(|answer| match answer {
            Written::Refused(Fault::Throttled { after, .. }) => Some(*after),
            _ => None,
        });
        match throttled {
            Some(after) if pace.slow_down(at.kind(), after, now) => {
                let text = format!(
                    "{} takes no more calls about {} for now: it is written to more slowly",
                    at.instance(),
                    at.kind()
                );
                say(&self.events, What::Notice { text });
            }
            Some(_) => {}
            None => pace.went_through(at.kind()),
        }
    }

    fn one_answered(&mut self, step: usize, answer: Written, shared: bool) -> Result<(), ApplyError> {
        let progress = &self.machine.steps()[step];
        let (hop, attempt) = (progress.hop, progress.attempt);
        let entry = |answer| Entry::Answer { step, hop, answer };
        let late = self.deadlines.get(&step).is_some_and(|deadline| *deadline <= Instant::now());
        match answer {
            Written::Sent { receipt, version: _ } => {
                self.note(entry(Answer::Sent(receipt.clone())))?;
                self.watch(step, receipt, None);
                Ok(())
            }
            Written::Unknown(fault) => {
                self.note(entry(Answer::Unknown(fault.to_string())))?;
                if let Some(at) = self.plan.steps[step].at() {
                    let until = later(Instant::now(), self.lost_answer(at.instance()));
                    let text = format!("{at}: no answer to the write ({fault}); live will tell what became of it");
                    self.say(What::Notice { text });
                    self.watch(step, None, Some(until));
                }
                Ok(())
            }
            Written::Conflict(live) if attempt > MEETINGS => {
                let at = live.at.local().to_owned();
                self.end(
                    step,
                    Status::Failed,
                    format!("{at} was moved by others {MEETINGS} times while it was written"),
                )
            }
            Written::Conflict(live) => self.met(step, *live),
            Written::Refused(fault @ (Fault::Throttled { .. } | Fault::Busy(_))) if !late => {
                self.note(entry(Answer::Again(fault.to_string())))
            }
            Written::Refused(fault @ (Fault::Throttled { .. } | Fault::Busy(_))) => {
                self.end(step, Status::Failed, fault.to_string())
            }
            Written::Refused(Fault::Unreachable(why)) if self.machine.may_be_owed(step) => {
                self.end(step, Status::Owed, why)
            }
            // It may have been refused for another's sake: alone it shows.
            Written::Refused(fault) if shared => {
                self.alone.insert(step);
                self.note(entry(Answer::Again(fault.to_string())))
            }
            Written::Refused(fault) => self.end(step, Status::Failed, fault.to_string()),
        }
    }

    /// A write met another value than it came from, or live shows after a lost answer that something else happened.
    pub(super) fn met(&mut self, step: usize, live: Live) -> Result<(), ApplyError> {
        let (hop, written) = (self.machine.steps()[step].hop, self.machine.written(step));
        let known = Known { plan: &self.plan, machine: &self.machine, catalogues: &self.catalogues };
        let met = conflict::judge(&written, &live, &known);
        match met {
            Met::Conflict(why) => self.end(step, Status::Failed, format!("conflict: {why}")),
            Met::Already => {
                self.freshen(live);
                self.note(Entry::Answer { step, hop, answer: Answer::Already })?;
                self.watch(step, None, None);
                Ok(())
            }
            Met::GoOn(edits) => {
                let moved = edits.iter().filter(|edit| !written.contains(edit));
                let moved: Vec<String> = moved.map(|edit| seen(&edit.setting, &live)).collect();
                let text = if moved.is_empty() {
                    format!("{} has changed elsewhere, going on from there", live.at)
                } else {
                    format!("{}: {} by now, going on from there", live.at, moved.join(", "))
                };
                self.say(What::Notice { text: text.clone() });
                self.freshen(live);
                self.rebased.insert(step, edits);
                self.awaited.remove(&step);
                self.note(Entry::Answer { step, hop, answer: Answer::Again(text) })
            }
        }
    }

    /// What was read last of a resource; settings that were not asked for this time stay as they were.
    pub(super) fn freshen(&mut self, live: Live) {
        match self.lives.get_mut(&live.at) {
            Some(known) => {
                let mut settings = std::mem::take(&mut known.settings);
                settings.extend(live.settings);
                *known = Live { settings, ..live };
            }
            None => {
                self.lives.insert(live.at.clone(), live);
            }
        }
    }
}
