use std::process::Stdio;

use crate::harness::Repository;

#[test]
fn test_help_and_version_are_results() {
    let nowhere = Repository::of(&[]);
    for arguments in [&["--version"][..], &["--help"], &["plan", "--help"], &["sim", "set", "--help"]] {
        let said = nowhere.done(arguments);
        assert!(!said.out.is_empty() && said.err.is_empty(), "{said}");
    }
    insta::assert_snapshot!(nowhere.opsctl(&["--help"]), @"
    Moves live infrastructure between named states: planned, applied in order, snapshotted, rolled back

    Usage: opsctl [OPTIONS] <COMMAND>

    Commands:
      init         Makes a new operations repository in this folder, or in that of -C
      plan         Shows what a state would change, in which order and why; changes nothing
      apply        Makes a state live, in order, and takes a snapshot before and after
      rollback     Goes back to what was really there before an operation
      resume       Goes on with an operation that did not end, or does what an ended one still owes
      status       Tells how things stand: what was applied last, what differs from it now, what is open
                   or owed
      states       Shows every setting in every state, beside what is live
      check        Measures the checks of a state
      snapshot     Takes, lists, shows and compares snapshots
      log          Tells who did what, when, and how it ended
      show         Shows one operation in full
      blame        Tells who turned which knob of a resource last
      kinds        Lists the kinds of resources with their settings; of one kind, or of one resource
                   beside what is live, tells all
      capture      Writes a state file from what is live, to go on from
      schema       Prints the JSON Schema of a state or of opsctl.toml, for an editor, or of a plan
      explain      Explains the code of an error; without one lists all
      sim          Plays another operator in a simulated world
      completions  Prints what makes a shell complete opsctl's words, names of states among them
      man          Prints the manual page of opsctl, or writes those of all commands into a folder
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Everywhere:
      -C <DIR>
              Works as if started in this folder

          --json
              Prints a versioned JSON document; of an apply a line an event

          --no-color
              Adds no colour (as NO_COLOR does)

      -q, --quiet
              Leaves progress out

      -v, --verbose
              Folds nothing, and tells every reason

          --no-input
              Never asks

    Examples:
      opsctl init              makes an operations repository in this folder
      opsctl plan dr-active    what would change, in which order and why
      opsctl apply dr-active   does it, and waits until each step is true and ready
      opsctl rollback          goes back to what was there before
      opsctl plan --help       says more of plan; so do the others

    Exit codes:
      0    done; or there was nothing to change
      1    an error; nothing was changed
      2    with --detailed-exitcode: there are differences
      3    a guard, the preflight, an owner or you said no; nothing was changed
      4    live is not what the plan was made from; nothing was changed
      5    somebody else is applying; nothing was changed
      6    it failed, and what it had done was taken back
      7    it failed or was stopped; changes were left in place
      8    an operation that did not end is in the way; nothing was changed
      9    a check before the first change does not hold; nothing was changed
      10   done, with steps owed or settings left alone
      64   the command line is not understood; nothing was changed
    ");
}

#[test]
fn test_a_reader_that_goes_away_is_no_error() {
    let repository = Repository::small();
    let mut child = repository.command(&["kinds"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn test_signs_are_ascii_where_the_locale_is_not_utf8() {
    let repository = Repository::small();
    let output = repository.command(&["plan", "drained"]).env("LC_ALL", "C").output().unwrap();
    assert!(output.stdout.is_ascii());
}

#[test]
fn test_help_is_a_command_too_and_nothing_is_no_answer() {
    let repository = Repository::small();
    assert_eq!(repository.done(&["help", "plan"]).out, repository.done(&["plan", "--help"]).out);
    repository.ends(64, &["log", "--limit", "0"]);
    repository.ends(64, &["resume", "--abandon", ""]);
}

/// What is meant to be there one day is no typing mistake.
#[test]
fn test_what_is_not_built_yet_says_so() {
    let nowhere = Repository::of(&[]);
    insta::assert_snapshot!(nowhere.opsctl(&["unlock"]), @"
    --- stderr
    error: `opsctl unlock` is not built yet

      tip: a lock is let go of by itself once its process has ended; what did not end: opsctl resume

    Usage: opsctl [OPTIONS] <COMMAND>

    For more information, try '--help'.
    --- exit 64
    ");
    insta::assert_snapshot!(nowhere.ends(64, &["permissions", "dr-active"]).err.lines().next().unwrap(), @"error: `opsctl permissions` is not built yet");
    let document = nowhere.json(&["permissions", "dr-active"]);
    assert_eq!(document["message"][0], "`opsctl permissions` is not built yet");
    let repository = Repository::of(&[
        ("opsctl.toml", "[provider.api]\ntype = \"http\"\n[provider.raft]\ntype = \"rafty\"\n"),
        ("states/baseline.toml", ""),
    ]);
    insta::assert_snapshot!(repository.opsctl(&["plan", "baseline"]), @r#"
    --- stderr
    error[E0190]: the provider `http` is not built yet
      ┌ opsctl.toml:2:8
    2 │ type = "http"
      │        ^^^^^^
      = there are: aws, kubernetes, sim

    error[E0203]: unknown provider `rafty`
      ┌ opsctl.toml:4:8
    4 │ type = "rafty"
      │        ^^^^^^^
      = there are: aws, kubernetes, sim

    2 errors in 1 file; opsctl explain E0190 says more.
    Nothing was changed.
    --- exit 1
    "#);
}

#[test]
fn test_what_is_not_understood_is_a_document_too() {
    let repository = Repository::small();
    let error = |arguments: &[&str]| {
        let document = repository.json(arguments);
        assert_eq!(
            (&document["kind"], &document["error"], &document["exit"]),
            (&"error".into(), &"usage".into(), &64.into())
        );
        let text = |found: &serde_json::Value| found.as_str().unwrap().to_owned();
        format!("{}\n= {}", text(&document["message"][0]), text(&document["hint"]))
    };
    insta::assert_snapshot!(error(&["plan"]), @"
    the following required arguments were not provided: <STATE[+OVERLAY…] | @N>
    = Usage: opsctl plan --json <STATE[+OVERLAY…] | @N>
    ");
    insta::assert_snapshot!(error(&["plan", "busy", "--target-all"]), @"
    unexpected argument '--target-all' found
    = a similar argument exists: '--target'
    ");
    insta::assert_snapshot!(error(&["snapshot"]), @"
    'opsctl snapshot' requires a subcommand but one was not provided [subcommands: take, list, show, diff, help]
    = Usage: opsctl snapshot [OPTIONS] <COMMAND>
    ");
    // Behind `--` it is no flag.
    assert!(repository.ends(64, &["plan", "--", "--json", "busy"]).out.is_empty());
}

/// What became of a change is what it ended as, whoever reads of it.
#[cfg(target_os = "linux")]
#[test]
fn test_a_full_disk_does_not_turn_what_was_done_into_an_error() {
    let repository = Repository::small();
    let full = |arguments: &[&str]| {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = repository.command(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (exit, told) = full(&["apply", "busy", "-y"]);
    assert_eq!((exit, repository.simulated("k8s:deployment/cdn/edge", "replicas")), (Some(0), 5.into()));
    let last = told.lines().last();
    insta::assert_snapshot!(last.unwrap(), @"warning: standard output cannot be written (no storage space), so not all was told; what was done: opsctl show");
    let (exit, told) = full(&["status"]);
    assert_eq!(exit, Some(1));
    insta::assert_snapshot!(told, @"warning: standard output cannot be written (no storage space), so not all was told");
}
