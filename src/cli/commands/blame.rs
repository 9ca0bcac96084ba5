use clap::Args;
use jiff::Timestamp;
use opsctl_api::Address;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::repository::Repository;
use crate::view;

/// Tells who turned which knob of a resource last
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl blame k8s:deployment/cdn/ats-edge", "who set its replicas last")],
    &[],
))]
pub(in crate::cli) struct Blame {
    /// As in k8s:deployment/cdn/ats-edge
    #[arg(value_parser = address)]
    address: Address,
}

fn address(typed: &str) -> Result<Address, String> {
    typed.parse().map_err(|error: opsctl_api::AddressError| error.to_string())
}

impl Blame {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let turns = repository.store()?.blame(&self.address)?;
        if output.json {
            output.result(&view::json::document(
                "blame",
                &Document { address: &self.address, turns: view::blame::documents(&turns) },
            )?);
        } else {
            output.result(&view::blame::blame(&self.address, &turns, Timestamp::now(), &output.results));
        }
        Ok(Exit::Done)
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    address: &'a Address,
    turns: Vec<view::blame::Document<'a>>,
}
