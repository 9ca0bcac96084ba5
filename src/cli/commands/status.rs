use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use jiff::Timestamp;
use opsctl_api::{Address, Fault, Live, LiveSetting, Owner, Value};

use crate::apply::{self, ApplyError};
use crate::cli::claims;
use crate::cli::damage::Damage;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::owed::{self, Debt};
use crate::cli::repository::Repository;
use crate::cli::scope::scope_of;
use crate::cli::setting::Setting;
use crate::cli::standing::Standing;
use crate::instance::Instances;
use crate::plan::{self, Observation, Plan};
use crate::snapshot::{EditRecord, Operation, Status as Stand, StepRecord};
use crate::state::{Goal, State, Target};
use crate::view::{
    self,
    status::{Drift, Unmet},
};

/// Tells how things stand: what was applied last, what differs from it now, what is open or owed
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl status", "how things stand"), ("opsctl status --json", "the same for a script")],
    &[
        (Exit::Error, "a record of the history cannot be read, or the last one is not there"),
        (Exit::Unfinished, "an operation did not end"),
        (Exit::InPart, "something is still to be done"),
    ],
))]
pub(in crate::cli) struct Status {}

impl Status {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let store = repository.store()?;
        if let Some(running) = apply::running(&repository.work_dir())? {
            return under_way(running.to_string(), output);
        }
        let instances = repository.instances(output)?;
        let open = apply::unfinished(&repository.work_dir()).map_err(ApplyError::from)?;
        let mut damage = Damage::default();
        let recorded = damage.spare(store.last_changing())?.flatten();
        let setting = Setting::new(&repository, &instances, &store)?;
        let mut debts = owed::all(&setting, &mut damage).await?;
        if let Some(open) = &open {
            debts.retain_mut(|debt| debt.outlives(&open.plan));
        }
        let standing = Standing::of(&repository)?;
        let last = recorded.as_ref().map(|recorded| standing.record(recorded.operation.clone()));
        let missed = repository.missed.as_deref();
        let mut status = view::status::Status { last: last.as_ref(), missed, ..Default::default() };
        status.owed = debts.iter().map(Debt::told).collect();
        let stands = damage.spare(store.stands(None))?;
        status.stands = stands.map(|stands| view::Stands::of(&stands, last.as_ref().map(|last| last.id.as_str())));
        if let Some(recorded) = &recorded
            && let Some(left) = repository.after(&store, recorded)?
        {
            let mut plan = damage.spare(repository.planned_if_read(&store, recorded))?.flatten();
            if let Some(plan) = &mut plan {
                reveal(plan, &repository.secrets());
            }
            compare(&left, plan.as_ref(), &instances, &mut status).await;
        }
        status.damaged = damage.told(&setting)?;
        if let Some(open) = &open {
            let effects = open.look(&instances).await;
            status.unfinished =
                Some(view::unfinished::unfinished(open, &effects, &open.astray(&instances).await, &output.results));
        } else if let Some(lost) = standing.any_lost(&store)? {
            status.unfinished = Some(view::unfinished::lost(&lost.what, &lost.hint, &output.results));
            status.lost = Some(lost.what);
        }
        let exit = if status.unfinished.is_some() {
            Exit::Unfinished
        } else if !status.owed.is_empty() {
            Exit::InPart
        } else if !status.damaged.is_empty() || status.missed.is_some() {
            Exit::Error
        } else {
            Exit::Done
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

/// Somebody is applying: what is live is on its way, and nothing else can be said of it.
fn under_way(running: String, output: &Output) -> Result<Exit, Failure> {
    if output.json {
        let status = view::status::Status { lock: Some(running), ..Default::default() };
        let document = Document { exit: Exit::Done.code(), open: None, status: &status };
        output.result(&view::json::document("status", &document)?);
    } else {
        output.result(&format!("{running}.\n"));
    }
    Ok(Exit::Done)
}

/// Reads what was left again, and takes down what is not so any more.
async fn compare(left: &State, plan: Option<&Plan>, instances: &Instances, status: &mut view::status::Status<'_>) {
    let observation = plan::observe(&scope_of(left), instances).await;
    let strangers = apply::strangers(plan.into_iter().flat_map(Plan::targets), &observation.identities);
    let mut unread: BTreeMap<String, String> =
        strangers.iter().map(|(instance, stranger)| (instance.clone(), stranger.to_string())).collect();
    for (name, resource) in &left.resources {
        let Target::One(at) = &resource.declared.at else { continue };
        if strangers.contains_key(at.instance()) {
            continue;
        }
        let live = match (observation.found.get(at), observation.names.get(name)) {
            (Some(live), _) => live,
            // It was not there then either: nothing of it was left.
            (None, Some(Err(Fault::Missing(_)))) if resource.wants.is_empty() => continue,
            (None, Some(Err(fault))) => {
                unread.insert(at.to_string(), fault.to_string());
                continue;
            }
            (None, _) => continue,
        };
        for (key, want) in &resource.wants {
            if let Some(LiveSetting::Hidden(why)) = live.settings.get(key) {
                unread.insert(format!("{at} {key}"), why.clone());
                continue;
            }
            status.settings += 1;
            if !want.goal.holds(live.value(key)) {
                status.drifts.push(drift(key, &want.goal, live));
            }
        }
    }
    if let Some(last) = status.last {
        let alone = last.steps.iter().filter(|step| step.status == Stand::LeftAlone);
        status.left_alone = alone.filter(|step| !is_mended(step, &observation)).collect();
    }
    status.unread = unread.into_iter().collect();
    status.unmet = plan.map(|plan| unmet(plan, &observation, status)).unwrap_or_default();
    status.unmet.retain(|unmet| !strangers.contains_key(unmet.at.instance()));
}

/// What secrets should be is told by their texts alone, which no plan has. One whose text cannot be had is not compared.
fn reveal(plan: &mut Plan, secrets: &apply::Secrets<'_>) {
    for setting in plan.resources.values_mut().flat_map(|seen| seen.settings.values_mut()) {
        if let Some(Goal::Exact(Value::Secret(secret))) = &mut setting.goal
            && let Some(source) = &secret.source
        {
            match secrets(source) {
                Ok(text) => secret.plain = Some(text),
                Err(_) => setting.goal = None,
            }
        }
    }
}

/// What is as it was left and not as it should be, but for what is owed: others changed it while the operation was under way.
fn unmet(plan: &Plan, observation: &Observation, status: &view::status::Status<'_>) -> Vec<Unmet> {
    if let Some(last) = status.last.filter(|last| last.abandoned.is_some()) {
        return on_the_way(last, observation);
    }
    let decided = claims::decided(plan);
    let owed: BTreeSet<(&Address, &str)> = status
        .owed
        .iter()
        .flat_map(|owed| owed.steps)
        .filter_map(|step| Some((step.at.as_ref()?, step)))
        .flat_map(|(at, step)| step.edits.iter().map(move |edit| (at, edit.setting.as_str())))
        .collect();
    let mut unmet = Vec::new();
    for (at, seen) in &plan.resources {
        let Some(live) = observation.found.get(at) else { continue };
        for (key, setting) in &seen.settings {
            let Some(goal) = &setting.goal else { continue };
            let told = status.drifts.iter().any(|drift| drift.at == *at && drift.setting == *key);
            if told
                || matches!(live.settings.get(key), Some(LiveSetting::Hidden(_)))
                || goal.holds(live.value(key))
                || mover(key, goal, live).is_some()
                || owed.contains(&(at, key.as_str()))
                || !decided.contains(&(at.clone(), key.clone()))
            {
                continue;
            }
            unmet.push(Unmet {
                at: at.clone(),
                setting: key.clone(),
                wants: goal.clone(),
                live: live.value(key).cloned(),
            });
        }
    }
    unmet
}

/// Whether what was left alone is as it should be by now, as far as the record tells what that is.
fn is_mended(step: &StepRecord, observation: &Observation) -> bool {
    let live = step.at.as_ref().and_then(|at| observation.found.get(at));
    let is = |edit: &EditRecord| live.is_some_and(|live| live.value(&edit.setting) == edit.to.as_ref());
    !step.edits.is_empty() && step.edits.iter().all(is)
}

/// What an operation was to set again, and is where it left it on the way.
fn on_the_way(last: &Operation, observation: &Observation) -> Vec<Unmet> {
    let steps = last.steps.iter().filter_map(|step| Some((step.at.as_ref()?, step)));
    let edits = steps.flat_map(|(at, step)| step.left_on_the_way().map(move |(edit, left)| (at, edit, left)));
    let still = edits.filter_map(|(at, edit, left)| {
        let live = observation.found.get(at)?.value(&edit.setting);
        let wants = Goal::Exact(edit.to.clone()?);
        (live == Some(left)).then(|| Unmet {
            at: at.clone(),
            setting: edit.setting.clone(),
            wants,
            live: live.cloned(),
        })
    });
    still.collect()
}

/// The declared owner that may have moved a setting to where it is.
fn mover<'a>(key: &'a str, goal: &Goal, live: &'a Live) -> Option<&'a Owner> {
    live.mover(key, goal.exact(), live.value(key)?)
}

fn drift(key: &str, goal: &Goal, live: &Live) -> Drift {
    let value = live.value(key);
    let touch = live.touched.iter().find(|touch| touch.setting == key);
    let touched = touch.map(|touch| (touch.by.clone(), touch.at));
    // An owner that does not let be what was left has not moved it, but undone it.
    let lets_be = |owner: &&Owner| goal.exact().is_none_or(|left| owner.allows(left));
    let mover = mover(key, goal, live);
    let undone_by = mover.filter(|owner| !lets_be(owner)).map(|owner| (owner.name.clone(), None));
    Drift {
        at: live.at.clone(),
        setting: key.to_owned(),
        left: goal.exact().cloned(),
        live: value.cloned(),
        moved_by: mover.filter(lets_be).map(|owner| match &owner.within {
            Some((least, most)) => format!("{} (within {least}..{most})", owner.name),
            None => owner.name.clone(),
        }),
        touched: touched.or(undone_by),
    }
}
