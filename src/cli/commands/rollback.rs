use std::sync::Arc;

use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::intended::patterns;
use crate::cli::open;
use crate::cli::output::Output;
use crate::cli::page::{self, Situation};
use crate::cli::repository::Repository;
use crate::cli::rollback_state;
use crate::cli::run::{self, Flags, Setting};
use crate::plan::{self, Request};
use crate::snapshot::{StoreError, unwind};

/// Goes back to what was really there before an operation
///
/// Reverts only the settings that the operation and those since it wrote. What somebody else has changed since is reported and
/// left alone. `opsctl apply @N` is the full return to a snapshot instead.
#[derive(Debug, Args)]
pub(in crate::cli) struct Rollback {
    /// Takes this and everything since back; by default the last one that is neither a rollback nor rolled back
    operation: Option<String>,
    /// Takes these back too, whoever changed them since
    #[arg(long, value_name = "ADDRESS")]
    force: Vec<String>,
    /// Allows one-way changes of these
    #[arg(long, value_name = "ADDRESS")]
    allow_one_way: Vec<String>,
    #[command(flatten)]
    flags: Flags,
}

impl Rollback {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        run::alone(&repository)?;
        let store = repository.store()?;
        let instances = repository.instances(output)?;
        let setting = Setting { repository: &repository, instances: &instances, store: &store };
        open::close_for_rollback(&setting, output).await?;

        let operations = store.to_roll_back(self.operation.as_deref())?;
        let Some(operation) = operations.last() else { return Err(StoreError::NothingToRollBack.into()) };
        let unwound = unwind(&operations, &operation.id);
        if unwound.values.is_empty() {
            output.sentence(&format!("{} changed nothing that is not as it was before.", operation.id));
            return Ok(Exit::Done);
        }
        let back = rollback_state::back(&repository, &store, operation, &unwound)?;
        back.same_targets(&instances).await?;
        let secrets = repository.secrets();
        let request = Request {
            state: &back.state,
            scope: &back.scope,
            guard: &repository.config.guard,
            target: Vec::new(),
            exclude: Vec::new(),
            allow_one_way: patterns(&self.allow_one_way),
            reverts: Some(operation.id.clone()),
            rest: None,
            left: back.left,
            force: patterns(&self.force),
            secrets: &secrets,
        };
        let plan = plan::make(request, &instances).await?;
        page::show_before(&plan, &Situation::of(&repository, &store)?, output)?;
        run::run(Arc::new(plan), &setting, &self.flags, output).await
    }
}
