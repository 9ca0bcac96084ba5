//! The repository as others see it: the `git` binary, other processes, somebody who was killed or who meddles.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use opsctl_api::{Plain, Secret, Source, Value};

use super::{Operation, OperationKind, Outcome, Store, StoreError, Turn, Turner, Which, sample};
use crate::plan::Plan;

const EDGE: &str = "k8s:deployment/cdn/ats-edge";
const ORIGIN: &str = "k8s:deployment/data/minio";

struct Folder {
    _root: tempfile::TempDir,
    path: Utf8PathBuf,
}

impl Folder {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(root.path().join("snapshots")).unwrap();
        Self { _root: root, path }
    }

    fn store(&self) -> Store {
        Store::open(&self.path).unwrap()
    }
}

/// What a `git` command says; it must succeed.
fn git(folder: &Utf8Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=hand", "-c", "user.email=hand@example.com", "-C"])
        .arg(folder)
        .args(args)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "git {args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn before_and_after(store: &Store, id: &str, from: i64, to: i64) {
    let before = sample::snapshot(&[(EDGE, from), (ORIGIN, 1)]);
    store.commit(&before, &sample::operation(id, Outcome::Running), Some(&sample::plan())).unwrap();
    let mut record = sample::operation(id, Outcome::Done);
    record.steps.push(sample::step(EDGE, "replicas", Some(from), Some(to)));
    store.commit(&sample::snapshot(&[(EDGE, to), (ORIGIN, 1)]), &record, None).unwrap();
}

#[test]
fn test_nothing_is_made_before_the_first_commit() {
    let folder = Folder::new();
    let store = folder.store();
    assert_eq!(store.history().unwrap(), []);
    assert!(matches!(store.read("@"), Err(StoreError::Empty { .. })));
    assert!(!folder.path.exists());
}

#[test]
fn test_a_repository_without_a_commit_has_an_empty_history() {
    let folder = Folder::new();
    git2::Repository::init(&folder.path).unwrap();
    let store = folder.store();
    assert_eq!(store.history().unwrap(), []);
    assert!(matches!(store.read("@"), Err(StoreError::Empty { .. })));
    before_and_after(&store, "one", 1, 2);
    assert_eq!(store.history().unwrap().len(), 2);
}

#[test]
fn test_what_was_committed_is_read() {
    let folder = Folder::new();
    let store = folder.store();
    before_and_after(&store, "20261122-0412-ana", 2, 10);
    let history = store.history().unwrap();
    assert_eq!(history.iter().map(|entry| entry.which).collect::<Vec<_>>(), [Which::After, Which::Before]);
    assert_eq!(history[0].at, sample::at());
    assert_eq!(history[0].outcome, "done");

    let after = store.read("@").unwrap();
    assert_eq!(after.entry, history[0]);
    assert_eq!(after.plan().unwrap(), None);
    assert_eq!(after.operation.steps[0].edits[0].setting, "replicas");
    let before = store.read("@1").unwrap();
    assert_eq!(before.plan().unwrap(), Some(sample::plan()));
    assert_eq!(before.operation, sample::operation("20261122-0412-ana", Outcome::Running));
    assert_eq!(store.read(&history[1].commit.short()).unwrap(), before);
    let operations = store.operations().unwrap();
    assert_eq!(operations.before("20261122-0412-ana").unwrap(), Some(before.clone()));
    assert_eq!(operations.before("20261122-0412-ben").unwrap(), None);
    assert!(matches!(store.read("@2"), Err(StoreError::TooFar { count: 2, .. })));
    let hash = before.entry.commit.to_string();
    for reference in [&hash[..4], &format!("@{}", &hash[..7]), &format!("@{hash}")] {
        assert_eq!(store.read(reference).unwrap().entry, before.entry, "{reference}");
    }
    for reference in ["", "@-1", "@+1", "@x", "HEAD", "abc", "zzzzzz", "@99999999999999999999999"] {
        assert!(matches!(store.read(reference), Err(StoreError::Unknown { .. })), "{reference}");
    }
}

