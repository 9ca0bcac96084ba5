use std::sync::Arc;

use clap::Args;

use crate::cli::called;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::flags::Flags;
use crate::cli::help;
use crate::cli::intended::{Selection, patterns};
use crate::cli::open;
use crate::cli::output::Output;
use crate::cli::page::{self, Situation};
use crate::cli::repository::Repository;
use crate::cli::run;
use crate::cli::setting::{self, Setting};
use crate::cli::standing::Standing;
use crate::cli::taking_back::{self, Way};

/// Goes back to what was really there before an operation
///
/// Reverts only the settings that the operation and those since it wrote. What somebody else has changed since is reported and
/// left alone. `opsctl apply @N` is the full return to a snapshot instead.
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[
        ("opsctl rollback", "takes the last operation back, after it has asked"),
        ("opsctl rollback -y", "the same without asking"),
        ("opsctl rollback --exclude 'west:*'", "the same but for what is there"),
    ],
    help::CHANGING,
))]
pub(in crate::cli) struct Rollback {
    /// Takes this and everything since back; by default the last one that is neither a rollback nor rolled back
    operation: Option<String>,
    /// Takes these back too, whoever changed them since
    #[arg(long, value_name = "ADDRESS")]
    force: Vec<String>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    flags: Flags,
}

impl Rollback {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        setting::alone(&repository)?;
        let store = repository.store()?;
        let instances = repository.instances(output)?;
        let setting = Setting::new(&repository, &instances, &store)?;
        // An operation that did not end is taken back with those that have; it stays open until the operator has agreed.
        let (open, mark) = match open::find(&setting)? {
            Some(_) => Some(open::settled(&setting, output).await?),
            None => None,
        }
        .unzip();

        let mut operations = store.to_roll_back(self.operation.as_deref())?;
        if let Some(open) = &open {
            operations.iter_mut().filter(|operation| operation.id == open.id).for_each(|found| found.clone_from(open));
        }
        let standing = Standing::of(&repository)?;
        for operation in &operations {
            if let Some(lost) = standing.lost(operation, &store)? {
                return Err(lost.into());
            }
        }
        let force = patterns(&self.force);
        let Way { plan, has_changed } =
            taking_back::plan(&setting, &operations, &self.selection, force, output).await?;
        let nothing = operations.last().filter(|_| !has_changed).map(|down_to| &down_to.id);
        let nothing = nothing.map(|id| format!("All that {id} changed is as it was before."));
        if let Some(nothing) = nothing.as_ref().filter(|_| open.is_none())
            && taking_back::is_done(&setting, &operations)?
        {
            output.sentence(nothing);
            return Ok(Exit::Done);
        }
        let mut situation = Situation::of(&repository, &store)?;
        if !called::called(&operations).is_empty() {
            situation.undoing =
                operations.last().and_then(|operation| called::undoing(&repository, &store, &operation.id));
        }
        match nothing.filter(|_| !output.json) {
            Some(nothing) => output.sentence(&nothing),
            None => page::show_before(&plan, &situation, output)?,
        }
        run::agreed(&plan, &setting, &self.flags, output)?;
        if let Some(open) = &open {
            let is_gone_on_with = operations.last().is_some_and(|down_to| open.reverts.as_ref() == Some(&down_to.id));
            let then = if is_gone_on_with { "this goes on from there" } else { "taken back" };
            output.say(&format!("{} did not end: once this begins it is closed as it stands, and {then}.\n", open.id));
        }
        if plan.is_empty()
            && let Some(exit) = taking_back::nothing(&plan, mark.as_ref(), &setting, &self.flags, output).await?
        {
            return Ok(exit);
        }
        run::carry_out(Arc::new(plan), mark, &setting, &self.flags, output).await
    }
}
