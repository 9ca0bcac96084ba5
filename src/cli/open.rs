//! What to do with an operation that did not end.

use camino::Utf8PathBuf;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::failure::Failure;
use super::output::Output;
use super::run::Setting;
use super::{operator, signals};
use crate::apply::{self, ApplyError, Event, Resume, Secrets, Tempo, Unfinished};
use crate::snapshot::Operation;

/// The operation that did not end and that nobody is at.
pub(super) fn find(setting: &Setting<'_>) -> Result<Option<Unfinished>, Failure> {
    Ok(apply::unfinished(&setting.repository.work_dir()).map_err(ApplyError::from)?)
}

/// How to go on with it, or to close it.
pub(super) fn resume<'a>(
    setting: &'a Setting<'_>,
    work_dir: &'a Utf8PathBuf,
    events: UnboundedSender<Event>,
    secrets: &'a Secrets<'a>,
) -> Resume<'a> {
    Resume {
        instances: setting.instances,
        store: setting.store,
        work_dir,
        operator: operator::name(),
        host: operator::host(),
        events,
        interrupt: signals::counted(),
        secrets,
        tempo: Tempo::default(),
    }
}

/// Closes it as it is, with a snapshot of what is there now.
pub(super) async fn abandon(setting: &Setting<'_>, reason: String, output: &Output) -> Result<Operation, Failure> {
    let (work_dir, secrets) = (setting.repository.work_dir(), setting.repository.secrets());
    let (events, mut received) = unbounded_channel::<Event>();
    let told = async {
        while let Some(event) = received.recv().await {
            if let apply::What::Notice { text } = &event.what {
                output.say(&format!("{text}\n"));
            }
        }
    };
    let closed = apply::abandon(resume(setting, &work_dir, events, &secrets), reason);
    let (operation, ()) = tokio::join!(closed, told);
    Ok(operation?)
}

/// A rollback takes back what an unfinished operation did too, so that is closed first.
pub(super) async fn close_for_rollback(setting: &Setting<'_>, output: &Output) -> Result<(), Failure> {
    let Some(open) = find(setting)? else { return Ok(()) };
    output.say(&format!("{} did not end: it is closed as it stands, and taken back.\n", open.operation));
    abandon(setting, "rolled back".to_owned(), output).await?;
    Ok(())
}
