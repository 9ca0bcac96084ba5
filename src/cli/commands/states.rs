use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use opsctl_api::{Address, Fault, LiveSetting, Settings};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::repository::Repository;
use crate::plan::{self, Observation};
use crate::state::{Goal, Scope, Target};
use crate::view::{
    self,
    states::{Live, Matrix, Row},
};

/// Shows every setting in every state, beside what is live
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl states", "the settings that differ between states, or from what is live")],
    &[(Exit::Error, "something could not be read")],
))]
pub(in crate::cli) struct States {}

impl States {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let mut loaded = repository.states(output)?;
        let secrets = repository.secrets();
        for (_, goal) in loaded.scope.settings.values_mut().flat_map(Settings::values_mut).flatten() {
            // Without its text it differs from what is live, as far as anybody knows.
            let _ = goal.reveal(&secrets);
        }
        let instances = repository.instances(output)?;
        let observation = plan::observe(&loaded.scope, &instances).await;
        let over = loaded.states.values().map(|state| state.over.clone()).collect();
        let matrix = Matrix { over, ..matrix(loaded.states.into_keys().collect(), &loaded.scope, &observation) };
        if output.json {
            output.result(&view::json::document("states", &matrix)?);
        } else {
            output.result(&view::states::matrix(&matrix, &output.results));
        }
        Ok(if matrix.unread.is_empty() { Exit::Done } else { Exit::Error })
    }
}

fn matrix(states: Vec<String>, scope: &Scope, observation: &Observation) -> Matrix {
    let mut rows: BTreeMap<(Address, String), Vec<Option<Goal>>> = BTreeMap::new();
    let mut unread = Vec::new();
    let mut unlisted = vec![0; states.len()];
    let mut missing = BTreeSet::new();
    // An explicit address comes last: what a state says of it that state does not say of it by a wildcard.
    let mut names: Vec<_> = scope.declared.iter().collect();
    names.sort_by_key(|(_, declared)| matches!(declared.at, Target::One(_)));
    for (name, declared) in names {
        let members = match (observation.names.get(name), &declared.at) {
            (Some(Ok(members)), at) => {
                if !members.complete {
                    unread.push((shown(at), "not all of its members could be read".to_owned()));
                    count(&mut unlisted, &states, scope, name);
                }
                members.found.clone()
            }
            (Some(Err(Fault::Missing(_))), Target::One(at)) if declared.optional => {
                missing.insert(at.clone());
                vec![at.clone()]
            }
            (Some(Err(fault)), at) => {
                unread.push((shown(at), fault.to_string()));
                match at {
                    Target::One(at) => vec![at.clone()],
                    Target::Many { .. } => {
                        count(&mut unlisted, &states, scope, name);
                        Vec::new()
                    }
                }
            }
            (None, _) => Vec::new(),
        };
        for at in members {
            for (key, set_by) in scope.settings.get(name).into_iter().flatten() {
                let row = rows.entry((at.clone(), key.clone())).or_insert_with(|| vec![None; states.len()]);
                for (state, cell) in states.iter().zip(row) {
                    let goal = set_by.iter().find(|(by, _)| by == state).map(|(_, goal)| goal.clone());
                    *cell = goal.or(cell.take());
                }
            }
        }
    }
    let rows = rows.into_iter().map(|((at, setting), goals)| {
        let not_found = || if missing.contains(&at) { Live::Missing } else { Live::Unread };
        let live = observation.found.get(&at).map_or_else(not_found, |live| match live.settings.get(&setting) {
            Some(LiveSetting::Hidden(_)) => Live::Unread,
            Some(LiveSetting::Is { value, .. }) => Live::Is(Some(value.clone())),
            Some(LiveSetting::Absent) | None => Live::Is(None),
        });
        Row { at, setting, live, goals }
    });
    Matrix { states, over: Vec::new(), rows: rows.collect(), unread, unlisted }
}

/// Counts for each state the settings that it gives to a name.
fn count(unlisted: &mut [usize], states: &[String], scope: &Scope, name: &str) {
    for (state, number) in states.iter().zip(unlisted) {
        let settings = scope.settings.get(name).into_iter().flatten();
        *number += settings.filter(|(_, set_by)| set_by.iter().any(|(by, _)| by == state)).count();
    }
}

fn shown(at: &Target) -> String {
    match at {
        Target::One(at) => at.to_string(),
        Target::Many { pattern, .. } => pattern.to_string(),
    }
}
