use clap::Args;
use opsctl_api::{Query, Reading, Selector, Wanted};

use crate::cli::complete;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::registry;
use crate::cli::repository::Repository;
use crate::cli::typed;
use crate::view;

/// Lists the kinds of resources with their settings; of one kind, or of one resource beside what is live, tells all
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[
        ("opsctl kinds", "all kinds, a line each"),
        ("opsctl kinds deployment", "what can be set of a deployment"),
        ("opsctl kinds k8s:deployment/cdn/edge", "the same of that very one, beside what is live"),
    ],
    &[(Exit::Error, "the resource could not be read")],
))]
pub(in crate::cli) struct Kinds {
    /// Tells all of this kind, or of the resource of this address
    #[arg(value_name = "KIND | ADDRESS")]
    #[arg(add = complete::kind())]
    kind: Option<String>,
}

impl Kinds {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        match &self.kind {
            Some(typed) if typed.contains(':') => resource(typed, output).await,
            _ => self.kinds(output),
        }
    }

    fn kinds(self, output: &Output) -> Result<Exit, Failure> {
        let all: Vec<_> = registry::all_catalogues()
            .flat_map(|(provider, catalogue)| catalogue.kinds().iter().map(move |kind| (provider, kind)))
            .filter(|(_, kind)| self.kind.as_ref().is_none_or(|name| kind.name == name))
            .collect();
        if let (Some(name), true) = (&self.kind, all.is_empty()) {
            let what = format!("there is no kind `{name}`");
            return Err(typed::unknown_kind(what, name, registry::all_catalogues().map(|(_, catalogue)| catalogue)));
        }
        if output.json {
            let kinds = all.iter().map(|(provider, kind)| view::kinds::document(provider, kind)).collect();
            output.result(&view::json::document("kinds", &Document { kinds })?);
        } else if self.kind.is_none() {
            output.result(&view::kinds::list(&all, &output.results));
        } else {
            let pages = all.iter().map(|(provider, kind)| view::kinds::kind(provider, kind, &output.results));
            output.result(&pages.collect::<Vec<_>>().join("\n"));
        }
        Ok(Exit::Done)
    }
}

/// What can be set of one resource, beside what is live.
async fn resource(typed: &str, output: &Output) -> Result<Exit, Failure> {
    let repository = Repository::open(output)?;
    let (at, kind) = typed::address(typed, &repository)?;
    let instances = repository.instances(output)?;
    let query = Query { at: Selector::One(at.clone()), settings: Wanted::All, receipt: None };
    let live = match instances.read(&[query]).await.pop() {
        Some(Reading::Members { found, .. }) => found.into_iter().next().ok_or_else(|| "it is not there".to_owned()),
        Some(Reading::Fault(fault)) => Err(fault.to_string()),
        None => Err("it was not answered".to_owned()),
    };
    let exit = if live.is_ok() { Exit::Done } else { Exit::Error };
    if output.json {
        output.result(&view::json::document("resource", &view::kinds::resource_document(&at, kind, &live))?);
    } else {
        output.result(&view::kinds::resource(&at, kind, &live, &output.results));
    }
    Ok(exit)
}

#[derive(serde::Serialize)]
struct Document<'a> {
    kinds: Vec<view::kinds::Document<'a>>,
}
