use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Edit, Live, LiveSetting, Settings};

use super::diff::{Edits, diff, slots};
use super::digest::digest;
use super::expand::{Expanded, expand};
use super::observe::{Observation, observe};
use super::order::unserved::unserved;
use super::order::{Order, Ordered, What, order};
use super::problem::{PlanError, Problem};
use super::request::Request;
use super::{
    FORMAT, InstanceSeen, Intent, Plan, Seen, SeenSetting, Skipped, SkippedWhy, WayBack, actions, asked, guard, level,
    notes, preflight, quota, reliance, rest, restarts, restore, select, spare, steps, undercut,
};
use crate::instance::Instances;
use crate::state::{Scope, State};

/// Observes, compares and orders.
///
/// # Errors
/// All reasons why there is no plan. What would merely refuse an apply is in [`Plan::refusals`].
pub async fn make(request: Request<'_>, instances: &Instances) -> Result<Plan, PlanError> {
    let scope = with_state(request.scope, request.state);
    let observation = observe(&scope, instances).await;
    let draft = draft(&request, &scope, &observation, instances);
    let idle = match request.offline {
        true => BTreeMap::new(),
        false => actions::idle(&request, &draft.due, instances).await,
    };
    let mut plan = from_draft(draft, &request, &scope, &observation, &idle, instances)?;
    plan.preflight = preflight::preflight(&plan.steps, instances).await;
    preflight::refuse(&mut plan);
    for (name, calls) in instances.calls() {
        if let Some(instance) = plan.instances.get_mut(&name) {
            instance.calls = calls;
        }
    }
    plan.digest = digest(&plan);
    Ok(plan)
}

/// What is to be changed and done, in no order yet.
struct Draft {
    expanded: Expanded,
    edits: Edits,
    /// The actions that are due, by index.
    due: BTreeSet<usize>,
    problems: Vec<Problem>,
}

/// What follows from what was observed.
fn draft(request: &Request<'_>, scope: &Scope, observation: &Observation, instances: &Instances) -> Draft {
    let state = request.state;
    let mut problems = Vec::new();
    let shares = asked::shares(state, &request.part);
    let reverts = request.reverts.is_some();
    let mut expanded = expand(state, reverts, &shares, observation, &instances.catalogues(), &mut problems);
    restore::resolve(&mut expanded, &request.past);
    if let Some(rest) = &request.rest {
        rest::again(rest, &mut expanded);
    }
    for goal in expanded.items.iter_mut().flat_map(|item| item.goals.values_mut()) {
        // Where there is no text, an apply says so.
        let _ = goal.goal.reveal(request.secrets);
    }
    let mut edits = diff(request, &mut expanded, &mut problems);
    restarts::begin(state, scope, &mut expanded, &mut edits);
    select::select(request, &shares, &mut expanded, &mut edits, &mut problems);
    if let Some(rest) = &request.rest {
        rest::only(rest, state, &mut expanded, &mut edits);
    }
    spare::spare(request, &mut expanded, &mut edits);
    restarts::settle(state, scope, &mut expanded, &mut edits);
    level::lower(state, &state.actions, &expanded, &mut edits);
    let due = actions::due(request, &mut expanded, &edits);
    Draft { expanded, edits, due, problems }
}

/// Orders a draft. An action that comes first, or behind checks alone, and has nothing to do (`idle`, with what was seen) is left out.
fn ordered(draft: &mut Draft, state: &State, idle: &BTreeMap<usize, String>) -> Order {
    loop {
        let order = order(state, &draft.expanded, &draft.edits, &draft.due, &mut draft.problems);
        let mut untouched: Vec<bool> = Vec::with_capacity(order.steps.len());
        let mut free: Vec<(usize, &String)> = Vec::new();
        for step in &order.steps {
            let is_first = step.after.iter().all(|edge| untouched[edge.step]);
            // What a check looks at is not changed by that.
            untouched.push(is_first && matches!(step.what, What::Check { .. } | What::Joint { .. }));
            if let (What::Action { action }, true) = (&step.what, is_first) {
                free.extend(idle.get(action).map(|seen| (*action, seen)));
            }
        }
        if free.is_empty() {
            return order;
        }
        for (action, seen) in free {
            draft.due.remove(&action);
            let at = format!("action {}", state.actions[action].name);
            draft.expanded.skipped.push(Skipped { at, setting: None, why: SkippedWhy::NothingToDo(seen.clone()) });
        }
    }
}

