use std::collections::BTreeMap;

use jiff::Timestamp;
use opsctl_api::Hop;

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
        not_so: BTreeMap::new(),
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
        let is_between = machine.is_between_calls(id) && (plan.action(id).is_some() || machine.stopping().is_some());
        Some(if is_between {
            StepRecord { status: Status::Skipped, why: machine.stopped(id), ..record }
        } else {
            record
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
        let is_stopped = machine.stopping().is_some() || machine.holds_back();
        if is_stopped { Outcome::Interrupted } else { Outcome::Failed }
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
    let mut calls_done = 0;
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
            if progress.stand.status() == Status::Done {
                records.iter_mut().for_each(|record| record.last_from = None);
            } else {
                calls_done = progress.hop;
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
    Some(StepRecord { step: id, at, what, position, status, why, called, done, calls_done, took, edits })
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
            let (from, to) = (live.clone(), before.clone());
            edits.push(EditRecord { setting, from, to, sent: false, more: 0, left: None, last_from: None });
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
        calls_done: 0,
        took: std::time::Duration::ZERO,
        edits,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use opsctl_api::{Edit, Value};
    use proptest::prelude::*;

    use super::*;
    use crate::apply::bed::{at, empty};
    use crate::apply::entry::{Answer, Entry, Intent};
    use crate::plan::{OnFailure, Position};
    use crate::snapshot::unwind;

    const A: &str = "a:service/origin";

    fn edit(setting: &str, from: i64, to: i64) -> Edit {
        Edit { setting: setting.into(), from: Some(Value::Integer(from)), to: Some(Value::Integer(to)) }
    }

    /// A plan of one step that leads `replicas` through these values, where `desired` is moved along.
    fn plan(values: &[i64]) -> Plan {
        let hops: Vec<Hop> = values
            .windows(2)
            .map(|way| Hop {
                at: at(A),
                edits: vec![edit("replicas", way[0], way[1])],
                coupled: vec![edit("desired", 10 + way[0], 10 + way[1])],
            })
            .collect();
        let work = Work::Change {
            at: at(A),
            position: Position::Up,
            edits: vec![edit("replicas", values[0], values[values.len() - 1])],
            hops,
            drain_time: std::time::Duration::ZERO,
            settles_with: None,
        };
        let step = Step { work, after: Vec::new(), wave: 1, timeout: std::time::Duration::from_secs(1), enough: None };
        Plan { steps: vec![step], ..empty(BTreeMap::new()) }
    }

    /// Carries out `calls` of the hops, of which the last one is only answered.
    fn carried_out(plan: &Plan, calls: usize, answer: &Answer) -> Machine {
        let mut machine = Machine::new(Arc::new(plan.clone()), OnFailure::Stop, None);
        let mut apply = |entry: Entry| machine.apply(&entry, Timestamp::UNIX_EPOCH).unwrap();
        let Work::Change { hops, .. } = &plan.steps[0].work else { unreachable!() };
        for (hop, edits) in hops.iter().map(|hop| hop.edits.clone()).enumerate().take(calls) {
            let (token, deadline) = (String::new(), Timestamp::UNIX_EPOCH);
            apply(Entry::Intent(Intent { step: 0, hop, attempt: 1, edits, token, deadline }));
            let is_last = hop + 1 == calls;
            let answer = if is_last { answer.clone() } else { Answer::Sent(None) };
            apply(Entry::Answer { step: 0, hop, answer });
            if !is_last {
                apply(Entry::Settled { step: 0, hop, left: BTreeMap::new() });
            }
        }
        machine
    }

    proptest! {
        /// Whichever of its calls was out when it ended, and whether that was done or not, or set back: it is the way back's to undo.
        #[test]
        fn test_what_ended_halfway_is_taken_back_from_wherever_it_is(
            values in proptest::collection::vec(0_i64..4, 3..7),
            calls in any::<prop::sample::Index>(),
            is_sent in any::<bool>(),
            has_failed in any::<bool>(),
        ) {
            let mut values = values;
            values.dedup();
            prop_assume!(values.len() > 1);
            let plan = plan(&values);
            let calls = 1 + calls.index(values.len() - 1);
            let answer = if is_sent { Answer::Sent(None) } else { Answer::never_came() };
            let mut machine = carried_out(&plan, calls, &answer);
            if has_failed {
                let why = "it was set back".to_owned();
                machine.apply(&Entry::Ended { step: 0, status: Status::Failed, why }, Timestamp::UNIX_EPOCH).unwrap();
            }
            let step = of_step(&plan, 0, &plan.steps[0], &machine.steps()[0]).unwrap();
            let operation = Operation { steps: vec![step], ..Operation::take("a", "ana", "a17", Timestamp::UNIX_EPOCH) };
            let unwound = unwind(&[operation], "a").values;
            for (setting, base) in [("replicas", 0), ("desired", 10)] {
                let before = Some(Value::Integer(base + values[0]));
                for live in &values[calls - 1..=calls] {
                    let live = Some(Value::Integer(base + live));
                    let undone = unwound.get(&at(A)).and_then(|settings| settings.get(setting));
                    let is_undone = undone.is_some_and(|undone| undone.before == before && undone.left.contains(&live));
                    prop_assert!(live == before || is_undone, "{setting} at {live:?}: {undone:?}");
                }
            }
        }
    }

    #[test]
    fn test_what_is_done_left_nothing_else() {
        let plan = plan(&[1, 2, 4]);
        let mut machine = carried_out(&plan, 2, &Answer::Sent(None));
        for entry in [
            Entry::Settled { step: 0, hop: 1, left: BTreeMap::new() },
            Entry::Ended { step: 0, status: Status::Done, why: String::new() },
        ] {
            machine.apply(&entry, Timestamp::UNIX_EPOCH).unwrap();
        }
        let step = of_step(&plan, 0, &plan.steps[0], &machine.steps()[0]).unwrap();
        assert!(step.edits.iter().all(|edit| edit.left.is_none() && edit.last_from.is_none()), "{step:?}");
    }
}
