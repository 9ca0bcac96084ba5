use clap::Args;
use tokio::sync::mpsc::unbounded_channel;

use crate::apply::{self, ApplyError};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::intended::{self, Intended, Selection};
use crate::cli::open;
use crate::cli::output::Output;
use crate::cli::owed;
use crate::cli::page::{self, Situation};
use crate::cli::repository::Repository;
use crate::cli::run::{self, Flags, Setting};
use crate::plan::Plan;
use crate::snapshot::{Store, StoreError, Which};
use crate::view;

/// Goes on with an operation that did not end, or does what an ended one still owes
///
/// What was sent and not seen to be true is looked at first; nothing is done twice.
#[derive(Debug, Args)]
pub(in crate::cli) struct Resume {
    /// Closes the operation as it stands instead, and says why
    #[arg(long, value_name = "REASON")]
    abandon: Option<String>,
    #[command(flatten)]
    flags: Flags,
}

impl Resume {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let store = repository.store()?;
        let instances = repository.instances(output)?;
        let setting = Setting { repository: &repository, instances: &instances, store: &store };
        let open = open::find(&setting)?;
        match (open, self.abandon) {
            (Some(_), Some(reason)) => {
                let operation = open::abandon(&setting, reason, output).await?;
                run::summed_up(&operation, None, output)
            }
            (None, Some(_)) => Err(ApplyError::NothingOpen.into()),
            (Some(open), None) => {
                let effects = open.look(&instances).await;
                output.say(&view::unfinished::unfinished(&open, &effects, &output.progress));
                go_on(&setting, &open.operation, output).await
            }
            (None, None) => settle_debts(&setting, &self.flags, output).await,
        }
    }
}

/// Goes on with the operation under its own id and plan.
async fn go_on(setting: &Setting<'_>, operation: &str, output: &Output) -> Result<Exit, Failure> {
    let plan = planned(setting.store, operation)?;
    let (work_dir, secrets) = (setting.repository.work_dir(), setting.repository.secrets());
    let (events, received) = unbounded_channel();
    let resumed = apply::resume(open::resume(setting, &work_dir, events, &secrets));
    let (operation, ()) = match &plan {
        Some(plan) => tokio::join!(resumed, run::draw(plan, received, output)),
        // Killed before its snapshot was taken: nothing was sent, so there is nothing to draw.
        None => (resumed.await, ()),
    };
    run::summed_up(&operation?, plan.and_then(|plan| plan.intent.rto), output)
}

/// The plan of an operation, from its snapshot; `None` where it was ended before that was taken.
fn planned(store: &Store, operation: &str) -> Result<Option<Plan>, Failure> {
    let recorded = match store.operation(operation) {
        Err(StoreError::UnknownOperation { .. }) => return Ok(None),
        recorded => recorded?,
    };
    match recorded.snapshots.iter().find(|entry| entry.which == Which::Before) {
        Some(entry) => Ok(store.read_commit(entry.commit)?.plan),
        None => Ok(None),
    }
}

/// Plans what ended operations owe anew, and does it.
async fn settle_debts(setting: &Setting<'_>, flags: &Flags, output: &Output) -> Result<Exit, Failure> {
    let operations = owed::recent(setting.store)?;
    let Some(debt) = owed::all(&operations).into_iter().next() else {
        output.result("No operation is open and nothing is owed.\n");
        return Ok(Exit::Done);
    };
    if debt.operation.reverts.is_some() {
        return Err(Failure::Unknown {
            what: format!("{} was not done in full, and a rollback is planned anew as a whole", debt.operation.name),
            hint: "opsctl rollback".to_owned(),
        });
    }
    let selection = Selection::only(debt.steps.iter().filter_map(|step| step.at.as_ref()));
    let intended = Intended::read(&debt.operation.name);
    let (repository, instances, store) = (setting.repository, setting.instances, setting.store);
    let plan = intended::plan(repository, &intended, &selection, instances, store, output).await?;
    page::show_before(&plan, store, &Situation::of(repository)?, output)?;
    run::run(&plan, setting, flags, output).await
}
