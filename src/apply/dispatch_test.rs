//! Random plans with random outcomes, carried out on paper: whatever happens, the machine keeps its promises.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Address, Batch, Edit, Hop, Pattern, Readiness, Value};
use proptest::prelude::*;

use super::bed::{action, at, edges, empty};
use super::dispatch::{Machine, Room, Start};
use super::entry::{Answer, Entry, Intent};
use super::progress::Stand;
use crate::plan::{Edge, Plan, Position, Step, Work};
use crate::snapshot::Status;
use crate::state::OnFailure;

#[derive(Debug, Clone)]
enum Kind {
    Change { instance: usize, hops: usize, batch: bool },
    Wait,
    Check,
    Action { members: usize },
    Joint,
}

#[derive(Debug, Clone)]
struct Case {
    /// Each with what comes before it, and whether enough of that is enough.
    steps: Vec<(Kind, BTreeMap<usize, bool>)>,
    limits: [usize; 2],
    parallelism: Option<usize>,
    on_failure: OnFailure,
    /// Drawn from, one number a decision.
    luck: Vec<u8>,
    /// Nothing new is started after so many decisions.
    stop_after: Option<usize>,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        6 => (0..2_usize, 1..4_usize, any::<bool>())
            .prop_map(|(instance, hops, batch)| Kind::Change { instance, hops, batch }),
        1 => Just(Kind::Wait),
        1 => Just(Kind::Check),
        2 => (1..4_usize).prop_map(|members| Kind::Action { members }),
        2 => Just(Kind::Joint),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let steps = proptest::collection::vec(
        (kind(), proptest::collection::vec(any::<(prop::sample::Index, bool)>(), 0..3)),
        1..14,
    );
    let on_failure = prop_oneof![Just(OnFailure::Stop), Just(OnFailure::Continue)];
    let limits = [1..4_usize, 1..4_usize];
    let luck = proptest::collection::vec(any::<u8>(), 40..200);
    (steps, limits, proptest::option::of(1..4_usize), on_failure, luck, proptest::option::weighted(0.3, 0..20_usize))
        .prop_map(|(steps, limits, parallelism, on_failure, luck, stop_after)| {
            let after = |id: usize, picks: Vec<(prop::sample::Index, bool)>| {
                let picks = picks.into_iter().filter(|_| id > 0);
                picks.map(|(pick, enough)| (pick.index(id.max(1)), enough)).collect()
            };
            let steps = steps.into_iter().enumerate().map(|(id, (kind, picks))| (kind, after(id, picks))).collect();
            Case { steps, limits, parallelism, on_failure, luck, stop_after }
        })
}

fn plan(case: &Case) -> Plan {
    let mut plan = empty(BTreeMap::new());
    plan.intent.tolerates_unreachable = vec![Pattern::new("i1:*")];
    for (id, (kind, after)) in case.steps.iter().enumerate() {
        let work = match kind {
            Kind::Change { instance, hops, batch } => {
                let kind = if *batch { "record" } else { "service" };
                let at = at(&format!("i{instance}:{kind}/s{id}"));
                let value = |hop: usize| Some(Value::Integer(hop as i64));
                let edit = |from, to| Edit { setting: "weight".into(), from: value(from), to: value(to) };
                let hop = |hop| Hop { at: at.clone(), edits: vec![edit(hop, hop + 1)], coupled: Vec::new() };
                Work::Change {
                    at: at.clone(),
                    position: Position::Up,
                    edits: vec![edit(0, *hops)],
                    hops: (0..*hops).map(hop).collect(),
                    drain_time: Duration::ZERO,
                    settles_with: None,
                }
            }
            Kind::Wait => Work::Wait { at: at(&format!("i0:service/s{id}")), readiness: Readiness::Unknown },
            Kind::Check => Work::Check { name: "check".into() },
            Kind::Action { members } => {
                let name = format!("s{id}");
                plan.actions.push(action(&name, &["x", "y", "z"][..*members]));
                Work::Action { name }
            }
            Kind::Joint => Work::Joint { label: "joint".into() },
        };
        let after = after.iter().map(|(&step, &enough)| Edge { enough, ..edges(&[step]).remove(0) }).collect();
        plan.steps.push(Step { work, after, wave: 1, timeout: Duration::from_secs(1), enough: Some(1) });
    }
    plan
}

fn batch(hop: &Hop) -> Option<Batch> {
    (hop.at.kind() == "record").then(|| Batch { key: "zone".into(), most: 2 })
}

