//! An apply that is cut off after each record of its journal, and gone on with: nothing is done twice, and all is done.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use opsctl_api::{Edit, Pattern, Secret, Source, Value};

use super::bed::*;
use super::entry::{Begin, Entry, FORMAT, Intent};
use super::journal::Journal;
use super::*;
use crate::plan::Plan;
use crate::snapshot::{Outcome, Status, Which};

pub(super) const WORLD: &str = r#"
[sim]
settle = "3ms"
[resource.origin]
at = "a:service/origin"
replicas = 1
[resource.edge]
at = "a:service/edge"
replicas = 1
sim = { lose_answer = "once" }
[resource.stream]
at = "a:stream/s"
shards = 1
[resource.east]
at = "a:record/live/east"
weight = 100
ttl = "10s"
[resource.west]
at = "a:record/live/west"
weight = 0
ttl = "10s"
[resource.pool]
at = "a:pool/p"
min = 1
max = 10
desired = 1
"#;

pub(super) async fn plan(bed: &Bed) -> Plan {
    bed.plan(vec![
        integers("a:service/origin", &[("replicas", 3)]).enough(2),
        integers("a:stream/s", &[("shards", 4)]),
        integers("a:service/edge", &[("replicas", 4)]).relies(&[0]).drains(5),
        joint().after(&[1, 2]),
        integers("a:record/live/west", &[("weight", 100)]).after(&[3]),
        integers("a:record/live/east", &[("weight", 0)]).after(&[4]),
        integers("a:pool/p", &[("min", 3)]).after(&[1]),
        wait("a:service/edge").after(&[2]),
    ])
    .await
}

/// What the world holds when the plan is done.
pub(super) async fn assert_done(bed: &Bed) {
    for (address, setting, expected) in [
        ("a:service/origin", "replicas", 3),
        ("a:stream/s", "shards", 4),
        ("a:service/edge", "replicas", 4),
        ("a:record/live/west", "weight", 100),
        ("a:record/live/east", "weight", 0),
        ("a:pool/p", "min", 3),
        ("a:pool/p", "desired", 3),
    ] {
        assert_eq!(bed.integer(address, setting).await, expected, "{address} {setting}");
    }
    let writes = writes(&bed.work_dir);
    assert!(writes.values().all(|count| *count == 1), "something was done twice: {writes:?}");
    assert_eq!(writes.len(), 7, "{writes:?}");
}

/// How often opsctl wrote what.
fn writes(work_dir: &Utf8Path) -> BTreeMap<String, usize> {
    let mut writes = BTreeMap::new();
    for line in fs_err::read_to_string(work_dir.join("sim/a.jsonl")).unwrap().lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        if entry["wrote"]["by"] == "opsctl" {
            *writes.entry(format!("{} {}", entry["wrote"]["on"], entry["wrote"]["set"])).or_default() += 1;
        }
    }
    writes
}

/// A checkout in which an apply was cut off: its journal up to a byte, its world up to a moment.
fn cut_off(whole: &Utf8Path, journal: &Utf8Path, bytes: usize, until: Timestamp) -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    fs_err::create_dir_all(root.join(".opsctl/journal")).unwrap();
    fs_err::create_dir_all(root.join(".opsctl/sim")).unwrap();
    let text = fs_err::read(journal).unwrap();
    let name = journal.with_extension("open");
    fs_err::write(root.join(".opsctl/journal").join(name.file_name().unwrap()), &text[..bytes]).unwrap();
    let world = fs_err::read_to_string(whole.join("sim/a.jsonl")).unwrap();
    let happened = |line: &&str| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let inner = entry.as_object().unwrap().values().next().unwrap();
        inner["at"].as_str().unwrap().parse::<Timestamp>().unwrap() <= until
    };
    let world: String = world.lines().filter(happened).map(|line| format!("{line}\n")).collect();
    fs_err::write(root.join(".opsctl/sim/a.jsonl"), world).unwrap();
    (folder, root)
}

