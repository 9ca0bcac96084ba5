//! What to do with an operation that did not end.

use camino::Utf8Path;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::failure::Failure;
use super::flags::How;
use super::operator;
use super::output::Output;
use super::page::{self, Situation};
use super::run::{self, Held};
use super::setting::Setting;
use crate::apply::{self, ApplyError, Closing, Event, Mark, Resume, Secrets, Tempo, Unfinished, What};
use crate::plan::Plan;
use crate::snapshot::{Operation, StoreError};

/// The operation that did not end. Nobody is at it, where nobody holds the lock.
pub(super) fn find(setting: &Setting<'_>) -> Result<Option<Unfinished>, Failure> {
    Ok(apply::unfinished(&setting.repository.work_dir()).map_err(ApplyError::from)?)
}

/// Goes on with it under its own id and plan.
pub(super) async fn resume(
    setting: &Setting<'_>,
    mark: Mark,
    plan: &Plan,
    flags: &How,
    held: &Held,
    output: &Output,
) -> Result<Operation, Failure> {
    if output.json {
        page::show_before(plan, &Situation::of(setting.repository, setting.store)?, output)?;
    }
    let (work_dir, secrets) = (setting.repository.work_dir(), setting.repository.secrets());
    let (events, received) = unbounded_channel();
    let resumed = apply::resume(Resume {
        on_failure: flags.on_failure,
        parallelism: flags.parallelism,
        mark: Some(mark),
        ..how(setting, &work_dir, held, events, &secrets)
    });
    Ok(tokio::join!(resumed, run::draw(plan, received, output)).0?)
}

/// The plan of an operation, from its snapshot; `None` where it was ended before that was taken.
pub(super) fn planned(setting: &Setting<'_>, operation: &str) -> Result<Option<Plan>, Failure> {
    match setting.store.operation(operation) {
        Err(StoreError::UnknownOperation { .. }) => Ok(None),
        recorded => setting.repository.planned(setting.store, &recorded?),
    }
}

/// What it has done so far, once none of its writes can be done any more. It stays open.
pub(super) async fn settled(setting: &Setting<'_>, output: &Output) -> Result<(Operation, Mark), Failure> {
    let (work_dir, secrets) = (setting.repository.work_dir(), setting.repository.secrets());
    let (events, received) = unbounded_channel();
    let held = Held::take(setting)?;
    let settled = apply::settled(how(setting, &work_dir, &held, events, &secrets));
    Ok(tokio::join!(settled, told(received, output)).0?)
}

/// Closes it as it is, with a snapshot of what is there now.
pub(super) async fn abandon(
    setting: &Setting<'_>,
    mark: Mark,
    closing: Closing,
    output: &Output,
) -> Result<Operation, Failure> {
    close(setting, Some(mark), closing, &Held::take(setting)?, output).await
}

/// The same under a lock that is held.
pub(super) async fn close(
    setting: &Setting<'_>,
    mark: Option<Mark>,
    closing: Closing,
    held: &Held,
    output: &Output,
) -> Result<Operation, Failure> {
    let (work_dir, secrets) = (setting.repository.work_dir(), setting.repository.secrets());
    let (events, received) = unbounded_channel();
    let closed = apply::abandon(Resume { mark, ..how(setting, &work_dir, held, events, &secrets) }, closing);
    Ok(tokio::join!(closed, told(received, output)).0?)
}

/// Says what is worth saying while nothing is drawn.
async fn told(mut events: UnboundedReceiver<Event>, output: &Output) {
    while let Some(event) = events.recv().await {
        if let What::Notice { text } = &event.what {
            output.warn(&format!("{text}\n"));
        }
    }
}

fn how<'a>(
    setting: &'a Setting<'_>,
    work_dir: &'a Utf8Path,
    held: &'a Held,
    events: UnboundedSender<Event>,
    secrets: &'a Secrets<'a>,
) -> Resume<'a> {
    Resume {
        instances: setting.instances,
        store: setting.store,
        work_dir,
        lock: &held.lock,
        operator: operator::name(),
        host: operator::host(),
        mark: None,
        on_failure: None,
        parallelism: None,
        events,
        interrupt: held.pressed.clone(),
        guard: &setting.repository.config.guard,
        secrets,
        tempo: Tempo::default(),
    }
}
