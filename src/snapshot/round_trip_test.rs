//! A snapshot is a state: what is written is read back, with every kind of every type.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use opsctl_api::{Address, Pattern, Relation, Secret, Segment, Setting, Source, Type, Value};
use proptest::prelude::*;

use super::{Snapshot, sample, to_toml};
use crate::check::{Check, Dns, Expectation, File, Gate, Metric, Probe, Promql, Record, Records, Run, Sent, Tls};
use crate::diagnostic::{Style, render};
use crate::instance::Catalogues;
use crate::state::{After, Bound, Declared, Goal, Need, State, Target, load_literal};

fn catalogues() -> Catalogues {
    let of = |name: &str, catalogue| (name.to_owned(), catalogue);
    Catalogues(BTreeMap::from([
        of("sim", opsctl_sim::catalogue()),
        of("k8s", opsctl_kubernetes::catalogue()),
        of("aws", opsctl_aws::catalogue()),
    ]))
}

fn loaded(snapshot: &Snapshot) -> State {
    let text = to_toml(snapshot);
    match load_literal("@", "live.toml", &text, &catalogues(), crate::state::Strangers::Refused) {
        Ok(state) => state,
        Err(report) => panic!("{}\n{text}", render(&report, &Style::plain(true))),
    }
}

fn value_of(ty: Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        // Live may have what nobody could set.
        Type::Integer { .. } => any::<i64>().prop_map(Value::Integer).boxed(),
        Type::Number { .. } => (-1e12..1e12_f64).prop_map(Value::Number).boxed(),
        Type::String | Type::Text => any::<String>().prop_map(Value::String).boxed(),
        Type::OneOf(words) => prop::sample::select(words).prop_map(|word| Value::String(word.to_owned())).boxed(),
        Type::Quantity => "[0-9]{1,6}(m|Gi|k)?".prop_map(|text| Value::Quantity(text.parse().unwrap())).boxed(),
        Type::Duration => any::<u32>().prop_map(|n| Value::Duration(Duration::from_millis(n.into()))).boxed(),
        Type::List => prop::collection::vec(any::<String>(), 0..3).prop_map(Value::List).boxed(),
        Type::Set => prop::collection::btree_set(any::<String>(), 0..3).prop_map(Value::Set).boxed(),
        Type::Secret => (any::<bool>(), "[A-Z]{1,5}")
            .prop_map(|(env, name)| {
                let source = env.then(|| Source::Env(name.clone()));
                Secret { source, reference: Some(name), plain: None }.into()
            })
            .boxed(),
    }
}

/// A setting with a value, or absent.
fn setting(setting: &'static Setting) -> impl Strategy<Value = (String, Option<Value>)> {
    let key = match setting.key {
        None => Just(setting.name.to_owned()).boxed(),
        Some(_) => ".{1,6}".prop_map(|key| format!("{}.{key}", setting.name)).boxed(),
    };
    (key, prop::option::weighted(0.8, value_of(setting.ty)))
}

fn resource() -> impl Strategy<Value = (Address, BTreeMap<String, Option<Value>>)> {
    let kinds: Vec<_> = catalogues()
        .0
        .into_iter()
        .flat_map(|(instance, catalogue)| catalogue.kinds().iter().map(move |kind| (instance.clone(), kind)))
        .filter(|(_, kind)| kind.settings.iter().any(|setting| !setting.observed))
        .collect();
    prop::sample::select(kinds).prop_flat_map(|(instance, kind)| {
        let parts = kind.path.iter().filter(|part| !matches!(part, Segment::Optional(_))).count();
        let path = prop::collection::vec("[a-z0-9.\"\\\\#'-]{1,6}", parts);
        let settings = prop::collection::vec(
            prop::sample::select(kind.settings.iter().filter(|setting| !setting.observed).collect::<Vec<_>>()),
            0..5,
        )
        .prop_flat_map(|settings| settings.into_iter().map(setting).collect::<Vec<_>>());
        (path, settings).prop_map(move |(path, settings)| {
            let at = Address::new(&instance, kind.name, &path.join("/")).unwrap();
            (at, settings.into_iter().collect())
        })
    })
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    prop::collection::vec((resource(), any::<bool>()), 0..6).prop_map(|resources| {
        let mut snapshot = sample::snapshot(&[]);
        for (n, ((at, settings), declared)) in resources.into_iter().enumerate() {
            if declared {
                snapshot.declared.insert(format!("resource-{n}"), sample::declared(at.as_str()).into());
            }
            snapshot.resources.insert(at, settings);
        }
        snapshot
    })
}

