//! What holds for every world, whatever happens to it.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use opsctl_api::{Cx, Edit, Hop, Live, Pattern, Provider, Query, Value, Write};
use opsctl_sim::{Options, Sim, Target, WorldFile, catalogue, open};
use proptest::prelude::*;

const WORLD: &str = r#"
[sim]
sync = "0s"
[resource.a]
at = "sim:service/a"
replicas = 2
[resource.scaler]
at = "sim:scaler/a"
min = 2
max = 6
confines = ["sim:service/a"]
[resource.kept]
at = "sim:number/a"
value = 5
sim = { owners = [{ name = "keeper", reverts = true, soon = "0s" }] }
[resource.free]
at = "sim:number/b"
value = 5
"#;

/// What may happen: somebody sets something, or opsctl writes, from a guess of what is there.
#[derive(Debug, Clone)]
enum Deed {
    Set(&'static str, &'static str, i64),
    Write(&'static str, &'static str, i64, i64, u8),
    Turn(&'static str, &'static str),
}

fn deed() -> impl Strategy<Value = Deed> {
    let setting = || {
        prop_oneof![
            Just(("sim:service/a", "replicas")),
            Just(("sim:scaler/a", "min")),
            Just(("sim:scaler/a", "max")),
            Just(("sim:number/a", "value")),
            Just(("sim:number/b", "value")),
        ]
    };
    let knob = prop_oneof![
        Just("sim.lose_answer=once"),
        Just("sim.conflict=once"),
        Just("sim.settle=1h"),
        Just("sim.settle"),
        Just("sim.throttle=0.5"),
    ];
    prop_oneof![
        (setting(), 0_i64..9).prop_map(|((at, key), value)| Deed::Set(at, key, value)),
        (setting(), 0_i64..9, 0_i64..9, 0_u8..20)
            .prop_map(|((at, key), from, to, token)| Deed::Write(at, key, from, to, token)),
        (setting(), knob).prop_map(|((at, _), knob)| Deed::Turn(at, knob)),
    ]
}

fn world(kept: Option<&std::path::Path>) -> Sim {
    let world = Some(WorldFile { path: "w.toml".to_owned(), text: WORLD.to_owned() });
    let kept = kept.map(std::path::Path::to_owned);
    open(Options { instance: "sim".to_owned(), catalogue: catalogue(), world, kept }).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn read(sim: &Sim) -> Vec<Live> {
    let shown = sim.show(&Pattern::new("*")).unwrap();
    shown.into_iter().map(|shown| shown.live).collect()
}

fn count(sim: &Sim, at: &str, key: &str) -> i64 {
    let cx = Cx::new(Duration::from_secs(1));
    let ask = [Query::one(at.parse().unwrap())];
    let live = runtime().block_on(sim.read(&cx, &ask)).remove(0).into_one();
    // A throttled read is no answer; what is there can be shown all the same.
    live.unwrap_or_else(|_| sim.show(&Pattern::new(at)).unwrap().remove(0).live)
        .value(key)
        .unwrap()
        .as_integer()
        .unwrap()
}

fn act(sim: &Sim, deed: &Deed) {
    match deed {
        Deed::Set(at, key, value) => {
            let assignment = format!("{key}={value}").parse().unwrap();
            let _ = sim.set(&Target::Resources(Pattern::new(*at)), &[assignment], "somebody");
        }
        Deed::Turn(at, knob) => {
            sim.set(&Target::Resources(Pattern::new(*at)), &[knob.parse().unwrap()], "somebody").unwrap();
        }
        Deed::Write(at, key, from, to, token) => {
            let value = |number: &i64| Some(Value::Integer(*number));
            let edit = Edit { setting: (*key).to_owned(), from: value(from), to: value(to) };
            let hop = Hop { at: at.parse().unwrap(), edits: vec![edit], coupled: Vec::new() };
            let live = Live::new(hop.at.clone());
            let write = Write { hop, live, idempotency_token: format!("t{token}") };
            runtime().block_on(sim.write(&Cx::new(Duration::from_secs(1)), &[write]));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    /// A world is a fold: who opens it later, and who has watched all along, see the same as who did it.
    #[test]
    fn test_every_process_sees_the_same(deeds in proptest::collection::vec(deed(), 0..24)) {
        let directory = tempfile::tempdir().unwrap();
        let (one, other, watcher) =
            (world(Some(directory.path())), world(Some(directory.path())), world(Some(directory.path())));
        for (nth, deed) in deeds.iter().enumerate() {
            act(if nth % 2 == 0 { &one } else { &other }, deed);
            read(&watcher);
        }
        let seen = read(&one);
        prop_assert_eq!(&read(&other), &seen);
        prop_assert_eq!(&read(&watcher), &seen);
        prop_assert_eq!(&read(&world(Some(directory.path()))), &seen);
        one.reset().unwrap();
        prop_assert_eq!(read(&other), read(&world(None)));
    }

    /// Scalers and owners have the last word.
    #[test]
    fn test_what_is_held_stays_where_it_is_held(deeds in proptest::collection::vec(deed(), 0..24)) {
        let sim = world(None);
        for deed in &deeds {
            act(&sim, deed);
            prop_assert_eq!(count(&sim, "sim:number/a", "value"), 5);
            let replicas = count(&sim, "sim:service/a", "replicas");
            let (min, max) = (count(&sim, "sim:scaler/a", "min"), count(&sim, "sim:scaler/a", "max"));
            prop_assert!(min <= max, "{} above {}", min, max);
            prop_assert!(replicas == 0 || (min..=max).contains(&replicas), "{} not in {}..{}", replicas, min, max);
        }
    }

    /// Any text is a world or has mistakes; none of them breaks the reader.
    #[test]
    fn test_any_text_is_answered(lines in proptest::collection::vec(line(), 0..12)) {
        let text = lines.join("\n");
        let world = Some(WorldFile { path: "w.toml".to_owned(), text });
        let _ = open(Options { instance: "sim".to_owned(), catalogue: catalogue(), world, kept: None });
    }
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "\\[(resource|sim)(\\.[a-c]){0,2}\\]",
        "(at|replicas|config|token|confines|sim|min|settle|instance)(\\.[a-z]){0,2} = (1|\"sim:service/[a-c]\"|\\[\\]|\\{ ?(plain|absent|env)? ?\\}|\\{ a = 1 \\}|true|\"5s\")",
    ]
}
