use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::dispatch::Machine;
use super::entry::{Begin, Entry};
use super::event::{Event, What};
use super::execute::{Ending, Engine};
use super::interrupt::Interrupt;
use super::journal::Journal;
use super::lock::Lock;
use super::probe::Look;
use super::{ApplyError, gate, probe, record, say, sight};
use crate::check::{Check, Gate};
use crate::instance::Instances;
use crate::snapshot::{CommitId, Operation, Outcome, Snapshot, Status, Store, StoreError, Which};

/// Where an operation takes place, and whom it tells.
pub(super) struct Site<'a> {
    pub(super) instances: &'a Instances,
    pub(super) store: &'a Store,
    pub(super) events: UnboundedSender<Event>,
    pub(super) interrupt: Interrupt,
    /// The calls that were made before this operation.
    pub(super) calls_before: BTreeMap<String, BTreeMap<String, u64>>,
    pub(super) _lock: &'a Lock,
}

impl<'a> Site<'a> {
    pub(super) fn new(
        instances: &'a Instances,
        store: &'a Store,
        events: UnboundedSender<Event>,
        pressed: watch::Receiver<u8>,
        lock: &'a Lock,
    ) -> Self {
        let calls_before = instances.calls();
        Self { instances, store, events, interrupt: Interrupt::new(pressed), calls_before, _lock: lock }
    }
}

/// How often the snapshot at the end is tried, and how long is waited in between.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

pub(super) fn stage(events: &UnboundedSender<Event>, name: &str) {
    say(events, What::Stage { name: name.to_owned() });
}

/// From the first step to the end: steps, checks, the snapshot, the journal's end.
pub(super) async fn carry_out(site: Site<'_>, begin: &Begin, mut engine: Engine) -> Result<Operation, ApplyError> {
    let mid_way = |source| ApplyError::MidWay { operation: begin.operation.clone(), source: Box::new(source) };
    let ending = engine.drive().await.map_err(mid_way)?;
    let (machine, mut journal) = engine.into_parts();
    tell_not_started(&site, &machine);
    let mut operation = record::ended(begin, &machine);
    operation.outcome = record::outcome(&operation, &machine);
    if ending == Ending::AtOnce {
        // It has no end: what is under way is in the journal, and `resume` goes on with it.
        operation.outcome = Outcome::Interrupted;
        operation.ended = None;
        return Ok(told(&site, operation));
    }
    if machine.takes_back() {
        // It stays open until that has begun: whoever is killed in between leaves behind what is to be done.
        operation.ended = None;
        return Ok(told(&site, operation));
    }
    if machine.is_as_before() {
        operation.abandoned = Some("it failed before it did anything, and was to be taken back".to_owned());
    }
    if !machine.is_stopped() && !machine.holds_back() {
        after_checks(&site, begin, &mut operation).await;
    } else {
        // Who stopped it does not wait for what is to hold when all is done.
        leave_unmeasured(gate::checks(&begin.plan, &Gate::After), &mut operation);
    }
    operation.calls = calls_since(&site);
    stage(&site.events, "after snapshot");
    let mut pressed = site.interrupt.clone();
    let mut ended = operation.clone();
    let taken = async {
        let seen = sight::look(&begin.plan, site.instances).await;
        ended.not_so = seen.not_so(&begin.plan, &ended);
        if !ended.not_so.is_empty() && matches!(ended.outcome, Outcome::Done | Outcome::DoneInPart) {
            ended.outcome = Outcome::CheckFailed;
        }
        (snapshot_after(&site, &seen.snapshot(&begin.plan), &ended).await, ended)
    };
    let taken = tokio::select! {
        (taken, ended) = taken => {
            operation = ended;
            taken
        }
        () = pressed.at_least(2) => {
            operation.outcome = Outcome::Interrupted;
            operation.ended = None;
            return Ok(told(&site, operation));
        }
    };
    match taken {
        Ok(commit) => {
            say(&site.events, What::Snapshot { which: "after".to_owned(), commit: commit.to_string() });
            close(&mut journal, operation.outcome, None).map_err(mid_way)?;
        }
        Err(error) => {
            let text = format!(
                "the snapshot after the last change could not be taken: {}; the operation stays open until `opsctl resume` \
                 has taken it",
                chain(&error)
            );
            say(&site.events, What::Notice { text });
            operation.outcome = Outcome::Running;
            operation.ended = None;
        }
    }
    Ok(told(&site, operation))
}

