use clap::Args;
use jiff::Timestamp;
use opsctl_api::{Address, Live, Query, Reading, Selector, Wanted};

use crate::apply::{self, ApplyError};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::repository::Repository;
use crate::snapshot::Turn;
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
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let turns = repository.store()?.blame(&self.address)?;
        let open = apply::open_record(&repository.work_dir()).map_err(ApplyError::from)?;
        let live = self.read(&repository, &turns, output).await;
        let knobs = view::blame::knobs(&self.address, &turns, open.as_ref(), live.as_ref().ok());
        if output.json {
            let unread = live.as_ref().err();
            output.result(&view::json::document(
                "blame",
                &Document { address: &self.address, turns: view::blame::documents(&knobs), unread },
            )?);
        } else {
            output.result(&view::blame::blame(&self.address, &knobs, Timestamp::now(), &output.results));
            if let (Err(why), false) = (&live, turns.is_empty()) {
                output.sentence(&format!("Whether it is so now is not known: {why}."));
            }
        }
        Ok(Exit::Done)
    }

    /// What is live of these settings; or why that is not known.
    async fn read(&self, repository: &Repository, turns: &[Turn], output: &Output) -> Result<Live, String> {
        let instances = repository.instances(output).map_err(|failure| failure.to_string())?;
        let settings = Wanted::Only(turns.iter().map(|turn| turn.setting.clone()).collect());
        let query = Query { at: Selector::One(self.address.clone()), settings, receipt: None };
        match instances.read(&[query]).await.pop() {
            Some(Reading::Members { found, .. }) => {
                found.into_iter().next().ok_or_else(|| "it is not there".to_owned())
            }
            Some(Reading::Fault(fault)) => Err(fault.to_string()),
            None => Err("it was not asked for".to_owned()),
        }
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    address: &'a Address,
    turns: Vec<view::blame::Document<'a>>,
    /// Why it is not known what is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<&'a String>,
}
