//! Plans over simulated worlds: what the operator reads before anything is changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use opsctl_api::{
    Address, Answer, Cx, Fault, Hop, Identity, Pattern, Plain, Preflight, Provider, Query, Reading, Settings, Source,
    Value, Write, Written,
};
use opsctl_sim::{Options, WorldFile};

use super::*;
use crate::config::GuardConfig;
use crate::diagnostic::Code;
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
    state: &'a State,
    pub(super) scope: Scope,
    guard: GuardConfig,
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
fn test_an_owner_is_named_before_anything_is_changed() {
    let plan = plan(&state(&[("edge", "a:service/edge", &[("replicas", is(9))], &[])]), WORLD);
    assert_eq!(refusals(&plan).len(), 1, "{:?}", plan.refusals);
    assert!(refusals(&plan)[0].starts_with("Owner a:service/edge: scaler/edge holds replicas in 2..6"));
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

#[test]
fn test_a_pool_is_not_left_dry() {
    let wanted = state(&[
        ("east", "a:record/live/east", &[("weight", is(0))], &[]),
        ("west", "a:record/live/west", &[("weight", is(0))], &[]),
    ]);
    assert_eq!(refusals(&plan(&wanted, WORLD)), ["Pool pool dns: no member would have any traffic left"]);
}

#[test]
fn test_an_explicit_address_takes_its_settings_out_of_a_wildcard() {
    let wanted = state(&[
        ("all", "a:service/*", &[("replicas", is(5))], &["edge"]),
        ("edge", "a:service/edge", &[("replicas", is(3))], &[]),
    ]);
    let plan = plan(&wanted, WORLD);
    assert_eq!(steps(&plan), ["1 +service/edge replicas", "2 +service/origin replicas"]);
    let own = SkippedWhy::OwnNeed { name: "all".into(), needed: "edge".into() };
    assert!(plan.skipped.iter().any(|skipped| skipped.why == own), "{:?}", plan.skipped);
}

#[test]
fn test_a_wildcard_is_narrowed() {
    let service = |name: &str, tier: &str| {
        format!(
            "[resource.{name}]\nat = \"a:service/{name}\"\nreplicas = 1\nsim = {{ labels = {{ tier = \"{tier}\" }} }}\n"
        )
    };
    let world = [service("one", "edge"), service("two", "edge"), service("three", "core")].concat();
    let narrowed = |select: &[&str], except: &[&str]| {
        let mut wanted = state(&[("all", "a:service/*", &[("replicas", is(2))], &[])]);
        let declared = Arc::make_mut(&mut wanted.resources.get_mut("all").unwrap().declared);
        declared.at = Target::Many {
            pattern: Pattern::new("a:service/*"),
            select: select.iter().map(|tier| ("tier".to_owned(), (*tier).to_owned())).collect(),
            except: except.iter().map(|pattern| Pattern::new(*pattern)).collect(),
        };
        steps(&plan(&wanted, &world))
    };
    let [one, two, three] = ["one", "two", "three"].map(|name| format!("1 +service/{name} replicas"));
    assert_eq!(narrowed(&[], &[]), [one.clone(), three, two.clone()]);
    assert_eq!(narrowed(&["edge"], &[]), [one.clone(), two]);
    assert_eq!(narrowed(&["edge"], &["a:service/two", "a:service/three"]), [one]);
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
fn test_an_unreachable_instance_stops_a_plan_that_does_not_tolerate_it() {
    let world = format!("{WORLD}\n[sim.instance.b]\nunreachable = true\n");
    let mut wanted = state(&[
        ("far", "b:service/far", &[("replicas", is(3))], &[]),
        ("edge", "a:service/edge", &[("replicas", is(3))], &["far"]),
        ("origin", "a:service/origin", &[("replicas", is(2))], &["far|edge"]),
    ]);
    let error = Asked::new(&wanted).make(&instances(&world)).unwrap_err();
    assert_eq!(error.problems[0].code, Code::InstanceUnreachable);
    assert!(error.problems[0].instead.contains("tolerates_unreachable"), "{}", error.problems[0].instead);

    wanted.tolerates_unreachable = vec![Pattern::new("b:*")];
    let plan = plan(&wanted, &world);
    assert!(plan.skipped.iter().any(|skipped| matches!(skipped.why, SkippedWhy::Owed { .. })));
    // One reachable member of an any-of list suffices; what needs the lost one alone is refused.
    assert_eq!(refusals(&plan).len(), 1, "{:?}", refusals(&plan));
    assert!(refusals(&plan)[0].starts_with("Need a:service/edge: edge needs far, which cannot be reached"));
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
fn test_targets_bring_what_they_need_and_exclusions_what_grows_on_them() {
    let wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", is(2))], &[]),
        ("far", "b:service/far", &[("replicas", is(3))], &["origin"]),
        ("west", "a:record/live/west", &[("weight", is(7))], &["far"]),
        ("east", "a:record/live/east", &[("weight", is(120))], &[]),
    ]);
    let mut asked = Asked::new(&wanted);
    asked.change = |request| request.part.target = vec![Pattern::new("far")];
    let plan = asked.make(&instances(WORLD)).unwrap();
    assert_eq!(steps(&plan), ["1 +service/origin replicas", "2 +service/far replicas"]);

    let mut asked = Asked::new(&wanted);
    asked.change = |request| request.part.exclude = vec![Pattern::new("a:service/or*")];
    assert_eq!(steps(&asked.make(&instances(WORLD)).unwrap()), ["1 +record/live/east weight"]);

    let mut asked = Asked::new(&wanted);
    asked.change = |request| request.part.target = vec![Pattern::new("frontend")];
    assert_eq!(asked.make(&instances(WORLD)).unwrap_err().problems[0].code, Code::PatternWithoutMatch);
}

#[test]
fn test_what_is_targeted_and_excluded_is_a_mistake_unless_something_of_it_is_left() {
    let wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", is(2))], &[]),
        ("far", "b:service/far", &[("replicas", is(3))], &["origin"]),
    ]);
    let asked = |change: fn(&mut Request<'_>)| Asked { change, ..Asked::new(&wanted) }.make(&instances(WORLD));
    let all_of_it: [fn(&mut Request<'_>); 3] = [
        |request| (request.part.target, request.part.exclude) = (patterns(&["far"]), patterns(&["far"])),
        |request| (request.part.target, request.part.exclude) = (patterns(&["*"]), patterns(&["far", "a:*"])),
        |request| (request.part.target, request.part.exclude) = (patterns(&["origin", "far"]), patterns(&["b:*"])),
    ];
    for change in all_of_it {
        let problems = asked(change).unwrap_err().problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].code, Code::PatternWithoutMatch);
        assert!(problems[0].why.contains("--exclude leaves all of it out"), "{problems:?}");
    }
    let some = asked(|request| (request.part.target, request.part.exclude) = (patterns(&["*"]), patterns(&["far"])));
    assert_eq!(steps(&some.unwrap()), ["1 +service/origin replicas"]);
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::new(*text)).collect()
}