#[tokio::test]
async fn test_cut_off_after_each_record() {
    let bed = Bed::new(WORLD);
    let plan = plan(&bed).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Done, "{operation:?}");
    assert_done(&bed).await;
    let journal = bed.work_dir.join(format!("journal/{}.journal", operation.id));
    let (records, _) = super::journal::read(&journal).unwrap();
    let lines: Vec<usize> = fs_err::read_to_string(&journal).unwrap().lines().map(|line| line.len() + 1).collect();
    let (mut resumed, mut closed) = (0, 0);
    for kept in 0..records.len() {
        let bytes = lines[..kept].iter().sum();
        let moment = |index: usize| records.get(index).map_or(Timestamp::MAX, |record| record.at);
        // The last record's writes have not gone out, or all of them have; or the next record is torn.
        let worlds =
            [(bytes, moment(kept.saturating_sub(1))), (bytes, moment(kept)), (bytes + lines[kept] / 2, moment(kept))];
        for (bytes, until) in worlds {
            let (_guard, root) = cut_off(&bed.work_dir, &journal, bytes, until);
            let again = Bed::at(&root, WORLD);
            match unfinished(&again.work_dir).unwrap() {
                None => {
                    closed += 1;
                    // Nothing was sent: it closes itself, and the same can be applied.
                    assert!(matches!(again.resume().await.0, Err(ApplyError::NothingOpen)));
                    assert_eq!(again.apply(&plan).await.0.unwrap().outcome, Outcome::Done);
                }
                Some(open) => {
                    resumed += 1;
                    assert_eq!(open.operation, operation.id);
                    let done = again.resume().await.0.unwrap();
                    assert_eq!((&done.id, done.outcome), (&operation.id, Outcome::Done), "{kept} {done:?}");
                    assert!(done.steps.iter().all(|step| step.status == Status::Done));
                    let history = again.store.history().unwrap();
                    assert_eq!(history.iter().map(|entry| entry.which).collect::<Vec<_>>(), [Which::After]);
                }
            }
            assert_done(&again).await;
        }
    }
    assert!(resumed > 20 && closed > 3, "{resumed} {closed}");
}

#[tokio::test]
async fn test_what_others_did_meanwhile_is_a_conflict() {
    let bed = Bed::new(WORLD);
    bed.set("a:service/origin", "sim.settle=1h");
    let plan = bed.plan(vec![integers("a:service/origin", &[("replicas", 3)]).within(60_000)]).await;
    let press = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        bed.press.send_modify(|count| *count = 2);
    };
    let ((done, _), ()) = tokio::join!(bed.apply(&plan), press);
    assert_eq!(done.unwrap().ended, None);
    bed.set("a:service/origin", "sim.settle=0s");
    bed.set("a:service/origin", "replicas=7");
    bed.press.send_modify(|count| *count = 0);
    let open = unfinished(&bed.work_dir).unwrap().unwrap();
    let effect = open.look(&bed.instances).await.remove(&0).unwrap();
    assert_eq!(effect, Effect::SomethingElse(BTreeMap::from([("replicas".into(), Some(Value::Integer(7)))])));
    let operation = bed.resume().await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Failed);
    assert!(operation.steps[0].why.contains("conflict: replicas is 7 (ben)"), "{}", operation.steps[0].why);
    assert_eq!(unfinished(&bed.work_dir).unwrap(), None);
}

#[tokio::test]
async fn test_a_damaged_journal_is_named_and_blocks() {
    let bed = Bed::new(WORLD);
    bed.set("a", "sim.settle=1h");
    let plan = plan(&bed).await;
    let press = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        bed.press.send_modify(|count| *count = 2);
    };
    let _ = tokio::join!(bed.apply(&plan), press);
    bed.press.send_modify(|count| *count = 0);
    let path = super::journal::open_journals(&bed.work_dir.join("journal")).unwrap().remove(0);
    let mut text = fs_err::read(&path).unwrap();
    text[200] ^= 1;
    fs_err::write(&path, text).unwrap();
    assert!(matches!(unfinished(&bed.work_dir), Err(JournalError::Damaged { record: 0, .. })));
    assert!(matches!(bed.apply(&plan).await.0, Err(ApplyError::Journal(JournalError::Damaged { .. }))));
}

#[tokio::test]
async fn test_what_may_have_been_sent_counts_as_sent_when_it_is_abandoned() {
    let bed = Bed::new(WORLD);
    let operation = bed.apply(&plan(&bed).await).await.0.unwrap();
    let journal = bed.work_dir.join(format!("journal/{}.journal", operation.id));
    let (records, _) = super::journal::read(&journal).unwrap();
    let first = records.iter().position(|record| matches!(record.entries[0], Entry::Intent(_))).unwrap();
    let text = fs_err::read_to_string(&journal).unwrap();
    let bytes = text.lines().take(first + 1).map(|line| line.len() + 1).sum();
    let (_guard, root) = cut_off(&bed.work_dir, &journal, bytes, records[first].at);
    let cut = Bed::at(&root, WORLD);
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let abandoned =
        abandon(cut.resumption(&cut.lock().unwrap(), events), Closing::Abandoned("no time".into())).await.unwrap();
    let origin = &abandoned.steps[0];
    assert_eq!((origin.status, origin.edits[0].sent), (Status::Unknown, true));
    let last = abandoned.steps.last().unwrap();
    assert_eq!(last.status, Status::Skipped);
    assert_eq!(cut.store.read("@").unwrap().operation, abandoned);
}

