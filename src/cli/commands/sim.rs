use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use opsctl_api::Pattern;
use opsctl_sim::{Assignment, Sim as World, Target};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::repository::Repository;
use crate::cli::{operator, registry};
use crate::config;
use crate::view;

/// Plays another operator in a simulated world
#[derive(Debug, Subcommand)]
#[command(after_help = help::more(
    &[
        ("opsctl sim show 'k8s:deployment/*'", "what is there"),
        ("opsctl sim set k8s:deployment/media/shaka-packager replicas=3", "somebody changes something"),
        ("opsctl sim set k8s sim.unreachable=true", "nobody answers there"),
        ("opsctl sim reset", "begins anew"),
    ],
    &[],
))]
pub(in crate::cli) enum Sim {
    /// Shows what is there, and how it behaves
    Show(Show),
    /// Sets settings, or with sim.KNOB how something behaves
    Set(Set),
    /// Forgets all that has happened: the world is as its file has it
    Reset(Reset),
}

#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl sim show 'k8s:deployment/*'", "all deployments of the instance k8s")],
    &[],
))]
pub(in crate::cli) struct Show {
    /// Only these addresses; `*` stands for anything
    #[arg(default_value = "*")]
    which: String,
}

#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[
        ("opsctl sim set k8s:deployment/media/shaka-packager replicas=3", "somebody changes something"),
        ("opsctl sim set k8s:deployment/data/minio 'sim.fail=no room'", "the next change of it fails"),
        ("opsctl sim set k8s sim.unreachable=true", "nobody answers there"),
        ("opsctl sim set k8s sim.unreachable", "they answer again"),
    ],
    &[],
))]
pub(in crate::cli) struct Set {
    /// An address, where `*` stands for anything; or an instance, for its own knobs
    target: String,
    /// KEY=VALUE, or KEY alone to take it away
    #[arg(required = true, value_name = "KEY=VALUE")]
    assignments: Vec<String>,
    /// Plays this one
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl sim reset", "all of them"), ("opsctl sim reset k8s", "one of them")],
    &[],
))]
pub(in crate::cli) struct Reset {
    /// Only this instance
    instance: Option<String>,
}

impl Sim {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        match self {
            Self::Show(show) => show.run(&worlds(&repository)?, output),
            Self::Set(set) => set.run(&worlds(&repository)?, output),
            Self::Reset(reset) => reset.run(&repository, output),
        }
    }
}

/// All simulated instances.
fn worlds(repository: &Repository) -> Result<BTreeMap<String, World>, Failure> {
    let (_, mut report) = config::load(&repository.config.root);
    let worlds = registry::all_simulated(&repository.config, &repository.catalogues, &mut report);
    if report.has_errors() { Err(report.into()) } else { Ok(worlds) }
}

impl Show {
    fn run(self, worlds: &BTreeMap<String, World>, output: &Output) -> Result<Exit, Failure> {
        let which = Pattern::new(self.which);
        let mut shown = Vec::new();
        for (name, world) in worlds {
            let behaviour = world.behaviour()?;
            let resources = world.show(&which)?;
            for note in world.notes()? {
                output.say(&format!("{name}: {note}\n"));
            }
            if !resources.is_empty() {
                shown.push(view::sim::World { instance: name, behaviour, resources });
            }
        }
        if output.json {
            let worlds = view::sim::documents(&shown);
            output.result(&view::json::document("worlds", &Document { worlds })?);
        } else {
            output.result(&view::sim::show(&shown, &output.results));
        }
        Ok(Exit::Done)
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    worlds: Vec<view::sim::Document<'a>>,
}

impl Set {
    fn run(self, worlds: &BTreeMap<String, World>, output: &Output) -> Result<Exit, Failure> {
        let assignments = self.assignments.iter().map(|typed| typed.parse()).collect::<Result<Vec<Assignment>, _>>()?;
        let (instance, target) = match self.target.split_once(':') {
            Some((instance, _)) => (instance, Target::Resources(Pattern::new(&self.target))),
            None => (self.target.as_str(), Target::Instance),
        };
        let world = worlds.get(instance).ok_or_else(|| unknown(instance, worlds))?;
        let by = self.by.unwrap_or_else(operator::name);
        let done = world.set(&target, &assignments, &by)?;
        output.sentence(view::sim::set(instance, &done, &output.results).trim_end());
        Ok(Exit::Done)
    }
}

fn unknown<T>(instance: &str, worlds: &BTreeMap<String, T>) -> Failure {
    let names: Vec<&str> = worlds.keys().map(String::as_str).collect();
    Failure::Unknown {
        what: format!("there is no simulated instance `{instance}`"),
        hint: if names.is_empty() {
            "opsctl.toml has none".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        },
    }
}

impl Reset {
    fn run(self, repository: &Repository, output: &Output) -> Result<Exit, Failure> {
        let simulated = repository.config.providers.iter().filter(|(_, provider)| provider.provider_type == "sim");
        let all: BTreeMap<String, ()> = simulated.map(|(name, _)| (name.clone(), ())).collect();
        let names: Vec<&str> = match &self.instance {
            Some(name) if all.contains_key(name) => vec![name],
            Some(name) => return Err(unknown(name, &all)),
            None => all.keys().map(String::as_str).collect(),
        };
        for name in &names {
            registry::reset(&repository.config, &repository.catalogues, name)?;
        }
        output.sentence(&format!("As at first: {}.", names.join(", ")));
        Ok(Exit::Done)
    }
}
