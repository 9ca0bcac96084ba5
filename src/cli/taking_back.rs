use std::sync::Arc;

use opsctl_api::{Address, Pattern};

use super::called::{called, tell_called, undoing};
use super::damage::Damage;
use super::exit::Exit;
use super::failure::Failure;
use super::flags::{Flags, How};
use super::intended::Selection;
use super::open;
use super::output::Output;
use super::owed;
use super::page::{self, Situation};
use super::quota;
use super::rollback_state;
use super::run::{self, Held};
use super::setting::Setting;
use crate::apply::{ApplyError, Closing, Mark};
use crate::plan::{self, Plan, Request, Skipped, SkippedWhy};
use crate::snapshot::{Operation, OperationKind, Outcome, StepRecord, StoreError, unwind};
use crate::view;

/// What takes operations back.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) plan: Plan,
    /// Whether they left anything that is not as it was before.
    pub(super) has_changed: bool,
}

/// Plans to take operations back, which are the newest first, down to the last of them.
///
/// # Errors
/// A snapshot is missing or damaged, an instance is another one now, or there is no plan.
pub(super) async fn plan(
    setting: &Setting<'_>,
    operations: &[Operation],
    selection: &Selection,
    force: Vec<Pattern>,
    output: &Output,
) -> Result<Way, Failure> {
    let Some(operation) = operations.last() else { return Err(StoreError::NothingToRollBack.into()) };
    let mut unwound = unwind(operations, &operation.id);
    let has_changed = !unwound.is_nothing();
    if !has_changed {
        unwound.values.clear();
    }
    let (repository, instances) = (setting.repository, setting.instances);
    // Of what is not configured any more nothing can be planned, and nothing need be where it is left out.
    let is_known = |at: &Address| repository.catalogues.kind(at.instance(), at.kind()).is_some();
    unwound.values.retain(|at, _| is_known(at) || !selection.leaves_out(at));
    let back = rollback_state::back(repository, setting.store, operation, &unwound, output)?;
    back.same_targets(instances).await?;
    let secrets = repository.secrets();
    let open: Vec<&Operation> = operations.iter().filter(|operation| operation.ended.is_none()).collect();
    let request = Request {
        reverts: Some(operation.id.clone()),
        called: called(operations),
        left: back.left,
        made: quota::made(&back.state, &open, repository, setting.store)?,
        before: back.before,
        force,
        ..selection.request(repository, &back.state, &back.scope, &secrets)
    };
    let mut plan = plan::make(request, instances).await?;
    page::estimate(&mut plan, setting.store);
    Ok(Way { plan, has_changed })
}

/// What comes of a rollback that has nothing to do. `None` where all is as it was: that it is taken back by that is recorded. What it owes is let go of
/// then, for it is not wanted any more, as the operator agrees.
///
/// # Errors
/// What is owed cannot be read, the operator said no, or that could not be recorded.
pub(super) async fn nothing(
    plan: &Plan,
    over: Option<&Mark>,
    setting: &Setting<'_>,
    flags: &Flags,
    output: &Output,
) -> Result<Option<Exit>, Failure> {
    let is_left = |skipped: &Skipped| {
        matches!(skipped.why, SkippedWhy::NotTargeted | SkippedWhy::HeldBack(_) | SkippedWhy::Owed { .. })
    };
    if plan.skipped.iter().any(is_left) {
        // Something of it is still to be taken back: nothing is closed, or let go of.
        output.say("Nothing was changed.\n");
        return Ok(Some(Exit::InPart));
    }
    let (name, steps) = (plan.intent.name.clone(), owed_by(plan, setting, output).await?);
    flags.lets_go(&name, over.is_some(), &steps, output)?;
    let spares = view::plan::spares(plan);
    if plan.intent.part.is_whole() && !spares {
        if !steps.is_empty() && !output.json {
            output.result(&view::let_go_with(&steps, &output.results));
        }
        return Ok(None);
    }
    if let Some(over) = over {
        open::abandon(setting, over.clone(), Closing::TakenBack("rolled back".to_owned()), output).await?;
    }
    run::lets_go(setting, plan, name, "nothing of it is left to take back".to_owned(), steps, output).await?;
    if spares {
        output.say("Nothing was changed.\n");
    }
    Ok(Some(if spares { Exit::InPart } else { Exit::Done }))
}

