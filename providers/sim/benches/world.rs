//! How long a large world takes: `cargo bench -p opsctl-sim`. Prints a table; nothing here passes or fails.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use opsctl_api::{Cx, Edit, Hop, Live, Pattern, Provider, Query, Reading, Selector, Value, Wanted, Write, Written};
use opsctl_sim::{Options, Sim, WorldFile, catalogue, open};

const RESOURCES: usize = 100_000;
const WRITES: usize = 5_000;

fn main() {
    let mut text = String::new();
    for nth in 0..RESOURCES {
        write!(
            text,
            "[resource.\"sim:service/{nth}\"]\nat = \"sim:service/{nth}\"\nreplicas = {}\nversion = \"1.0\"\n\n",
            nth % 50
        )
        .unwrap();
    }
    let kept = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let world = WorldFile { path: "bench.toml".to_owned(), text };
    let options = || Options {
        instance: "sim".to_owned(),
        catalogue: catalogue(),
        world: Some(world.clone()),
        kept: Some(kept.path().to_owned()),
    };
    println!("{:<44} {:>8}   {:>8}", "", "time", "peak");
    line("before", Duration::ZERO);
    let sim = Arc::new(timed(&format!("open a world of {RESOURCES}"), || open(options()).unwrap()));
    let many = Query {
        at: Selector::Many { pattern: Pattern::new("sim:service/*"), labels: [].into() },
        settings: Wanted::Only(["replicas".to_owned()].into()),
        receipt: None,
    };
    let found = timed("list them, one setting each", || runtime.block_on(read(&sim, &[many])));
    assert_eq!(found, RESOURCES);
    let each: Vec<Query> = (0..RESOURCES)
        .map(|nth| Query {
            at: Selector::One(format!("sim:service/{nth}").parse().unwrap()),
            settings: Wanted::Only(["replicas".to_owned()].into()),
            receipt: None,
        })
        .collect();
    line("(make the questions)", Duration::ZERO);
    let found = timed("read each, one setting", || runtime.block_on(read(&sim, &each)));
    assert_eq!(found, RESOURCES);
    drop(each);
    timed(&format!("{WRITES} writes from as many tasks"), || runtime.block_on(write_all(&sim)));
    timed("open it again, with what was kept", || open(options()).unwrap());
}

async fn read(sim: &Sim, ask: &[Query]) -> usize {
    let answers = sim.read(&Cx::new(Duration::from_secs(60)), ask).await;
    let found = |answer: &Reading| match answer {
        Reading::Members { found, .. } => found.len(),
        Reading::Fault(_) => 0,
    };
    answers.iter().map(found).sum()
}

async fn write_all(sim: &Arc<Sim>) {
    let tasks: Vec<_> = (0..WRITES)
        .map(|nth| {
            let sim = sim.clone();
            tokio::spawn(async move {
                let at: opsctl_api::Address = format!("sim:service/{nth}").parse().unwrap();
                let replicas = (nth % 50) as i64;
                let edits = vec![Edit {
                    setting: "replicas".to_owned(),
                    from: Some(Value::Integer(replicas)),
                    to: Some(Value::Integer(replicas + 1)),
                }];
                let hop = Hop { at: at.clone(), edits, coupled: Vec::new() };
                let write = Write { hop, live: Live::new(at), idempotency_token: format!("bench-{nth}") };
                let written = sim.write(&Cx::new(Duration::from_secs(60)), &[write]).await;
                assert!(matches!(written[..], [Written::Sent { .. }]), "{written:?}");
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    line(what, begun.elapsed());
    done
}

/// With the most memory that the process ever had, where the system tells.
fn line(what: &str, took: Duration) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?");
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN);
    println!("{what:<44} {:>7.3}s   {:>5.0} MB", took.as_secs_f64(), peak / 1024.0);
}