/// What is there and what was done is known for all that.
#[test]
fn test_a_plan_of_another_format_is_no_damage() {
    let folder = Folder::new();
    let store = folder.store();
    let operation = sample::operation("1-ana", Outcome::Running);
    let old = Plan { format: 1, ..sample::plan() };
    store.commit(&sample::snapshot(&[(EDGE, 2)]), &operation, Some(&old)).unwrap();
    let before = store.read("@").unwrap();
    assert!(matches!(before.plan(), Err(StoreError::PlanFormat { found: 1, .. })));
    assert_eq!(before.operation, operation);
}

#[test]
fn test_git_finds_a_sound_repository() {
    let folder = Folder::new();
    before_and_after(&folder.store(), "1-ana", 2, 10);
    before_and_after(&folder.store(), "2-ana", 10, 4);
    git(&folder.path, &["fsck", "--strict"]);
    assert_eq!(git(&folder.path, &["status", "--porcelain"]), "");
    let log = git(&folder.path, &["log", "-p", "--format=%an %s", "live.toml"]);
    assert!(log.contains("ana after dr-active: done, by ana"), "{log}");
    assert!(log.contains("-replicas = 10\n+replicas = 4\n"), "{log}");
    let trailers = git(&folder.path, &["log", "-1", "--format=%(trailers:key=Opsctl-Operation,valueonly)"]);
    assert_eq!(trailers.trim(), "2-ana");
    let blame = git(&folder.path, &["blame", "-s", "live.toml"]);
    let after: Vec<&str> = blame.lines().filter(|line| line.ends_with("replicas = 4")).collect();
    let newest = git(&folder.path, &["rev-parse", "HEAD"]);
    assert_eq!(after.len(), 1, "{blame}");
    assert!(newest.starts_with(&after[0][..7]), "{blame}");
    assert!(!folder.path.join("plan.json").exists());
}

#[test]
fn test_commits_by_hand_are_kept_and_passed_over() {
    let folder = Folder::new();
    let store = folder.store();
    before_and_after(&store, "1-ana", 2, 10);
    std::fs::write(folder.path.join("NOTES"), "page ana first").unwrap();
    git(&folder.path, &["add", "NOTES"]);
    git(&folder.path, &["commit", "-qm", "notes"]);
    let by_hand = git(&folder.path, &["rev-parse", "HEAD"]);
    assert_eq!(store.read("@").unwrap().entry.operation, "1-ana");
    assert!(matches!(store.read(by_hand.trim()), Err(StoreError::Foreign { .. })));
    before_and_after(&store, "2-ana", 10, 4);
    assert_eq!(store.history().unwrap().len(), 4);
    assert_eq!(git(&folder.path, &["show", "HEAD:NOTES"]), "page ana first");
    assert_eq!(git(&folder.path, &["status", "--porcelain"]), "");
}

#[test]
fn test_a_damaged_snapshot_is_named_and_the_others_are_read() {
    let folder = Folder::new();
    let store = folder.store();
    before_and_after(&store, "1-ana", 2, 10);
    std::fs::write(folder.path.join("live.toml"), "replicas = 11\n").unwrap();
    // The folder is never read.
    assert!(store.read("@").unwrap().live_toml.contains("replicas = 10"));
    git(&folder.path, &["commit", "-qa", "--amend", "--no-edit"]);
    let Err(StoreError::Damaged { commit, .. }) = store.read("@") else { panic!() };
    assert_eq!(git(&folder.path, &["rev-parse", "HEAD"]).trim(), commit.to_string());
    assert_eq!(store.read("@1").unwrap().entry.which, Which::Before);
}

#[test]
fn test_a_lost_object_is_a_damaged_snapshot() {
    let folder = Folder::new();
    let store = folder.store();
    before_and_after(&store, "1-ana", 2, 10);
    let blob = git(&folder.path, &["rev-parse", "HEAD:live.toml"]);
    let (dir, file) = blob.trim().split_at(2);
    std::fs::remove_file(folder.path.join(".git/objects").join(dir).join(file)).unwrap();
    assert!(matches!(store.read("@"), Err(StoreError::Damaged { .. })));
    assert!(store.read("@1").is_ok());
}

