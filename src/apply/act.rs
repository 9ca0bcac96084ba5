use std::sync::Arc;

use jiff::Timestamp;
use opsctl_api::format_duration;
use tokio::sync::mpsc::UnboundedSender;

use super::ApplyError;
use super::entry::{Answer, Entry, Intent};
use super::event::{Event, What};
use super::execute::{Engine, News};
use super::moment::later_by_clock;
use super::probe::{self, Task};
use super::progress::Stand;
use crate::action::{self, Action, Called, Member};
use crate::check::{Check, Verdict, measure};
use crate::instance::Instances;
use crate::snapshot::Status;

/// What is to be done next for an action.
pub(super) enum Next {
    /// This member is called.
    Call(usize),
    /// No member is left. Of those that there was nothing to do for: what was seen.
    Nothing(String),
    /// What must hold after this member does not: what was seen.
    NotYet(usize, String),
}

impl Engine {
    /// An action is begun, or goes on with its next member.
    pub(super) fn act(&mut self, step: usize) -> Result<(), ApplyError> {
        if self.acting.contains_key(&step) || self.chosen.iter().any(|(chosen, _)| *chosen == step) {
            return Ok(());
        }
        let Some(action) = self.plan.action(step).cloned() else {
            return self.end(step, Status::Failed, "the plan has no such action".to_owned());
        };
        if self.machine.steps()[step].stand == Stand::Pending {
            self.note(Entry::Began { step })?;
        }
        let called = self.machine.steps()[step].called.clone();
        let (instances, news) = (Arc::clone(&self.instances), self.news.clone());
        let events = self.events.clone();
        let choosing = async move {
            let next = next(&action, &called, &instances, &events).await;
            let _ = news.send(News::Chosen { step, next });
        };
        self.acting.insert(step, Task::spawn(choosing));
        Ok(())
    }

    /// It is known what is to be done next.
    pub(super) fn chose(&mut self, step: usize, next: Next) -> Result<(), ApplyError> {
        self.acting.remove(&step);
        match next {
            Next::Call(member) => self.chosen.push((step, member)),
            Next::Nothing(seen) if self.machine.steps()[step].called.is_empty() && !seen.is_empty() => {
                self.end(step, Status::Done, format!("nothing to do: {seen}"))?;
            }
            Next::Nothing(_) => self.end(step, Status::Done, String::new())?,
            Next::NotYet(member, seen) => {
                let why = format!("it is done, and nothing may follow yet: {seen}");
                self.end(step, Status::Failed, self.of_member(step, member, &why))?;
            }
        }
        Ok(())
    }

    /// What was chosen, as calls that go out when their intents are durable.
    pub(super) fn call_members(&mut self) -> Result<Vec<(usize, usize)>, ApplyError> {
        let mut calls = Vec::new();
        for (step, member) in std::mem::take(&mut self.chosen) {
            // It stays where it is, for whoever goes on.
            if self.machine.stopping().is_some() {
                continue;
            }
            let Some(action) = self.plan.action(step) else { continue };
            let (of, nth) = (action.members.len(), self.machine.steps()[step].called.len() + 1);
            let name = action.members[member].name.clone();
            self.note(Entry::Intent(Intent {
                step,
                hop: member,
                attempt: 1,
                edits: Vec::new(),
                token: String::new(),
                deadline: later_by_clock(Timestamp::now(), action.timeout),
            }))?;
            self.say(What::Calling { step, member: name, nth, of });
            calls.push((step, member));
        }
        Ok(calls)
    }

    /// Calls a member.
    pub(super) fn call(&mut self, step: usize, member: usize) {
        let Some(action) = self.plan.action(step) else { return };
        let (call, limit, news) = (action.members[member].call.clone(), action.timeout, self.news.clone());
        self.unanswered += 1;
        let calling = async move {
            let called = action::call(&call, limit).await;
            let _ = news.send(News::Called { step, member, called });
        };
        self.acting.insert(step, Task::spawn(calling));
    }

    /// A call came to its end.
    pub(super) fn called(&mut self, step: usize, member: usize, called: Called) -> Result<(), ApplyError> {
        self.acting.remove(&step);
        let answer = match called {
            Called::Done(_) => Answer::Sent(None),
            Called::Failed(why) => return self.end(step, Status::Failed, self.of_member(step, member, &why)),
            Called::NotSent(why) => {
                self.note(Entry::Answer { step, hop: member, answer: Answer::Again(why.clone()) })?;
                let is_rolling = self.plan.action(step).is_some_and(Action::is_rolling);
                let why = if is_rolling { why } else { format!("{why}; nothing was called") };
                return self.end(step, Status::Failed, self.of_member(step, member, &why));
            }
            Called::Unknown(why) => Answer::Unknown(why),
        };
        self.note(Entry::Answer { step, hop: member, answer })?;
        self.confirm(step)
    }

