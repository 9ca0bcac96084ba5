use std::io::BufReader;
use std::process::{Child, ChildStderr};

use crate::harness::Repository;
use crate::stopped::{signal, wait_for};

const WORLD: &str = r#"
[resource.web]
at = "lab:service/web"
replicas = 2
[resource.broker-4]
at = "lab:service/broker-4"
replicas = 1
"#;

const BASELINE: &str = r#"
summary = "All brokers"
[resource.web]
at = "lab:service/web"
replicas = 2
[resource.broker-4]
at = "lab:service/broker-4"
replicas = 1
"#;

const THREE: &str = r#"
extends = "baseline"
summary = "Without broker 4"
[resource.web]
replicas = 4
[resource.broker-4]
replicas = 0
[action.drain-4]
run = ["sh", "-c", "echo drain >> calls"]
before = ["broker-4"]
after = ["web"]
when = "shrinks"
until = { run = ["cat", "calls"], output = "drain", within = "30m" }
[action.restart]
each = ["broker-1", "broker-2"]
run = ["sh", "-c", "sh restart {{ member }} && echo {{ member }} >> calls"]
last = { run = ["test", "{{ member }}", "=", "broker-1"] }
until = { run = ["grep", "-q", "{{ member }}", "calls"], within = "1s", every = "100ms" }
between = { run = ["true"] }
after = ["broker-4"]
[action.report]
http = { post = "http://127.0.0.1:9/", header = { authorization = { env = "TOKEN" } } }
unless = { run = ["true"] }
"#;

/// A lab in which a broker is drained and stopped, and the others are restarted by a script.
fn repository(restart: &str) -> Repository {
    Repository::of(&[
        ("opsctl.toml", "[provider.lab]\ntype = \"sim\"\nworld = \"world.toml\"\n[snapshots]\npath = \"snapshots\"\n"),
        ("world.toml", WORLD),
        ("states/baseline.toml", BASELINE),
        ("states/three.toml", THREE),
        ("restart", restart),
    ])
}

fn calls(repository: &Repository) -> Vec<String> {
    let calls = std::fs::read_to_string(repository.path("calls")).unwrap_or_default();
    calls.lines().map(str::to_owned).collect()
}

