use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use opsctl_api::{Address, Fault, Live, LiveSetting, Query, Selector, Value, Wanted};

use crate::check::Gate;
use crate::instance::Instances;
use crate::plan::{Plan, Work};
use crate::snapshot::{Operation, Snapshot, Status};

/// All that a plan observed, read again.
#[derive(Debug)]
pub(super) struct Sight {
    /// When.
    pub(super) taken_at: Timestamp,
    /// What was found.
    pub(super) found: BTreeMap<Address, Live>,
    /// What could not be read.
    pub(super) faults: BTreeMap<Address, Fault>,
}

/// Reads every setting that the plan observed, from all instances at once.
pub(super) async fn look(plan: &Plan, instances: &Instances) -> Sight {
    let taken_at = Timestamp::now();
    let keys = keys(plan);
    let queries: Vec<Query> = keys
        .into_iter()
        .map(|(at, keys)| Query { at: Selector::One(at.clone()), settings: Wanted::Only(keys), receipt: None })
        .collect();
    let readings = instances.read(&queries).await;
    let mut sight = Sight { taken_at, found: BTreeMap::new(), faults: BTreeMap::new() };
    for (query, reading) in queries.into_iter().zip(readings) {
        let Selector::One(at) = query.at else { continue };
        match reading.into_one() {
            Ok(live) => {
                sight.found.insert(at, live);
            }
            Err(fault) => {
                sight.faults.insert(at, fault);
            }
        }
    }
    sight
}

/// Each resource's settings that were observed or will be moved.
fn keys(plan: &Plan) -> BTreeMap<&Address, BTreeSet<String>> {
    let mut keys: BTreeMap<&Address, BTreeSet<String>> = BTreeMap::new();
    for (at, seen) in &plan.resources {
        keys.entry(at).or_default().extend(seen.settings.keys().cloned());
    }
    for step in &plan.steps {
        match &step.work {
            Work::Change { at, hops, .. } => {
                let moved = hops.iter().flat_map(|hop| hop.edits.iter().chain(&hop.coupled));
                keys.entry(at).or_default().extend(moved.map(|edit| edit.setting.clone()));
            }
            Work::Wait { at, .. } => {
                keys.entry(at).or_default();
            }
            Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => {}
        }
    }
    keys
}

impl Sight {
    /// What was seen, as a snapshot: the settings that the plan observed or moves.
    pub(super) fn snapshot(&self, plan: &Plan) -> Snapshot {
        let mut snapshot = Snapshot::new(self.taken_at, plan.declared.clone());
        // A gate is for the steps of its plan: behind them it need not hold any more.
        snapshot.checks = plan.checks.iter().filter(|check| check.gate == Gate::After).cloned().collect();
        snapshot.unread = self.faults.iter().map(|(at, fault)| (at.to_string(), fault.to_string())).collect();
        for (name, instance) in &plan.instances {
            if let Some(why) = &instance.unreachable {
                snapshot.unread.insert(format!("{name}:*"), why.clone());
            }
        }
        for (at, keys) in keys(plan) {
            if let Some(live) = self.found.get(at) {
                snapshot.see(live, &keys);
            }
        }
        snapshot
    }

    /// What is not as the plan wanted it, though an operation has come to its end: others have changed it meanwhile. A declared owner's
    /// move is none; what was not done, and secrets, whose texts no read tells, are not looked at.
    pub(super) fn not_so(&self, plan: &Plan, operation: &Operation) -> BTreeMap<String, String> {
        let is_done = |at: &Address, key: &str| {
            let mut steps = operation.steps.iter().filter(|step| step.at.as_ref() == Some(at));
            steps.all(|step| step.status == Status::Done || step.edits.iter().all(|edit| edit.setting != key))
        };
        let not_so = plan.decided().into_iter().filter_map(|(at, key)| {
            let goal = plan.resources.get(&at)?.settings.get(&key)?.goal.as_ref()?;
            let live = self.found.get(&at)?;
            if goal.exact().is_some_and(Value::is_secret)
                || matches!(live.settings.get(&key), Some(LiveSetting::Hidden(_)))
            {
                return None;
            }
            let value = live.value(&key);
            let is_moved = || value.is_some_and(|value| live.mover(&key, goal.exact(), value).is_some());
            if goal.holds(value) || !is_done(&at, &key) || is_moved() {
                return None;
            }
            let is = value.map_or("absent".to_owned(), ToString::to_string);
            let by = live.touched.iter().find(|touch| touch.setting == key);
            let by = by.map(|touch| format!(", by {}", touch.by)).unwrap_or_default();
            Some((format!("{at} {key}"), format!("should be {goal}, and is {is}{by}")))
        });
        not_so.collect()
    }
}
