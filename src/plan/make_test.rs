//! Plans over simulated worlds: what the operator reads before anything is changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use opsctl_api::{Address, Cx, Pattern, Plain, Settings, Source, Value};
use opsctl_sim::{Options, WorldFile};

use super::*;
use crate::config::GuardConfig;
use crate::instance::{Instance, Instances};
use crate::state::{Bound, Declared, Goal, Need, Resource, Scope, State, Target, Want};

pub(super) fn instances(world: &str) -> Instances {
    let catalogue = opsctl_sim::catalogue();
    let open = |name: &str| {
        let world = Some(WorldFile { path: "world.toml".into(), text: world.into() });
        let sim = opsctl_sim::open(Options { instance: name.into(), catalogue, world, kept: None }).unwrap();
        Instance {
            name: name.into(),
            provider_type: "sim".into(),
            target: name.into(),
            catalogue,
            provider: Arc::new(sim),
            cx: Cx::new(Duration::from_secs(1)),
            accepted: Default::default(),
        }
    };
    Instances(["a", "b"].into_iter().map(|name| (name.to_owned(), open(name))).collect())
}

pub(super) fn at(text: &str) -> Address {
    text.parse().unwrap()
}

/// A resource in short: its name, its address or wildcard, settings, needs (`a|b` for any of them).
pub(super) type Short<'a> = (&'a str, &'a str, &'a [(&'a str, Goal)], &'a [&'a str]);

/// A state of these resources; records are in one pool.
pub(super) fn state(resources: &[Short<'_>]) -> State {
    let mut state = State { name: "wanted".into(), ..State::default() };
    for (name, target, settings, needs) in resources {
        let is_many = Pattern::is_pattern(target);
        let kind = Pattern::new(*target).kind().unwrap().to_owned();
        let target = if is_many {
            Target::Many { pattern: Pattern::new(*target), select: BTreeMap::new(), except: Vec::new() }
        } else {
            Target::One(at(target))
        };
        let need = |text: &&str| Need { any_of: text.split('|').map(str::to_owned).collect(), place: None };
        let wants = settings.iter().map(|(key, goal)| {
            let setting = opsctl_sim::catalogue().kind(&kind).unwrap().setting(key).unwrap();
            ((*key).to_owned(), Want { goal: goal.clone(), setting, place: None })
        });
        let declared = Declared {
            at: target,
            place: None,
            needs: needs.iter().map(need).collect(),
            pool: (kind == "record").then(|| "dns".to_owned()),
            after: Vec::new(),
            optional: false,
            timeout: None,
            drain_time: Duration::ZERO,
            enough: None,
            restarts_with: None,
        };
        state.resources.insert((*name).to_owned(), Resource { declared: declared.into(), wants: wants.collect() });
    }
    state
}

pub(super) fn is(value: i64) -> Goal {
    Goal::Exact(Value::Integer(value))
}

fn no_secrets(_: &Source) -> Result<Plain, String> {
    Err("none here".into())
}

pub(super) struct Asked<'a> {
    pub(super) state: &'a State,
    pub(super) scope: Scope,
    pub(super) guard: GuardConfig,
    pub(super) change: fn(&mut Request<'_>),
}

impl<'a> Asked<'a> {
    pub(super) fn new(state: &'a State) -> Self {
        Self { state, scope: Scope::default(), guard: GuardConfig::default(), change: |_| {} }
    }

    pub(super) fn make(self, instances: &Instances) -> Result<Plan, PlanError> {
        let mut request = Request {
            state: self.state,
            scope: &self.scope,
            guard: &self.guard,
            part: Part::default(),
            allow_one_way: Vec::new(),
            reverts: None,
            rest: None,
            called: Default::default(),
            left: BTreeMap::new(),
            before: Default::default(),
            past: Past::new(),
            made: Made::new(),
            force: Vec::new(),
            offline: false,
            secrets: &no_secrets,
        };
        (self.change)(&mut request);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(make(request, instances))
    }
}

pub(super) fn plan(state: &State, world: &str) -> Plan {
    Asked::new(state).make(&instances(world)).unwrap()
}

/// Each step in a word: `+service/x replicas`.
pub(super) fn steps(plan: &Plan) -> Vec<String> {
    plan.work()
        .map(|(_, step)| match &step.work {
            Work::Change { at, position, edits, .. } => {
                let sign = if *position == Position::Up { '+' } else { '-' };
                let keys: Vec<&str> = edits.iter().map(|edit| edit.setting.as_str()).collect();
                format!("{} {sign}{} {}", step.wave, at.local(), keys.join(","))
            }
            Work::Wait { at, .. } => format!("{} wait {}", step.wave, at.local()),
            Work::Check { name } => format!("{} check {name}", step.wave),
            Work::Action { name } => format!("{} action {name}", step.wave),
            Work::Joint { .. } => unreachable!("joints are no work"),
        })
        .collect()
}

pub(super) fn refusals(plan: &Plan) -> Vec<String> {
    plan.refusals.iter().map(|refusal| format!("{:?} {}: {}", refusal.by, refusal.at, refusal.why)).collect()
}

pub(super) const WORLD: &str = r#"
[resource.origin]
at = "a:service/origin"
replicas = 1
[resource.edge]
at = "a:service/edge"
replicas = 2
[resource.edge-scaler]
at = "a:scaler/edge"
min = 2
max = 6
confines = ["a:service/edge"]
[resource.far]
at = "b:service/far"
replicas = 0
[resource.east]
at = "a:record/live/east"
weight = 100
[resource.west]
at = "a:record/live/west"
weight = 0
"#;

#[test]
fn test_nothing_to_do_is_an_empty_plan() {
    let plan = plan(&state(&[("edge", "a:service/edge", &[("replicas", is(2))], &[])]), WORLD);
    assert!(plan.is_empty());
    assert_eq!(plan.resources[&at("a:service/edge")].settings["replicas"].goal, Some(is(2)));
}

#[test]
fn test_failover_and_back_are_ordered_by_the_same_needs() {
    let wanted = |far: i64, east: i64, west: i64| {
        state(&[
            ("origin", "a:service/origin", &[], &[]),
            ("far", "b:service/far", &[("replicas", is(far))], &["origin"]),
            ("east", "a:record/live/east", &[("weight", is(east))], &["origin"]),
            ("west", "a:record/live/west", &[("weight", is(west))], &["far"]),
        ])
    };
    let there = plan(&wanted(3, 0, 100), WORLD);
    assert_eq!(steps(&there), ["1 +service/far replicas", "2 +record/live/west weight", "3 -record/live/east weight"]);
    let moved = WORLD
        .replace("replicas = 0", "replicas = 3")
        .replace("weight = 100", "weight = 1")
        .replace("weight = 0", "weight = 100")
        .replace("weight = 1\n", "weight = 0\n");
    let back = plan(&wanted(0, 100, 0), &moved);
    assert_eq!(steps(&back), ["1 +record/live/east weight", "2 -record/live/west weight", "3 -service/far replicas"]);
    assert_eq!(there.way_back.steps, 3);
}

#[test]
fn test_bounds_that_the_plan_moves_come_first() {
    let wanted = state(&[
        ("edge", "a:service/edge", &[("replicas", is(9))], &[]),
        ("edge-scaler", "a:scaler/edge", &[("min", is(4)), ("max", is(12))], &[]),
    ]);
    let plan = plan(&wanted, WORLD);
    assert_eq!(refusals(&plan), Vec::<String>::new());
    assert_eq!(steps(&plan), ["1 +scaler/edge max", "2 +service/edge replicas", "3 +scaler/edge min"]);
    assert_eq!(plan.owners[0].moved_by, Some(0));
}

/// Capacity of one group that goes both ways is two calls: what grows comes before what needs it, and what shrinks after.
#[test]
fn test_capacity_of_one_call_that_goes_both_ways_is_split() {
    let world = "[resource.nodes]\nat = \"a:pool/nodes\"\nmin = 1\ndesired = 2\nmax = 6\n\
                 [resource.edge]\nat = \"a:service/edge\"\nreplicas = 2\nversion = \"one\"\n";
    let version = Goal::Exact(Value::String("two".into()));
    let wanted = state(&[
        ("nodes", "a:pool/nodes", &[("min", is(2)), ("desired", is(3)), ("max", is(4))], &[]),
        ("edge", "a:service/edge", &[("version", version)], &["nodes"]),
    ]);
    let made = plan(&wanted, world);
    assert_eq!(steps(&made), ["1 +pool/nodes desired,min", "2 +service/edge version", "3 -pool/nodes max"]);
    // With nothing between the two they are one.
    let alone = state(&[("nodes", "a:pool/nodes", &[("min", is(2)), ("desired", is(3)), ("max", is(4))], &[])]);
    assert_eq!(steps(&plan(&alone, world)), ["1 +pool/nodes desired,max,min"]);
}

#[test]
fn test_a_bound_leaves_what_meets_it() {
    let at_least = Goal::from(Bound { at_least: Some(Value::Integer(1)), ..Bound::default() });
    let plan = plan(&state(&[("all", "a:service/*", &[("replicas", at_least)], &[])]), WORLD);
    assert!(plan.is_empty());
}

#[test]
fn test_what_another_state_set_is_listed() {
    let wanted = state(&[("edge", "a:service/edge", &[("replicas", is(2))], &[])]);
    let other = state(&[("origin", "a:service/origin", &[], &[])]);
    let mut asked = Asked::new(&wanted);
    asked.scope.declared.insert("origin".into(), other.resources["origin"].declared.clone());
    let goals = vec![("degraded".to_owned(), is(1)), ("baseline".to_owned(), is(3))];
    asked.scope.settings.insert("origin".into(), Settings::from([("replicas".to_owned(), goals)]));
    let plan = asked.make(&instances(WORLD)).unwrap();
    assert_eq!(plan.leaves.len(), 1);
    assert_eq!((plan.leaves[0].setting.as_str(), &plan.leaves[0].set_by), ("replicas", &vec!["degraded".to_owned()]));
}

#[test]
fn test_the_same_input_gives_the_same_plan_to_the_byte_and_another_does_not() {
    let wanted = state(&[("edge", "a:service/edge", &[("replicas", is(3))], &[])]);
    let (one, two) = (plan(&wanted, WORLD), plan(&wanted, WORLD));
    assert_eq!(one.digest, two.digest);
    assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&two).unwrap());
    assert_ne!(one.digest, plan(&wanted, &WORLD.replace("replicas = 2", "replicas = 4")).digest);
}

#[test]
fn test_a_plan_file_is_read_as_written_and_refused_when_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = camino::Utf8Path::from_path(folder.path()).unwrap().join("plan.json");
    let made = plan(&state(&[("edge", "a:service/edge", &[("replicas", is(3))], &[])]), WORLD);
    write(&made, &path).unwrap();
    assert_eq!(read(&path).unwrap(), made);
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(&path, text.replace("\"to\": 3", "\"to\": 30")).unwrap();
    assert!(matches!(read(&path), Err(FileError::Digest { .. })));
    fs_err::write(&path, "{}").unwrap();
    assert!(matches!(read(&path), Err(FileError::NoPlan { .. })));
}

/// Whatever digest it bears: whoever obeys it would wait for ever, or look at steps that are not there.
#[test]
fn test_a_plan_whose_order_leads_nowhere_is_refused() {
    let wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", is(3))], &[]),
        ("edge", "a:service/edge", &[("replicas", is(3))], &["origin"]),
    ]);
    let made = plan(&wanted, WORLD);
    let last = made.steps.len() - 1;
    let folder = tempfile::tempdir().unwrap();
    let path = camino::Utf8Path::from_path(folder.path()).unwrap().join("plan.json");
    let refused = |plan: &Plan| {
        write(plan, &path).unwrap();
        let Err(FileError::NoPlan { source, .. }) = read(&path) else { panic!("it was taken") };
        source.to_string()
    };
    for after in [last, last + 1, usize::MAX] {
        let mut plan = made.clone();
        plan.steps[last].after[0].step = after;
        let why = refused(&plan);
        let expected = format!("step {last} is to come after step {after}, which is not an earlier one");
        assert!(why.starts_with(&expected), "{why}");
    }
    let mut plan = made;
    let Work::Change { hops, .. } = &mut plan.steps[0].work else { panic!() };
    hops.clear();
    assert!(refused(&plan).starts_with("step 0 changes a:service/origin by no call"));
}
