use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use crate::cli::complete;
use crate::cli::drift;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::intended::{self, Intended, Selection};
use crate::cli::offline::Offline;
use crate::cli::output::Output;
use crate::cli::page::{self, Situation};
use crate::cli::repository::Repository;
use crate::cli::setting::Setting;
use crate::cli::under_way;
use crate::plan::{self, FileError};
use crate::view;

/// Shows what a state would change, in which order and why; changes nothing
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[
        ("opsctl plan dr-active", "what would change, in which order and why"),
        ("opsctl plan dr-active --out plan.json", "keeps it, for opsctl apply plan.json"),
        ("opsctl plan dr-active --target edge-west", "only edge-west, and what it needs"),
    ],
    &[
        (Exit::Differs, "with --detailed-exitcode: there are differences"),
        (Exit::Refused, "an apply would be refused"),
    ],
))]
pub(in crate::cli) struct Plan {
    /// A state, with overlays laid over it; or a snapshot such as @3
    #[arg(value_name = "STATE[+OVERLAY…] | @N", add = complete::state())]
    state: String,
    /// Writes the plan to a file, for `opsctl apply FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
    #[command(flatten)]
    selection: Selection,
    /// Plans against the last snapshot, and asks no instance; such a plan is only to be looked at
    #[arg(long, conflicts_with = "out")]
    offline: bool,
    /// Exits with 2 where there are differences
    #[arg(long)]
    detailed_exitcode: bool,
}

impl Plan {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let intended = Intended::read(&self.state, &repository);
        let store = repository.store()?;
        if self.offline && matches!(intended, Intended::File(_)) {
            return Err(Failure::Usage(
                "a plan file is what was live when it was made: --offline plans anew".to_owned(),
            ));
        }
        if let Some(path) = &self.out {
            free(&repository.path(path))?;
        }
        let offline = if self.offline { Some(Arc::new(Offline::last(&repository, &store)?)) } else { None };
        let instances = match &offline {
            Some(offline) => offline.instances(&repository),
            None => repository.instances(output)?,
        };
        let selection = if self.offline { self.selection.offline() } else { self.selection };
        let mut plan = intended::plan(&repository, &intended, &selection, &instances, &store, output).await?;
        let mut situation = Situation::of(&repository, &store)?;
        situation.offline = offline.as_deref().map(page::Offline::of);
        page::estimate(&mut plan, &store);
        situation.look_for_means(&plan, &repository);
        if offline.is_none() {
            situation.under_way = under_way::under_way(&plan, &store);
            situation.drifts = drift::drifts(&plan, &Setting::new(&repository, &instances, &store)?)?;
        }
        if let Some(path) = &self.out {
            plan::write(&plan, &repository.path(path))?;
        }
        page::show(&plan, &situation, output)?;
        if !plan.refusals.is_empty() {
            return Ok(Exit::Refused);
        }
        if offline.is_some() {
            if !output.json {
                let asks = format!("opsctl plan {}{}", opsctl_api::shell_word(&self.state), selection.flags());
                output.result(&format!("Nothing was asked, and nothing was changed. To ask what is live: {asks}\n"));
            }
        } else if !plan.is_empty() && !output.json {
            let what =
                self.out.as_ref().map_or_else(|| self.state.clone(), |path| intended::typed_as_file(path, &repository));
            let command = format!("opsctl apply {}", opsctl_api::shell_word(&what));
            let text = match situation.open {
                Some(_) => "To do it, end what is open first: opsctl resume, or opsctl rollback".to_owned(),
                None => format!("To do it: {command}{}", selection.flags()),
            };
            output.result(&format!("Nothing was changed. {text}\n"));
        }
        Ok(if self.detailed_exitcode && (!plan.is_empty() || view::plan::spares(&plan)) {
            Exit::Differs
        } else {
            Exit::Done
        })
    }
}

/// Whether a plan can be written here: nothing is there, or nothing is in it, or an older plan.
fn free(path: &Utf8Path) -> Result<(), Failure> {
    let is_empty = fs_err::metadata(path).is_ok_and(|file| file.len() == 0);
    match plan::read(path) {
        Err(FileError::NoPlan { .. }) if !is_empty => Err(Failure::Unknown {
            what: format!("{path} is there and is no plan: nothing is written over it"),
            hint: "name another file with --out".to_owned(),
        }),
        _ => Ok(()),
    }
}
