//! An apply in a process of its own that is killed anywhere, again and again, until one gets through.

use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::bed::*;
use super::resume_test::{WORLD, assert_done, plan};
use super::*;
use crate::snapshot::Outcome;

/// Where the child works; not set where the tests are run as such.
const FOLDER: &str = "OPSCTL_TEST_KILLED_IN";

#[tokio::test]
async fn test_killed_anywhere() {
    let (mut killed, mut resumed) = (0, 0);
    for round in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let bed = Bed::at(root, WORLD);
        crate::plan::write(&plan(&bed).await, &root.join("plan.json")).unwrap();
        for attempt in 0.. {
            // A few records further each time, and a little later; in the first round before there is any.
            let until = records(&bed.work_dir) + if round == 0 && attempt < 3 { 0 } else { 1 + (round + attempt) % 3 };
            let later = Duration::from_micros(700) * u32::try_from((round * 5 + attempt * 3) % 7).unwrap();
            let status = run_and_kill(root, until, later);
            if status.success() {
                break;
            }
            let said = || fs_err::read_to_string(root.join("child.txt")).unwrap();
            assert_eq!(status.code(), None, "it failed by itself in round {round}, attempt {attempt}: {}", said());
            killed += 1;
            resumed += u32::from(unfinished(&bed.work_dir).unwrap().is_some());
        }
        assert_eq!(unfinished(&bed.work_dir).unwrap(), None);
        assert_eq!(holder(&bed.work_dir).unwrap(), None);
        assert_done(&bed).await;
        assert_eq!(bed.store.read("@").unwrap().operation.outcome, Outcome::Done);
    }
    assert!(killed >= 6 && resumed > 0, "killed {killed}, resumed {resumed}");
}

/// Runs the child, and kills it a moment after its journal has so many records.
fn run_and_kill(root: &Utf8Path, until: usize, later: Duration) -> ExitStatus {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "apply::kill_test::the_child", "--ignored", "--nocapture"])
        .env(FOLDER, root)
        .stdout(Stdio::null())
        .stderr(fs_err::File::create(root.join("child.txt")).unwrap().into_parts().0)
        .spawn()
        .unwrap();
    while child.try_wait().unwrap().is_none() && records(&root.join(".opsctl")) < until {
        std::thread::sleep(Duration::from_micros(300));
    }
    std::thread::sleep(later);
    // It may have ended by now.
    let _ = child.kill();
    child.wait().unwrap()
}

/// How many records the journal has that is open.
fn records(work_dir: &Utf8Path) -> usize {
    let open = super::journal::open_journals(&work_dir.join("journal")).unwrap();
    let text = open.first().and_then(|path| fs_err::read(path).ok()).unwrap_or_default();
    text.iter().filter(|byte| **byte == b'\n').count()
}

#[tokio::test]
#[ignore = "a part of test_killed_anywhere"]
async fn the_child() {
    let Ok(root) = std::env::var(FOLDER) else { return };
    let root = Utf8PathBuf::from(root);
    let bed = Bed::at(&root, WORLD);
    let plan = read_plan(&root);
    let done = match bed.resume().await.0 {
        Err(ApplyError::NothingOpen) => bed.apply(&plan).await.0,
        done => done,
    };
    match done {
        Ok(operation) => assert_eq!(operation.outcome, Outcome::Done),
        // The one before had done it all, and was killed before it could say so.
        Err(ApplyError::Stale { .. }) => assert_done(&bed).await,
        Err(error) => panic!("{error:?}"),
    }
}

fn read_plan(root: &Utf8Path) -> crate::plan::Plan {
    serde_json::from_slice(&fs_err::read(root.join("plan.json")).unwrap()).unwrap()
}