#[tokio::test]
async fn test_what_was_killed_before_it_sent_anything_has_an_end_in_the_history() {
    let bed = Bed::new(WORLD);
    let wanted = plan(&bed).await;
    let operation = bed.apply(&wanted).await.0.unwrap();
    let journal = bed.work_dir.join(format!("journal/{}.journal", operation.id));
    let (mut records, _) = super::journal::read(&journal).unwrap();
    let Entry::Begin(begin) = records[0].entries.remove(0) else { panic!() };
    let killed = Bed::new(WORLD);
    let snapshot = super::sight::look(&wanted, &killed.instances).await.snapshot(&wanted);
    killed.store.commit(&snapshot, &super::record::begun(&begin), Some(&wanted)).unwrap();
    let mut left = Journal::create(&killed.work_dir.join("journal"), &begin.operation).unwrap();
    left.append(vec![Entry::Begin(begin)]).unwrap();
    assert_eq!(unfinished(&killed.work_dir).unwrap(), None);
    assert!(matches!(killed.resume().await.0, Err(ApplyError::NothingOpen)));
    let history = killed.store.history().unwrap();
    assert_eq!(history.iter().map(|entry| entry.which).collect::<Vec<_>>(), [Which::After, Which::Before]);
    assert_eq!(killed.store.read("@").unwrap().operation.outcome, Outcome::Abandoned);
    assert!(super::journal::open_journals(&killed.work_dir.join("journal")).unwrap().is_empty());
}

/// A step may take less time than it takes until a write without an answer has been done or never will be.
#[tokio::test]
async fn test_a_write_that_was_lost_is_written_again_however_short_its_step_may_take() {
    const ONE: &str = "[resource.box]\nat = \"a:service/box\"\nreplicas = 1\n";
    let mut bed = Bed::new(ONE);
    bed.tempo.lost_answer = Some(std::time::Duration::from_secs(2));
    let plan = bed.plan(vec![integers("a:service/box", &[("replicas", 4)]).within(1)]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Done, "{operation:?}");
    let journal = bed.work_dir.join(format!("journal/{}.journal", operation.id));
    let (records, _) = super::journal::read(&journal).unwrap();
    let lines: Vec<usize> = fs_err::read_to_string(&journal).unwrap().lines().map(|line| line.len() + 1).collect();
    let intent = records.iter().position(|record| matches!(record.entries[0], Entry::Intent(_))).unwrap();
    let bytes = lines[..=intent].iter().sum();
    let (_guard, root) = cut_off(&bed.work_dir, &journal, bytes, records[intent].at);
    let mut again = Bed::at(&root, ONE);
    again.tempo.lost_answer = bed.tempo.lost_answer;
    assert_eq!(again.integer("a:service/box", "replicas").await, 1);
    let resumed = again.resume().await.0.unwrap();
    assert_eq!(resumed.outcome, Outcome::Done, "{resumed:?}");
    assert_eq!(again.integer("a:service/box", "replicas").await, 4);
}

