use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use jiff::Timestamp;
use opsctl_api::{Address, Fault, Live, LiveSetting, Owner, Settings};

use crate::apply::{self, ApplyError};
use crate::cli::claims::{Key, is_in};
use crate::cli::damage::Damage;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::owed::{self, Debt};
use crate::cli::repository::Repository;
use crate::cli::setting::Setting;
use crate::cli::standing::Standing;
use crate::cli::unheld::unheld;
use crate::cli::wanted::Wanted;
use crate::instance::Instances;
use crate::plan::{self, Observation};
use crate::snapshot::{EditRecord, Operation, Status as Stand, StepRecord};
use crate::state::{Declared, Goal, Resource, Scope, State, Target, Want};
use crate::view::{
    self,
    status::{Drift, OnTheWay},
};

/// Tells how things stand: what was applied last, what differs from it now, what is open or owed
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl status", "how things stand"), ("opsctl status --json", "the same for a script")],
    &[
        (Exit::Error, "something could not be read: a resource, or a record of the history, or the last one is not there"),
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
        let id = last.as_ref().map(|last| last.id.as_str());
        status.stands = stands.as_ref().map(|stands| view::Stands::of(stands, id));
        if let Some(recorded) = &recorded {
            let stands = stands.unwrap_or_default();
            status.unheld = unheld(&stands, &setting, &mut damage)?;
            let wanted = Wanted::of(&stands, recorded, &standing, &setting, &mut damage)?;
            compare(&wanted, repository.after(&store, recorded)?, &instances, &mut status).await;
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
        } else if !status.owed.is_empty()
            || !status.on_the_way.is_empty()
            || status.last.is_some_and(Operation::is_unmeasured)
            || status.unheld.iter().any(|unheld| unheld.seen.is_empty())
        {
            Exit::InPart
        } else if !status.damaged.is_empty() || status.missed.is_some() || !status.unread.is_empty() {
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

/// Reads what is wanted of, and what was left, and takes down what is not so any more.
async fn compare(wanted: &Wanted, left: Option<State>, instances: &Instances, status: &mut view::status::Status<'_>) {
    let left = left.map(|left| left.resources).unwrap_or_default();
    let left: BTreeMap<&Address, &Settings<Want>> = left.values().filter_map(one).collect();
    let mut keys: BTreeMap<&Address, BTreeSet<&str>> = BTreeMap::new();
    for (at, wants) in &left {
        keys.entry(at).or_default().extend(wants.keys().map(String::as_str));
    }
    for (at, key) in wanted.goals.keys().chain(wanted.on_the_way.keys()) {
        keys.entry(at).or_default().insert(key);
    }
    let observation = plan::observe(&scope_of(&keys), instances).await;
    if let Some(last) = status.last {
        let alone = last.steps.iter().filter(|step| step.status == Stand::LeftAlone);
        status.left_alone = alone.filter(|step| !is_mended(step, &observation)).collect();
    }
    let told = status.owed.iter().flat_map(|owed| owed.steps).chain(status.left_alone.iter().copied());
    let told: BTreeSet<Key> = told.flat_map(StepRecord::settings).collect();
    // What an operation did that did not end is told with that.
    let open = status.last.filter(|last| last.ended.is_none()).into_iter().flat_map(|last| &last.steps);
    let open = open.filter(|step| step.status != Stand::Done).flat_map(StepRecord::settings);
    let undone: BTreeSet<Key> = told.iter().cloned().chain(open).collect();
    let strangers = apply::strangers(wanted.targets.iter(), &observation.identities);
    let mut unread: BTreeMap<String, String> =
        strangers.iter().map(|(instance, stranger)| (instance.clone(), stranger.to_string())).collect();
    for (at, keys) in keys {
        if strangers.contains_key(at.instance()) {
            continue;
        }
        let live = match (observation.found.get(at), observation.names.get(at.as_str())) {
            (Some(live), _) => live,
            // It was not there then either: nothing of it was left.
            (None, Some(Err(Fault::Missing(_)))) if keys.is_empty() => continue,
            (None, Some(Err(fault))) => {
                unread.insert(at.to_string(), fault.to_string());
                continue;
            }
            (None, _) => continue,
        };
        for key in keys {
            if let Some(LiveSetting::Hidden(why)) = live.settings.get(key) {
                unread.insert(format!("{at} {key}"), why.clone());
                continue;
            }
            let left = left.get(at).and_then(|wants| wants.get(key)).map(|want| &want.goal);
            let key = (at.clone(), key.to_owned());
            if hold(&key, live, left, wanted, &told, status) && is_in(&undone, &key) {
                status.undone += 1;
            }
        }
    }
    status.unread = unread.into_iter().collect();
}

/// Holds a setting against what it should be, and where nobody wants anything of it against what it was `left` at. Whether it was compared, and nothing is to be said of it here.
fn hold(
    key: &Key,
    live: &Live,
    left: Option<&Goal>,
    wanted: &Wanted,
    told: &BTreeSet<Key>,
    status: &mut view::status::Status<'_>,
) -> bool {
    let value = live.value(&key.1);
    if let Some(way) = wanted.on_the_way.get(key)
        && value.is_some_and(|value| way.left.contains(value))
    {
        let (at, setting) = key.clone();
        let (name, wants, live) = (way.name.clone(), way.goal.clone(), value.cloned());
        status.on_the_way.push(OnTheWay { name, at, setting, wants, live });
        return false;
    }
    let Some(goal) = wanted.goals.get(key).and_then(Option::as_ref).or(left) else { return false };
    status.settings += 1;
    let is_as_left = left.is_some_and(|left| left.holds(value));
    // What is owed or was left alone is told with that, and here only where it was changed since.
    let is_told = is_in(told, key);
    let is_moved = || mover(&key.1, goal, live).is_some();
    if goal.holds(value) || (is_as_left && (is_told || is_moved())) {
        return true;
    }
    let goal = if is_told { left.unwrap_or(goal) } else { goal };
    status.drifts.push(drift(&key.1, goal, live));
    false
}

/// What was left of one resource.
fn one(resource: &Resource) -> Option<(&Address, &Settings<Want>)> {
    let Target::One(at) = &resource.declared.at else { return None };
    Some((at, &resource.wants))
}

/// These settings, to be observed, each resource by its address.
fn scope_of(keys: &BTreeMap<&Address, BTreeSet<&str>>) -> Scope {
    let mut scope = Scope::default();
    for (&at, keys) in keys {
        scope.declared.insert(at.to_string(), Declared::alone(Target::One(at.clone())).into());
        let settings = keys.iter().map(|&key| (key.to_owned(), Vec::new())).collect();
        scope.settings.insert(at.to_string(), settings);
    }
    scope
}

/// Whether what was left alone is as it should be by now, as far as the record tells what that is.
fn is_mended(step: &StepRecord, observation: &Observation) -> bool {
    let live = step.at.as_ref().and_then(|at| observation.found.get(at));
    let is = |edit: &EditRecord| live.is_some_and(|live| live.value(&edit.setting) == edit.to.as_ref());
    !step.edits.is_empty() && step.edits.iter().all(is)
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
        wants: goal.clone(),
        live: value.cloned(),
        moved_by: mover.filter(lets_be).map(|owner| match &owner.within {
            Some((least, most)) => format!("{} (within {least}..{most})", owner.name),
            None => owner.name.clone(),
        }),
        touched: touched.or(undone_by),
    }
}
