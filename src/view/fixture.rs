//! A failover by hand, as all pages draw it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Address, Edit, Hop, Identity, Owner, Pattern, Preflight, Readiness, Value};

use crate::apply::{Event, What};
use crate::check::{Along, Check, Expectation, Gate, Probe};
use crate::diagnostic::Place;
use crate::plan::{
    Edge, Estimate, FORMAT, InstanceSeen, Intent, Leave, OwnerNote, Part, Plan, Position, PreflightNote, Reason, Rule,
    Seen, SeenSetting, Skipped, SkippedWhy, Step, TrafficMove, WayBack, Work,
};
use crate::snapshot::{EditRecord, Operation, OperationKind, Outcome, Status, StepRecord};
use crate::state::{Goal, OnFailure};

pub(super) const PLAIN: super::Screen = super::Screen { colour: false, unicode: true, verbose: false, columns: None };

pub(super) fn at(text: &str) -> Address {
    text.parse().unwrap()
}

pub(super) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn edit(setting: &str, from: i64, to: i64) -> Edit {
    Edit { setting: setting.into(), from: Some(Value::Integer(from)), to: Some(Value::Integer(to)) }
}

fn reason(rule: Rule, line: u32) -> Reason {
    Reason { rule, place: Some(Place { file: "states/baseline.toml".into(), line, column: 9 }) }
}

fn after(steps: &[usize], rule: &Rule) -> Vec<Edge> {
    steps.iter().map(|&step| Edge { step, enough: false, why: vec![reason(rule.clone(), 34)] }).collect()
}

pub(super) fn change(
    address: &str,
    position: Position,
    edits: Vec<Edit>,
    drain: u64,
    wave: u32,
    after: Vec<Edge>,
) -> Step {
    let hop = Hop { at: at(address), edits: edits.clone(), coupled: Vec::new() };
    let work = Work::Change {
        at: at(address),
        position,
        edits,
        hops: vec![hop],
        drain_time: Duration::from_secs(drain),
        settles_with: None,
    };
    Step { work, after, wave, timeout: Duration::from_secs(600), enough: None }
}

pub(super) fn check(name: &str, gate: Gate, hold: u64) -> Check {
    Check {
        name: name.into(),
        probe: Probe::Http {
            url: "https://live.example.com/health".into(),
            header: Along::new(),
            expect: Expectation { status: Some(200), ..Expectation::default() },
        },
        within: Duration::from_secs(120),
        hold: Duration::from_secs(hold),
        every: Duration::from_secs(5),
        gate,
        place: None,
    }
}

pub(super) fn steps() -> Vec<Step> {
    let needs = Rule::Needs("edge-west".into(), "minio-west".into());
    let dns = Rule::Needs("dns-west".into(), "edge-west".into());
    let west = "aws:route53-record/Z123456/live.example.com/CNAME/west";
    let east = "aws:route53-record/Z123456/live.example.com/CNAME/east";
    let pool = Rule::Pool("live-dns".into());
    let joint = Work::Joint { label: "pool live-dns".into() };
    vec![
        change("gke:hpa/cdn/ats-edge", Position::Up, vec![edit("max", 6, 12)], 0, 1, vec![]),
        change("gke:deployment/data/minio", Position::Up, vec![edit("replicas", 1, 4)], 0, 1, vec![]),
        change(
            "gke:deployment/cdn/ats-edge",
            Position::Up,
            vec![edit("replicas", 2, 10)],
            0,
            2,
            after(&[0, 1], &needs),
        ),
        Step {
            work: Work::Check { name: "edge-west".into() },
            after: after(&[2], &Rule::Gate("edge-west".into())),
            wave: 3,
            timeout: Duration::from_secs(120),
            enough: None,
        },
        change(west, Position::Up, vec![edit("weight", 0, 100)], 60, 4, after(&[2, 3], &dns)),
        Step { work: joint, after: after(&[4], &pool), wave: 4, timeout: Duration::ZERO, enough: None },
        change(east, Position::Down, vec![edit("weight", 100, 0)], 60, 5, after(&[5], &pool)),
    ]
}

fn instance(provider: &str, target: &str, identity: Result<&str, &str>, reads: u64) -> InstanceSeen {
    InstanceSeen {
        provider: provider.into(),
        target: target.into(),
        identity: identity.ok().map(|shown| Identity { id: shown.into(), shown: shown.into() }),
        unreachable: identity.err().map(str::to_owned),
        calls: (reads > 0).then(|| ("LIST".to_owned(), reads)).into_iter().collect(),
    }
}

fn seen(name: &str, setting: &str, live: i64, goal: i64) -> Seen {
    let setting_seen =
        SeenSetting { live: Some(Value::Integer(live)), hidden: None, goal: Some(Goal::Exact(Value::Integer(goal))) };
    Seen {
        names: vec![name.into()],
        settings: opsctl_api::Settings::from([(setting.to_owned(), setting_seen)]),
        readiness: Readiness::Ready,
        relations: vec![],
        owners: vec![],
    }
}

/// An estimate in seconds, from three runs.
pub(super) fn estimate(about: u64, least: u64, most: u64) -> Estimate {
    let [about, least, most] = [about, least, most].map(Duration::from_secs);
    Estimate { about, least, most, runs: 3, alike: 0, unknown: 0 }
}

