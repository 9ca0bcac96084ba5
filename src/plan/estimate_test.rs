//! How long a plan takes, from what earlier operations took.

use std::time::Duration;

use opsctl_api::{Address, Edit, Hop, Value};

use super::*;
use crate::snapshot::sample;

const SECOND: Duration = Duration::from_secs(1);

fn change(at: &str, position: Position, after: &[usize]) -> Step {
    let at: Address = at.parse().unwrap();
    let edit = Edit { setting: "replicas".into(), from: Some(Value::Integer(1)), to: Some(Value::Integer(2)) };
    let hops = vec![Hop { at: at.clone(), edits: vec![edit.clone()], coupled: Vec::new() }];
    let drain_time = Duration::ZERO;
    Step {
        work: Work::Change { at, position, edits: vec![edit], hops, drain_time, settles_with: None },
        after: after.iter().map(|&step| Edge { step, enough: false, why: Vec::new() }).collect(),
        wave: 1,
        timeout: 600 * SECOND,
        enough: None,
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan { steps, ..sample::plan() }
}

/// One run: the address, its direction and how many seconds it took.
fn run(times: &mut Times, name: &str, steps: &[(&str, Position, u32)]) {
    for (at, position, took) in steps {
        let kind = at.parse::<Address>().unwrap().kind().to_owned();
        times.take(name, at, Some(&kind), Some(*position), *took * SECOND);
    }
}

use Position::{Down, Up};

const A: &str = "k8s:deployment/cdn/a";
const B: &str = "k8s:deployment/cdn/b";
const C: &str = "k8s:deployment/cdn/c";

fn seconds(estimate: Estimate) -> [u64; 3] {
    [estimate.least, estimate.about, estimate.most].map(|duration| duration.as_secs())
}

#[test]
fn test_steps_beside_each_other_take_as_long_as_the_longest() {
    let mut times = Times::default();
    run(&mut times, "1", &[(A, Up, 10), (B, Up, 40), (C, Up, 5)]);
    run(&mut times, "2", &[(A, Up, 20), (B, Up, 30), (C, Up, 5)]);
    run(&mut times, "3", &[(A, Up, 60), (B, Up, 35), (C, Up, 5)]);
    // C comes after both.
    let plan = plan(vec![change(A, Up, &[]), change(B, Up, &[]), change(C, Up, &[0, 1])]);
    let (there, back) = estimate(&plan, &times);
    let there = there.unwrap();
    assert_eq!(seconds(there), [35, 40, 65]);
    assert_eq!((there.runs, there.alike, there.unknown), (3, 0, 0));
    assert_eq!(back, None, "nothing of it ever shrank");
}

#[test]
fn test_the_way_back_takes_what_the_other_direction_took() {
    let mut times = Times::default();
    run(&mut times, "1", &[(A, Up, 10), (B, Up, 40)]);
    run(&mut times, "2", &[(A, Down, 3), (B, Down, 4)]);
    let mut plan = plan(vec![change(A, Up, &[]), change(B, Up, &[0])]);
    let (there, back) = estimate(&plan, &times);
    assert_eq!(there.map(seconds), Some([50; 3]));
    assert_eq!(back.map(seconds), Some([7; 3]));
    plan.way_back.irreversible = [(B.parse().unwrap(), vec!["replicas".to_owned()])].into();
    assert_eq!(estimate(&plan, &times).1.map(seconds), Some([3; 3]));
}

#[test]
fn test_what_was_never_done_is_told_by_others_of_its_kind_or_not_at_all() {
    let mut times = Times::default();
    run(&mut times, "1", &[(A, Up, 10)]);
    let mut steps = vec![change(A, Up, &[]), change(B, Up, &[0]), change("aws:record/x", Up, &[1])];
    if let Work::Change { drain_time, .. } = &mut steps[2].work {
        *drain_time = 60 * SECOND;
    }
    let there = estimate(&plan(steps), &times).0.unwrap();
    assert_eq!(seconds(there), [80; 3]);
    assert_eq!((there.runs, there.alike, there.unknown), (1, 1, 1));
    assert_eq!(estimate(&plan(vec![change("aws:record/x", Up, &[])]), &times), (None, None));
    assert_eq!(estimate(&plan(Vec::new()), &times), (None, None));
}

#[test]
fn test_what_was_resumed_a_day_later_has_not_taken_a_day() {
    let mut times = Times::default();
    run(&mut times, "1", &[(A, Up, 86_400)]);
    let there = estimate(&plan(vec![change(A, Up, &[])]), &times).0.unwrap();
    assert_eq!(seconds(there), [600; 3]);
}