/// Ends a journal.
pub(super) fn close(journal: &mut Journal, outcome: Outcome, abandoned: Option<String>) -> Result<(), ApplyError> {
    journal.append(vec![Entry::End { outcome, abandoned }])?;
    super::journal::close(journal.path())?;
    Ok(())
}

/// Commits the snapshot at the end once, however often it is tried.
pub(super) async fn snapshot_after(
    site: &Site<'_>,
    snapshot: &Snapshot,
    operation: &Operation,
) -> Result<CommitId, StoreError> {
    let mut tries = 0;
    loop {
        // A process that was killed right after it had committed left it behind.
        let taken = site.store.history().map(|history| {
            let mut history = history.into_iter();
            history.find(|entry| entry.which == Which::After && entry.operation == operation.id)
        });
        let committed = match taken {
            Ok(Some(entry)) => Ok(entry.commit),
            Ok(None) => site.store.commit(snapshot, operation, None),
            Err(error) => Err(error),
        };
        tries += 1;
        match committed {
            Err(_) if tries < TRIES => tokio::time::sleep(PAUSE).await,
            committed => return committed,
        }
    }
}

async fn after_checks(site: &Site<'_>, begin: &Begin, operation: &mut Operation) {
    let checks = gate::checks(&begin.plan, &Gate::After);
    if checks.is_empty() {
        return;
    }
    stage(&site.events, "after checks");
    // A step that failed weighs more than what is measured then.
    let is_done = is_done(operation);
    let look = if is_done { Look::Until } else { Look::Once };
    let mut pressed = site.interrupt.clone();
    let so_far = pressed.count();
    tokio::select! {
        failed = probe::measure_all(&checks, look, site.instances, &site.events) => {
            if is_done && !failed.is_empty() {
                operation.outcome = Outcome::CheckFailed;
            }
            operation.failed_checks = failed.into_iter().collect();
        }
        () = pressed.at_least(so_far.saturating_add(1)) => leave_unmeasured(checks, operation),
    }
}

/// All is done, and nobody knows whether what is to hold by that does.
fn leave_unmeasured(checks: Vec<Check>, operation: &mut Operation) {
    if is_done(operation) && !checks.is_empty() {
        operation.outcome = Outcome::CheckFailed;
        operation.failed_checks = checks.into_iter().map(|check| (check.name, String::new())).collect();
    }
}

/// Whether all of its steps are done that could be.
fn is_done(operation: &Operation) -> bool {
    matches!(operation.outcome, Outcome::Done | Outcome::DoneInPart)
}

fn tell_not_started(site: &Site<'_>, machine: &Machine) {
    for (step, progress) in machine.steps().iter().enumerate() {
        let between = machine.is_between_calls(step);
        let is_told = progress.ended.is_some();
        if between || matches!(progress.stand.status(), Status::Skipped) && !is_told {
            let why = if between { machine.stopped(step) } else { String::new() };
            let (status, took) = (Status::Skipped, Duration::ZERO);
            say(&site.events, What::Ended { step, status, why, took });
        }
    }
}

fn told(site: &Site<'_>, operation: Operation) -> Operation {
    say(&site.events, What::Finished { operation: Box::new(operation.clone()) });
    operation
}

fn calls_since(site: &Site<'_>) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut calls = site.instances.calls();
    for (instance, verbs) in &mut calls {
        let before = site.calls_before.get(instance);
        for (verb, count) in verbs.iter_mut() {
            *count -= before.and_then(|before| before.get(verb)).copied().unwrap_or(0).min(*count);
        }
        verbs.retain(|_, count| *count > 0);
    }
    calls.retain(|_, verbs| !verbs.is_empty());
    calls
}

/// An error with all that it came from.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}