struct Rooms {
    limits: BTreeMap<String, usize>,
    taken: BTreeMap<String, usize>,
}

impl Room for Rooms {
    fn is_put_off(&self, _: &Address) -> bool {
        false
    }

    fn take(&mut self, at: &Address) -> bool {
        let instance = at.instance();
        let taken = self.taken.entry(instance.to_owned()).or_default();
        let free = *taken < self.limits[instance];
        *taken += usize::from(free);
        free
    }
}

/// Something that is under way.
enum Task {
    /// A call that is out.
    Call(Vec<usize>),
    /// A hop that was taken, a wait, a check, a member that was called.
    Settling(usize),
    /// A member's call that is out.
    Member(usize),
}

/// Carries a case out. All that was applied, and the machine at the end.
fn carry_out(case: &Case, plan: &Arc<Plan>) -> Result<(Vec<Entry>, Machine), TestCaseError> {
    let mut machine = Machine::new(Arc::clone(plan), case.on_failure, case.parallelism);
    let limits = [("i0".to_owned(), case.limits[0]), ("i1".to_owned(), case.limits[1])];
    let mut rooms = Rooms { limits: limits.into(), taken: BTreeMap::new() };
    let (mut tasks, mut entries) = (Vec::new(), Vec::new());
    let mut luck = case.luck.iter().cycle().copied();
    let mut draw = || usize::from(luck.next().unwrap_or(0));
    for decision in 0.. {
        prop_assert!(decision < 5_000, "it does not come to an end");
        if case.stop_after == Some(decision) {
            apply(&mut machine, &mut entries, Entry::Stop { why: "interrupted".into() })?;
        }
        for start in machine.free(&mut rooms, &|_, hop| batch(hop)) {
            begin(case, start, &mut machine, &mut entries, &mut tasks)?;
        }
        prop_assert!(machine.underway() <= case.parallelism.unwrap_or(usize::MAX));
        for (instance, taken) in &rooms.taken {
            let out = tasks
                .iter()
                .filter(|task| matches!(task, Task::Call(steps) if instance_of(plan, steps[0]) == *instance));
            prop_assert_eq!(
                out.count(),
                *taken,
                "room at {} is taken for calls that are out, and for nothing else",
                instance
            );
        }
        if machine.is_over() {
            break;
        }
        // An action of which all is done ends without a task, and frees what comes after it.
        if tasks.is_empty() {
            continue;
        }
        let at = draw() % tasks.len();
        match tasks.swap_remove(at) {
            Task::Call(steps) => {
                *rooms.taken.get_mut(&instance_of(plan, steps[0])).unwrap() -= 1;
                for step in steps {
                    answer(step, draw(), &mut machine, &mut entries, &mut tasks)?;
                }
            }
            Task::Member(step) => called(step, draw(), &mut machine, &mut entries, &mut tasks)?,
            Task::Settling(step) => settle(case, step, draw(), &mut machine, &mut entries, &mut tasks)?,
        }
    }
    prop_assert!(tasks.is_empty());
    Ok((entries, machine))
}

fn instance_of(plan: &Plan, step: usize) -> String {
    plan.steps[step].at().unwrap().instance().to_owned()
}

fn apply(machine: &mut Machine, entries: &mut Vec<Entry>, entry: Entry) -> Result<(), TestCaseError> {
    machine.apply(&entry, Timestamp::UNIX_EPOCH).map_err(|illegal| TestCaseError::fail(illegal.to_string()))?;
    entries.push(entry);
    Ok(())
}

