//! How long a snapshot of 5,000 resources takes:
//! `cargo test --release --no-default-features --lib snapshot::speed -- --ignored --nocapture`

use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use opsctl_api::{Edit, Hop, Readiness};

use super::{Outcome, Store, sample, to_toml, unwind};
use crate::plan::{Position, Seen, SeenSetting, Step, Work};

const MANY: usize = 5_000;

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    println!("{what:<58}{:>8.1} ms", began.elapsed().as_secs_f64() * 1e3);
    done
}

#[test]
#[ignore = "a benchmark"]
fn test_speed() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(&Utf8PathBuf::from_path_buf(root.path().join("snapshots")).unwrap()).unwrap();
    let addresses: Vec<String> = (0..MANY).map(|n| format!("k8s:deployment/media-{}/worker-{n}", n % 40)).collect();
    let snapshot = |n| {
        let live: Vec<(&str, i64)> = addresses.iter().map(|at| (at.as_str(), n)).collect();
        let mut snapshot = sample::snapshot(&live);
        for (n, at) in addresses.iter().enumerate() {
            snapshot.declared.insert(format!("worker-{n}"), sample::declared(at).into());
        }
        snapshot
    };
    let mut plan = sample::plan();
    let mut record = sample::operation("1-ana", Outcome::Done);
    for at in &addresses {
        let step = sample::step(at, "replicas", Some(1), Some(2));
        let [edit] = step.edits.as_slice() else { panic!() };
        let edits = vec![Edit { setting: "replicas".to_owned(), from: edit.from.clone(), to: edit.to.clone() }];
        let at = step.at.clone().unwrap();
        let seen = SeenSetting { live: edit.from.clone(), hidden: None, goal: None };
        plan.resources.insert(
            at.clone(),
            Seen {
                names: vec!["worker".to_owned()],
                settings: [("replicas".to_owned(), seen)].into(),
                readiness: Readiness::Ready,
                relations: Vec::new(),
                owners: Vec::new(),
            },
        );
        plan.steps.push(Step {
            work: Work::Change {
                at: at.clone(),
                position: Position::Up,
                edits: edits.clone(),
                hops: vec![Hop { at, edits, coupled: Vec::new() }],
                drain_time: Duration::ZERO,
                settles_with: None,
            },
            after: Vec::new(),
            wave: 1,
            timeout: Duration::from_secs(600),
            enough: None,
        });
        record.steps.push(step);
    }
    let (one, two) = (snapshot(1), snapshot(2));
    println!("{MANY} resources, {MANY} steps");
    let text = timed("to_toml", || to_toml(&one));
    println!("{:<58}{:>8.1} KiB", "  live.toml", text.len() as f64 / 1024.0);
    let running = sample::operation("1-ana", Outcome::Running);
    timed("commit a first before, with its plan (makes the repository)", || {
        store.commit(&one, &running, Some(&plan)).unwrap()
    });
    timed("commit an after, with 5,000 steps", || store.commit(&two, &record, None).unwrap());
    timed("commit one more with nothing new", || store.commit(&two, &record, None).unwrap());
    let stored = timed("read the after", || store.read("@").unwrap());
    timed("read the before, with its plan", || store.read("@2").unwrap().plan().unwrap());
    timed("values of all", || stored.values().unwrap());
    timed("blame of one", || store.blame(&addresses[7].parse().unwrap()).unwrap());
    let operations = [record];
    timed("unwind", || unwind(&operations, "1-ana"));
    for n in 0..200 {
        let few = sample::snapshot(&[("k8s:deployment/cdn/edge", n)]);
        store.commit(&few, &sample::operation(&n.to_string(), Outcome::Done), None).unwrap();
    }
    timed("history of 203", || store.history().unwrap());
    timed("200 operations", || store.operations().unwrap().take(200).count());
}
