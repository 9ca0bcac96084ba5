use clap::Args;
use jiff::Timestamp;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::repository::Repository;
use crate::cli::standing::Standing;
use crate::snapshot::Operation;
use crate::view;

/// Shows one operation in full
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl show", "the last operation")],
    &[],
))]
pub(in crate::cli) struct Show {
    /// Its id as `opsctl log` lists it, or the beginning of it; by default the last one
    operation: Option<String>,
}

impl Show {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let store = repository.store()?;
        let recorded = match &self.operation {
            Some(id) => store.operation(id)?,
            None => store
                .operations()?
                .next()
                .transpose()?
                .ok_or_else(|| Failure::Unknown { what: "nothing was applied yet".to_owned(), hint: String::new() })?,
        };
        let operation = &Standing::of(&repository)?.record(recorded.operation);
        let in_order = recorded.snapshots.iter().rev();
        let snapshots: Vec<(String, String)> =
            in_order.map(|entry| (entry.which.to_string(), entry.commit.short())).collect();
        if output.json {
            output.result(&view::json::document("operation", &Document { operation, snapshots })?);
        } else {
            output.result(&view::show::operation(operation, &snapshots, Timestamp::now(), &output.results));
        }
        Ok(Exit::Done)
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    operation: &'a Operation,
    /// `before` or `after`, and the commit.
    snapshots: Vec<(String, String)>,
}
