use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8Path;
use jiff::Timestamp;
use opsctl_api::{Address, Edit, Query, Selector, Value, Wanted};

use super::astray::{Astray, astray};
use super::journal::{self, Journal, JournalError};
use super::progress::{Progress, Stand};
use super::replay::{Replayed, replay};
use super::{conflict, gate, journals, record, sight};
use crate::action::Action;
use crate::instance::Instances;
use crate::plan::{Plan, Work};
use crate::snapshot::{Operation, Status};

/// An operation that did not end: killed, or ended at once by its operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// Its id.
    pub operation: String,
    /// What it was for: `dr-active`.
    pub name: String,
    /// Who began it.
    pub operator: String,
    /// On which machine.
    pub host: String,
    /// When.
    pub began: Timestamp,
    /// When something was recorded last.
    pub last_record: Timestamp,
    /// Whether a step failed and what was done is to be taken back: that is all there is to do.
    pub takes_back: bool,
    /// What it carries out.
    pub plan: Arc<Plan>,
    /// Its steps, joints left out, in the plan's order.
    pub steps: Vec<OpenStep>,
    /// Where each step of the plan stands.
    pub stands: Vec<Stand>,
}

/// An operation that did not end, and up to where it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    operation: String,
    last_record: Timestamp,
}

impl Mark {
    /// The operation's id.
    pub fn operation(&self) -> &str {
        &self.operation
    }
}

/// Where a step of an unfinished operation stands.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenStep {
    /// Its id in the plan.
    pub step: usize,
    /// The resource; `None` of a check.
    pub at: Option<Address>,
    /// `check edge`, `wait`; empty of a change.
    pub what: String,
    /// How many of its calls are done; the one that was written last is not among them.
    pub calls_done: usize,
    /// What it changes: what was written last, and what the plan says where nothing was.
    pub edits: Vec<Edit>,
    /// What it is still to change, after that.
    pub ahead: Vec<Edit>,
    /// Where it stands. A write without an answer is unknown.
    pub status: Status,
}

impl OpenStep {
    /// Whether it was sent, and not seen to be true.
    pub fn is_unsure(&self) -> bool {
        self.status.is_unseen()
    }

    /// Whether nothing of it was done.
    pub fn is_to_begin(&self) -> bool {
        matches!(self.status, Status::Pending | Status::Skipped)
    }
}

/// What live says of a step that was written, or is to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// All of it is there.
    TookEffect,
    /// Live is as it was before.
    NotDone,
    /// Something else is there.
    SomethingElse(BTreeMap<String, Option<Value>>),
    /// It cannot be told.
    CannotTell(String),
}

/// The operation of a checkout that did not end, if there is one. It changes nothing; while somebody holds the lock, it is the
/// one that runs.
///
/// # Errors
/// A journal cannot be read, or is damaged.
pub fn unfinished(work_dir: &Utf8Path) -> Result<Option<Unfinished>, JournalError> {
    Ok(without_end(work_dir)?.map(|replayed| Unfinished::of(&replayed)))
}

/// Its record as far as it came.
///
/// # Errors
/// A journal cannot be read, or is damaged.
pub fn open_record(work_dir: &Utf8Path) -> Result<Option<Operation>, JournalError> {
    Ok(without_end(work_dir)?.map(|replayed| record::so_far(&replayed.begin, &replayed.machine)))
}

fn without_end(work_dir: &Utf8Path) -> Result<Option<Replayed>, JournalError> {
    let mut found = Vec::new();
    for path in journal::open_journals(&journals(work_dir))? {
        let (records, _) = journal::read(&path)?;
        found.extend(replay(&path, records)?.filter(|replayed| replayed.end.is_none()));
    }
    let open = found.iter().map(|replayed| replayed.begin.operation.clone()).collect();
    Ok(found.into_iter().find(|replayed| replayed.is_begun(&open)))
}

/// The journals that have no end, oldest first. Those that have one are closed, and those that did not even begin are taken
/// away. Wants the lock.
pub(super) fn open(work_dir: &Utf8Path) -> Result<Vec<(Journal, Replayed)>, JournalError> {
    let mut found = Vec::new();
    for path in journal::open_journals(&journals(work_dir))? {
        let (journal, records) = Journal::open(&path)?;
        match replay(&path, records)? {
            Some(replayed) if replayed.end.is_some() => journal::close(&path)?,
            Some(replayed) => found.push((journal, replayed)),
            None => fs_err::remove_file(&path)?,
        }
    }
    Ok(found)
}

