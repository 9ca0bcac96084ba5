//! What the tests of this module run on: a simulated world, a store and a work folder of their own, and plans made by hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use opsctl_api::{Address, Change, Cx, Edit, Live, Plain, Query, Source, Value};
use opsctl_sim::{Assignment, Options, Sim, Target, WorldFile};
use tokio::sync::{mpsc, watch};

use super::*;
use crate::action::{Action, Call, Member, When};
use crate::check::Check;
use crate::config::GuardConfig;
use crate::instance::{Instance, Instances};
use crate::plan::{
    Edge, FORMAT, InstanceSeen, Intent, Part, Plan, Position, Reason, Rule, Seen, SeenSetting, Step, WayBack, Work,
};
use crate::snapshot::{Operation, Status, Store};
use crate::state::{Goal, OnFailure};

pub(super) struct Bed {
    pub(super) sim: Arc<Sim>,
    pub(super) instances: Instances,
    pub(super) store: Store,
    pub(super) work_dir: Utf8PathBuf,
    pub(super) press: watch::Sender<u8>,
    pub(super) tempo: Tempo,
    pub(super) on_failure: Option<OnFailure>,
    pub(super) parallelism: Option<usize>,
    pub(super) over: Option<Mark>,
    pub(super) guard: GuardConfig,
    _folder: Option<tempfile::TempDir>,
}

pub(super) fn at(text: &str) -> Address {
    text.parse().unwrap()
}

pub(super) fn tempo() -> Tempo {
    Tempo {
        first_look: Duration::from_millis(2),
        slowest_look: Duration::from_millis(20),
        lost_answer: Some(Duration::from_millis(30)),
    }
}

impl Bed {
    /// A world of one instance, `a`.
    pub(super) fn new(world: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        Self { _folder: Some(folder), ..Self::at(&root, world) }
    }

    /// The same in a folder that is there, with what was kept in it.
    pub(super) fn at(root: &camino::Utf8Path, world: &str) -> Self {
        let work_dir = root.join(".opsctl");
        let catalogue = opsctl_sim::catalogue();
        let world = Some(WorldFile { path: "world.toml".into(), text: world.into() });
        let kept = Some(work_dir.join("sim").into_std_path_buf());
        let sim = Arc::new(opsctl_sim::open(Options { instance: "a".into(), catalogue, world, kept }).unwrap());
        let instance = Instance {
            name: "a".into(),
            provider_type: "sim".into(),
            target: "a".into(),
            catalogue,
            provider: sim.clone(),
            cx: Cx::new(Duration::from_secs(5)),
            accepted: Default::default(),
        };
        Self {
            sim,
            instances: Instances(BTreeMap::from([("a".to_owned(), instance)])),
            store: Store::open(&root.join("snapshots")).unwrap(),
            work_dir,
            press: watch::channel(0).0,
            tempo: tempo(),
            on_failure: None,
            parallelism: None,
            over: None,
            guard: GuardConfig::default(),
            _folder: None,
        }
    }

    /// Plays another operator: settings, or knobs as `sim.NAME`; `a` is the instance.
    pub(super) fn set(&self, target: &str, assignment: &str) {
        let target = if target == "a" { Target::Instance } else { Target::Resources(opsctl_api::Pattern::new(target)) };
        let assignment: Assignment = assignment.parse().unwrap();
        self.sim.set(&target, &[assignment], "ben").unwrap();
    }

    pub(super) async fn live(&self, address: &str) -> Live {
        self.instances.read(&[Query::one(at(address))]).await.remove(0).into_one().unwrap()
    }

    pub(super) async fn integer(&self, address: &str, setting: &str) -> i64 {
        self.live(address).await.value(setting).and_then(Value::as_integer).unwrap()
    }

    /// A plan of these steps from what is live now.
    pub(super) async fn plan(&self, steps: Vec<Planned>) -> Plan {
        let identity = self.instances.identities(&["a"]).await.remove("a").unwrap().unwrap();
        let seen = InstanceSeen {
            provider: "sim".into(),
            target: "a".into(),
            identity: Some(identity),
            unreachable: None,
            calls: BTreeMap::new(),
        };
        let mut plan = empty(BTreeMap::from([("a".to_owned(), seen)]));
        for planned in steps {
            let step = self.step(&mut plan, planned).await;
            plan.steps.push(step);
        }
        plan
    }