fn begin(
    case: &Case,
    start: Start,
    machine: &mut Machine,
    entries: &mut Vec<Entry>,
    tasks: &mut Vec<Task>,
) -> Result<(), TestCaseError> {
    let steps = match &start {
        Start::Write(steps) => steps.clone(),
        Start::Wait(step) | Start::Check(step) | Start::Act(step) => vec![*step],
    };
    for &step in &steps {
        let progress = &machine.steps()[step];
        if progress.stand == Stand::Pending {
            prop_assert!(machine.stopping().is_none(), "step {} was begun after the stop", step);
            for (&earlier, &enough) in &case.steps[step].1 {
                prop_assert!(is_met(machine, earlier, enough), "{} before {}", earlier, step);
            }
        }
        if matches!(start, Start::Act(_)) && progress.stand != Stand::Pending {
            break;
        }
        let entry = match &start {
            Start::Write(_) => Entry::Intent(Intent {
                step,
                hop: progress.hop,
                attempt: progress.attempt + 1,
                edits: machine.hop(step).unwrap().edits.clone(),
                token: String::new(),
                deadline: Timestamp::UNIX_EPOCH,
            }),
            _ => Entry::Began { step },
        };
        apply(machine, entries, entry)?;
    }
    match start {
        Start::Write(steps) => {
            prop_assert!(steps.len() <= 2);
            tasks.push(Task::Call(steps));
        }
        Start::Wait(step) | Start::Check(step) => tasks.push(Task::Settling(step)),
        Start::Act(step) => {
            let Kind::Action { members } = case.steps[step].0 else { unreachable!() };
            let left: Vec<usize> = (0..members).filter(|hop| !machine.steps()[step].called.contains(hop)).collect();
            // Any of them may be the next one.
            let Some(&hop) = left.get(step % left.len().max(1)) else {
                return apply(machine, entries, Entry::Ended { step, status: Status::Done, why: String::new() });
            };
            let (edits, token, deadline) = (Vec::new(), String::new(), Timestamp::UNIX_EPOCH);
            apply(machine, entries, Entry::Intent(Intent { step, hop, attempt: 1, edits, token, deadline }))?;
            tasks.push(Task::Member(step));
        }
    }
    Ok(())
}

fn called(
    step: usize,
    luck: usize,
    machine: &mut Machine,
    entries: &mut Vec<Entry>,
    tasks: &mut Vec<Task>,
) -> Result<(), TestCaseError> {
    let hop = machine.steps()[step].hop;
    let answer = match luck % 16 {
        0 => return apply(machine, entries, Entry::Ended { step, status: Status::Failed, why: "exit 1".into() }),
        1 | 2 => Answer::Unknown("lost".into()),
        _ => Answer::Sent(None),
    };
    tasks.push(Task::Settling(step));
    apply(machine, entries, Entry::Answer { step, hop, answer })
}

fn answer(
    step: usize,
    luck: usize,
    machine: &mut Machine,
    entries: &mut Vec<Entry>,
    tasks: &mut Vec<Task>,
) -> Result<(), TestCaseError> {
    let hop = machine.steps()[step].hop;
    let answer = match luck % 16 {
        0 => return apply(machine, entries, Entry::Ended { step, status: Status::Failed, why: "refused".into() }),
        6 if machine.may_be_owed(step) => {
            return apply(machine, entries, Entry::Ended { step, status: Status::Owed, why: "gone".into() });
        }
        // However unlucky: it comes to an end.
        1..4 if machine.steps()[step].attempt < 5 => Answer::Again("throttled".into()),
        4 => Answer::Unknown("lost".into()),
        5 => Answer::Already,
        _ => Answer::Sent(None),
    };
    if !matches!(answer, Answer::Again(_)) {
        tasks.push(Task::Settling(step));
    }
    apply(machine, entries, Entry::Answer { step, hop, answer })
}

fn settle(
    case: &Case,
    step: usize,
    luck: usize,
    machine: &mut Machine,
    entries: &mut Vec<Entry>,
    tasks: &mut Vec<Task>,
) -> Result<(), TestCaseError> {
    let progress = &machine.steps()[step];
    let (hop, stand, enough) = (progress.hop, progress.stand, progress.enough);
    let last = match case.steps[step].0 {
        Kind::Change { hops, .. } => hop + 1 == hops,
        Kind::Wait => true,
        Kind::Check | Kind::Action { .. } | Kind::Joint => false,
    };
    let end = |status| Entry::Ended { step, status, why: String::new() };
    match luck % 16 {
        0 => return apply(machine, entries, end(Status::Failed)),
        1 => return apply(machine, entries, end(Status::Unknown)),
        2 if stand == Stand::Unknown && machine.hop(step).is_some() => {
            return apply(machine, entries, Entry::Answer { step, hop, answer: Answer::Again("lost".into()) });
        }
        3..9 if last && !enough => {
            tasks.push(Task::Settling(step));
            return apply(machine, entries, Entry::Enough { step });
        }
        _ => {}
    }
    let is_member = !machine.steps()[step].called.is_empty();
    if is_member || machine.hop(step).is_some() {
        apply(machine, entries, Entry::Settled { step, hop, left: BTreeMap::new() })?;
        if machine.steps()[step].stand != Stand::Settled {
            return Ok(());
        }
    }
    apply(machine, entries, end(Status::Done))
}