#[test]
fn test_a_lost_race_is_run_again() {
    let folder = Folder::new();
    let commits = |id: usize| {
        let store = folder.store();
        let record = sample::operation(&id.to_string(), Outcome::Done);
        for _ in 0..5 {
            store.commit(&sample::snapshot(&[(EDGE, id as i64)]), &record, None).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for id in 0..4 {
            scope.spawn(move || commits(id));
        }
    });
    assert_eq!(folder.store().history().unwrap().len(), 20);
    git(&folder.path, &["fsck", "--strict"]);
    assert_eq!(git(&folder.path, &["status", "--porcelain"]), "");
}

#[test]
fn test_a_detached_head_is_refused() {
    let folder = Folder::new();
    let store = folder.store();
    before_and_after(&store, "1-ana", 2, 10);
    git(&folder.path, &["checkout", "-q", "--detach", "HEAD~1"]);
    let error = store.commit(&sample::snapshot(&[]), &sample::operation("2-ana", Outcome::Done), None).unwrap_err();
    assert!(matches!(error, StoreError::Detached { .. }));
    assert!(error.hint().unwrap().contains("switch main"));
    // Nor is it read: what came later would not be seen.
    assert!(matches!(store.history(), Err(StoreError::Detached { .. })));
    assert!(matches!(store.read("@"), Err(StoreError::Detached { .. })));
    git(&folder.path, &["switch", "-q", "main"]);
    assert_eq!(store.history().unwrap().len(), 2);
}

#[test]
fn test_a_lock_that_was_left_is_named() {
    let folder = Folder::new();
    let store = folder.store();
    before_and_after(&store, "1-ana", 2, 10);
    let lock = folder.path.join(".git/refs/heads/main.lock");
    std::fs::write(&lock, "").unwrap();
    let error = store.commit(&sample::snapshot(&[]), &sample::operation("2-ana", Outcome::Done), None).unwrap_err();
    assert!(matches!(&error, StoreError::Locked { lock } if lock.ends_with("refs/heads/main.lock")), "{error}");
    assert_eq!(store.history().unwrap().len(), 2);
}

#[test]
fn test_names_of_people_and_states_are_only_names() {
    let folder = Folder::new();
    let store = folder.store();
    let mut record = Operation::take("1", "a\nOpsctl-Which: before <x@y>", "  ", sample::at());
    store.commit(&sample::snapshot(&[]), &record, None).unwrap();
    record.operator = "...".to_owned();
    record.kind = OperationKind::Apply;
    record.name = "a\n\nOpsctl-Digest: 0".to_owned();
    store.commit(&sample::snapshot(&[]), &record, None).unwrap();
    let history = store.history().unwrap();
    assert_eq!(history.iter().map(|entry| entry.which).collect::<Vec<_>>(), [Which::After, Which::Taken]);
    assert_eq!(store.read("@").unwrap().operation, record);
    git(&folder.path, &["fsck", "--strict"]);
}

#[test]
fn test_operations_and_what_to_roll_back() {
    let folder = Folder::new();
    let store = folder.store();
    assert_eq!(store.operations().unwrap().count(), 0);
    assert!(matches!(store.to_roll_back(None), Err(StoreError::NothingToRollBack)));
    before_and_after(&store, "1-ana", 2, 10);
    store.commit(&sample::snapshot(&[]), &Operation::take("2-ben", "ben", "a17", sample::at()), None).unwrap();
    before_and_after(&store, "3-ana", 10, 4);
    let ids = |operations: Vec<Operation>| operations.into_iter().map(|operation| operation.id).collect::<Vec<_>>();
    let all: Vec<_> = store.operations().unwrap().map(Result::unwrap).collect();
    assert_eq!(
        all.iter().map(|one| (one.operation.id.as_str(), one.snapshots.len())).collect::<Vec<_>>(),
        [("3-ana", 2), ("1-ana", 2)]
    );
    assert_eq!(ids(store.to_roll_back(None).unwrap()), ["3-ana"]);
    assert_eq!(ids(store.to_roll_back(Some("1")).unwrap()), ["3-ana", "1-ana"]);
    assert!(matches!(store.operation("x"), Err(StoreError::UnknownOperation { .. })));
    assert!(matches!(store.operation("2-ben"), Err(StoreError::UnknownOperation { .. })));
    assert!(matches!(store.operation(""), Err(StoreError::AmbiguousOperation { ids, .. }) if ids.len() == 2));

    let mut back = sample::operation("4-ana", Outcome::Done);
    (back.kind, back.reverts) = (OperationKind::Rollback, Some("3-ana".to_owned()));
    store.commit(&sample::snapshot(&[(EDGE, 10)]), &back, None).unwrap();
    assert_eq!(ids(store.to_roll_back(None).unwrap()), ["4-ana", "3-ana", "1-ana"]);
}

