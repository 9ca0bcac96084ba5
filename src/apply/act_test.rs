//! Actions with real commands and a real server: each is called once, whatever happens.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::bed::*;
use super::entry::Entry;
use super::journal::Record;
use super::*;
use crate::action::{Action, Call};
use crate::check::{Check, Gate, Probe, Run, Sent};
use crate::snapshot::{Operation, Outcome, Status};
use crate::state::OnFailure;

const WORLD: &str = r#"
[resource.edge]
at = "a:service/edge"
replicas = 1
[resource.origin]
at = "a:service/origin"
replicas = 1
"#;

fn shell(script: impl Into<String>) -> Vec<String> {
    vec!["sh".into(), "-c".into(), script.into()]
}

fn run_check(script: impl Into<String>) -> Check {
    Check {
        name: "measured".into(),
        probe: Probe::Run(Run::new(shell(script))),
        within: Duration::from_millis(200),
        hold: Duration::ZERO,
        every: Duration::from_millis(50),
        gate: Gate::After,
        place: None,
    }
}

/// A folder and a file in it to which calls write a line each.
fn calls() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = Utf8PathBuf::from_path_buf(folder.path().join("calls")).unwrap();
    (folder, file)
}

fn lines(file: &Utf8Path) -> Vec<String> {
    fs_err::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// An action that writes the names of its members, or its own, and is done when they are there.
fn writing(file: &Utf8Path, name: &str, members: &[&str]) -> Action {
    let mut action = action(name, members);
    for member in &mut action.members {
        let word = member.name.as_deref().unwrap_or(name);
        member.call = Call::run(shell(format!("echo {word} >> {file}")));
        member.until = Some(run_check(format!("grep -q {word} {file}")));
    }
    action
}

fn ends(operation: &Operation) -> Vec<(Status, &str)> {
    operation.steps.iter().map(|step| (step.status, step.why.as_str())).collect()
}

fn up(name: &str) -> Planned {
    integers(&format!("a:service/{name}"), &[("replicas", 3)])
}

#[tokio::test]
async fn test_it_stands_between_what_it_was_planned_between() {
    let (_guard, file) = calls();
    let bed = Bed::new(WORLD);
    let plan =
        bed.plan(vec![up("edge"), act(writing(&file, "drain", &[])).after(&[0]), up("origin").after(&[1])]).await;
    let (operation, events) = bed.apply(&plan).await;
    let operation = operation.unwrap();
    assert_eq!(operation.outcome, Outcome::Done, "{operation:?}");
    assert_eq!(lines(&file), ["drain"]);
    assert_eq!((operation.steps[1].what.as_str(), &operation.steps[1].called), ("action drain", &vec!["drain".into()]));
    let at = |wanted: &dyn Fn(&Happened) -> bool| events.iter().position(wanted).unwrap();
    let calling = at(&|event| matches!(event, Happened::Calling { step: 1, member: None, nth: 1, of: 1 }));
    assert!(at(&|event| matches!(event, Happened::Ended { step: 0, .. })) < calling);
    assert!(calling < at(&|event| matches!(event, Happened::Sent { step: 2, .. })));
}

#[tokio::test]
async fn test_a_failure_tells_the_status_and_the_end_of_the_output() {
    let bed = Bed::new(WORLD);
    let mut drain = action("drain", &[]);
    let noise = "head -c 100000 /dev/zero | tr '\\0' x; echo; echo not the leader >&2; exit 3";
    drain.members[0].call = Call::run(shell(noise));
    let plan = bed.plan(vec![act(drain), up("edge").after(&[0])]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Failed);
    assert_eq!(ends(&operation), [(Status::Failed, "exit 3: not the leader"), (Status::Skipped, "")]);
    assert_eq!(bed.integer("a:service/edge", "replicas").await, 1);
}

#[tokio::test]
async fn test_what_does_not_come_true_is_a_failure() {
    let bed = Bed::new(WORLD);
    let mut drain = action("drain", &[]);
    drain.members[0].until = Some(run_check("echo 12 left; exit 1"));
    let plan = bed.plan(vec![act(drain)]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(ends(&operation), [(Status::Failed, "it was called, and is not done: exit 1: 12 left")]);
}

#[tokio::test]
async fn test_there_may_be_nothing_to_do_by_the_time_it_is_free() {
    let (_guard, file) = calls();
    let bed = Bed::new(WORLD);
    let mut drain = writing(&file, "drain", &[]);
    drain.members[0].unless = Some(run_check("true"));
    let plan = bed.plan(vec![up("edge"), act(drain).after(&[0])]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Done);
    assert_eq!(ends(&operation)[1], (Status::Done, "nothing to do: exit 0"));
    assert_eq!((lines(&file).len(), operation.steps[1].called.len()), (0, 0));
}

#[tokio::test]
async fn test_a_lost_answer_is_decided_by_until() {
    for (until, end) in [(Some("true"), Status::Done), (Some("false"), Status::Unknown), (None, Status::Unknown)] {
        let (_guard, file) = calls();
        let bed = Bed::new(WORLD);
        let mut drain = action("drain", &[]);
        drain.timeout = Duration::from_millis(300);
        drain.members[0].call = Call::run(shell(format!("echo called >> {file}; sleep 60")));
        drain.members[0].until = until.map(run_check);
        let plan = bed.plan(vec![act(drain)]).await;
        let operation = bed.apply(&plan).await.0.unwrap();
        assert_eq!(operation.steps[0].status, end, "{operation:?}");
        assert_eq!(lines(&file), ["called"]);
        if end == Status::Unknown {
            let why = &operation.steps[0].why;
            assert!(why.starts_with("it may be done: it did not end within 300ms"), "{why}");
            assert!(why.ends_with("`opsctl resume --abandon REASON` lets go of it"), "{why}");
        }
    }
}

/// Answers one request; what was asked.
fn server(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/drain", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut asked = [0; 4096];
        let mut length = 0;
        while !String::from_utf8_lossy(&asked[..length]).ends_with("body") {
            length += connection.read(&mut asked[length..]).unwrap();
        }
        connection.write_all(answer.as_bytes()).unwrap();
        String::from_utf8_lossy(&asked[..length]).into_owned()
    });
    (url, asked)
}

