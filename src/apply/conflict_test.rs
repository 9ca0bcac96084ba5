//! What explains that a value is not what a write came from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Address, Edit, Hop, Live, LiveSetting, Owner, Readiness, Relation, Touch, Value};

use super::bed::{at, edges, empty};
use super::conflict::{Known, Met, judge};
use super::dispatch::Machine;
use super::entry::{Answer, Entry, Intent};
use crate::instance::Catalogues;
use crate::plan::{Plan, Position, Seen, SeenSetting, Step, Work};
use crate::snapshot::Status;
use crate::state::{Bound, Goal, OnFailure};

fn edit(setting: &str, from: i64, to: i64) -> Edit {
    Edit { setting: setting.into(), from: Some(Value::Integer(from)), to: Some(Value::Integer(to)) }
}

fn live(address: &str, setting: &str, value: i64) -> Live {
    let mut live = Live::new(at(address));
    live.settings.insert(setting.into(), LiveSetting::is(Value::Integer(value), value.into()));
    live
}

fn step(address: &Address, edit: Edit, coupled: Vec<Edit>, after: &[usize]) -> Step {
    let work = Work::Change {
        at: address.clone(),
        position: Position::Up,
        edits: vec![edit.clone()],
        hops: vec![Hop { at: address.clone(), edits: vec![edit], coupled }],
        drain_time: Duration::ZERO,
        settles_with: None,
    };
    Step { work, after: edges(after), wave: 1, timeout: Duration::from_secs(1), enough: None }
}

fn seen(setting: &str, value: i64, goal: Option<Goal>, relations: Vec<Relation>) -> Seen {
    let setting_seen = SeenSetting { live: Some(Value::Integer(value)), hidden: None, goal };
    Seen {
        names: Vec::new(),
        settings: opsctl_api::Settings::from([(setting.to_owned(), setting_seen)]),
        readiness: Readiness::Ready,
        relations,
        owners: Vec::new(),
    }
}

/// Judges a conflict of step 1, before or after step 0 is done.
fn judged(plan: &Plan, first_is_done: bool, edits: &[Edit], live: &Live) -> Met {
    let mut machine = Machine::new(Arc::new(plan.clone()), OnFailure::Stop, None);
    if first_is_done {
        let intent = Intent {
            step: 0,
            hop: 0,
            attempt: 1,
            edits: Vec::new(),
            token: String::new(),
            deadline: Timestamp::UNIX_EPOCH,
        };
        for entry in [
            Entry::Intent(intent),
            Entry::Answer { step: 0, hop: 0, answer: Answer::Sent(None) },
            Entry::Settled { step: 0, hop: 0, left: BTreeMap::new() },
            Entry::Ended { step: 0, status: Status::Done, why: String::new() },
        ] {
            machine.apply(&entry, Timestamp::UNIX_EPOCH).unwrap();
        }
    }
    let catalogues = Catalogues(BTreeMap::from([("a".to_owned(), opsctl_sim::catalogue())]));
    judge(edits, live, &Known { plan, machine: &machine, catalogues: &catalogues })
}

#[test]
fn test_already_still_and_somebody_else() {
    let plan = empty(BTreeMap::new());
    let edits = [edit("replicas", 2, 10)];
    assert_eq!(judged(&plan, false, &edits, &live("a:service/x", "replicas", 10)), Met::Already);
    // By meaning it is what it was: another letter, another version.
    assert_eq!(judged(&plan, false, &edits, &live("a:service/x", "replicas", 2)), Met::GoOn(edits.to_vec()));
    let mut other = live("a:service/x", "replicas", 4);
    other.touched.push(Touch { setting: "replicas".into(), by: "kubectl-scale".into(), at: None });
    let why = "replicas is 4 and not 2 (kubectl-scale)".to_owned();
    assert_eq!(judged(&plan, false, &edits, &other), Met::Conflict(why));
}

#[test]
fn test_an_owner_within_its_bounds() {
    let plan = empty(BTreeMap::new());
    let owner = Owner {
        name: "hpa".into(),
        settings: Vec::new(),
        within: Some((Value::Integer(2), Value::Integer(6))),
        off_at: None,
        reverts: true,
        soon: None,
        does: String::new(),
        instead: String::new(),
    };
    let mut moved = live("a:service/x", "replicas", 5);
    moved.owners.push(owner);
    let edits = [edit("replicas", 2, 10)];
    assert_eq!(judged(&plan, false, &edits, &moved), Met::GoOn(vec![edit("replicas", 5, 10)]));
    moved.settings.insert("replicas".into(), LiveSetting::is(Value::Integer(7), 7.into()));
    assert!(matches!(judged(&plan, false, &edits, &moved), Met::Conflict(_)));
}

#[test]
fn test_a_bound_that_is_met_by_now_is_not_undercut() {
    let mut plan = empty(BTreeMap::new());
    let bound = Goal::from(Bound { at_least: Some(Value::Integer(3)), ..Bound::default() });
    plan.resources.insert(at("a:service/x"), seen("replicas", 1, Some(bound), Vec::new()));
    let edits = [edit("replicas", 1, 3)];
    assert_eq!(judged(&plan, false, &edits, &live("a:service/x", "replicas", 20)), Met::Already);
    assert!(matches!(judged(&plan, false, &edits, &live("a:service/x", "replicas", 2)), Met::Conflict(_)));
}

#[test]
fn test_what_a_step_before_moved_along() {
    let mut plan = empty(BTreeMap::new());
    let pool = at("a:pool/p");
    plan.steps.push(step(&pool, edit("min", 1, 3), vec![edit("desired", 1, 3)], &[]));
    plan.steps.push(step(&pool, edit("desired", 1, 5), Vec::new(), &[0]));
    let (edits, moved) = ([edit("desired", 1, 5)], live("a:pool/p", "desired", 3));
    assert_eq!(judged(&plan, true, &edits, &moved), Met::GoOn(vec![edit("desired", 3, 5)]));
    assert!(matches!(judged(&plan, false, &edits, &moved), Met::Conflict(_)));
    assert!(matches!(judged(&plan, true, &edits, &live("a:pool/p", "desired", 4)), Met::Conflict(_)));
}

#[test]
fn test_what_a_step_before_confines() {
    let mut plan = empty(BTreeMap::new());
    let scaler = at("a:scaler/h");
    plan.steps.push(step(&scaler, edit("min", 1, 4), Vec::new(), &[]));
    plan.steps.push(step(&at("a:service/x"), edit("replicas", 2, 6), Vec::new(), &[0]));
    let confines = vec![Relation::Confines(at("a:service/x"))];
    let mut seen = seen("min", 1, None, confines);
    seen.settings.insert("max".into(), SeenSetting { live: Some(Value::Integer(8)), hidden: None, goal: None });
    plan.resources.insert(scaler, seen);
    let edits = [edit("replicas", 2, 6)];
    let met = |done, value| judged(&plan, done, &edits, &live("a:service/x", "replicas", value));
    assert_eq!(met(true, 4), Met::GoOn(vec![edit("replicas", 4, 6)]));
    assert!(matches!(met(true, 3), Met::Conflict(_)));
    assert!(matches!(met(true, 9), Met::Conflict(_)));
    assert!(matches!(met(false, 4), Met::Conflict(_)));
}