/// The plan that follows from a draft.
fn from_draft(
    mut draft: Draft,
    request: &Request<'_>,
    scope: &Scope,
    observation: &Observation,
    idle: &BTreeMap<usize, String>,
    instances: &Instances,
) -> Result<Plan, PlanError> {
    let state = request.state;
    let catalogues = instances.catalogues();
    let ordered = ordered(&mut draft, state, idle);
    let Draft { mut expanded, edits, due, mut problems } = draft;
    let timeout = request.guard.timeout.unwrap_or(steps::TIMEOUT);
    let steps = steps::steps(state, &expanded, &edits, ordered.steps, &catalogues, timeout, &mut problems);
    if !problems.is_empty() {
        problems.sort();
        problems.dedup();
        return Err(PlanError { problems });
    }

    let owners = notes::owners(&expanded, &edits, &steps);
    let mut refusals =
        guard::guard(&expanded, &edits, request.guard, &[&request.allow_one_way[..], &state.allow_one_way].concat());
    refusals.extend(guard::nameless(&steps, &observation.identities));
    refusals.extend(notes::fights(&owners));
    let quotas = quota::quotas(&expanded, &steps, &catalogues, &request.made);
    refusals.extend(quota::exceeded(&quotas));
    refusals.extend(ordered.refusals);
    refusals.extend(notes::dry_pools(state, &expanded, &edits));
    refusals.extend(unserved(state, &expanded, &edits));
    let (taken, undercuts) = undercut::undercut(request, &expanded, &edits);
    refusals.extend(taken);
    if request.rest.is_some() {
        refusals.extend(rest::bereft(state, &expanded, &edits));
        // `resume` leaves nothing out: that is said to an apply.
        let apply = format!("{} --exclude", intent(request).applied());
        refusals.iter_mut().for_each(|refusal| refusal.instead = refusal.instead.replacen("--exclude", &apply, 1));
    }
    let names = members(observation);
    let wanted = |at: &Address, setting: &str| {
        let item = expanded.items.binary_search_by(|item| item.at.cmp(at));
        Some(expanded.items[item.ok()?].goals.get(setting)?.goal.clone())
    };
    let leaves = notes::leaves(state, scope, &names, &observation.found, &wanted);
    let holes = notes::holes(state, scope, &names, &expanded, &edits, &steps);
    let mut skipped = std::mem::take(&mut expanded.skipped);
    for (name, needed, at) in ordered.dropped {
        skipped.push(Skipped { at, setting: None, why: SkippedWhy::OwnNeed { name, needed } });
    }
    for check in ordered.idle_checks {
        let name = state.checks[check].name.clone();
        skipped.push(Skipped { at: format!("check {name}"), setting: None, why: SkippedWhy::GatesNothing });
    }
    let not_undone =
        |name: &String| Skipped { at: format!("action {name}"), setting: None, why: SkippedWhy::NotUndone };
    skipped.extend(request.called.iter().map(not_undone));
    skipped.sort_by(|a, b| (&a.at, &a.setting).cmp(&(&b.at, &b.setting)));
    Ok(Plan {
        format: FORMAT,
        digest: String::new(),
        intent: intent(request),
        instances: instances_seen(observation, instances),
        resources: seen(scope, observation, &names, &expanded),
        declared: scope.declared.clone(),
        traffic: notes::moves(state, &expanded, &edits),
        restarts: notes::restarts(&expanded, &edits),
        way_back: WayBack {
            actions: due.iter().map(|&action| state.actions[action].name.clone()).collect(),
            ..way_back(state, &expanded, &edits)
        },
        steps,
        skipped,
        owners,
        leaves,
        holes,
        failed_needs: ordered.failed_needs,
        undercuts,
        preflight: Vec::new(),
        quotas,
        refusals,
        checks: state.checks.clone(),
        actions: due
            .into_iter()
            .map(|action| actions::planned(&state.actions[action], request.rest.as_ref()))
            .collect(),
        estimate: None,
    })
}

/// What is observed: all that any state sets, with what this one says. A state of the repository is in its scope already.
fn with_state<'a>(scope: &'a Scope, state: &State) -> Cow<'a, Scope> {
    let mut scope = Cow::Borrowed(scope);
    for (name, resource) in &state.resources {
        if scope.declared.get(name) != Some(&resource.declared) {
            scope.to_mut().declared.insert(name.clone(), resource.declared.clone());
        }
        for (key, want) in &resource.wants {
            let known = scope.settings.get(name).and_then(|settings| settings.get(key));
            if known.is_some_and(|states| states.iter().any(|(known, _)| *known == state.name)) {
                continue;
            }
            let settings = scope.to_mut().settings.entry(name.clone()).or_default();
            settings.or_default(key).push((state.name.clone(), want.goal.clone()));
        }
    }
    scope
}

fn members(observation: &Observation) -> BTreeMap<String, Vec<Address>> {
    let names = observation.names.iter();
    names.filter_map(|(name, members)| Some((name.clone(), members.as_ref().ok()?.found.clone()))).collect()
}