fn request(url: String, status: Option<u16>) -> Action {
    let secret = opsctl_api::Secret { source: Some(opsctl_api::Source::Env("TOKEN".into())), ..Default::default() };
    let header = [("authorization".to_owned(), Sent::Secret(secret))].into();
    let mut action = action("drain", &[]);
    let (method, body) = ("POST".to_owned(), Some("body".to_owned()));
    action.members[0].call = Call::Http { method, url, header, body, status };
    action
}

#[tokio::test]
async fn test_a_request_is_sent_with_its_secret_which_is_told_nowhere() {
    let answers = [
        ("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n", Some(202), Status::Done, ""),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", None, Status::Done, ""),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Some(202), Status::Failed, "status 200"),
        (
            "HTTP/1.1 403 No\r\ncontent-length: 17\r\n\r\nnot with hunter2\n",
            None,
            Status::Failed,
            "status 403: not with (sensitive)",
        ),
        (
            "",
            None,
            Status::Unknown,
            "it may be done: connection closed before message completed, and it has no `until` that could tell; `opsctl resume` would call it again, `opsctl resume --abandon REASON` lets go of it",
        ),
    ];
    for (answer, status, end, why) in answers {
        let (url, asked) = server(answer);
        let bed = Bed::new(WORLD);
        let plan = bed.plan(vec![act(request(url, status))]).await;
        let (operation, events) = bed.apply(&plan).await;
        let operation = operation.unwrap();
        assert_eq!(ends(&operation), [(end, why)]);
        let asked = asked.join().unwrap();
        assert!(asked.starts_with("POST /drain HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("authorization: hunter2\r\n"), "{asked}");
        let journal = fs_err::read_to_string(bed.work_dir.join(format!("journal/{}.journal", operation.id))).unwrap();
        for told in [format!("{plan:?}"), format!("{operation:?}"), format!("{events:?}"), journal] {
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}

#[tokio::test]
async fn test_where_nobody_listens_nothing_was_done() {
    let url = format!("http://{}/", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![act(request(url, None))]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert!(!operation.has_called());
    assert_eq!(ends(&operation), [(Status::Failed, "connection refused; nothing was called")]);
}

#[tokio::test]
async fn test_members_are_called_one_at_a_time_the_leader_last_and_the_former_leader_first() {
    let (guard, file) = calls();
    let leader = guard.path().join("leader").display().to_string();
    // Whoever leads hands on when it is restarted.
    fs_err::write(&leader, "b1\n").unwrap();
    let mut restart = writing(&file, "restart", &["b1", "b2", "b3"]);
    for member in &mut restart.members {
        let name = member.name.clone().unwrap();
        let script = format!("echo {name} >> {file}; test $(cat {leader}) != {name} || echo b2 > {leader}");
        member.call = Call::run(shell(script));
        member.first = Some(run_check(format!("test {name} = b3")));
        member.last = Some(run_check(format!("test $(cat {leader}) = {name}")));
        member.between = Some(run_check("true"));
    }
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![act(restart)]).await;
    let (operation, events) = bed.apply(&plan).await;
    let operation = operation.unwrap();
    assert_eq!(operation.outcome, Outcome::Done, "{operation:?}");
    assert_eq!(lines(&file), ["b3", "b2", "b1"]);
    assert_eq!(operation.steps[0].called, ["b3", "b2", "b1"]);
    let called = events.iter().filter_map(|event| match event {
        Happened::Calling { member, nth, of, .. } => {
            Some(format!("{nth} of {of}: {}", member.as_deref().unwrap_or("")))
        }
        _ => None,
    });
    assert_eq!(called.collect::<Vec<_>>(), ["1 of 3: b3", "2 of 3: b2", "3 of 3: b1"]);
}

#[tokio::test]
async fn test_what_must_hold_between_stops_it() {
    let (_guard, file) = calls();
    let mut restart = writing(&file, "restart", &["b1", "b2", "b3"]);
    restart.members[1].between = Some(run_check("echo b2 is not ready; exit 1"));
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![act(restart)]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    let why = "b2: it is done, and nothing may follow yet: exit 1: b2 is not ready; b3 was not called";
    assert_eq!(ends(&operation), [(Status::Failed, why)]);
    assert_eq!(lines(&file), ["b1", "b2"]);
}

/// Presses Ctrl-C once a line is written.
async fn press_at(bed: &Bed, file: &Utf8Path, count: u8) {
    while lines(file).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bed.press.send_modify(|pressed| *pressed = count);
}

#[tokio::test]
async fn test_one_ctrl_c_lets_the_call_end_and_calls_nobody_else() {
    let (_guard, file) = calls();
    let mut restart = writing(&file, "restart", &["b1", "b2", "b3"]);
    restart.members[0].call = Call::run(shell(format!("echo b1 >> {file}; sleep 0.2; echo end >> {file}")));
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![act(restart), up("edge").after(&[0])]).await;
    let ((operation, _), ()) = tokio::join!(bed.apply(&plan), press_at(&bed, &file, 1));
    let operation = operation.unwrap();
    assert_eq!(operation.outcome, Outcome::Interrupted);
    let why = "stopped after 1 of 3; b2, b3 were not called";
    assert_eq!(ends(&operation), [(Status::Skipped, why), (Status::Skipped, "")]);
    assert_eq!(lines(&file), ["b1", "end"]);
    assert_eq!(unfinished(&bed.work_dir).unwrap(), None);
}

#[tokio::test]
async fn test_one_ctrl_c_lets_an_action_of_one_call_end() {
    let (_guard, file) = calls();
    let mut drain = writing(&file, "drain", &[]);
    drain.members[0].call = Call::run(shell(format!("echo drain >> {file}; sleep 0.2")));
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![act(drain), up("edge").after(&[0])]).await;
    let ((operation, _), ()) = tokio::join!(bed.apply(&plan), press_at(&bed, &file, 1));
    let operation = operation.unwrap();
    assert_eq!(ends(&operation), [(Status::Done, ""), (Status::Skipped, "")]);
    assert_eq!(operation.outcome, Outcome::Interrupted);
}

#[tokio::test]
async fn test_one_ctrl_c_does_not_wait_for_what_must_hold_before_the_next() {
    let (_guard, file) = calls();
    let mut restart = writing(&file, "restart", &["b1", "b2"]);
    restart.members[0].between = Some(Check { within: Duration::from_secs(3600), ..run_check("false") });
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![act(restart)]).await;
    let ((operation, _), ()) = tokio::join!(bed.apply(&plan), press_at(&bed, &file, 1));
    let operation = operation.unwrap();
    assert_eq!(ends(&operation), [(Status::Skipped, "stopped after 1 of 2; b2 was not called")]);
    assert_eq!((operation.outcome, lines(&file)), (Outcome::Interrupted, vec!["b1".to_owned()]));
}

#[tokio::test]
async fn test_two_ctrl_c_leave_it_open_and_until_decides_when_it_is_gone_on_with() {
    let (_guard, file) = calls();
    let mut restart = writing(&file, "restart", &["b1", "b2"]);
    restart.members[0].call = Call::run(shell(format!("echo b1 >> {file}; sleep 60")));
    let bed = Bed::new(WORLD);
    let plan = bed.plan(vec![act(restart), up("edge").after(&[0])]).await;
    let ((operation, _), ()) = tokio::join!(bed.apply(&plan), press_at(&bed, &file, 2));
    assert_eq!(operation.unwrap().ended, None);
    let open = unfinished(&bed.work_dir).unwrap().unwrap();
    assert_eq!((open.steps[0].what.as_str(), open.steps[0].status), ("action restart (b1 called)", Status::Unknown));
    bed.press.send_modify(|count| *count = 0);
    let operation = bed.resume().await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Done, "{operation:?}");
    assert_eq!(lines(&file), ["b1", "b2"]);
}