    async fn step(&self, plan: &mut Plan, planned: Planned) -> Step {
        let after = planned.edges();
        let work = match planned.what {
            What::Change { address, edits } => {
                let live = self.live(&address).await;
                let seen = plan.resources.entry(at(&address)).or_insert_with(|| seen(&live));
                for (setting, value) in &edits {
                    seen.settings.get_mut(setting).unwrap().goal = Some(Goal::Exact(value.clone()));
                }
                let edits: Vec<Edit> = edits
                    .into_iter()
                    .map(|(setting, to)| Edit { from: live.value(&setting).cloned(), setting, to: Some(to) })
                    .collect();
                let change = Change { at: at(&address), edits };
                let hops = opsctl_sim::catalogue().hops(&change, &live).unwrap();
                let settles_with = live.relations.iter().find_map(|relation| match relation {
                    opsctl_api::Relation::Confines(at) => Some(at.clone()),
                    opsctl_api::Relation::Needs(_) => None,
                });
                Work::Change {
                    at: at(&address),
                    position: Position::Up,
                    edits: change.edits,
                    hops,
                    drain_time: planned.drain,
                    settles_with,
                }
            }
            What::Wait(address) => {
                let live = self.live(&address).await;
                plan.resources.entry(at(&address)).or_insert_with(|| seen(&live));
                Work::Wait { at: at(&address), readiness: live.readiness }
            }
            What::Check(check) => {
                let name = check.name.clone();
                plan.checks.push(*check);
                Work::Check { name }
            }
            What::Action(action) => {
                let name = action.name.clone();
                plan.actions.push(*action);
                Work::Action { name }
            }
            What::Joint => Work::Joint { label: "pool".into() },
        };
        Step { work, after, wave: 1, timeout: planned.timeout, enough: planned.enough }
    }

    /// Applies; the record, and what happened.
    pub(super) async fn apply(&self, plan: &Plan) -> (Result<Operation, ApplyError>, Vec<Happened>) {
        let (events, mut happened) = mpsc::unbounded_channel();
        let done = self.apply_to(plan, events).await;
        (done, drain(&mut happened))
    }

    pub(super) async fn apply_to(
        &self,
        plan: &Plan,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Operation, ApplyError> {
        let lock = Lock::take(&self.work_dir, "ana", "a17")?;
        run(Run {
            plan: Arc::new(plan.clone()),
            instances: &self.instances,
            store: &self.store,
            work_dir: &self.work_dir,
            lock: &lock,
            operator: "ana".into(),
            host: "a17".into(),
            on_failure: self.on_failure,
            parallelism: self.parallelism,
            over: self.over.clone(),
            events,
            interrupt: self.press.subscribe(),
            guard: &self.guard,
            secrets: &secret,
            tempo: self.tempo,
        })
        .await
    }

    pub(super) async fn resume(&self) -> (Result<Operation, ApplyError>, Vec<Happened>) {
        let (events, mut happened) = mpsc::unbounded_channel();
        let done = match self.lock() {
            Ok(lock) => resume(self.resumption(&lock, events)).await,
            Err(error) => Err(error.into()),
        };
        (done, drain(&mut happened))
    }

    pub(super) fn lock(&self) -> Result<Lock, LockError> {
        Lock::take(&self.work_dir, "eva", "a18")
    }

    pub(super) fn resumption<'a>(&'a self, lock: &'a Lock, events: mpsc::UnboundedSender<Event>) -> Resume<'a> {
        Resume {
            mark: None,
            on_failure: None,
            parallelism: None,
            instances: &self.instances,
            store: &self.store,
            work_dir: &self.work_dir,
            lock,
            operator: "eva".into(),
            host: "a18".into(),
            events,
            interrupt: self.press.subscribe(),
            guard: &self.guard,
            secrets: &secret,
            tempo: self.tempo,
        }
    }
}

/// What happened, without its time.
pub(super) type Happened = super::event::What;

fn drain(happened: &mut mpsc::UnboundedReceiver<Event>) -> Vec<Happened> {
    std::iter::from_fn(|| happened.try_recv().ok()).map(|event| event.what).collect()
}

fn secret(source: &Source) -> Result<Plain, String> {
    match source {
        Source::Env(name) if name == "TOKEN" => Ok(Plain::new("hunter2")),
        other => Err(format!("{other} is not set")),
    }
}

fn seen(live: &Live) -> Seen {
    let settings = live
        .settings
        .iter()
        .map(|(key, setting)| (key.clone(), SeenSetting { live: setting.value().cloned(), hidden: None, goal: None }));
    Seen {
        names: Vec::new(),
        settings: settings.collect(),
        readiness: live.readiness.clone(),
        relations: live.relations.clone(),
        owners: live.owners.clone(),
    }
}

pub(super) fn edges(after: &[usize]) -> Vec<Edge> {
    let reason = || Reason { rule: Rule::Needs("x".into(), "y".into()), place: None };
    after.iter().map(|&step| Edge { step, enough: false, why: vec![reason()] }).collect()
}

pub(super) fn empty(instances: BTreeMap<String, InstanceSeen>) -> Plan {
    Plan {
        format: FORMAT,
        digest: "d1".into(),
        intent: Intent {
            name: "wanted".into(),
            summary: "What is wanted".into(),
            state_digest: "s1".into(),
            reverts: None,
            rest_of: None,
            since: None,
            over: None,
            part: Part::default(),
            confirm: false,
            rto: None,
            on_failure: OnFailure::Stop,
            tolerates_unreachable: Vec::new(),
        },
        instances,
        declared: BTreeMap::new(),
        resources: BTreeMap::new(),
        steps: Vec::new(),
        skipped: Vec::new(),
        owners: Vec::new(),
        traffic: Vec::new(),
        restarts: Vec::new(),
        leaves: Vec::new(),
        holes: Vec::new(),
        failed_needs: Vec::new(),
        undercuts: Vec::new(),
        preflight: Vec::new(),
        quotas: Vec::new(),
        refusals: Vec::new(),
        checks: Vec::new(),
        actions: Vec::new(),
        estimate: None,
        way_back: WayBack::default(),
    }
}

/// A step to be planned.
pub(super) struct Planned {
    what: What,
    after: Vec<usize>,
    timeout: Duration,
    drain: Duration,
    enough: Option<u64>,
    /// Of `after`, those of which enough is enough.
    relies: Vec<usize>,
}

enum What {
    Change { address: String, edits: Vec<(String, Value)> },
    Wait(String),
    Check(Box<Check>),
    Action(Box<Action>),
    Joint,
}

impl Planned {
    fn new(what: What) -> Self {
        Self {
            what,
            after: Vec::new(),
            timeout: Duration::from_secs(5),
            drain: Duration::ZERO,
            enough: None,
            relies: Vec::new(),
        }
    }