    /// Measures what tells that the call of a member is done.
    pub(super) fn confirm(&mut self, step: usize) -> Result<(), ApplyError> {
        let progress = &self.machine.steps()[step];
        let (member, unknown) = (progress.hop, progress.stand == Stand::Unknown);
        let until = self.plan.action(step).and_then(|action| action.members.get(member)?.until.clone());
        let Some(until) = until else {
            return match unknown {
                true => self.end(step, Status::Unknown, self.unknown(step, member, None)),
                false => self.note(Entry::Settled { step, hop: member, left: Default::default() }),
            };
        };
        let (instances, events, news) = (Arc::clone(&self.instances), self.events.clone(), self.news.clone());
        let measuring = async move {
            let verdict = probe::measure_until(&until, &instances, &events).await;
            let _ = news.send(News::Confirmed { step, member, verdict });
        };
        self.acting.insert(step, Task::spawn(measuring));
        Ok(())
    }

    /// What tells that a call is done has come to its end.
    pub(super) fn confirmed(&mut self, step: usize, member: usize, verdict: &Verdict) -> Result<(), ApplyError> {
        self.acting.remove(&step);
        let seen = &verdict.seen;
        if verdict.holds {
            return self.note(Entry::Settled { step, hop: member, left: Default::default() });
        }
        if self.machine.steps()[step].stand == Stand::Unknown {
            return self.end(step, Status::Unknown, self.unknown(step, member, Some(seen)));
        }
        let why = format!("it was called, and is not done: {seen}");
        self.end(step, Status::Failed, self.of_member(step, member, &why))
    }

    /// Takes over an action of which a call was out when another process ended.
    pub(super) fn take_over_action(&mut self, step: usize) -> Result<(), ApplyError> {
        let progress = &self.machine.steps()[step];
        if progress.stand == Stand::Asked {
            self.note(Entry::Answer { step, hop: progress.hop, answer: Answer::never_came() })?;
        }
        self.confirm(step)
    }

    /// What became of a member, and of those that come after it.
    fn of_member(&self, step: usize, member: usize, why: &str) -> String {
        let Some(action) = self.plan.action(step).filter(|action| action.is_rolling()) else { return why.to_owned() };
        let name = action.members[member].name.as_deref().unwrap_or_default();
        format!("{name}: {why}{}", not_called(action, &self.machine.steps()[step].called))
    }

    /// Why it cannot be told whether a call was done, and how to go on.
    fn unknown(&self, step: usize, member: usize, seen: Option<&str>) -> String {
        let why = &self.machine.steps()[step].why;
        let told = match seen {
            Some(seen) => {
                let within = self.plan.action(step).and_then(|action| action.members[member].until.as_ref());
                let within = within.map(|check| format_duration(check.within)).unwrap_or_default();
                format!("{why}, and nothing shows within {within} that it is done: {seen}")
            }
            None => format!("{why}, and it has no `until` that could tell"),
        };
        let on = "`opsctl resume` would call it again, `opsctl resume --abandon REASON` lets go of it";
        self.of_member(step, member, &format!("it may be done: {told}; {on}"))
    }
}

/// How far an action came that was stopped before its next call; empty where it called nothing.
pub(super) fn stopped(action: &Action, called: &[usize]) -> String {
    match called.len() {
        0 => String::new(),
        some => format!("stopped after {some} of {}{}", action.members.len(), not_called(action, called)),
    }
}

/// The members that were not called.
fn not_called(action: &Action, called: &[usize]) -> String {
    let left = action.members.iter().enumerate().filter(|(index, member)| !called.contains(index) && !member.done);
    let left: Vec<&str> = left.filter_map(|(_, member)| member.name.as_deref()).collect();
    match left.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} was not called"),
        many => format!("; {} were not called", many.join(", ")),
    }
}

/// What is to be done next. What must hold after the last call comes first; then those of which `first` holds go first, those of
/// which `last` holds go last, and those for which there is nothing to do are passed over.
async fn next(action: &Action, called: &[usize], instances: &Instances, events: &UnboundedSender<Event>) -> Next {
    let of_earlier = (0..action.members.len()).filter(|&member| action.members[member].done && called.is_empty());
    for member in called.last().copied().into_iter().chain(of_earlier) {
        if let Some(between) = &action.members[member].between {
            let verdict = probe::measure_until(between, instances, events).await;
            if !verdict.holds {
                return Next::NotYet(member, verdict.seen);
            }
        }
    }
    let left = (0..action.members.len()).filter(|member| !called.contains(member) && !action.members[*member].done);
    let left: Vec<usize> = left.collect();
    let mut turns: Vec<(u8, usize)> = Vec::with_capacity(left.len());
    for &member in &left {
        let Member { first, last, .. } = &action.members[member];
        let turn = match left.len() {
            1 => 1,
            _ if holds(first.as_ref(), instances).await => 0,
            _ if holds(last.as_ref(), instances).await => 2,
            _ => 1,
        };
        turns.push((turn, member));
    }
    turns.sort_unstable();
    let mut seen = Vec::new();
    for (_, member) in turns {
        let Some(check) = &action.members[member].unless else { return Next::Call(member) };
        let verdict = measure(check, instances).await;
        if !verdict.holds {
            return Next::Call(member);
        }
        seen.push(verdict.seen);
    }
    seen.dedup();
    Next::Nothing(seen.join("; "))
}

async fn holds(check: Option<&Check>, instances: &Instances) -> bool {
    match check {
        Some(check) => measure(check, instances).await.holds,
        None => false,
    }
}