#[tokio::test]
async fn test_what_goes_on_after_a_failure_leaves_what_comes_after_the_action() {
    let mut bed = Bed::new(WORLD);
    bed.on_failure = Some(OnFailure::Continue);
    let mut drain = action("drain", &[]);
    drain.members[0].call = Call::run(vec!["false".into()]);
    let plan = bed.plan(vec![act(drain), up("edge").after(&[0]), up("origin")]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(statuses(&operation), [Status::Failed, Status::Skipped, Status::Done]);
}

/// A checkout in which an apply was cut off: its journal up to a byte, and the world as it is at the end.
fn cut_off(bed: &Bed, journal: &Utf8Path, bytes: usize) -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    fs_err::create_dir_all(root.join(".opsctl/journal")).unwrap();
    fs_err::create_dir_all(root.join(".opsctl/sim")).unwrap();
    let name = journal.with_extension("open");
    let text = fs_err::read(journal).unwrap();
    fs_err::write(root.join(".opsctl/journal").join(name.file_name().unwrap()), &text[..bytes]).unwrap();
    fs_err::copy(bed.work_dir.join("sim/a.jsonl"), root.join(".opsctl/sim/a.jsonl")).unwrap();
    (folder, root)
}

/// The members that a journal has called, and those of them that were answered.
fn recorded(records: &[Record]) -> (Vec<usize>, Vec<usize>) {
    let (mut called, mut answered) = (Vec::new(), Vec::new());
    for entry in records.iter().flat_map(|record| &record.entries) {
        match entry {
            Entry::Intent(intent) if intent.step == 1 => called.push(intent.hop),
            Entry::Answer { step: 1, hop, .. } => answered.push(*hop),
            _ => {}
        }
    }
    (called, answered)
}

