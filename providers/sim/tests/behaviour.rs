//! What a simulated world does, seen as the engine sees it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use opsctl_api::{
    Address, Cx, Edit, Fault, Hop, Live, Pattern, Preflight, Provider, Query, Readiness, Reading, Selector, Value,
    Wanted, Write, Written,
};
use opsctl_sim::{OpenError, Options, Sim, Target, WorldFile, catalogue, open};

const WORLD: &str = r#"
[sim.instance.other]
latency = "1h"

[resource.a]
at = "sim:service/a"
replicas = 2
running = true
config.colour = "blue"
"config.dotted.key" = "x"
token = { plain = "hunter2" }
sim = { labels = { app = "x" } }

[resource.b]
at = "sim:service/b"
replicas = 1
needs = ["a"]

[resource.scaler]
at = "sim:scaler/b"
min = 2
max = 6
confines = ["sim:service/b"]
sim = { sync = "0s" }

[resource.elsewhere]
at = "other:whatever/b"
anything = 1
"#;

fn options(text: &str, kept: Option<&Path>) -> Options {
    Options {
        instance: "sim".to_owned(),
        catalogue: catalogue(),
        world: Some(WorldFile { path: "world.toml".to_owned(), text: text.to_owned() }),
        kept: kept.map(Path::to_owned),
    }
}

fn sim(text: &str) -> Sim {
    open(options(text, None)).unwrap()
}

fn cx() -> Cx {
    Cx::new(Duration::from_secs(5))
}

async fn read(sim: &Sim, at: &str) -> Result<Live, Fault> {
    sim.read(&cx(), &[Query::one(at.parse().unwrap())]).await.remove(0).into_one()
}

async fn replicas(sim: &Sim, at: &str) -> i64 {
    read(sim, at).await.unwrap().value("replicas").unwrap().as_integer().unwrap()
}

fn hop(at: &str, setting: &str, from: i64, to: i64) -> Hop {
    let edit = Edit { setting: setting.to_owned(), from: Some(Value::Integer(from)), to: Some(Value::Integer(to)) };
    Hop { at: at.parse().unwrap(), edits: vec![edit], coupled: Vec::new() }
}

async fn send(sim: &Sim, hop: Hop, token: &str) -> Written {
    let live = Live::new(hop.at.clone());
    sim.write(&cx(), &[Write { hop, live, idempotency_token: token.to_owned() }]).await.remove(0)
}

fn set(sim: &Sim, at: &str, assignments: &[&str]) {
    let target = if at.contains('/') { Target::Resources(Pattern::new(at)) } else { Target::Instance };
    let assignments: Vec<_> = assignments.iter().map(|text| text.parse().unwrap()).collect();
    sim.set(&target, &assignments, "sim set").unwrap();
}

#[tokio::test]
async fn test_a_world_is_read_as_its_file_has_it() {
    let sim = sim(WORLD);
    let live = read(&sim, "sim:service/a").await.unwrap();
    assert_eq!(live.value("replicas"), Some(&Value::Integer(2)));
    assert_eq!(live.value("config.colour"), Some(&Value::String("blue".to_owned())));
    assert_eq!(live.value("config.dotted.key"), Some(&Value::String("x".to_owned())));
    assert_eq!(live.readiness, Readiness::Ready);
    assert!(!format!("{live:?}").contains("hunter2"));
    assert!(matches!(read(&sim, "sim:service/c").await, Err(Fault::Missing(_))));
    let many = Query {
        at: Selector::Many {
            pattern: Pattern::new("sim:service/*"),
            labels: [("app".to_owned(), "x".to_owned())].into(),
        },
        settings: Wanted::All,
        receipt: None,
    };
    let Reading::Members { found, complete: true } = sim.read(&cx(), &[many]).await.remove(0) else { panic!() };
    assert_eq!(found.iter().map(|live| live.at.as_str()).collect::<Vec<_>>(), ["sim:service/a"]);
}