#[test]
fn test_a_rollback_spares_what_somebody_changed_and_not_what_an_owner_moved() {
    let wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", is(3))], &[]),
        ("edge", "a:service/edge", &[("replicas", is(4))], &[]),
    ]);
    let mut asked = Asked::new(&wanted);
    asked.change = |request| {
        request.reverts = Some("op".to_owned());
        for name in ["a:service/origin", "a:service/edge"] {
            let wrote = Setting3 { before: None, left: vec![Some(Value::Integer(5))], is_unseen: false };
            request.left.insert(name.parse().unwrap(), [("replicas".to_owned(), wrote)].into());
        }
    };
    let plan = asked.make(&instances(WORLD)).unwrap();
    assert_eq!(steps(&plan), ["1 +service/edge replicas"]);
    assert!(matches!(plan.skipped[0].why, SkippedWhy::ChangedSince { .. }), "{:?}", plan.skipped);
}

/// Others of a wildcard serve, and the traffic needs that one of them which does not.
#[test]
fn test_a_name_serves_by_itself_whatever_wildcard_covers_it() {
    let wanted = |needed| {
        state(&[
            ("all", "a:service/*", &[], &[]),
            ("edge", "a:service/edge", &[("replicas", is(0))], &[]),
            ("west", "a:record/live/west", &[("weight", is(50))], &[needed]),
        ])
    };
    assert_eq!(refusals(&plan(&wanted("all"), WORLD)), Vec::<String>::new());
    assert_eq!(
        refusals(&plan(&wanted("edge"), WORLD)),
        ["Need a:record/live/west: it would have traffic, and needs edge, of which replicas is 0"]
    );
}

#[test]
fn test_guards() {
    let mut wanted = state(&[
        ("edge", "a:service/edge", &[("replicas", is(3))], &[]),
        ("doc", "a:document/x", &[("promoted", Goal::Exact(Value::Bool(true)))], &[]),
    ]);
    let world = format!("{WORLD}\n[resource.doc]\nat = \"a:document/x\"\ncontent = \"\"\npromoted = false\n");
    let mut asked = Asked::new(&wanted);
    asked.guard = GuardConfig { protect: vec![Pattern::new("a:service/*")], max_resources: Some(1), timeout: None };
    let plan = asked.make(&instances(&world)).unwrap();
    let by: Vec<RefusedBy> = plan.refusals.iter().map(|refusal| refusal.by).collect();
    assert_eq!(by, [RefusedBy::Protect, RefusedBy::MaxResources, RefusedBy::OneWay]);
    assert_eq!(plan.way_back.irreversible, BTreeMap::from([(at("a:document/x"), vec!["promoted".to_owned()])]));

    wanted.resources.remove("edge");
    let mut asked = Asked::new(&wanted);
    asked.change = |request| request.allow_one_way = vec![Pattern::new("a:document/*")];
    assert_eq!(asked.make(&instances(&world)).unwrap().refusals, Vec::new());
}