#[tokio::test]
async fn test_cut_off_after_each_record_nothing_is_called_twice() {
    let (_guard, file) = calls();
    let names = ["b1", "b2", "b3"];
    let bed = Bed::new(WORLD);
    let restart = writing(&file, "restart", &names);
    let plan = bed.plan(vec![up("edge"), act(restart).after(&[0]), up("origin").after(&[1])]).await;
    let operation = bed.apply(&plan).await.0.unwrap();
    assert_eq!(operation.outcome, Outcome::Done, "{operation:?}");
    let journal = bed.work_dir.join(format!("journal/{}.journal", operation.id));
    let (records, _) = super::journal::read(&journal).unwrap();
    let lengths: Vec<usize> = fs_err::read_to_string(&journal).unwrap().lines().map(|line| line.len() + 1).collect();
    let (mut done, mut unknown) = (0, 0);
    for kept in 1..records.len() {
        let (called, answered) = recorded(&records[..kept]);
        // What was on its way has not gone out, or it has.
        for gone_out in [&called, &answered] {
            let text: String = gone_out.iter().map(|&member| format!("{}\n", names[member])).collect();
            fs_err::write(&file, text).unwrap();
            let (_guard, root) = cut_off(&bed, &journal, lengths[..kept].iter().sum());
            let again = Bed::at(&root, WORLD);
            if unfinished(&again.work_dir).unwrap().is_none() {
                continue;
            }
            let operation = again.resume().await.0.unwrap();
            let mut written = lines(&file);
            let count = written.len();
            written.sort();
            written.dedup();
            assert_eq!(written.len(), count, "called twice after {kept} records: {:?}", lines(&file));
            if gone_out == &called {
                assert_eq!((operation.outcome, count), (Outcome::Done, 3), "{kept}: {operation:?}");
                done += 1;
            } else if gone_out.len() < called.len() {
                assert_eq!(operation.steps[1].status, Status::Unknown, "{kept}: {operation:?}");
                unknown += 1;
            }
        }
    }
    assert!(done >= 6 && unknown >= 3, "{done} {unknown}");
}