fn intent(request: &Request<'_>) -> Intent {
    let (state, rest) = (request.state, request.rest.as_ref());
    Intent {
        name: state.name.clone(),
        summary: state.summary.clone(),
        state_digest: state.digest.clone(),
        reverts: request.reverts.clone(),
        rest_of: rest.map(|rest| rest.operation.clone()),
        since: rest.and_then(|rest| rest.since),
        over: state.over.clone(),
        part: request.part.clone(),
        confirm: state.confirm,
        rto: state.rto.filter(|_| request.part.is_whole() && rest.is_none_or(|rest| rest.since.is_some())),
        on_failure: state.on_failure.unwrap_or_default(),
        tolerates_unreachable: state.tolerates_unreachable.clone(),
    }
}

fn instances_seen(observation: &Observation, instances: &Instances) -> BTreeMap<String, InstanceSeen> {
    let mut seen = BTreeMap::new();
    for (name, identity) in &observation.identities {
        let Some(instance) = instances.get(name) else { continue };
        let unreachable = identity.as_ref().err().map(ToString::to_string);
        seen.insert(
            name.clone(),
            InstanceSeen {
                provider: instance.provider_type.clone(),
                target: instance.target.clone(),
                identity: identity.as_ref().ok().cloned(),
                unreachable,
                calls: BTreeMap::new(),
            },
        );
    }
    seen
}

fn seen(
    scope: &Scope,
    observation: &Observation,
    names: &BTreeMap<String, Vec<Address>>,
    expanded: &Expanded,
) -> BTreeMap<Address, Seen> {
    let mut resources: BTreeMap<Address, Seen> = BTreeMap::new();
    for (name, members) in names {
        let keys = scope.settings.get(name);
        for at in members {
            let Some(live) = observation.found.get(at) else { continue };
            let seen = resources.entry(at.clone()).or_insert_with(|| Seen {
                names: Vec::new(),
                settings: Settings::new(),
                readiness: live.readiness.clone(),
                relations: live.relations.clone(),
                owners: live.owners.clone(),
            });
            seen.names.push(name.clone());
            for key in keys.into_iter().flat_map(Settings::keys) {
                seen.settings.or_insert_with(key, || seen_setting(live, key));
            }
        }
    }
    for item in &expanded.items {
        let Some(seen) = resources.get_mut(&item.at) else { continue };
        let Some(live) = observation.found.get(&item.at) else { continue };
        for (key, goal) in &item.goals {
            seen.settings.or_insert_with(key, || seen_setting(live, key));
            if let Some(setting) = seen.settings.get_mut(key) {
                setting.goal = Some(goal.goal.clone());
            }
        }
    }
    resources
}

fn seen_setting(live: &Live, key: &str) -> SeenSetting {
    let hidden = match live.settings.get(key) {
        Some(LiveSetting::Hidden(why)) => Some(why.clone()),
        Some(LiveSetting::Is { .. } | LiveSetting::Absent) | None => None,
    };
    SeenSetting { live: live.value(key).cloned(), hidden, goal: None }
}

/// The way back from the predicted outcome: the same edits turned round, ordered by the same rule, but for those that only go
/// one way, and for what they would hold back.
fn way_back(state: &State, expanded: &Expanded, edits: &Edits) -> WayBack {
    let mut turned: Edits = expanded
        .items
        .iter()
        .zip(edits)
        .map(|(item, edits)| {
            let back = edits.values().flatten().filter(|edit| !guard::is_one_way(item, edit)).map(|edit| Edit {
                setting: edit.setting.clone(),
                from: edit.to.clone(),
                to: edit.from.clone(),
            });
            slots(item.kind, back.collect())
        })
        .collect();
    let irreversible = guard::one_way(expanded, edits);
    let stays = |index: &usize| irreversible.contains_key(&expanded.items[*index].at);
    let mut held_back = Vec::new();
    for (item, _) in reliance::relying_on(state, expanded, (0..expanded.items.len()).filter(stays).collect::<Vec<_>>())
    {
        let planned = turned[item].len();
        turned[item].retain(|slot, _| !slot.is_up());
        if turned[item].len() < planned {
            held_back.push(expanded.items[item].at.clone());
        }
    }
    held_back.sort();
    // It calls nothing.
    level::lower(state, &[], expanded, &mut turned);
    let steps = match turned.iter().all(BTreeMap::is_empty) {
        true => 0,
        false => {
            let back = order(state, expanded, &turned, &BTreeSet::new(), &mut Vec::new());
            let goes_back =
                |step: &&Ordered| matches!(&step.what, What::Slots { item, .. } if !turned[*item].is_empty());
            back.steps.iter().filter(goes_back).count()
        }
    };
    WayBack { steps, irreversible, held_back, actions: Vec::new(), estimate: None }
}