/// The edge grew on a document that was promoted meanwhile: nothing leads back there, and nothing grows on it.
#[test]
fn test_a_rollback_leaves_what_only_goes_one_way_and_holds_back_what_needs_it() {
    let world = format!("{WORLD}\n[resource.doc]\nat = \"a:document/x\"\ncontent = \"\"\npromoted = true\n");
    let wanted = |promoted, edge| {
        state(&[
            ("doc", "a:document/x", &[("promoted", Goal::Exact(Value::Bool(promoted)))], &[]),
            ("edge", "a:service/edge", &[("replicas", is(edge))], &["doc"]),
            ("origin", "a:service/origin", &[("replicas", is(4))], &[]),
        ])
    };
    let before = wanted(false, 3);
    let mut asked = Asked::new(&before);
    asked.change = |request| request.reverts = Some("op".to_owned());
    let back = asked.make(&instances(&world)).unwrap();
    assert_eq!((steps(&back), &back.refusals), (vec!["1 +service/origin replicas".to_owned()], &Vec::new()));
    let held = |skipped: &Skipped| matches!(skipped.why, SkippedWhy::HeldBack(_)).then(|| skipped.at.clone());
    assert_eq!(back.skipped.iter().filter_map(held).collect::<Vec<_>>(), ["a:document/x", "a:service/edge"]);

    // On the way there it is said.
    let there = plan(&wanted(true, 0), &world.replace("promoted = true", "promoted = false"));
    assert_eq!(there.way_back.held_back, [at("a:service/edge")]);
    assert_eq!(there.way_back.steps, 1);
}

#[test]
fn test_a_denial_is_found_by_the_preflight_even_behind_another_step() {
    let wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", is(2))], &[]),
        ("edge", "a:service/edge", &[("replicas", is(3))], &["origin"]),
    ]);
    let world = WORLD.replace("at = \"a:service/edge\"\n", "at = \"a:service/edge\"\nsim = { deny = \"write\" }\n");
    let plan = plan(&wanted, &world);
    assert_eq!(plan.refusals.len(), 1, "{:?}", plan.preflight);
    assert_eq!(plan.refusals[0].by, RefusedBy::Preflight);
}

#[test]
fn test_missing_and_empty_are_errors_and_all_are_said() {
    let wanted = state(&[
        ("gone", "a:service/gone", &[("replicas", is(1))], &[]),
        ("none", "a:switch/*", &[("on", Goal::Exact(Value::Bool(true)))], &[]),
    ]);
    let error = Asked::new(&wanted).make(&instances(WORLD)).unwrap_err();
    let kinds: Vec<Code> = error.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(kinds, [Code::ResourceMissing, Code::WildcardEmpty]);
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

/// Tells everything but what it is.
struct Nameless(Arc<dyn Provider>);

impl Provider for Nameless {
    fn identity<'a>(&'a self, _: &'a Cx) -> Answer<'a, Result<Identity, Fault>> {
        Box::pin(async { Err(Fault::Denied("get namespaces kube-system".into())) })
    }

    fn read<'a>(&'a self, cx: &'a Cx, ask: &'a [Query]) -> Answer<'a, Vec<Reading>> {
        self.0.read(cx, ask)
    }

    fn preflight<'a>(&'a self, cx: &'a Cx, hops: &'a [Hop]) -> Answer<'a, Vec<Preflight>> {
        self.0.preflight(cx, hops)
    }

    fn write<'a>(&'a self, cx: &'a Cx, batch: &'a [Write]) -> Answer<'a, Vec<Written>> {
        self.0.write(cx, batch)
    }
}

#[test]
fn test_what_does_not_say_what_it_is_is_not_changed() {
    let mut instances = instances(WORLD);
    let a = instances.0.get_mut("a").unwrap();
    a.provider = Arc::new(Nameless(a.provider.clone()));
    let edge = |count| state(&[("edge", "a:service/edge", &[("replicas", is(count))], &[])]);
    let plan = Asked::new(&edge(3)).make(&instances).unwrap();
    assert_eq!(refusals(&plan), ["Identity a: it does not say what it is: denied: get namespaces kube-system"]);
    assert_eq!(refusals(&Asked::new(&edge(2)).make(&instances).unwrap()), Vec::<String>::new());
}