/// What the state wants of each address: exactly that, or nothing.
fn wants(state: &State) -> BTreeMap<String, BTreeMap<String, Option<Value>>> {
    let absent = Goal::from(Bound { absent: true, ..Bound::default() });
    let mut all = BTreeMap::new();
    for resource in state.resources.values() {
        let Target::One(at) = &resource.declared.at else { continue };
        let wants = resource.wants.iter().map(|(key, want)| {
            let value = match &want.goal {
                Goal::Exact(value) => Some(value.clone()),
                goal => {
                    assert_eq!(goal, &absent);
                    None
                }
            };
            (key.clone(), value)
        });
        assert!(all.insert(at.to_string(), wants.collect()).is_none());
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn test_a_snapshot_is_a_state_that_wants_what_was_live(snapshot in snapshot()) {
        let live: BTreeMap<_, _> =
            snapshot.resources.iter().map(|(at, settings)| (at.to_string(), settings.clone())).collect();
        prop_assert_eq!(wants(&loaded(&snapshot)), live);
    }

    #[test]
    fn test_without_types_it_reads_what_it_has_without_types(snapshot in snapshot()) {
        prop_assert_eq!(snapshot.written(), snapshot.untyped());
    }
}

#[test]
fn test_a_snapshot_is_a_world() {
    let (edge, hpa) = ("k8s:deployment/cdn/ats-edge", "k8s:hpa/cdn/ats-edge");
    let mut snapshot = sample::snapshot(&[(edge, 4)]);
    snapshot.declared.insert("edge".to_owned(), Declared { optional: true, ..sample::declared(edge) }.into());
    let count = |n| Some(Value::Integer(n));
    let bounds = [("min".to_owned(), count(2)), ("max".to_owned(), count(6))];
    snapshot.resources.insert(hpa.parse().unwrap(), bounds.into());
    snapshot.relations.insert(hpa.parse().unwrap(), vec![Relation::Confines(edge.parse().unwrap())]);
    let world = opsctl_sim::WorldFile { path: "live.toml".into(), text: to_toml(&snapshot) };
    let catalogue = opsctl_kubernetes::catalogue();
    let options = opsctl_sim::Options { instance: "k8s".into(), catalogue, world: Some(world), kept: None };
    let sim = opsctl_sim::open(options).unwrap_or_else(|error| panic!("{error}"));
    let shown = sim.show(&Pattern::new("*")).unwrap();
    assert_eq!(shown.iter().map(|one| one.live.at.as_str()).collect::<Vec<_>>(), [edge, hpa]);
}

fn need(any_of: &[&str]) -> Need {
    Need { any_of: any_of.iter().map(|&name| name.to_owned()).collect(), place: None }
}

#[test]
fn test_what_was_declared_keeps_its_meaning() {
    let (edge, atc) = ("k8s:deployment/cdn/ats-edge", "k8s:configmap/cdn/atc");
    let mut snapshot = sample::snapshot(&[(edge, 4), ("k8s:deployment/media/packager", 1)]);
    let declared = Declared {
        needs: vec![need(&["atc"]), need(&["media", "atc"])],
        after: vec![After { name: "media".to_owned(), place: None }],
        pool: Some("live".to_owned()),
        timeout: Some(Duration::from_secs(90)),
        drain_time: Duration::from_millis(1_500),
        optional: true,
        ..sample::declared(edge)
    };
    snapshot.declared.insert("edge".to_owned(), declared.clone().into());
    snapshot.declared.insert("atc".to_owned(), sample::declared(atc).into());
    let media = Target::Many {
        pattern: Pattern::new("k8s:deployment/media/*"),
        select: BTreeMap::from([("app.io/tier".to_owned(), "batch".to_owned())]),
        except: vec![Pattern::new("k8s:deployment/media/x*")],
    };
    snapshot.declared.insert("media".to_owned(), Declared { at: media.clone(), ..sample::declared(atc) }.into());
    let state = loaded(&snapshot);
    assert_eq!(*state.resources["edge"].declared, declared);
    assert_eq!(state.resources["media"].declared.at, media);
    assert!(state.resources["media"].wants.is_empty());
    assert!(state.resources["k8s:deployment/media/packager"].wants.contains_key("replicas"));
}

fn at_most(value: Value) -> Goal {
    Bound { at_most: Some(value), ..Bound::default() }.into()
}

fn secret() -> Sent {
    let source = Some(opsctl_api::Source::File("secrets/token".to_owned()));
    Sent::Secret(opsctl_api::Secret { source, ..Default::default() })
}

#[test]
fn test_checks_come_back_without_their_gates() {
    let at: Address = "k8s:deployment/cdn/ats-edge".parse().unwrap();
    let probes = [
        Probe::Http {
            url: "https://live.example.com/health".to_owned(),
            header: BTreeMap::from([
                ("authorization".to_owned(), secret()),
                ("x-a".to_owned(), Sent::Text("{{ a".to_owned())),
            ]),
            expect: Expectation {
                status: Some(200),
                header: BTreeMap::from([("x-region".to_owned(), "\"west\"".to_owned())]),
                body: Some("two\nlines".to_owned()),
                json: BTreeMap::from([("/a b/0".to_owned(), serde_json::json!({ "x": [1, 2.5, "three", true] }))]),
            },
        },
        Probe::Tcp { address: "origin.example.com:443".to_owned() },
        Probe::Run(Run {
            argv: vec!["mc".to_owned(), "{{ x }}".to_owned()],
            env: BTreeMap::from([("A b".to_owned(), secret()), ("C".to_owned(), Sent::Text("two\nlines".to_owned()))]),
            exit: 3,
            output: Some("ok".to_owned()),
            lines: Some(Goal::Exact(Value::Integer(0))),
            number: Some(at_most(Value::Number(2.5))),
        }),
        Probe::Metric(Metric {
            url: "http://host:9100/metrics".to_owned(),
            header: BTreeMap::from([("authorization".to_owned(), secret())]),
            name: "node_load1".to_owned(),
            labels: BTreeMap::from([("a b".to_owned(), "\"c\"".to_owned())]),
            is: Goal::Exact(Value::Number(-1.0)),
        }),
        Probe::Promql(Promql {
            query: "sum(rate(errors{code=~\"5..\"}[5m]))".to_owned(),
            server: "http://prometheus:9090/x".to_owned(),
            header: BTreeMap::from([("authorization".to_owned(), secret())]),
            is: at_most(Value::Number(0.01)),
            empty: true,
        }),
        Probe::File(File {
            path: "/backup/*.dump".to_owned(),
            age: Some(at_most(Value::Duration(Duration::from_secs(86_400)))),
            size: Some(Bound { at_least: Some(Value::Quantity("1Mi".parse().unwrap())), ..Bound::default() }.into()),
        }),
        Probe::Tls(Tls {
            address: "live.example.com:443".to_owned(),
            server_name: Some("example.com".to_owned()),
            days_left: 30,
            trusted: false,
        }),
        Probe::Dns(Dns {
            name: "live.example.com".to_owned(),
            record: Some(Record::Aaaa),
            must: Records::Is(BTreeSet::from(["2001:db8::1".to_owned()])),
            server: Some("[2001:db8::53]:5353".parse().unwrap()),
        }),
        Probe::Setting {
            at: Target::One(at.clone()),
            setting: "replicas".to_owned(),
            is: Goal::Exact(Value::Integer(3)),
        },
        Probe::Setting {
            at: Target::Many {
                pattern: Pattern::new("k8s:deployment/media/*"),
                select: BTreeMap::from([("a.io/b".to_owned(), "c".to_owned())]),
                except: vec![Pattern::new("*/packager")],
            },
            setting: "replicas".to_owned(),
            is: Goal::from(Bound { at_least: Some(Value::Integer(3)), ..Bound::default() }),
        },
    ];
    let checks = probes.into_iter().enumerate().map(|(n, probe)| Check {
        name: format!("check-{n}"),
        probe,
        within: Duration::from_secs(300),
        hold: Duration::from_secs(n as u64),
        every: Duration::from_secs(5),
        gate: Gate::After,
        place: None,
    });
    let mut snapshot = sample::snapshot(&[]);
    snapshot.checks = checks.collect();
    assert_eq!(loaded(&snapshot).checks, snapshot.checks);
    for check in &mut snapshot.checks {
        check.gate = Gate::Between(vec!["edge".to_owned()]);
    }
    assert!(loaded(&snapshot).checks.iter().all(|check| check.gate == Gate::After));
}
