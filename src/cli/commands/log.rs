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

/// Tells who did what, when, and how it ended
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl log --limit 5", "the last five operations")],
    &[(Exit::Error, "a record of the history cannot be read, or the last one is not there")],
))]
pub(in crate::cli) struct Log {
    /// At most so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

impl Log {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let standing = Standing::of(&repository)?;
        let mut operations: Vec<Operation> = Vec::new();
        // What is not there at all is said already.
        let mut damaged = repository.missed.is_some();
        for recorded in repository.store()?.operations()?.take(self.limit.map_or(usize::MAX, |limit| limit as usize)) {
            match recorded {
                Ok(recorded) => operations.push(standing.record(recorded.operation)),
                // One that is damaged hides none of the others.
                Err(error) => {
                    damaged = true;
                    output.warn(&view::error::chain(&error, error.hint().as_deref(), &output.progress));
                }
            }
        }
        if output.json {
            output.result(&view::json::document("log", &Document { operations: &operations })?);
        } else if !operations.is_empty() || !damaged {
            output.result(&view::log(&operations, Timestamp::now(), &output.results));
        }
        Ok(if damaged { Exit::Error } else { Exit::Done })
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    operations: &'a [Operation],
}