/// What the operations owe that a plan takes back, but for what it leaves as it is.
async fn owed_by(plan: &Plan, setting: &Setting<'_>, output: &Output) -> Result<Vec<StepRecord>, Failure> {
    let mut damage = Damage::default();
    let debts = owed::all(setting, &mut damage).await?;
    damage.warn(setting, output)?;
    let down_to = owed::down_to(plan.intent.reverts.as_deref(), setting)?;
    let taken_back = debts.iter().filter(|debt| down_to.is_some_and(|down_to| debt.place <= down_to));
    Ok(taken_back.flat_map(|debt| debt.not_spared_by(plan)).collect())
}

/// Whether none of these operations, the newest first, stands any more: each is taken back already.
///
/// # Errors
/// The history cannot be read, or a record that is needed is damaged.
pub(super) fn is_done(setting: &Setting<'_>, operations: &[Operation]) -> Result<bool, Failure> {
    let history = setting.store.operations()?;
    for place in history.standing(None) {
        match operations.get(place?) {
            Some(operation) if operation.kind == OperationKind::Apply => return Ok(false),
            Some(_) => {}
            None => break,
        }
    }
    Ok(true)
}

/// Takes back what an apply did of which a step failed: a rollback like any other, under the lock of that apply.
///
/// # Errors
/// It is not taken back, and the apply stays open.
pub(super) async fn failed(
    operation: &Operation,
    open: Mark,
    setting: &Setting<'_>,
    held: &Held,
    output: &Output,
) -> Result<Exit, Failure> {
    let back = back(operation, open, setting, held, output).await;
    back.map_err(|source| Failure::NotTakenBack { operation: operation.id.clone(), source: Box::new(source) })
}

async fn back(
    operation: &Operation,
    open: Mark,
    setting: &Setting<'_>,
    held: &Held,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut operations = setting.store.to_roll_back(Some(&operation.id))?;
    // In the history it has no steps yet: it did not end.
    operations.iter_mut().filter(|found| found.id == operation.id).for_each(|found| found.clone_from(operation));
    let all = Selection::default();
    let plan = tokio::select! {
        way = plan(setting, &operations, &all, Vec::new(), output) => Arc::new(way?.plan),
        () = held.interrupted() => return Err(ApplyError::Interrupted.into()),
    };
    // What is called cannot be taken back: then not all is as it was before.
    let called = called(&operations);
    let taken_back = if called.is_empty() { Exit::RolledBack } else { Exit::Failed };
    let spares = view::plan::spares(&plan);
    if !plan.is_empty() || spares {
        let mut situation = Situation::under_way(operation);
        if !called.is_empty() {
            situation.undoing = undoing(setting.repository, setting.store, &operation.id);
        }
        page::show_before(&plan, &situation, output)?;
    }
    if plan.is_empty() && spares {
        open::close(setting, None, Closing::TakenBack("what is left of it was left alone".to_owned()), held, output)
            .await?;
        return Ok(Exit::Failed);
    }
    let back = run::obey(&plan, Some(open), setting, &How::default(), held, output).await?;
    let is_done = back.outcome == Outcome::Done;
    if is_done && plan.is_empty() {
        let all = if called.is_empty() { "All is as it was" } else { "All settings are as they were" };
        output.sentence(&format!("{all} before {}.", operation.id));
        tell_called(setting, &operations, output);
    } else {
        run::summed_up(&back, Some(&plan), setting, output)?;
    }
    Ok(if is_done { taken_back } else { Exit::Failed })
}
