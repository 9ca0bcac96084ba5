use std::sync::Arc;

use clap::Args;

use crate::apply;
use crate::cli::complete;
use crate::cli::drift;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::flags::Flags;
use crate::cli::help;
use crate::cli::intended::{self, Intended, Selection};
use crate::cli::output::Output;
use crate::cli::page::{self, Situation};
use crate::cli::repository::Repository;
use crate::cli::run;
use crate::cli::setting::{self, Setting};
use crate::cli::under_way;
use crate::plan::Plan;
use crate::state;

/// Makes a state live, in order, and takes a snapshot before and after
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[
        ("opsctl apply dr-active", "shows the plan, asks, and does it"),
        ("opsctl apply dr-active --confirm dr-active", "the same where nobody can be asked"),
        ("opsctl apply @1", "goes back to a snapshot; @ is the last one"),
    ],
    help::CHANGING,
))]
pub(in crate::cli) struct Apply {
    /// A state, with overlays laid over it; a snapshot such as @3; or a plan file of `opsctl plan --out`
    #[arg(value_name = "STATE[+OVERLAY…] | @N | FILE", add = complete::state())]
    what: String,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    flags: Flags,
}

impl Apply {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let intended = Intended::read(&self.what, &repository);
        setting::unhindered(&repository)?;
        let store = repository.store()?;
        let mut situation = Situation::of(&repository, &store)?;
        let instances = repository.instances(output)?;
        let setting = Setting::new(&repository, &instances, &store)?;
        let mut plan = intended::plan(&repository, &intended, &self.selection, &instances, &store, output).await?;
        // Nothing of it is written, and so nothing is read again under the lock: what it says would be that of the day it was made.
        if matches!(intended, Intended::File(_)) && !plan.is_operation() {
            apply::still(&plan, &instances).await?;
        }
        situation.on_failure = self.flags.failing();
        page::estimate(&mut plan, &store);
        situation.look_for_means(&plan, &repository);
        situation.under_way = under_way::under_way(&plan, &store);
        situation.drifts = drift::drifts(&plan, &setting)?;
        page::show_before(&plan, &situation, output)?;
        if matches!(intended, Intended::File(_)) && is_otherwise(&plan, &repository) {
            let name = &plan.intent.name;
            output.say(&format!(
                "note: {name} says otherwise by now than when this was planned; the plan is obeyed as it is\n"
            ));
        }
        run::run(Arc::new(plan), &setting, &self.flags, output).await
    }
}

/// Whether the state of a plan file says otherwise by now. States that are gone or have mistakes say nothing.
fn is_otherwise(plan: &Plan, repository: &Repository) -> bool {
    let mut loaded = state::load(&repository.config.root, &repository.catalogues);
    let state = (!loaded.report.has_errors()).then(|| loaded.find(&plan.intent.name));
    state.is_some_and(|state| state.is_ok_and(|state| state.digest != plan.intent.state_digest))
}