/// From baseline to dr-active with the primary region gone.
pub(crate) fn failover() -> Plan {
    let steps = steps();
    let owner = Owner {
        name: "hpa/cdn/ats-edge".into(),
        settings: vec!["replicas".into()],
        within: Some((Value::Integer(2), Value::Integer(6))),
        reverts: true,
        off_at: None,
        soon: None,
        does: "moves it by load".into(),
        instead: String::new(),
    };
    let traffic = |name: &str, index: usize| match &steps[index].work {
        Work::Change { at, edits, .. } => {
            TrafficMove { pool: Some("live-dns".into()), name: name.into(), at: at.clone(), edit: edits[0].clone() }
        }
        _ => panic!("step {index} moves traffic"),
    };
    let told = |step| PreflightNote { step, hop: 0, answer: Preflight::Accepted };
    let untold =
        |step| PreflightNote { step, hop: 0, answer: Preflight::CannotTell("route53-record has no dry run".into()) };
    Plan {
        format: FORMAT,
        digest: "3f9c2ab1d0e4".into(),
        intent: Intent {
            name: "dr-active".into(),
            summary: "Primary region lost: the second one serves".into(),
            state_digest: "aa".into(),
            reverts: None,
            rest_of: None,
            since: None,
            over: None,
            part: Part::default(),
            confirm: true,
            rto: Some(Duration::from_secs(900)),
            on_failure: OnFailure::Continue,
            tolerates_unreachable: vec![Pattern::new("k8s:*")],
        },
        instances: BTreeMap::from([
            ("k8s".into(), instance("kubernetes", "prod-east", Err("unreachable: connect timed out after 10s"), 0)),
            ("gke".into(), instance("kubernetes", "prod-west", Ok("cluster 7c1e02b4"), 3)),
            ("aws".into(), instance("aws", "us-east-1", Ok("account 123456789012"), 2)),
        ]),
        declared: BTreeMap::new(),
        resources: BTreeMap::from([
            (at("gke:deployment/cdn/ats-edge"), seen("edge-west", "replicas", 2, 10)),
            (at("gke:deployment/media/packager"), seen("packager", "replicas", 3, 3)),
        ]),
        skipped: vec![Skipped {
            at: "k8s:deployment/cdn/ats-edge".into(),
            setting: Some("replicas".into()),
            why: SkippedWhy::Owed { wants: Goal::Exact(Value::Integer(0)), why: "connect timed out".into() },
        }],
        owners: vec![OwnerNote {
            at: at("gke:deployment/cdn/ats-edge"),
            setting: "replicas".into(),
            owner,
            to: Some(Value::Integer(10)),
            fights: false,
            moved_by: Some(0),
        }],
        traffic: vec![traffic("dns-west", 4), traffic("dns-east", 6)],
        restarts: Vec::new(),
        leaves: vec![Leave {
            name: "topology".into(),
            at: at("gke:configmap/cdn/atc-topology"),
            setting: "data.shield.max-hosts".into(),
            live: Some(Value::String("0".into())),
            set_by: vec!["degraded".into()],
        }],
        quotas: Vec::new(),
        holes: vec![],
        failed_needs: vec![],
        undercuts: Vec::new(),
        preflight: vec![told(0), told(1), told(2), untold(4), untold(6)],
        refusals: vec![],
        checks: vec![check("edge-west", Gate::Between(vec!["dns-west".into()]), 0), check("live", Gate::After, 60)],
        actions: Vec::new(),
        estimate: Some(estimate(360, 300, 480)),
        way_back: WayBack { steps: 7, estimate: Some(estimate(480, 480, 480)), ..WayBack::default() },
        steps,
    }
}

fn record(step: usize, step_of: &Step, status: Status) -> StepRecord {
    let (at, position, edits) = match &step_of.work {
        Work::Change { at, position, edits, .. } => (Some(at.clone()), Some(*position), edits.as_slice()),
        _ => (None, None, [].as_slice()),
    };
    let edits = edits.iter().map(|edit| EditRecord {
        setting: edit.setting.clone(),
        from: edit.from.clone(),
        to: edit.to.clone(),
        sent: matches!(status, Status::Done | Status::Failed | Status::Unknown),
        more: 0,
        left: None,
        last_from: None,
    });
    StepRecord {
        step,
        what: if at.is_none() { "check edge-west".into() } else { String::new() },
        at,
        position,
        status,
        why: String::new(),
        called: Vec::new(),
        done: Vec::new(),
        calls_done: 0,
        took: Duration::from_secs(21),
        edits: edits.collect(),
    }
}

/// The failover's record, with these ends of its steps, and two seconds short of six minutes.
pub(super) fn operation(outcome: Outcome, statuses: &[(usize, Status, &str)]) -> Operation {
    let plan = failover();
    let ends = plan.work().map(|(id, step)| {
        let end = statuses.iter().find(|(step, _, _)| *step == id);
        let mut record = record(id, step, end.map_or(Status::Done, |(_, status, _)| *status));
        record.why = end.map_or("", |(_, _, why)| *why).into();
        record
    });
    Operation {
        id: "20261122-0412-ana".into(),
        kind: OperationKind::Apply,
        name: "dr-active".into(),
        summary: plan.intent.summary.clone(),
        state_digest: "aa".into(),
        plan_digest: plan.digest.clone(),
        operator: "ana".into(),
        host: "a17".into(),
        began: moment("2026-11-22T04:12:00Z"),
        ended: Some(moment("2026-11-22T04:17:52Z")),
        outcome,
        reverts: None,
        rest_of: None,
        since: None,
        over: None,
        part: Part::default(),
        abandoned: None,
        calls: BTreeMap::from([("gke".into(), BTreeMap::from([("PATCH".into(), 3)]))]),
        failed_checks: BTreeMap::new(),
        not_so: BTreeMap::new(),
        steps: ends.collect(),
    }
}

/// An event so many seconds after the beginning.
pub(super) fn event(seconds: i64, what: What) -> Event {
    Event { at: Timestamp::from_second(moment("2026-11-22T04:12:00Z").as_second() + seconds).unwrap(), what }
}