#[tokio::test]
async fn test_a_scaler_brings_what_it_confines_into_its_bounds() {
    let sim = sim(WORLD);
    assert_eq!(replicas(&sim, "sim:service/b").await, 2, "long since moved");
    let live = read(&sim, "sim:service/b").await.unwrap();
    assert_eq!(live.owners[0].name, "scaler/b");
    assert_eq!(live.owners[0].within, Some((Value::Integer(2), Value::Integer(6))));
    send(&sim, hop("sim:service/b", "replicas", 2, 9), "1").await;
    assert_eq!(replicas(&sim, "sim:service/b").await, 6);
    send(&sim, hop("sim:scaler/b", "min", 2, 3), "2").await;
    send(&sim, hop("sim:scaler/b", "max", 6, 4), "3").await;
    assert_eq!(replicas(&sim, "sim:service/b").await, 4);
    send(&sim, hop("sim:service/b", "replicas", 4, 0), "4").await;
    assert_eq!(replicas(&sim, "sim:service/b").await, 0, "at 0 it is switched off");
    send(&sim, hop("sim:service/b", "replicas", 0, 1), "5").await;
    assert_eq!(replicas(&sim, "sim:service/b").await, 3);
    let refused = send(&sim, hop("sim:scaler/b", "min", 3, 5), "6").await;
    assert!(matches!(refused, Written::Refused(Fault::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn test_an_owner_puts_back_what_others_change() {
    let sim = sim(WORLD);
    set(
        &sim,
        "sim:service/a",
        &[r#"sim.owners=[{ name = "Argo CD", reverts = true, soon = "0s", settings = ["replicas"] }]"#],
    );
    assert!(matches!(send(&sim, hop("sim:service/a", "replicas", 2, 7), "1").await, Written::Sent { .. }));
    let live = read(&sim, "sim:service/a").await.unwrap();
    assert_eq!(live.value("replicas"), Some(&Value::Integer(2)));
    assert_eq!(live.touched.iter().map(|touch| touch.by.as_str()).collect::<Vec<_>>(), ["Argo CD"]);
    assert!(live.owners[0].reverts);
}

#[tokio::test]
async fn test_a_change_settles() {
    let sim = sim(WORLD);
    set(&sim, "sim", &["sim.settle=1h"]);
    send(&sim, hop("sim:service/a", "replicas", 2, 7), "1").await;
    let live = read(&sim, "sim:service/a").await.unwrap();
    assert_eq!(live.readiness, Readiness::Progressing { done: 2, total: 7, what: String::new() });
    set(&sim, "sim:service/a", &["sim.settle=0s"]);
    assert_eq!(read(&sim, "sim:service/a").await.unwrap().readiness, Readiness::Ready);
    set(&sim, "sim:service/a", &["sim.fail=no node has room"]);
    let live = read(&sim, "sim:service/a").await.unwrap();
    assert_eq!(live.readiness, Readiness::Failed("no node has room".to_owned()));
    set(&sim, "sim:service/a", &["sim.fail"]);
    assert_eq!(read(&sim, "sim:service/a").await.unwrap().readiness, Readiness::Ready);
}

#[tokio::test]
async fn test_a_lost_answer_is_found_done_under_its_token() {
    let sim = sim(WORLD);
    set(&sim, "sim", &["sim.lose_answer=once"]);
    let change = hop("sim:service/a", "replicas", 2, 7);
    assert!(matches!(send(&sim, change.clone(), "t").await, Written::Unknown(Fault::Unreachable(_))));
    assert_eq!(replicas(&sim, "sim:service/a").await, 7);
    assert!(matches!(send(&sim, change.clone(), "t").await, Written::Sent { .. }));
    let other = hop("sim:service/a", "replicas", 7, 8);
    assert!(matches!(send(&sim, other, "t").await, Written::Refused(Fault::Invalid(_))));
    assert!(matches!(send(&sim, change, "u").await, Written::Conflict(_)));
}

#[tokio::test]
async fn test_somebody_is_faster_once() {
    let sim = sim(WORLD);
    set(&sim, "sim:service/a", &["sim.conflict=once"]);
    let Written::Conflict(live) = send(&sim, hop("sim:service/a", "replicas", 2, 7), "1").await else { panic!() };
    assert_eq!(live.value("replicas"), Some(&Value::Integer(3)));
    assert_eq!(live.touched[0].by, "somebody else");
    assert!(matches!(send(&sim, hop("sim:service/a", "replicas", 3, 7), "2").await, Written::Sent { .. }));
}

#[tokio::test]
async fn test_what_is_refused_is_refused_by_the_preflight_too() {
    let sim = sim(WORLD);
    let change = hop("sim:service/a", "replicas", 2, 7);
    for (knob, fault) in [
        ("sim.refuse=quota exceeded", Fault::Invalid("quota exceeded".to_owned())),
        ("sim.deny=write", Fault::Denied("may not write service/a".to_owned())),
        ("sim.unreachable=timed out", Fault::Unreachable("timed out".to_owned())),
    ] {
        set(&sim, "sim", &[knob]);
        let told = sim.preflight(&cx(), std::slice::from_ref(&change)).await;
        assert_eq!(told, [Preflight::Refused(fault.clone())]);
        assert_eq!(send(&sim, change.clone(), "1").await, Written::Refused(fault));
        set(&sim, "sim", &[knob.split('=').next().unwrap()]);
    }
    set(&sim, "sim", &["sim.preflight=cannot tell"]);
    assert!(matches!(sim.preflight(&cx(), &[change]).await[..], [Preflight::CannotTell(_)]));
    assert_eq!(replicas(&sim, "sim:service/a").await, 2);
}

#[tokio::test]
async fn test_chance_is_the_same_for_the_same_seed() {
    let throttled = async |seed: u64| {
        let sim = sim(WORLD);
        set(&sim, "sim", &["sim.throttle=0.5", &format!("sim.seed={seed}")]);
        let mut row = Vec::new();
        for _ in 0..32 {
            row.push(matches!(read(&sim, "sim:service/a").await, Err(Fault::Throttled { .. })));
        }
        row
    };
    let row = throttled(1).await;
    assert!(row.contains(&true) && row.contains(&false));
    assert_eq!(row, throttled(1).await);
    assert_ne!(row, throttled(2).await);
}

#[tokio::test]
async fn test_a_kept_world_goes_on_and_can_be_reset() {
    let directory = tempfile::tempdir().unwrap();
    let kept = || open(options(WORLD, Some(directory.path()))).unwrap();
    let (one, other) = (kept(), kept());
    send(&one, hop("sim:service/a", "replicas", 2, 7), "t").await;
    assert_eq!(replicas(&other, "sim:service/a").await, 7);
    set(&other, "sim:service/*", &["replicas=5"]);
    assert_eq!(replicas(&one, "sim:service/a").await, 5);
    assert!(matches!(send(&kept(), hop("sim:service/a", "replicas", 2, 7), "t").await, Written::Sent { .. }));
    assert_eq!(replicas(&one, "sim:service/a").await, 5, "the token had been used");
    assert!(one.notes().unwrap().is_empty());
    let changed = open(options(&WORLD.replace("running = true", "running = false"), Some(directory.path()))).unwrap();
    assert_eq!(replicas(&changed, "sim:service/a").await, 5, "what was written stays");
    let live = read(&changed, "sim:service/a").await.unwrap();
    assert_eq!(live.value("running"), Some(&Value::Bool(false)), "and the file counts for the rest");
    assert_eq!(changed.notes().unwrap().len(), 1);
    other.reset().unwrap();
    assert_eq!(replicas(&one, "sim:service/a").await, 2);
}

#[tokio::test]
async fn test_a_secrets_text_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let sim = open(options(WORLD, Some(directory.path()))).unwrap();
    set(&sim, "sim:service/a", &["token=correct-horse"]);
    let log = std::fs::read_to_string(directory.path().join("sim.jsonl")).unwrap();
    assert!(!log.contains("correct-horse"), "{log}");
    let before = read(&open(options(WORLD, None)).unwrap(), "sim:service/a").await.unwrap();
    let now = read(&open(options(WORLD, Some(directory.path()))).unwrap(), "sim:service/a").await.unwrap();
    assert_ne!(before.value("token"), now.value("token"));
}

#[test]
fn test_all_mistakes_of_a_file_are_told_at_once() {
    let text = r#"
[sim]
setle = "5s"
[resource.a]
at = "sim:service/a"
replicas = "three"
replcias = 3
[resource.b]
at = "sim:servise/b"
[resource.c]
at = "sim:service/a"
token = "hunter2"
[resource.d]
replicas = 1
"#;
    let Err(OpenError::World { mistakes, .. }) = open(options(text, None)) else { panic!() };
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 7, "{told:#?}");
    assert!(told[0].starts_with("world.toml:3:1: unknown field `setle`"), "{told:#?}");
    assert_eq!(told[1], "world.toml:6:12: expected an integer from 0 to 100000, found the string \"three\"");
    assert_eq!(told[2], "world.toml:7:1: unknown setting `replcias` of kind service; did you mean `replicas`?");
    assert!(told.iter().all(|mistake| !mistake.contains("hunter2")), "{told:#?}");
}

#[tokio::test]
async fn test_what_is_not_there() {
    let sim = sim(WORLD);
    let target = Target::Resources(Pattern::new("sim:service/zzz"));
    assert!(sim.set(&target, &["replicas=1".parse().unwrap()], "x").is_err());
    let target = Target::Resources(Pattern::new("sim:service/a"));
    for wrong in ["replicas=many", "replcias=1", "sim.settel=1s", "replicas"] {
        assert!(sim.set(&target, &[wrong.parse().unwrap()], "x").is_err(), "{wrong}");
    }
    let at: Address = "sim:service/a".parse().unwrap();
    assert_eq!(sim.show(&Pattern::new("sim:service/a")).unwrap()[0].live.at, at);
}
