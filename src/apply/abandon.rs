use std::time::Duration;

use camino::Utf8Path;
use jiff::Timestamp;
use opsctl_api::format_duration;

use super::entry::{Answer, Entry};
use super::event::What;
use super::finish::{Site, close, snapshot_after, stage};
use super::journal::Journal;
use super::moment::{between, later_by_clock};
use super::progress::Stand;
use super::replay::Replayed;
use super::resume::Resume;
use super::unfinished::{Effect, Mark, OpenStep, Unfinished};
use super::{ApplyError, record, say, sight, unfinished};
use crate::plan::Work;
use crate::snapshot::{Operation, Outcome, Status, Which};

/// What the operation that did not end has done so far, once none of its writes can be done any more. It stays open.
///
/// # Errors
/// No operation is open, or the operator did not want to wait.
pub async fn settled(resume: Resume<'_>) -> Result<(Operation, Mark), ApplyError> {
    let site = resume.site();
    let found = find(&site, resume.work_dir, resume.mark.as_ref()).await?;
    let (mut journal, mut replayed) = found.ok_or(ApplyError::NothingOpen)?;
    if !wait_out(&site, &mut journal, &mut replayed).await? {
        return Err(ApplyError::Interrupted);
    }
    let operation = Operation { ended: None, ..record::ended(&replayed.begin, &replayed.machine) };
    Ok((operation, Unfinished::of(&replayed).mark()))
}

/// Why an operation that did not end is closed as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// Its operator does not want it any more, and says why.
    Abandoned(String),
    /// It is taken back, or as far as that can be it was.
    TakenBack(String),
}

impl Closing {
    /// How the operation ended by that: who takes it back has not abandoned it.
    fn outcome(self, replayed: &Replayed) -> (Outcome, String) {
        match self {
            Self::Abandoned(why) => (Outcome::Abandoned, why),
            Self::TakenBack(why) if replayed.machine.takes_back() => (Outcome::Failed, why),
            Self::TakenBack(why) => (Outcome::Interrupted, why),
        }
    }
}

/// Closes the operation that did not end as it stands, with a snapshot of what is there now. Nothing is changed.
///
/// What a write without an answer asked for counts as set, for it may be.
///
/// # Errors
/// No operation is open, or it cannot be closed: it stays open.
pub async fn abandon(resume: Resume<'_>, closing: Closing) -> Result<Operation, ApplyError> {
    let site = resume.site();
    let found = find(&site, resume.work_dir, resume.mark.as_ref()).await?;
    let (journal, replayed) = found.ok_or(ApplyError::NothingOpen)?;
    as_it_stands(&site, journal, replayed, closing).await
}

/// The operation that is to be gone on with. Those that were ended before anything was sent are closed.
///
/// # Errors
/// It is not as it was when it was looked at.
pub(super) async fn find(
    site: &Site<'_>,
    work_dir: &Utf8Path,
    mark: Option<&Mark>,
) -> Result<Option<(Journal, Replayed)>, ApplyError> {
    let all = without_record(site, unfinished::open(work_dir)?)?;
    let open = all.iter().map(|(_, replayed)| replayed.begin.operation.clone()).collect();
    let mut found = None;
    for (journal, replayed) in all {
        if replayed.is_begun(&open) {
            found.get_or_insert((journal, replayed));
            continue;
        }
        let reason = "it was ended before anything was sent".to_owned();
        as_it_stands(site, journal, replayed, Closing::Abandoned(reason)).await?;
    }
    let is = found.as_ref().map(|(_, replayed)| Unfinished::of(replayed).mark());
    match mark {
        Some(mark) if is.as_ref() != Some(mark) => Err(ApplyError::Touched(mark.operation().to_owned())),
        _ => Ok(found),
    }
}

/// These without those whose last snapshot is taken: they were killed when only their journal had no end.
fn without_record(site: &Site<'_>, open: Vec<(Journal, Replayed)>) -> Result<Vec<(Journal, Replayed)>, ApplyError> {
    if open.is_empty() {
        return Ok(open);
    }
    let history = site.store.history().map_err(ApplyError::Before)?;
    let mut left = Vec::new();
    for (mut journal, replayed) in open {
        let mut after = history.iter().filter(|entry| entry.which == Which::After);
        match after.find(|entry| entry.operation == replayed.begin.operation) {
            Some(after) => {
                let record = site.store.read_commit(after.commit).map_err(ApplyError::Before)?.operation;
                close(&mut journal, record.outcome, record.abandoned)?;
            }
            None => left.push((journal, replayed)),
        }
    }
    Ok(left)
}

