//! What to do with an operation that did not end.

use camino::Utf8Path;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::failure::Failure;
use super::output::Output;
use super::page::{self, Situation};
use super::run::{self, Setting};
use super::{operator, signals};
use crate::apply::{self, ApplyError, Event, Resume, Secrets, Tempo, Unfinished, What};
use crate::plan::Plan;
use crate::snapshot::{Operation, Status, StoreError};

/// The operation that did not end. Nobody is at it, where nobody holds the lock.
pub(super) fn find(setting: &Setting<'_>) -> Result<Option<Unfinished>, Failure> {
    Ok(apply::unfinished(&setting.repository.work_dir()).map_err(ApplyError::from)?)
}

/// Goes on with it under its own id and plan; with `only_settle` nothing new is started.
pub(super) async fn resume(
    setting: &Setting<'_>,
    operation: &str,
    only_settle: bool,
    output: &Output,
) -> Result<(Operation, Option<Plan>), Failure> {
    let plan = planned(setting, operation)?;
    if let Some(plan) = plan.as_ref().filter(|_| output.json) {
        page::show_before(plan, &Situation::of(setting.repository, setting.store)?, output)?;
    }
    let (work_dir, secrets) = (setting.repository.work_dir(), setting.repository.secrets());
    let (events, received) = unbounded_channel();
    let resumed = apply::resume(how(setting, &work_dir, events, &secrets, u8::from(only_settle)));
    let operation = match &plan {
        Some(plan) => tokio::join!(resumed, run::draw(plan, received, output)).0,
        // Killed before its snapshot was taken: nothing was sent, so there is nothing to draw.
        None => resumed.await,
    };
    Ok((operation?, plan))
}

/// The plan of an operation, from its snapshot; `None` where it was ended before that was taken.
pub(super) fn planned(setting: &Setting<'_>, operation: &str) -> Result<Option<Plan>, Failure> {
    match setting.store.operation(operation) {
        Err(StoreError::UnknownOperation { .. }) => Ok(None),
        recorded => setting.repository.planned(setting.store, &recorded?),
    }
}

/// Closes it as it is, with a snapshot of what is there now.
pub(super) async fn abandon(setting: &Setting<'_>, reason: String, output: &Output) -> Result<Operation, Failure> {
    let (work_dir, secrets) = (setting.repository.work_dir(), setting.repository.secrets());
    let (events, mut received) = unbounded_channel::<Event>();
    let told = async {
        while let Some(event) = received.recv().await {
            if let What::Notice { text } = &event.what {
                output.say(&format!("{text}\n"));
            }
        }
    };
    let closed = apply::abandon(how(setting, &work_dir, events, &secrets, 0), reason);
    let (operation, ()) = tokio::join!(closed, told);
    Ok(operation?)
}

/// A rollback takes back what an unfinished operation did too. What is unknown of it is settled first, so that a write which is
/// still on its way does not come after; then it is closed.
pub(super) async fn close_for_rollback(setting: &Setting<'_>, output: &Output) -> Result<(), Failure> {
    let Some(open) = find(setting)? else { return Ok(()) };
    if open.count(Status::Unknown) > 0 {
        output.say(&format!("{} did not end: what is unknown of it is settled first.\n", open.operation));
        let (operation, _) = resume(setting, &open.operation, true, output).await?;
        if operation.ended.is_some() {
            return Ok(());
        }
    }
    output.say(&format!("{} did not end: it is closed as it stands, and taken back.\n", open.operation));
    abandon(setting, "rolled back".to_owned(), output).await?;
    Ok(())
}

fn how<'a>(
    setting: &'a Setting<'_>,
    work_dir: &'a Utf8Path,
    events: UnboundedSender<Event>,
    secrets: &'a Secrets<'a>,
    pressed: u8,
) -> Resume<'a> {
    Resume {
        instances: setting.instances,
        store: setting.store,
        work_dir,
        operator: operator::name(),
        host: operator::host(),
        events,
        interrupt: signals::counted(pressed),
        secrets,
        tempo: Tempo::default(),
    }
}
