//! What a look at a resource says of what is waited for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opsctl_api::{Edit, Live, LiveSetting, Owner, Readiness, Value};

use super::bed::at;
use super::settle::{Awaited, Floor, Look};

const EDGE: &str = "k8s:deployment/cdn/edge";

fn awaited(now: Instant) -> Awaited {
    Awaited {
        hop: 0,
        at: at(EDGE),
        edits: vec![edit("replicas", 2, 10)],
        coupled: Vec::new(),
        floor: None,
        receipt: None,
        unsure_until: None,
        since: now,
        deadline: now + Duration::from_secs(600),
        before: Readiness::Ready,
        was_true: false,
        was_elsewhere: false,
        last_seen: String::new(),
        shown: None,
    }
}

fn edit(setting: &str, from: i64, to: i64) -> Edit {
    Edit { setting: setting.into(), from: Some(Value::Integer(from)), to: Some(Value::Integer(to)) }
}

fn live(replicas: i64, readiness: Readiness) -> Live {
    let mut live = Live::new(at(EDGE));
    live.settings.insert("replicas".into(), LiveSetting::is(Value::Integer(replicas), replicas.into()));
    live.readiness = readiness;
    live
}

fn progressing(done: u64) -> Readiness {
    Readiness::Progressing { done, total: 10, what: "pulling image".into() }
}

fn scaler(least: i64, most: i64) -> Owner {
    Owner {
        name: "hpa/cdn/edge".into(),
        settings: vec!["replicas".into()],
        within: Some((Value::Integer(least), Value::Integer(most))),
        off_at: Some(Value::Integer(0)),
        reverts: true,
        soon: None,
        does: String::new(),
        instead: String::new(),
    }
}

#[test]
fn test_true_and_ready() {
    let now = Instant::now();
    assert_eq!(awaited(now).look(&live(2, Readiness::Ready), None, now), Look::NotTrue);
    assert_eq!(awaited(now).look(&live(10, progressing(6)), None, now), Look::Progressing(progressing(6)));
    for readiness in [Readiness::Ready, Readiness::Unknown] {
        assert_eq!(awaited(now).look(&live(10, readiness), None, now), Look::Settled(BTreeMap::new()));
    }
}

#[test]
fn test_what_an_owner_made_of_it_is_what_was_left() {
    let now = Instant::now();
    let mut moved = live(8, Readiness::Ready);
    moved.owners.push(scaler(4, 12));
    let left = BTreeMap::from([("replicas".to_owned(), Some(Value::Integer(8)))]);
    assert_eq!(awaited(now).look(&moved, None, now), Look::Settled(left));
    // What is still as it was before may not have been taken over yet, and what an owner lets go at it does not move there.
    for (replicas, within) in [(2, (1, 12)), (0, (0, 12))] {
        let mut same = live(replicas, Readiness::Ready);
        same.owners.push(scaler(within.0, within.1));
        assert_eq!(awaited(now).look(&same, None, now), Look::NotTrue);
    }
}

#[test]
fn test_set_back_or_elsewhere() {
    let now = Instant::now();
    let mut awaited = awaited(now);
    assert_eq!(awaited.look(&live(7, progressing(1)), None, now), Look::NotTrue);
    assert_eq!(awaited.look(&live(7, progressing(1)), None, now), Look::NotTrue);
    let Look::Failed(why) = awaited.look(&live(7, Readiness::Ready), None, now) else { panic!() };
    assert_eq!(why, "conflict: replicas is 7");
    awaited.was_elsewhere = false;
    assert!(matches!(awaited.look(&live(10, progressing(1)), None, now), Look::Progressing(_)));
    let Look::Failed(why) = awaited.look(&live(2, Readiness::Ready), None, now) else { panic!() };
    assert_eq!(why, "it was as asked for, and was then set back: replicas is 2");
}

#[test]
fn test_an_old_failure_has_its_chance() {
    let now = Instant::now();
    let failed = Readiness::Failed("no node has room".into());
    let mut awaited = awaited(now);
    assert_eq!(awaited.look(&live(10, failed.clone()), None, now), Look::Failed("no node has room".into()));
    awaited.before = failed.clone();
    assert!(matches!(awaited.look(&live(10, failed.clone()), None, now), Look::Progressing(_)));
    let later = now + Duration::from_secs(6);
    assert_eq!(awaited.look(&live(10, failed), None, later), Look::Failed("no node has room".into()));
}

#[test]
fn test_what_cannot_be_read_is_not_absent() {
    let now = Instant::now();
    let mut awaited = awaited(now);
    awaited.edits = vec![Edit { to: None, ..edit("replicas", 2, 0) }];
    let mut hidden = live(2, Readiness::Ready);
    hidden.settings.insert("replicas".into(), LiveSetting::Hidden("no right".into()));
    assert_eq!(awaited.look(&hidden, None, now), Look::NotTrue);
    assert_eq!(awaited.last_seen, "replicas cannot be read: no right");
    hidden.settings.insert("replicas".into(), LiveSetting::Absent);
    assert_eq!(awaited.look(&hidden, None, now), Look::Settled(BTreeMap::new()));
}

#[test]
fn test_a_floor_waits_for_what_it_confines() {
    let now = Instant::now();
    let mut awaited = awaited(now);
    awaited.at = at("k8s:hpa/cdn/edge");
    awaited.edits = vec![edit("min", 2, 6)];
    awaited.floor = Some(Floor { at: at(EDGE), least: Some(("replicas", Value::Integer(6))) });
    let mut hpa = Live::new(at("k8s:hpa/cdn/edge"));
    hpa.settings.insert("min".into(), LiveSetting::is(Value::Integer(6), 6.into()));
    let waits = |look: Look| assert!(matches!(look, Look::Progressing(_)), "{look:?}");
    waits(awaited.look(&hpa, None, now));
    waits(awaited.look(&hpa, Some(&live(2, Readiness::Ready)), now));
    waits(awaited.look(&hpa, Some(&live(8, progressing(5))), now));
    assert_eq!(awaited.look(&hpa, Some(&live(8, progressing(6))), now), Look::Settled(BTreeMap::new()));
}

#[test]
fn test_looks_grow_rarer_and_none_comes_too_late() {
    let now = Instant::now();
    let tempo = super::Tempo::default();
    let mut awaited = awaited(now);
    let pause = |awaited: &Awaited, secs: u64| {
        let now = now + Duration::from_secs(secs);
        awaited.look_again(now, &tempo) - now
    };
    assert_eq!(pause(&awaited, 0), tempo.first_look);
    assert_eq!(pause(&awaited, 4), Duration::from_secs(1));
    assert_eq!(pause(&awaited, 60), tempo.slowest_look);
    assert_eq!(pause(&awaited, 599), Duration::from_secs(1));
    awaited.unsure_until = Some(now + Duration::from_millis(4_300));
    assert_eq!(pause(&awaited, 4), Duration::from_millis(300));
}