    pub(super) fn after(mut self, after: &[usize]) -> Self {
        self.after = after.to_vec();
        self
    }

    /// It may begin once enough of these is ready.
    pub(super) fn relies(mut self, after: &[usize]) -> Self {
        self.relies = after.to_vec();
        self
    }

    pub(super) fn enough(mut self, enough: u64) -> Self {
        self.enough = Some(enough);
        self
    }

    fn edges(&self) -> Vec<Edge> {
        let mut all = edges(&self.after);
        all.extend(edges(&self.relies).into_iter().map(|edge| Edge { enough: true, ..edge }));
        all.sort_by_key(|edge| edge.step);
        all
    }

    pub(super) fn within(mut self, millis: u64) -> Self {
        self.timeout = Duration::from_millis(millis);
        self
    }

    pub(super) fn drains(mut self, millis: u64) -> Self {
        self.drain = Duration::from_millis(millis);
        self
    }
}

pub(super) fn integers(address: &str, edits: &[(&str, i64)]) -> Planned {
    let edits = edits.iter().map(|(setting, to)| ((*setting).to_owned(), Value::Integer(*to))).collect();
    Planned::new(What::Change { address: address.into(), edits })
}

pub(super) fn change(address: &str, setting: &str, to: Value) -> Planned {
    Planned::new(What::Change { address: address.into(), edits: vec![(setting.into(), to)] })
}

pub(super) fn wait(address: &str) -> Planned {
    Planned::new(What::Wait(address.into()))
}

pub(super) fn check(check: Check) -> Planned {
    Planned::new(What::Check(Box::new(check)))
}

/// An action that calls `true`; of members where there are any.
pub(super) fn action(name: &str, members: &[&str]) -> Action {
    let member = |name: Option<&str>| Member {
        name: name.map(str::to_owned),
        call: Call::run(vec!["true".into()]),
        unless: None,
        until: None,
        first: None,
        last: None,
        between: None,
        done: false,
    };
    let members = match members {
        [] => vec![member(None)],
        some => some.iter().map(|name| member(Some(name))).collect(),
    };
    let (before, after, timeout) = (Vec::new(), Vec::new(), Duration::from_secs(10));
    Action { name: name.into(), members, before, after, when: When::Always, timeout, place: None }
}

pub(super) fn act(action: Action) -> Planned {
    Planned::new(What::Action(Box::new(action)))
}

pub(super) fn joint() -> Planned {
    Planned::new(What::Joint)
}

pub(super) fn statuses(operation: &Operation) -> Vec<Status> {
    operation.steps.iter().map(|step| step.status).collect()
}