/// Whoever tells the text of a secret does not know where that came from, and the journal has no text.
#[tokio::test]
async fn test_a_secret_that_was_written_is_known_again() {
    for (slow, until) in [("sim.latency=200ms", "\"intent\""), ("sim.settle=200ms", "\"sent\"")] {
        let bed = Bed::new(WORLD);
        bed.set("a:service/origin", slow);
        let token = Secret { source: Some(Source::Env("TOKEN".into())), ..Secret::default() };
        let plan = bed.plan(vec![change("a:service/origin", "token", token.into())]).await;
        let press = async {
            let folder = bed.work_dir.join("journal");
            let has_come = |path: &Utf8PathBuf| fs_err::read_to_string(path).unwrap().contains(until);
            while !super::journal::open_journals(&folder).unwrap().iter().any(has_come) {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            bed.press.send_modify(|count| *count = 2);
        };
        let ((done, _), ()) = tokio::join!(bed.apply(&plan), press);
        assert_eq!(done.unwrap().ended, None, "{slow}");
        bed.press.send_modify(|count| *count = 0);
        let resumed = bed.resume().await.0.unwrap();
        assert_eq!(resumed.outcome, Outcome::Done, "{slow}: {resumed:?}");
        assert!(writes(&bed.work_dir).values().all(|count| *count == 1), "{slow}");
    }
}

/// What was moved by its owner before it was written is written once more as it was then.
#[tokio::test]
async fn test_a_write_that_was_lost_goes_out_again_under_its_token() {
    const ONE: &str = "[resource.box]\nat = \"a:service/box\"\nreplicas = 1\n";
    let bed = Bed::new(ONE);
    let plan = bed.plan(vec![integers("a:service/box", &[("replicas", 4)])]).await;
    bed.set("a:service/box", "replicas=2");
    let begin = Begin {
        format: FORMAT,
        operation: "one".into(),
        operator: "ana".into(),
        host: "a17".into(),
        began: Timestamp::now(),
        on_failure: plan.intent.on_failure,
        parallelism: None,
        takes_over: None,
        plan: plan.into(),
    };
    let integer = |value| Some(Value::Integer(value));
    let intent = Intent {
        step: 0,
        hop: 0,
        attempt: 1,
        edits: vec![Edit { setting: "replicas".into(), from: integer(2), to: integer(4) }],
        token: "first".into(),
        deadline: Timestamp::now(),
    };
    let mut journal = Journal::create(&bed.work_dir.join("journal"), "one").unwrap();
    journal.append(vec![Entry::Begin(Box::new(begin)), Entry::Intent(intent.clone())]).unwrap();
    drop(journal);
    assert_eq!(bed.resume().await.0.unwrap().outcome, Outcome::Done);
    let (records, _) = super::journal::read(&bed.work_dir.join("journal/one.journal")).unwrap();
    let intents = records.into_iter().flat_map(|record| record.entries).filter_map(|entry| match entry {
        Entry::Intent(intent) => Some((intent.attempt, intent.edits, intent.token)),
        _ => None,
    });
    let again = (2, intent.edits.clone(), intent.token.clone());
    assert_eq!(intents.collect::<Vec<_>>(), [(1, intent.edits, intent.token), again]);
}

/// Nor is it gone on with where there is more to write.
#[tokio::test]
async fn test_what_is_halfway_after_a_kill_is_guarded() {
    let mut bed = Bed::new(WORLD);
    bed.set("a:stream/s", "sim.settle=200ms");
    let plan = bed.plan(vec![integers("a:stream/s", &[("shards", 4)])]).await;
    let press = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        bed.press.send_modify(|count| *count = 2);
    };
    let ((done, _), ()) = tokio::join!(bed.apply(&plan), press);
    assert_eq!(done.unwrap().ended, None);
    bed.press.send_modify(|count| *count = 0);
    bed.guard.protect = vec![Pattern::new("a:stream/*")];
    let Err(ApplyError::Refused(refused)) = bed.resume().await.0 else { panic!() };
    assert_eq!(refused[0].at, "a:stream/s");
    assert_eq!(bed.integer("a:stream/s", "shards").await, 2);
    bed.guard.protect.clear();
    assert_eq!(bed.resume().await.0.unwrap().outcome, Outcome::Done);
    assert_eq!(bed.integer("a:stream/s", "shards").await, 4);
}

/// What was protected since is not begun, and what is under way stays open; what came to hold it is met in the same way.
#[tokio::test]
async fn test_what_is_begun_after_a_kill_is_guarded() {
    let mut bed = Bed::new(WORLD);
    bed.set("a:service/origin", "sim.settle=200ms");
    let steps = vec![
        integers("a:service/origin", &[("replicas", 3)]),
        integers("a:record/live/west", &[("weight", 100)]).after(&[0]),
    ];
    let plan = bed.plan(steps).await;
    let press = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        bed.press.send_modify(|count| *count = 2);
    };
    let ((done, _), ()) = tokio::join!(bed.apply(&plan), press);
    assert_eq!(done.unwrap().ended, None);
    bed.press.send_modify(|count| *count = 0);
    bed.guard.protect = vec![Pattern::new("a:record/*")];
    let Err(ApplyError::Refused(refused)) = bed.resume().await.0 else { panic!() };
    assert_eq!(refused[0].at, "a:record/live/west");
    assert_eq!(bed.integer("a:record/live/west", "weight").await, 0);
    // What has nothing more to write is not: that is only looked at.
    bed.guard.protect = vec![Pattern::new("a:service/*")];
    bed.set("a:record/live/west", "sim.owners=[{ name = \"argo\", reverts = true }]");
    let Err(ApplyError::Refused(refused)) = bed.resume().await.0 else { panic!() };
    assert!(refused[0].why.contains("argo holds weight"), "{refused:?}");
    bed.set("a:record/live/west", "sim.owners=[]");
    assert_eq!(bed.resume().await.0.unwrap().outcome, Outcome::Done);
}