/// Something else came in between: the rest is taken back, and nothing else.
#[test]
fn test_the_rest_is_taken_back_without_what_came_before_it() {
    let folder = Folder::new();
    let store = folder.store();
    for (id, rest_of) in [("1", None), ("2", None), ("3", Some("1"))] {
        let steps = vec![sample::step(EDGE, "replicas", Some(1), Some(2))];
        let rest_of = rest_of.map(str::to_owned);
        let operation = Operation { steps, rest_of, ..sample::operation(id, Outcome::Done) };
        store.commit(&sample::snapshot(&[]), &operation, None).unwrap();
    }
    let ids: Vec<_> = store.to_roll_back(None).unwrap().into_iter().map(|operation| operation.id).collect();
    assert_eq!(ids, ["3"]);
}

#[test]
fn test_what_began_inside_is_newer_though_it_ended_first() {
    let folder = Folder::new();
    let store = folder.store();
    let commit = |id: &str, outcome, reverts: Option<&str>| {
        let mut record = sample::operation(id, outcome);
        if reverts.is_some() {
            (record.kind, record.reverts) = (OperationKind::Rollback, reverts.map(str::to_owned));
        }
        store.commit(&sample::snapshot(&[]), &record, None).unwrap();
    };
    commit("1", Outcome::Running, None);
    commit("2", Outcome::Running, Some("1"));
    commit("2", Outcome::Done, Some("1"));
    commit("1", Outcome::Failed, None);
    let all: Vec<_> = store.operations().unwrap().map(|one| one.unwrap().operation.id).collect();
    assert_eq!(all, ["2", "1"]);
    assert!(matches!(store.to_roll_back(None), Err(StoreError::NothingToRollBack)));
}

#[test]
fn test_a_damaged_record_is_an_error_of_its_own() {
    let folder = Folder::new();
    let store = folder.store();
    before_and_after(&store, "1-ana", 2, 10);
    std::fs::write(folder.path.join("operation.toml"), "").unwrap();
    git(&folder.path, &["commit", "-qa", "--amend", "--no-edit"]);
    before_and_after(&store, "2-ana", 10, 4);
    let whole: Vec<bool> = store.operations().unwrap().map(|one| one.is_ok()).collect();
    assert_eq!(whole, [true, false]);
    // What is not needed is not read.
    assert_eq!(store.to_roll_back(None).unwrap().len(), 1);
    assert!(matches!(store.to_roll_back(Some("1-ana")), Err(StoreError::Damaged { .. })));
}

#[test]
fn test_blame() {
    let folder = Folder::new();
    let store = folder.store();
    let edge = EDGE.parse().unwrap();
    assert_eq!(store.blame(&edge).unwrap(), []);
    before_and_after(&store, "1-ana", 2, 10);
    let turn = |turns: Vec<Turn>| {
        assert_eq!(turns.len(), 1);
        let Turn { setting, from, to, by } = turns.into_iter().next().unwrap();
        assert_eq!(setting, "replicas");
        let number = |value: Option<Value>| value.and_then(|value| value.as_integer());
        (number(from), number(to), by)
    };
    let (from, to, by) = turn(store.blame(&edge).unwrap());
    assert_eq!((from, to), (Some(2), Some(10)));
    assert!(matches!(by, Turner::Operation(operation) if operation.id == "1-ana"));

    // A colleague, seen by the next operation, which changes something else.
    let record = sample::operation("2-ben", Outcome::Done);
    store.commit(&sample::snapshot(&[(EDGE, 25), (ORIGIN, 1)]), &record, None).unwrap();
    let (from, to, by) = turn(store.blame(&edge).unwrap());
    assert_eq!((from, to), (Some(10), Some(25)));
    assert!(
        matches!(by, Turner::Outside { after, before } if after.operation == "1-ana" && before.operation == "2-ben")
    );

    // Where it could not be read, nothing is concluded.
    store.commit(&sample::snapshot(&[(ORIGIN, 1)]), &record, None).unwrap();
    assert_eq!(turn(store.blame(&edge).unwrap()).0, Some(10));
    let (from, to, by) = turn(store.blame(&ORIGIN.parse().unwrap()).unwrap());
    assert_eq!((from, to), (None, Some(1)));
    assert!(matches!(by, Turner::Nobody(first) if first.which == Which::Before && first.operation == "1-ana"));

    // An owner moved it between the last settle and the snapshot: it is still the operation's doing.
    let mut moved = sample::operation("3-ana", Outcome::Done);
    moved.steps.push(sample::step(EDGE, "replicas", Some(25), Some(5)));
    store
        .commit(&sample::snapshot(&[(EDGE, 25), (ORIGIN, 1)]), &sample::operation("3-ana", Outcome::Running), None)
        .unwrap();
    store.commit(&sample::snapshot(&[(EDGE, 6), (ORIGIN, 1)]), &moved, None).unwrap();
    let (from, to, by) = turn(store.blame(&edge).unwrap());
    assert_eq!((from, to), (Some(25), Some(6)));
    assert!(matches!(by, Turner::Operation(operation) if operation.id == "3-ana"));
}

