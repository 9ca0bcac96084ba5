use clap::Args;

use crate::cli::complete;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::registry;
use crate::view;

/// Lists the kinds of resources with their settings; of one kind tells all
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl kinds", "all kinds, a line each"), ("opsctl kinds deployment", "what can be set of a deployment")],
    &[],
))]
pub(in crate::cli) struct Kinds {
    /// Tells all of this one
    #[arg(add = complete::kind())]
    kind: Option<String>,
}

impl Kinds {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let all: Vec<_> = registry::all_catalogues()
            .flat_map(|(provider, catalogue)| catalogue.kinds().iter().map(move |kind| (provider, kind)))
            .filter(|(_, kind)| self.kind.as_ref().is_none_or(|name| kind.name == name))
            .collect();
        if let (Some(name), true) = (&self.kind, all.is_empty()) {
            return Err(Failure::Unknown {
                what: format!("there is no kind `{name}`"),
                hint: "those that there are: opsctl kinds".to_owned(),
            });
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

#[derive(serde::Serialize)]
struct Document<'a> {
    kinds: Vec<view::kinds::Document<'a>>,
}
