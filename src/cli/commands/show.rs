use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use crate::cli::by_hand;
use crate::cli::called;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::repository::Repository;
use crate::cli::rto;
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
        let plan = repository.planned_if_read(&store, &recorded)?;
        let operation = &Standing::of(&repository)?.record(recorded.operation);
        let rto = plan.as_ref().and_then(|plan| rto::of(operation, plan, &repository.catalogues));
        let not_undone = plan.as_ref().map(|plan| called::not_undone(plan, &repository, &store)).unwrap_or_default();
        let ways = plan.map(|plan| by_hand::ways(&plan, operation, &repository)).unwrap_or_default();
        let in_order = recorded.snapshots.iter().rev();
        let snapshots: Vec<(String, String)> =
            in_order.map(|entry| (entry.which.to_string(), entry.commit.short())).collect();
        if output.json {
            output.result(&view::json::document(
                "operation",
                &Document { operation, rto: rto.map(Rto::from), by_hand: ways, not_undone, snapshots },
            )?);
        } else {
            output.result(&view::show::operation(
                operation,
                rto.as_ref(),
                &ways,
                &not_undone,
                &snapshots,
                Timestamp::now(),
                &output.results,
            ));
        }
        Ok(Exit::Done)
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    operation: &'a Operation,
    #[serde(skip_serializing_if = "Option::is_none")]
    rto: Option<Rto>,
    /// By step: what a person would type instead.
    #[serde(skip_serializing_if = "view::Ways::is_empty")]
    by_hand: view::Ways,
    /// The actions that it did not take back, in a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_undone: Vec<String>,
    /// `before` or `after`, and the commit.
    snapshots: Vec<(String, String)>,
}

/// The time that its state allowed it.
#[derive(serde::Serialize)]
struct Rto {
    within: Duration,
    /// Whether it kept to that; missing where it did not come to its end, or what it was for is not reached yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<bool>,
    /// What there is still no end of.
    #[serde(skip_serializing_if = "Option::is_none")]
    lacks: Option<String>,
}

impl From<view::Rto> for Rto {
    fn from(rto: view::Rto) -> Self {
        Self { within: rto.within, held: rto.held(), lacks: rto.lacks }
    }
}
