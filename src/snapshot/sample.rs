//! Records for the tests of this module.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::Value;

use super::{EditRecord, Operation, OperationKind, Outcome, Snapshot, Status, StepRecord};
use crate::plan::{FORMAT, Intent, Part, Plan, WayBack};
use crate::state::{Declared, OnFailure, Target};

pub(super) fn at() -> Timestamp {
    "2026-11-22T04:12:00Z".parse().unwrap()
}

pub(super) fn operation(id: &str, outcome: Outcome) -> Operation {
    Operation {
        kind: OperationKind::Apply,
        name: "dr-active".to_owned(),
        summary: "Primary region lost".to_owned(),
        state_digest: "5ad0".to_owned(),
        plan_digest: "3f9c2ab1".to_owned(),
        ended: (outcome != Outcome::Running).then(at),
        outcome,
        ..Operation::take(id, "ana", "a17", at())
    }
}

pub(super) fn step(address: &str, setting: &str, from: Option<i64>, to: Option<i64>) -> StepRecord {
    let edit = EditRecord {
        setting: setting.to_owned(),
        from: from.map(Value::Integer),
        to: to.map(Value::Integer),
        sent: true,
        more: 0,
        left: None,
        last_from: None,
    };
    StepRecord {
        step: 0,
        at: Some(address.parse().unwrap()),
        what: String::new(),
        position: None,
        status: Status::Done,
        why: String::new(),
        called: Vec::new(),
        done: Vec::new(),
        calls_done: 0,
        took: Duration::from_millis(1500),
        edits: vec![edit],
    }
}

/// An operation that sets `replicas` of some addresses.
pub(super) fn applied(id: &str, edits: &[(&str, i64, i64)]) -> Operation {
    let mut operation = operation(id, Outcome::Done);
    for (at, from, to) in edits {
        operation.steps.push(step(at, "replicas", Some(*from), Some(*to)));
    }
    operation
}

/// One that takes back all down to another.
pub(super) fn rolled_back(id: &str, reverts: &str, outcome: Outcome) -> Operation {
    let kind = OperationKind::Rollback;
    Operation { kind, reverts: Some(reverts.to_owned()), ..operation(id, outcome) }
}

pub(super) fn declared(at: &str) -> Declared {
    Declared {
        at: Target::One(at.parse().unwrap()),
        place: None,
        needs: Vec::new(),
        pool: None,
        after: Vec::new(),
        optional: false,
        timeout: None,
        drain_time: Duration::ZERO,
        enough: None,
        restarts_with: None,
    }
}

/// Live replicas by address.
pub(super) fn snapshot(replicas: &[(&str, i64)]) -> Snapshot {
    let settings = |n| BTreeMap::from([("replicas".to_owned(), Some(Value::Integer(n)))]);
    Snapshot {
        taken_at: at(),
        declared: BTreeMap::new(),
        resources: replicas.iter().map(|(at, n)| (at.parse().unwrap(), settings(*n))).collect(),
        relations: BTreeMap::new(),
        unread: BTreeMap::new(),
        checks: Vec::new(),
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        format: FORMAT,
        digest: "3f9c2ab1".to_owned(),
        intent: Intent {
            name: "dr-active".to_owned(),
            summary: String::new(),
            state_digest: String::new(),
            reverts: None,
            rest_of: None,
            since: None,
            over: None,
            part: Part::default(),
            confirm: false,
            rto: None,
            on_failure: OnFailure::Stop,
            tolerates_unreachable: Vec::new(),
        },
        instances: BTreeMap::new(),
        declared: BTreeMap::new(),
        resources: BTreeMap::new(),
        steps: Vec::new(),
        skipped: Vec::new(),
        owners: Vec::new(),
        traffic: Vec::new(),
        restarts: Vec::new(),
        leaves: Vec::new(),
        holes: Vec::new(),
        failed_needs: Vec::new(),
        undercuts: Vec::new(),
        preflight: Vec::new(),
        quotas: Vec::new(),
        refusals: Vec::new(),
        checks: Vec::new(),
        actions: Vec::new(),
        estimate: None,
        way_back: WayBack::default(),
    }
}