/// Closes an operation as it is, with a snapshot of what is there now.
///
/// # Errors
/// The snapshot cannot be taken: it stays open, for its journal alone knows what it has done.
pub(super) async fn as_it_stands(
    site: &Site<'_>,
    mut journal: Journal,
    mut replayed: Replayed,
    closing: Closing,
) -> Result<Operation, ApplyError> {
    let (outcome, why) = closing.outcome(&replayed);
    let reason = Some(why);
    let history = site.store.history().map_err(ApplyError::Before)?;
    if !replayed.any_intent && !history.iter().any(|entry| entry.operation == replayed.begin.operation) {
        // Nobody knows of it.
        close(&mut journal, outcome, reason.clone())?;
        let operation = record::ended(&replayed.begin, &replayed.machine);
        return Ok(Operation { outcome, abandoned: reason, ..operation });
    }
    // Who cannot wait is not made to.
    wait_out(site, &mut journal, &mut replayed).await?;
    let begin = &replayed.begin;
    let mut operation = record::ended(begin, &replayed.machine);
    operation.outcome = outcome;
    operation.abandoned.clone_from(&reason);
    stage(&site.events, "after snapshot");
    let snapshot = sight::look(&begin.plan, site.instances).await.snapshot(&begin.plan);
    let taken = snapshot_after(site, &snapshot, &operation).await;
    let commit = taken.map_err(|source| ApplyError::NotClosed { operation: operation.id.clone(), source })?;
    say(&site.events, What::Snapshot { which: "after".to_owned(), commit: commit.to_string() });
    close(&mut journal, outcome, reason)?;
    Ok(operation)
}

/// Until each write without an answer is seen to be done, or cannot take effect any more; false where the operator did not want
/// to wait so long.
async fn wait_out(site: &Site<'_>, journal: &mut Journal, replayed: &mut Replayed) -> Result<bool, ApplyError> {
    let (mut unanswered, mut left, mut waited_for) = (Vec::new(), Duration::ZERO, Vec::new());
    for (step, progress) in replayed.machine.steps().iter().enumerate() {
        if matches!(progress.stand, Stand::Asked | Stand::Unknown) {
            // A clock that was set back since makes it no longer than it was when it was written.
            let at_first = progress.began.map_or(Duration::MAX, |began| between(began, progress.deadline));
            left = left.max(between(Timestamp::now(), progress.deadline).min(at_first));
            let planned = &replayed.begin.plan.steps[step];
            waited_for.extend(match &planned.work {
                Work::Action { name } => Some(format!("action {name}")),
                _ => planned.at().map(ToString::to_string),
            });
        }
        if progress.stand == Stand::Asked {
            unanswered.push(Entry::Answer { step, hop: progress.hop, answer: Answer::never_came() });
        }
    }
    for entry in &unanswered {
        replayed.machine.apply(entry, Timestamp::now())?;
    }
    if !unanswered.is_empty() {
        replayed.last_record = journal.append(unanswered)?.at;
    }
    if left.is_zero() || all_seen(&Unfinished::of(replayed), site).await {
        return Ok(true);
    }
    let left = Duration::from_secs(left.as_secs() + 1);
    let text = format!(
        "{}: a write was not answered and may still be done; waiting for that until {} UTC, {} at most",
        waited_for.join(", "),
        later_by_clock(Timestamp::now(), left).strftime("%H:%M:%S"),
        format_duration(left)
    );
    say(&site.events, What::Notice { text });
    let seen = async {
        while !all_seen(&Unfinished::of(replayed), site).await {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let mut pressed = site.interrupt.clone();
    tokio::select! {
        _ = tokio::time::timeout(left, seen) => Ok(true),
        () = pressed.at_least(1) => Ok(false),
    }
}

/// How often it is looked whether such a write is done.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Whether live has all that was written without an answer.
async fn all_seen(open: &Unfinished, site: &Site<'_>) -> bool {
    let is_unknown = |step: &OpenStep| step.status == Status::Unknown;
    let effects = open.effects(is_unknown, site.instances).await;
    let mut unknown = open.steps.iter().filter(|step| is_unknown(step));
    unknown.all(|step| effects.get(&step.step) == Some(&Effect::TookEffect))
}