/// Whether what must come before something has come far enough.
fn is_met(machine: &Machine, earlier: usize, enough: bool) -> bool {
    let earlier = &machine.steps()[earlier];
    earlier.stand == Stand::Over(Status::Done) || (enough && earlier.enough)
}

/// Whether anything right before a step did not end well.
fn is_lost(case: &Case, machine: &Machine, step: usize) -> bool {
    let ended = |earlier: &usize| machine.steps()[*earlier].stand;
    let lost = |stand| matches!(stand, Stand::Over(Status::Failed | Status::Unknown | Status::Skipped | Status::Owed));
    case.steps[step].1.keys().any(|earlier| lost(ended(earlier)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn test_the_machine_keeps_its_promises(case in case()) {
        let plan = Arc::new(plan(&case));
        let (entries, machine) = carry_out(&case, &plan)?;
        let between = (0..case.steps.len()).filter(|&step| machine.is_between_calls(step)).count();
        prop_assert_eq!(machine.underway(), between);
        for progress in machine.steps() {
            let once: std::collections::BTreeSet<&usize> = progress.called.iter().collect();
            prop_assert_eq!(once.len(), progress.called.len(), "a member was called twice");
        }
        for (id, progress) in machine.steps().iter().enumerate() {
            let lost = is_lost(&case, &machine, id);
            match progress.stand {
                Stand::Over(Status::Done) => {
                    let joint = matches!(case.steps[id].0, Kind::Joint);
                    for (&earlier, &enough) in &case.steps[id].1 {
                        prop_assert!(is_met(&machine, earlier, enough && !joint), "{} before {}", earlier, id);
                    }
                }
                Stand::Over(Status::Failed | Status::Unknown) => {}
                Stand::Over(Status::Skipped) => prop_assert!(lost),
                Stand::Over(Status::Owed) => {
                    let sent = progress.written.iter().any(|edit| edit.sent);
                    prop_assert!(instance_of(&plan, id) == "i1" && !sent, "something of step {} was sent", id);
                }
                // Only a stop leaves a step where it was, or between two calls.
                Stand::Between => prop_assert!(machine.stopping().is_some() && machine.is_between_calls(id)),
                Stand::Pending => prop_assert!(machine.stopping().is_some() && !lost),
                other => prop_assert!(false, "step {} was left {}", id, other),
            }
        }
        // A journal leads to the same place.
        let mut again = Machine::new(plan, case.on_failure, case.parallelism);
        for entry in &entries {
            apply(&mut again, &mut Vec::new(), entry.clone())?;
        }
        prop_assert_eq!(again.steps(), machine.steps());
        prop_assert_eq!(again.stopping(), machine.stopping());
    }

    #[test]
    fn test_what_cannot_follow_is_said_and_changes_nothing(case in case(), picks in proptest::collection::vec(any::<(u8, u8, u8)>(), 1..60)) {
        let plan = Arc::new(plan(&case));
        let mut machine = Machine::new(plan, case.on_failure, case.parallelism);
        for (what, step, hop) in picks {
            let (step, hop) = (usize::from(step) % (case.steps.len() + 1), usize::from(hop) % 3);
            let intent = |attempt| Entry::Intent(Intent {
                step, hop, attempt, edits: Vec::new(), token: String::new(), deadline: Timestamp::UNIX_EPOCH,
            });
            let entry = match what % 10 {
                0 => intent(1),
                1 => intent(2),
                2 => Entry::Began { step },
                3 => Entry::Answer { step, hop, answer: Answer::Sent(None) },
                4 => Entry::Answer { step, hop, answer: Answer::Again(String::new()) },
                5 => Entry::Settled { step, hop, left: BTreeMap::new() },
                6 => Entry::Ended { step, status: Status::Done, why: String::new() },
                7 => Entry::Ended { step, status: Status::Failed, why: String::new() },
                8 => Entry::Enough { step },
                _ => Entry::Ended { step, status: Status::Skipped, why: String::new() },
            };
            let before = machine.steps().to_vec();
            if machine.apply(&entry, Timestamp::UNIX_EPOCH).is_err() {
                prop_assert_eq!(machine.steps(), &before[..]);
            }
            let underway = machine.steps().iter().filter(|progress| progress.stand.is_underway()).count();
            prop_assert_eq!(machine.underway(), underway);
        }
    }
}