#[test]
fn test_no_text_of_a_secret_is_kept() {
    let secret = |text: &str| {
        let plain = Some(Plain::new(text));
        Some(Value::from(Secret {
            source: Some(Source::Env("TOKEN".to_owned())),
            reference: Some("v1".to_owned()),
            plain,
        }))
    };
    let folder = Folder::new();
    let store = folder.store();
    let mut snapshot = sample::snapshot(&[]);
    let settings = [("token".to_owned(), secret("hunter2"))].into();
    snapshot.resources.insert("sim:service/edge".parse().unwrap(), settings);
    let mut record = sample::operation("1-ana", Outcome::Running);
    record.steps.push(sample::step("sim:service/edge", "token", None, None));
    (record.steps[0].edits[0].from, record.steps[0].edits[0].to) = (secret("hunter1"), secret("hunter2"));
    store.commit(&snapshot, &record, Some(&sample::plan())).unwrap();
    let all = git(&folder.path, &["log", "-p"]);
    assert!(all.contains("TOKEN") && !all.contains("hunter"), "{all}");
    assert_eq!(store.read("@").unwrap().operation, record);
}

/// Removes the locks of git that somebody left who was killed. opsctl's own is the kernel's, and is never left.
fn unlock(folder: &Utf8Path) {
    for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => unlock(entry.path()),
            _ if entry.file_name() == "opsctl.lock" => {}
            _ if entry.file_name().ends_with(".lock") => std::fs::remove_file(entry.path()).unwrap(),
            _ => {}
        }
    }
}

const CHILD: &str = "OPSCTL_TEST_COMMIT_TO";

/// Not a test: what [`test_killed_at_any_moment`] runs and kills.
#[test]
#[ignore = "commits until it is killed"]
fn commit_forever() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let store = Store::open(Utf8Path::new(&path)).unwrap();
    for n in 0.. {
        let record = sample::operation(&n.to_string(), Outcome::Done);
        store.commit(&sample::snapshot(&[(EDGE, n)]), &record, None).unwrap();
    }
}

#[test]
fn test_killed_at_any_moment() {
    let folder = Folder::new();
    for round in 0..30_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "snapshot::git_test::commit_forever"])
            .env(CHILD, &folder.path)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_micros(3_000 + 1_700 * round));
        child.kill().unwrap();
        child.wait().unwrap();

        let store = folder.store();
        for entry in store.history().unwrap() {
            assert_eq!(store.read_commit(entry.commit).unwrap().entry, entry);
        }
        // git, too, leaves its lock when it is killed in the very moment; opsctl says which file that is.
        unlock(&folder.path.join(".git"));
        store.commit(&sample::snapshot(&[]), &sample::operation("after", Outcome::Done), None).unwrap();
        assert_eq!(git(&folder.path, &["status", "--porcelain", "live.toml", "operation.toml"]), "");
    }
    git(&folder.path, &["fsck", "--strict"]);
}
