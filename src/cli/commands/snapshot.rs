use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use opsctl_api::{Address, Fault, Settings};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::operator;
use crate::cli::output::Output;
use crate::cli::repository::Repository;
use crate::cli::scope::scope_of;
use crate::plan::{self, Observation};
use crate::snapshot::{Operation, Snapshot as Taken, Store, diff};
use crate::state::Scope;
use crate::view;

/// Takes, lists, shows and compares snapshots
///
/// A snapshot holds the live values of every setting that any state sets, as a commit in a git repository of its own. Every
/// apply takes one before and one after. `@` is the last one, `@1` the one before.
#[derive(Debug, Subcommand)]
#[command(after_help = help::more(
    &[
        ("opsctl snapshot list", "all of them, newest first"),
        ("opsctl snapshot diff @1 @", "what differs between the last two"),
    ],
    &[],
))]
pub(in crate::cli) enum Snapshot {
    /// Takes one of what is live now
    Take(Take),
    /// Lists them, newest first
    List(List),
    /// Prints one as it is: a valid state file
    Show(Show),
    /// Tells what differs between two, or between one and what is live
    Diff(Diff),
}

#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl snapshot take", "before something is changed by hand")],
    &[(Exit::InPart, "not all could be read")],
))]
pub(in crate::cli) struct Take {}

#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl snapshot list --limit 5", "the last five")],
    &[],
))]
pub(in crate::cli) struct List {
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl snapshot show", "the last one"), ("opsctl snapshot show @1", "the one before")],
    &[],
))]
pub(in crate::cli) struct Show {
    /// `@`, `@1`, or a commit's short hash
    #[arg(default_value = "@")]
    snapshot: String,
}

#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[
        ("opsctl snapshot diff", "what is live and the last snapshot has otherwise"),
        ("opsctl snapshot diff @1 @", "what differs between the last two"),
    ],
    &[(Exit::Differs, "with --detailed-exitcode: there are differences")],
))]
pub(in crate::cli) struct Diff {
    /// `@`, `@1`, or a commit's short hash
    #[arg(default_value = "@")]
    from: String,
    /// The same, or `live`
    #[arg(default_value = "live")]
    to: String,
    /// Exits with 2 where there are differences
    #[arg(long)]
    detailed_exitcode: bool,
}

impl Snapshot {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let store = repository.store()?;
        match self {
            Self::Take(_) => take(&repository, &store, output).await,
            Self::List(list) => list.run(&store, output),
            Self::Show(show) => show.run(&store, output),
            Self::Diff(diff) => diff.run(&repository, &store, output).await,
        }
    }
}

async fn take(repository: &Repository, store: &Store, output: &Output) -> Result<Exit, Failure> {
    let scope = repository.states(output)?.scope;
    let instances = repository.instances(output)?;
    let observation = plan::observe(&scope, &instances).await;
    let snapshot = of_observation(&scope, &observation, Timestamp::now());
    let operator = operator::name();
    let id = format!("{}-{operator}", snapshot.taken_at.strftime("%Y%m%d-%H%M%S"));
    let operation = Operation::take(id, operator, operator::host(), snapshot.taken_at);
    let commit = store.commit(&snapshot, &operation, None)?;
    if output.json {
        let (commit, unread) = (commit.to_string(), &snapshot.unread);
        output.result(&view::json::document("snapshot", &TakenDocument { commit, unread })?);
    } else {
        output.result(&view::snapshots::taken(&commit.short(), &snapshot, &output.results));
    }
    Ok(if snapshot.unread.is_empty() { Exit::Done } else { Exit::InPart })
}

#[derive(serde::Serialize)]
struct TakenDocument<'a> {
    commit: String,
    unread: &'a BTreeMap<String, String>,
}

/// What was observed of a scope, as a snapshot: the settings that it has.
fn of_observation(scope: &Scope, observation: &Observation, taken_at: Timestamp) -> Taken {
    let mut snapshot = Taken::new(taken_at, scope.declared.clone());
    let mut keys: BTreeMap<&Address, BTreeSet<&String>> = BTreeMap::new();
    for (name, members) in &observation.names {
        match members {
            Ok(members) => {
                if !members.complete {
                    snapshot.unread.insert(name.clone(), "the list of its members is not whole".to_owned());
                }
                for at in &members.found {
                    keys.entry(at).or_default().extend(scope.settings.get(name).into_iter().flat_map(Settings::keys));
                }
            }
            // It need not be there.
            Err(Fault::Missing(_)) if scope.declared.get(name).is_some_and(|declared| declared.optional) => {}
            Err(fault) => {
                snapshot.unread.insert(name.clone(), fault.to_string());
            }
        }
    }
    for (at, keys) in keys {
        if let Some(live) = observation.found.get(at) {
            snapshot.see(live, keys);
        }
    }
    snapshot
}

impl List {
    fn run(self, store: &Store, output: &Output) -> Result<Exit, Failure> {
        let mut entries = store.history()?;
        entries.truncate(self.limit.unwrap_or(usize::MAX));
        if output.json {
            let snapshots = view::snapshots::documents(&entries);
            output.result(&view::json::document("snapshots", &ListDocument { snapshots })?);
        } else {
            output.result(&view::snapshots::list(&entries, Timestamp::now(), &output.results));
        }
        Ok(Exit::Done)
    }
}

#[derive(serde::Serialize)]
struct ListDocument<'a> {
    snapshots: Vec<view::snapshots::Document<'a>>,
}

impl Show {
    fn run(self, store: &Store, output: &Output) -> Result<Exit, Failure> {
        let stored = store.read(&self.snapshot)?;
        if output.json {
            let document = ShowDocument {
                snapshot: view::snapshots::document(&self.snapshot, &stored.entry),
                operation: &stored.operation,
                live: &stored.live_toml,
            };
            output.result(&view::json::document("snapshot", &document)?);
        } else {
            output.result(&stored.live_toml);
        }
        Ok(Exit::Done)
    }
}

#[derive(serde::Serialize)]
struct ShowDocument<'a> {
    snapshot: view::snapshots::Document<'a>,
    operation: &'a Operation,
    live: &'a str,
}

impl Diff {
    async fn run(self, repository: &Repository, store: &Store, output: &Output) -> Result<Exit, Failure> {
        let from = store.read(&self.from)?;
        let to = if self.to == "live" {
            let state = repository.snapshot_state(store, &self.from, &from)?;
            let scope = scope_of(&state);
            let observation = plan::observe(&scope, &repository.instances(output)?).await;
            let live = of_observation(&scope, &observation, Timestamp::now());
            for (what, why) in &live.unread {
                output.warn(&format!("{what} could not be read: {why}\n"));
            }
            live.untyped()
        } else {
            store.read(&self.to)?.values()?
        };
        let mut from = from.values()?;
        // What could not be read now is not gone.
        if self.to == "live" {
            from.retain(|at, _| to.contains_key(at));
        }
        let differences = diff(&from, &to);
        if output.json {
            let differences = view::snapshots::difference_documents(&differences);
            let document = DiffDocument { from: &self.from, to: &self.to, differences };
            output.result(&view::json::document("differences", &document)?);
        } else {
            output.result(&view::snapshots::differences(&self.from, &self.to, &differences, &output.results));
        }
        Ok(if self.detailed_exitcode && !differences.is_empty() { Exit::Differs } else { Exit::Done })
    }
}

#[derive(serde::Serialize)]
struct DiffDocument<'a> {
    from: &'a str,
    to: &'a str,
    differences: Vec<view::snapshots::DifferenceDocument<'a>>,
}
