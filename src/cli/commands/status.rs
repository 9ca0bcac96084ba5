use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use opsctl_api::Live;

use crate::apply::{self, ApplyError};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::owed;
use crate::cli::page::Situation;
use crate::cli::repository::Repository;
use crate::cli::scope::scope_of;
use crate::instance::Instances;
use crate::plan;
use crate::snapshot::Store;
use crate::state::{Goal, State, Target};
use crate::view::{self, status::Drift};

/// Tells how things stand: what was applied last, what differs from it now, what is open or owed
///
/// Exits with 8 while an operation did not end, and with 10 while something is owed.
#[derive(Debug, Args)]
pub(in crate::cli) struct Status {}

impl Status {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let store = repository.store()?;
        let operations = owed::recent(&store)?;
        let instances = repository.instances(output)?;
        let situation = Situation::of(&repository)?;
        let open = apply::unfinished(&repository.work_dir()).map_err(ApplyError::from)?;
        // While somebody holds the lock, it is the operation that runs.
        let open = open.filter(|_| situation.lock.is_none());
        let mut status = view::status::Status {
            last: operations.first().map(|last| &last.operation),
            lock: situation.lock,
            ..Default::default()
        };
        if let Some(left) = left(&repository, &store)? {
            compare(&left, &instances, &mut status).await;
        }
        status.owed = owed::all(&operations, &repository, &store, &instances)
            .await?
            .into_iter()
            .flat_map(|debt| debt.steps)
            .collect();
        if let Some(open) = &open {
            let effects = open.look(&instances).await;
            status.unfinished = Some(view::unfinished::unfinished(open, &effects, &output.results));
        }
        let exit = if open.is_some() {
            Exit::Unfinished
        } else if status.owed.is_empty() {
            Exit::Done
        } else {
            Exit::InPart
        };
        if output.json {
            let open = open.map(|open| open.operation);
            output.result(&view::json::document("status", &Document { exit: exit.code(), open, status: &status })?);
        } else {
            output.result(&view::status::status(&status, Timestamp::now(), &output.results));
        }
        Ok(exit)
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    exit: u8,
    open: Option<String>,
    #[serde(flatten)]
    status: &'a view::status::Status<'a>,
}

/// What was there when the last operation had ended.
fn left(repository: &Repository, store: &Store) -> Result<Option<State>, Failure> {
    match store.operations()?.next() {
        Some(last) => repository.after(store, &last?),
        None => Ok(None),
    }
}

/// Reads what was left again, and takes down what is not so any more.
async fn compare(left: &State, instances: &Instances, status: &mut view::status::Status<'_>) {
    let observation = plan::observe(&scope_of(left), instances).await;
    let mut unread: BTreeMap<String, String> = BTreeMap::new();
    for (name, resource) in &left.resources {
        let Target::One(at) = &resource.declared.at else { continue };
        let live = match (observation.found.get(at), observation.names.get(name)) {
            (Some(live), _) => live,
            (None, Some(Err(fault))) => {
                unread.insert(at.to_string(), fault.to_string());
                continue;
            }
            (None, _) => continue,
        };
        for (key, want) in &resource.wants {
            status.settings += 1;
            if !want.goal.holds(live.value(key)) {
                status.drifts.push(drift(key, &want.goal, live));
            }
        }
    }
    status.unread = unread.into_iter().collect();
}

fn drift(key: &str, goal: &Goal, live: &Live) -> Drift {
    let value = live.value(key);
    let mover = live.owners_of(key).find(|owner| match (&owner.within, value) {
        (Some(_), Some(value)) => owner.allows(value),
        _ => false,
    });
    let touch = live.touched.iter().find(|touch| touch.setting == key);
    Drift {
        at: live.at.clone(),
        setting: key.to_owned(),
        left: match goal {
            Goal::Exact(value) => Some(value.clone()),
            Goal::Bound(_) => None,
        },
        live: value.cloned(),
        moved_by: mover.map(|owner| match &owner.within {
            Some((least, most)) => format!("{} (within {least}..{most})", owner.name),
            None => owner.name.clone(),
        }),
        touched: touch.map(|touch| (touch.by.clone(), touch.at)),
    }
}
