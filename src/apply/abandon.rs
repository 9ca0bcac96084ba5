use std::time::Duration;

use camino::Utf8Path;
use jiff::Timestamp;
use opsctl_api::format_duration;

use super::entry::{Answer, Entry};
use super::event::What;
use super::finish::{Site, chain, close, snapshot_after, stage};
use super::journal::Journal;
use super::moment::between;
use super::progress::Stand;
use super::replay::Replayed;
use super::resume::Resume;
use super::{ApplyError, record, say, sight, unfinished};
use crate::snapshot::{Operation, Outcome};

/// Closes the operation that did not end as it stands, with a snapshot of what is there now. Nothing is changed.
///
/// What a write without an answer asked for counts as set, for it may be.
///
/// # Errors
/// No operation is open, or its journal cannot be ended.
pub async fn abandon(resume: Resume<'_>, reason: String) -> Result<Operation, ApplyError> {
    let site = resume.site()?;
    let (journal, replayed) = find(&site, resume.work_dir).await?.ok_or(ApplyError::NothingOpen)?;
    as_it_stands(&site, journal, replayed, reason).await
}

/// The operation that is to be gone on with. Those that were ended before anything was sent are closed.
pub(super) async fn find(site: &Site<'_>, work_dir: &Utf8Path) -> Result<Option<(Journal, Replayed)>, ApplyError> {
    let mut found = None;
    for (mut journal, replayed) in unfinished::open(work_dir)? {
        if replayed.any_intent {
            found.get_or_insert((journal, replayed));
            continue;
        }
        let reason = "it was ended before anything was sent".to_owned();
        let history = site.store.history().map_err(ApplyError::Before)?;
        if history.iter().any(|entry| entry.operation == replayed.begin.operation) {
            as_it_stands(site, journal, replayed, reason).await?;
        } else {
            close(&mut journal, Outcome::Abandoned, Some(reason))?;
        }
    }
    Ok(found)
}

async fn as_it_stands(
    site: &Site<'_>,
    mut journal: Journal,
    mut replayed: Replayed,
    reason: String,
) -> Result<Operation, ApplyError> {
    wait_out(site, &mut journal, &mut replayed).await?;
    let begin = &replayed.begin;
    let mut operation = record::ended(begin, &replayed.machine);
    operation.outcome = Outcome::Abandoned;
    operation.abandoned = Some(reason.clone());
    stage(&site.events, "after snapshot");
    let snapshot = sight::look(&begin.plan, site.instances).await.snapshot(&begin.plan);
    match snapshot_after(site, &snapshot, &operation).await {
        Ok(commit) => say(&site.events, What::Snapshot { which: "after".to_owned(), commit: commit.to_string() }),
        Err(error) => {
            let text = format!("{} is closed without a snapshot: {}", operation.id, chain(&error));
            say(&site.events, What::Notice { text });
        }
    }
    close(&mut journal, Outcome::Abandoned, Some(reason))?;
    Ok(operation)
}

/// Until no write without an answer can take effect any more.
async fn wait_out(site: &Site<'_>, journal: &mut Journal, replayed: &mut Replayed) -> Result<(), ApplyError> {
    let mut unanswered = Vec::new();
    let mut until = Timestamp::now();
    for (step, progress) in replayed.machine.steps().iter().enumerate() {
        if matches!(progress.stand, Stand::Asked | Stand::Unknown) {
            until = until.max(progress.deadline);
        }
        if progress.stand == Stand::Asked {
            let answer = Answer::Unknown("the process that wrote it ended before an answer came".to_owned());
            unanswered.push(Entry::Answer { step, hop: progress.hop, answer });
        }
    }
    for entry in &unanswered {
        replayed.machine.apply(entry, Timestamp::now())?;
    }
    if !unanswered.is_empty() {
        journal.append(unanswered)?;
    }
    let left = between(Timestamp::now(), until);
    if !left.is_zero() {
        let left = Duration::from_secs(left.as_secs() + 1);
        let text = format!("a write without an answer may still be done: waiting {}", format_duration(left));
        say(&site.events, What::Notice { text });
        let mut pressed = site.interrupt.clone();
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            // Who cannot wait is not made to.
            () = pressed.at_least(1) => {}
        }
    }
    Ok(())
}
