use std::collections::BTreeMap;

use jiff::Timestamp;
use opsctl_api::Hop;

use super::act::stopped;
use super::dispatch::Machine;
use super::entry::Begin;
use super::progress::{Progress, Stand, recorded};
use crate::action::Action;
use crate::plan::{Plan, Skipped, SkippedWhy, Step, Work};
use crate::snapshot::{EditRecord, Operation, OperationKind, Outcome, Status, StepRecord};

/// The record of an operation as it is begun.
pub(super) fn begun(begin: &Begin) -> Operation {
    let intent = &begin.plan.intent;
    Operation {
        id: begin.operation.clone(),
        kind: if intent.reverts.is_some() { OperationKind::Rollback } else { OperationKind::Apply },
        name: intent.name.clone(),
        summary: intent.summary.clone(),
        state_digest: intent.state_digest.clone(),
        plan_digest: begin.plan.digest.clone(),
        operator: begin.operator.clone(),
        host: begin.host.clone(),
        began: begin.began,
        ended: None,
        outcome: Outcome::Running,
        reverts: intent.reverts.clone(),
        rest_of: intent.rest_of.clone(),
        since: intent.since,
        over: intent.over.clone(),
        part: intent.part.clone(),
        abandoned: None,
        calls: BTreeMap::new(),
        failed_checks: BTreeMap::new(),
        steps: Vec::new(),
    }
}

/// The record of an operation whose steps have come to an end, but for its outcome.
pub(super) fn ended(begin: &Begin, machine: &Machine) -> Operation {
    Operation { ended: Some(Timestamp::now()), ..so_far(begin, machine) }
}

/// The record of an operation that has no end.
pub(super) fn so_far(begin: &Begin, machine: &Machine) -> Operation {
    let plan = &begin.plan;
    let steps = plan.steps.iter().zip(machine.steps()).enumerate();
    let done = steps.filter_map(|(id, (step, progress))| {
        let record = of_step(plan, id, step, progress)?;
        Some(match plan.action(id).filter(|_| machine.is_between_members(id)) {
            Some(action) => StepRecord { status: Status::Skipped, why: stopped(action, &progress.called), ..record },
            None => record,
        })
    });
    let beside =
        plan.skipped.iter().enumerate().filter_map(|(at, skipped)| beside(plan.steps.len() + at, skipped, plan));
    Operation { steps: done.chain(beside).collect(), ..begun(begin) }
}

/// How the steps ended; what the checks say comes on top of it.
pub(super) fn outcome(operation: &Operation, machine: &Machine) -> Outcome {
    let some = |status| operation.steps.iter().any(|step| step.status == status);
    if some(Status::Failed) || some(Status::Unknown) {
        Outcome::Failed
    } else if some(Status::Skipped) || some(Status::Sent) || some(Status::Settling) {
        if machine.stopping().is_some() { Outcome::Interrupted } else { Outcome::Failed }
    } else if some(Status::Owed) || some(Status::LeftAlone) {
        Outcome::DoneInPart
    } else {
        Outcome::Done
    }
}

/// The names of members; that of the action where it has none.
fn members(action: Option<&Action>, members: &[usize]) -> Vec<String> {
    let Some(action) = action else { return Vec::new() };
    let member = |member: &usize| Some(action.members.get(*member)?.name.as_ref().unwrap_or(&action.name).clone());
    members.iter().filter_map(member).collect()
}

fn of_step(plan: &Plan, id: usize, step: &Step, progress: &Progress) -> Option<StepRecord> {
    let (at, what, position, edits) = match &step.work {
        Work::Joint { .. } => return None,
        Work::Wait { at, .. } => (Some(at.clone()), "wait".to_owned(), None, Vec::new()),
        Work::Check { name } => (None, format!("check {name}"), None, Vec::new()),
        Work::Action { name } => (None, format!("action {name}"), None, Vec::new()),
        Work::Change { at, position, edits, hops, .. } => {
            let mut records = progress.written.clone();
            for edit in edits {
                recorded(&mut records, edit);
            }
            if progress.stand.status() != Status::Done {
                left_on_the_way(&mut records, hops.get(progress.hop..).unwrap_or_default());
            }
            records.sort_by(|a, b| a.setting.cmp(&b.setting));
            (Some(at.clone()), String::new(), Some(*position), records)
        }
    };
    let status = match progress.stand {
        // It was free, or waited for something, when the operation ended.
        Stand::Pending => Status::Skipped,
        stand => stand.status(),
    };
    let (why, took) = (progress.why.clone(), progress.took());
    let called = members(plan.action(id), &progress.called);
    // What earlier operations have done of it stays done for whoever goes on with this one.
    let earlier = plan.action(id).into_iter().flat_map(|action| action.members.iter().enumerate());
    let earlier = earlier.filter(|(_, member)| member.done).map(|(index, _)| index);
    let done = members(plan.action(id), &earlier.chain(progress.done.iter().copied()).collect::<Vec<_>>());
    Some(StepRecord { step: id, at, what, position, status, why, called, done, took, edits })
}

/// Of a way of several hops that ended before its end: what it had set, and would have set again, was left there and not at what was
/// asked for in the end.
fn left_on_the_way(records: &mut [EditRecord], ahead: &[Hop]) {
    for edit in ahead.iter().flat_map(|hop| &hop.edits) {
        let mut sent = records.iter_mut().filter(|record| record.sent && record.setting == edit.setting);
        if let Some(record) = sent.find(|record| record.to != edit.to) {
            let reached = std::mem::replace(&mut record.to, edit.to.clone());
            record.left = record.left.take().or(reached);
        }
    }
}

/// What cannot be done now is still wanted, and what was left alone may be: both are recorded beside the steps.
fn beside(id: usize, skipped: &Skipped, plan: &Plan) -> Option<StepRecord> {
    let setting = skipped.setting.clone().unwrap_or_default();
    let mut edits = Vec::new();
    let (status, what, why) = match &skipped.why {
        SkippedWhy::Owed { wants, why } => {
            (Status::Owed, format!("{setting} {wants}").trim_start().to_owned(), why.clone())
        }
        SkippedWhy::ChangedSince { live, before, by, .. } => {
            edits.push(EditRecord { setting, from: live.clone(), to: before.clone(), sent: false, left: None });
            let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            (Status::LeftAlone, String::new(), format!("changed since{by}"))
        }
        SkippedWhy::HeldBack(why) => (Status::LeftAlone, setting, why.clone()),
        // It may still be taken back.
        SkippedWhy::NotTargeted if plan.intent.reverts.is_some() => {
            (Status::LeftAlone, setting, format!("left out by {}", plan.intent.part.flags()))
        }
        SkippedWhy::NotTargeted
        | SkippedWhy::Missing
        | SkippedWhy::MissingUnasked
        | SkippedWhy::OwnNeed { .. }
        | SkippedWhy::GatesNothing
        | SkippedWhy::NeverSet
        | SkippedWhy::NotAsLeft { .. }
        | SkippedWhy::NothingToDo(_)
        | SkippedWhy::NotUndone => return None,
    };
    Some(StepRecord {
        step: id,
        at: skipped.at.parse().ok(),
        what,
        position: None,
        status,
        why,
        called: Vec::new(),
        done: Vec::new(),
        took: std::time::Duration::ZERO,
        edits,
    })
}
