use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;
use jiff::Timestamp;

use super::dispatch::Machine;
use super::entry::{Begin, Entry, FORMAT};
use super::journal::{JournalError, Record};
use super::legal::Illegal;
use crate::plan::Plan;
use crate::snapshot::Outcome;

/// What a journal tells.
pub(super) struct Replayed {
    pub(super) begin: Begin,
    pub(super) machine: Machine,
    /// How it ended; `None` where it did not.
    pub(super) end: Option<Outcome>,
    /// Whether anything may have been sent.
    pub(super) any_intent: bool,
    /// Whether its *before* snapshot is committed.
    pub(super) has_before: bool,
    pub(super) last_record: Timestamp,
}

/// Replays a journal.
///
/// # Errors
/// It does not begin as a journal does, or its records do not follow from each other.
pub(super) fn replay(path: &Utf8Path, records: Vec<Record>) -> Result<Option<Replayed>, JournalError> {
    let Some((begin, last_record)) = beginning(path, &records)? else { return Ok(None) };
    let machine = Machine::new(Arc::clone(&begin.plan), begin.on_failure, begin.parallelism);
    let mut replayed = Replayed { begin, machine, end: None, any_intent: false, has_before: false, last_record };
    let illegal = |source: Illegal| JournalError::Illegal { path: path.to_owned(), source };
    for (at, entry) in
        records.into_iter().flat_map(|record| record.entries.into_iter().map(move |e| (record.at, e))).skip(1)
    {
        if replayed.end.is_some() {
            return Err(illegal(Illegal::Misplaced("something after the end".to_owned())));
        }
        replayed.last_record = at;
        match &entry {
            Entry::End { outcome, .. } => replayed.end = Some(*outcome),
            entry => {
                replayed.any_intent |= matches!(entry, Entry::Intent(_));
                replayed.has_before |= matches!(entry, Entry::Before { .. });
                replayed.machine.apply(entry, at).map_err(illegal)?;
            }
        }
    }
    Ok(Some(replayed))
}

/// The begin record; `None` where not even that is whole.
fn beginning(path: &Utf8Path, records: &[Record]) -> Result<Option<(Begin, Timestamp)>, JournalError> {
    let Some(first) = records.first() else { return Ok(None) };
    match first.entries.first() {
        Some(Entry::Begin(begin)) if begin.format == FORMAT => Ok(Some(((**begin).clone(), first.at))),
        _ => Err(JournalError::Foreign(path.to_owned())),
    }
}

impl Replayed {
    /// Whether it is to be gone on with: it may have sent something, or stands for another that is closed. `open` are the operations
    /// without an end.
    pub(super) fn is_begun(&self, open: &BTreeSet<String>) -> bool {
        self.any_intent || self.begin.takes_over.as_ref().is_some_and(|other| !open.contains(other))
    }

    /// The same with a plan that has its secrets' texts.
    pub(super) fn with_plan(mut self, plan: Arc<Plan>) -> Self {
        self.machine.set_plan(Arc::clone(&plan));
        self.begin.plan = plan;
        self
    }
}