/// An action, and how far its members have come: `action restart (broker-1 done, broker-2 called)`.
fn action(name: &str, action: Option<&Action>, progress: &Progress) -> String {
    let members = action.map(|action| action.members.as_slice()).unwrap_or_default();
    let told = progress.called.iter().filter_map(|&member| {
        let name = members.get(member)?.name.as_deref()?;
        Some(format!("{name} {}", if progress.done.contains(&member) { "done" } else { "called" }))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { format!("action {name}") } else { format!("action {name} ({})", told.join(", ")) }
}

impl Unfinished {
    pub(super) fn of(replayed: &Replayed) -> Self {
        let begin = &replayed.begin;
        let steps = begin.plan.steps.iter().zip(replayed.machine.steps()).enumerate();
        let steps = steps.filter_map(|(id, (step, progress))| {
            let (what, planned) = match &step.work {
                Work::Joint { .. } => return None,
                Work::Wait { .. } => ("wait".to_owned(), &[][..]),
                Work::Check { name } => (format!("check {name}"), &[][..]),
                Work::Action { name } => (action(name, begin.plan.action(id), progress), &[][..]),
                Work::Change { edits, .. } => (String::new(), &edits[..]),
            };
            Some(OpenStep {
                step: id,
                at: step.at().cloned(),
                what,
                calls_done: progress.hop,
                edits: if progress.is_begun() { progress.edits.clone() } else { planned.to_vec() },
                ahead: progress.ahead(&step.work),
                status: match progress.stand {
                    Stand::Asked => Status::Unknown,
                    // To be written again: nothing of it was done.
                    Stand::Again => Status::Pending,
                    Stand::Between if begin.plan.action(id).is_some() && replayed.machine.is_between_calls(id) => {
                        Status::Pending
                    }
                    stand => stand.status(),
                },
            })
        });
        Self {
            operation: begin.operation.clone(),
            name: begin.plan.intent.name.clone(),
            operator: begin.operator.clone(),
            host: begin.host.clone(),
            began: begin.began,
            last_record: replayed.last_record,
            takes_back: replayed.machine.takes_back(),
            plan: Arc::clone(&begin.plan),
            steps: steps.collect(),
            stands: replayed.machine.steps().iter().map(|progress| progress.stand).collect(),
        }
    }

    /// Up to where it was looked at.
    pub fn mark(&self) -> Mark {
        Mark { operation: self.operation.clone(), last_record: self.last_record }
    }

    /// How many steps stand at a status.
    pub fn count(&self, status: Status) -> usize {
        self.steps.iter().filter(|step| step.status == status).count()
    }

    /// What live says, by step, of those that were sent and not seen to be true, and of those that are to be begun.
    pub async fn look(&self, instances: &Instances) -> BTreeMap<usize, Effect> {
        self.effects(|step| step.is_unsure() || step.is_to_begin(), instances).await
    }

    /// What is not as it was left, or relied on, and what is held back for that.
    pub async fn astray(&self, instances: &Instances) -> Astray {
        if self.takes_back {
            return Astray::default();
        }
        let asked: Vec<&str> = self.plan.targets().map(|(name, _)| name.as_str()).collect();
        let (found, mut sight) = tokio::join!(instances.identities(&asked), sight::look(&self.plan, instances));
        let strangers = gate::strangers(self.plan.targets(), &found);
        sight.found.retain(|at, _| !strangers.contains_key(at.instance()));
        astray(&self.plan, &self.stands, &sight, &instances.catalogues())
    }

    /// The same of some of its steps.
    pub(super) async fn effects(
        &self,
        is_meant: impl Fn(&OpenStep) -> bool,
        instances: &Instances,
    ) -> BTreeMap<usize, Effect> {
        let written: Vec<(&OpenStep, &Address)> = self
            .steps
            .iter()
            .filter(|step| is_meant(step) && !step.edits.is_empty())
            .filter_map(|step| Some((step, step.at.as_ref()?)))
            .collect();
        let queries: Vec<Query> = written
            .iter()
            .map(|(step, at)| Query {
                at: Selector::One((*at).clone()),
                settings: Wanted::Only(step.edits.iter().map(|edit| edit.setting.clone()).collect()),
                receipt: None,
            })
            .collect();
        let asked: Vec<&str> =
            written.iter().map(|(_, at)| at.instance()).collect::<BTreeSet<_>>().into_iter().collect();
        let (found, readings) = tokio::join!(instances.identities(&asked), instances.read(&queries));
        let strangers = gate::strangers(self.plan.targets(), &found);
        let effects = written.into_iter().zip(readings).map(|((step, at), reading)| {
            let effect = match (strangers.get(at.instance()), reading.into_one()) {
                (Some(stranger), _) => Effect::CannotTell(stranger.to_string()),
                (None, Ok(live)) => conflict::effect(&step.edits, &live),
                (None, Err(fault)) => Effect::CannotTell(fault.to_string()),
            };
            (step.step, effect)
        });
        effects.collect()
    }
}