#[test]
fn test_the_page_lists_what_is_called_between_the_changes() {
    let repository = repository("exit 0");
    insta::assert_snapshot!(repository.opsctl(&["plan", "three"]), @r#"
    three   Without broker 4   now: nothing was applied yet

      lab  sim   simulated lab

    Look twice
      actions     action report has nothing to do: exit 0

    Steps                                        waits until  after
      1 + lab  service/web       replicas 2 → 4  ready
      2 > action drain-4                                      1
                sh -c 'echo drain >> calls'
                until cat calls exits with 0 and says "drain", within 30m
      3 - lab  service/broker-4  replicas 1 → 0  ready        2
      4 > action restart: 2 calls, one at a time              3
                broker-1, broker-2
                broker-1: sh -c 'sh restart broker-1 && echo broker-1 >> calls'
                until grep -q broker-1 calls exits with 0, within 1s
                last test broker-1 = broker-1 exits with 0
                between true exits with 0

    Accepted  2 of 2 in a dry run
    Time      unknown: no earlier operation tells
    Way back  2 steps; 2 actions are not undone

    2 to change, 2 to call, 0 as they should be.   5 API calls: lab 5.   Plan HASH
    Nothing was changed. To do it: opsctl apply three
    "#);
    let verbose = repository.done(&["plan", "three", "-v"]);
    for line in [
        "after 2 action drain-4: action drain-4 comes before broker-4 (states/three.toml:10:11)",
        "a call may take 30s",
    ] {
        assert!(verbose.out.contains(line), "{verbose}");
    }
    let plan = repository.json(&["plan", "three"]);
    assert_eq!(plan["totals"]["actions"], 2);
    assert_eq!(plan["plan"]["actions"][0]["name"], "drain-4");
}

#[test]
fn test_applied_shown_and_taken_back() {
    let repository = repository("exit 0");
    let said = repository.done(&["apply", "three", "-y"]);
    assert_eq!(calls(&repository), ["drain", "broker-2", "broker-1"]);
    let lines: Vec<&str> = said.err.lines().filter(|line| line.contains("restart")).collect();
    assert_eq!(lines.len(), 7, "{said}");
    let told = ["1 of 2: broker-2", "until, broker-2", "between, broker-2", "2 of 2: broker-1", "until, broker-1"];
    for (line, text) in lines.iter().zip(told) {
        assert!(line.contains(text), "{line}: {text}\n{said}");
    }
    insta::assert_snapshot!(repository.opsctl(&["plan", "three"]), @"
    three: nothing to change. 2 settings of 2 resources read from lab are as they should be.
    action report has nothing to do: exit 0.
    ");
    let shown = repository.done(&["show"]);
    assert!(shown.out.contains("\n  ✓ action drain-4  ") && shown.out.contains("\n  ✓ action restart  "), "{shown}");
    let said = repository.done(&["rollback", "-y"]);
    for name in ["drain-4", "restart"] {
        assert!(said.out.contains(&format!("actions     action {name} was called, and is not undone")), "{said}");
    }
    assert_eq!(calls(&repository).len(), 3);
}

#[test]
fn test_a_failure_is_owed_until_it_is_done() {
    let repository = repository("echo not in sync >&2; exit 4");
    let said = repository.ends(7, &["apply", "three", "-y"]);
    let why = "failed      action restart: broker-2: exit 4: not in sync; broker-1 was not called";
    assert!(said.out.contains(why), "{said}");
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    three failed AGO by ana (ID). 2 settings are as they should be.
    1 step of three (ID) still to be done (opsctl resume):
      failed      action restart: broker-2: exit 4: not in sync; broker-1 was not called
    No operation is open, 1 step still to be done, nobody holds the lock.
    --- exit 10
    ");
    // The same again changes nothing, so nothing of it is due: what is owed stays owed.
    repository.done(&["apply", "three", "-y"]);
    repository.ends(10, &["status"]);
    repository.write("restart", "exit 0");
    repository.done(&["resume", "-y"]);
    assert_eq!(calls(&repository), ["drain", "broker-2", "broker-1"]);
    repository.done(&["status"]);
}

fn hanging(repository: &Repository) -> (Child, BufReader<ChildStderr>) {
    let mut child = repository.start(&["apply", "three", "-y"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    wait_for(&mut lines, "1 of 2: broker-2");
    while !repository.path("begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (child, lines)
}

const HANGS: &str = "touch begun; while [ ! -e go ]; do sleep 0.05; done";

#[test]
fn test_killed_while_a_call_is_out() {
    let repository = repository(HANGS);
    let (mut child, _lines) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    three was begun AGO by ana (ID). 2 settings are as they should be.
    An operation did not end: ID (three), begun AGO by ana on host a17, last record AGO.
      done 3   unknown 1
      unknown  action restart (broker-2 called)
    Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
    An operation is open, nothing is owed, nobody holds the lock.
    --- exit 8
    ");
    // The command was not killed with it: what it does decides.
    repository.write("go", "");
    repository.done(&["resume", "-y"]);
    assert_eq!(calls(&repository), ["drain", "broker-2", "broker-1"]);
    repository.done(&["status"]);
}

#[test]
fn test_what_cannot_be_told_is_not_called_again() {
    let repository = repository(HANGS);
    let (mut child, mut lines) = hanging(&repository);
    signal(&child, "INT");
    wait_for(&mut lines, "Once more ends at once");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(7));
    let said = repository.ends(7, &["resume", "-y"]);
    let why = "unknown     action restart: broker-2: it may be done: the process that wrote it ended before an answer came, \
               and nothing shows within 1s that it is done: exit 1; `opsctl resume` would call it again, \
               `opsctl resume --abandon REASON` lets go of it; broker-1 was not called";
    assert!(said.out.contains(why), "{said}");
    assert_eq!(calls(&repository), ["drain"]);
    repository.ends(10, &["status"]);
    repository.done(&["resume", "--abandon", "restarted by hand"]);
    repository.done(&["status"]);
}

/// A state that had been applied before the brokers were restarted, with an action of its own.
fn after_baseline(restart: &str) -> Repository {
    let repository = repository(restart);
    let refill = "[action.refill]\nrun = [\"true\"]\nafter = [\"broker-4\"]\nwhen = \"grows\"\n";
    repository.append("states/baseline.toml", refill);
    repository.done(&["sim", "set", "lab:service/web", "replicas=1"]);
    repository.done(&["apply", "baseline", "-y"]);
    repository
}

/// What a rollback does not undo, the state that it goes back to may.
#[test]
fn test_what_may_undo_a_call_is_named() {
    let repository = after_baseline("exit 0");
    repository.done(&["apply", "three", "-y"]);
    let said = repository.done(&["rollback", "-y"]);
    let text = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = "action restart was called, and is not undone: undo it by hand, or with what baseline has for that \
                (opsctl apply baseline)";
    // On the page, and once it is done; and whoever looks later is told, too.
    assert_eq!(text.matches(told).count(), 2, "{said}");
    let shown = repository.done(&["show"]);
    assert!(shown.out.contains(&format!("  actions   {told}\n")), "{shown}");
}

/// Nothing behind what only called is taken back unasked, and what it owes is not wanted any more.
#[test]
fn test_a_rollback_of_what_only_called() {
    let repository = after_baseline("exit 4");
    let action = "[action.restart]\nrun = [\"sh\", \"restart\"]\nwhen = \"always\"\n";
    repository.write("states/again.toml", &format!("extends = \"baseline\"\n{action}"));
    repository.ends(7, &["apply", "again", "-y"]);
    repository.ends(7, &["resume", "-y"]);
    repository.ends(10, &["status"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y", "-q"]), @"
    All that ID changed is as it was before.
    1 step of it, not done, let go of with that:
      failed      action restart

    rollback of ID is done.   TIME.   Operation ID
      actions     action restart was called, and is not undone: undo it by hand, or with what baseline has for that (opsctl apply baseline)
    ");
    repository.done(&["status"]);
    assert_eq!(repository.simulated("lab:service/web", "replicas"), 2);
}

#[test]
fn test_what_could_not_be_started_was_not_called() {
    let repository = after_baseline("exit 0");
    let action = "[action.tell]\nrun = [\"no-such-program\"]\nafter = [\"web\"]\n";
    let state = |action: &str| format!("extends = \"baseline\"\n[resource.web]\nreplicas = 3\n{action}");
    repository.write("states/told.toml", &state(action));
    let said = repository.ends(7, &["apply", "told", "-y"]);
    let why = "action tell: no-such-program cannot be started: no such file or directory; nothing was called";
    assert!(said.out.contains(why), "{said}");
    assert!(!repository.done(&["show", "--json"]).out.contains("\"called\""));
    // It is called once it can be.
    repository.write("states/told.toml", &state(&action.replace("no-such-program", "true")));
    repository.done(&["resume", "-y"]);
    repository.done(&["status"]);
    repository.write("states/told.toml", &state(action));
    repository.done(&["rollback", "-y"]);
    repository.ends(7, &["apply", "told", "-y"]);
    let said = repository.done(&["rollback", "-y"]);
    assert!(!said.out.contains("was called"), "{said}");
}

#[test]
fn test_what_goes_out_is_shown() {
    let repository = repository("exit 0");
    let long = format!("{{\\\"all\\\": true, \\\"why\\\": \\\"{}\\\"}}", "x".repeat(80));
    let sends = format!(
        "[action.drain-all]\nhttp = {{ post = \"http://127.0.0.1:9/drain\", body = \"{long}\", status = 202, \
         header = {{ authorization = {{ env = \"TOKEN\" }} }} }}\nwhen = \"always\"\n"
    );
    repository.write("states/baseline.toml", &format!("{BASELINE}{sends}"));
    let action = |arguments: &[&str]| {
        let said = repository.opsctl(&[&["plan", "baseline"], arguments].concat());
        let lines = said.out.lines().skip_while(|line| !line.contains("> action"));
        lines.take_while(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(action(&[]), @r#"
    1 > action drain-all
              POST http://127.0.0.1:9/drain with authorization: (sensitive)
              body {"all": true, "why":
              "xxxxxxxxxxxxxxxxxxxx…xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
              it must be answered with 202
    "#);
    insta::assert_snapshot!(action(&["-v"]), @r#"
    1 > action drain-all
              POST http://127.0.0.1:9/drain with authorization: (sensitive)
              body {"all": true, "why":
              "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
              it must be answered with 202
              a call may take 30s
    "#);
}
