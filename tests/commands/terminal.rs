use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use nix::pty::openpty;

use crate::harness::Repository;

/// A command on a terminal, for input and for what is no result.
struct Terminal {
    child: Child,
    master: File,
    seen: String,
}

impl Terminal {
    fn start(repository: &Repository, arguments: &[&str]) -> Self {
        Self::of(repository.command(arguments))
    }

    fn of(mut command: Command) -> Self {
        let pty = openpty(None, None).unwrap();
        let slave = File::from(pty.slave);
        command.stdin(slave.try_clone().unwrap()).stderr(slave).stdout(Stdio::null()).env("TERM", "xterm");
        let child = command.spawn().unwrap();
        // The command's ends of the terminal close with it, which ends what is read here.
        drop(command);
        Self { child, master: File::from(pty.master), seen: String::new() }
    }

    /// Reads until a text was shown.
    fn expect(&mut self, text: &str) {
        while !self.seen.contains(text) {
            assert!(self.read(), "it ended without `{text}`: {}", self.seen);
        }
    }

    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // A terminal without its other end is an error on Linux and an end elsewhere.
        match self.master.read(&mut bytes) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
                true
            }
        }
    }

    fn type_line(&mut self, line: &str) {
        self.master.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn end(mut self) -> (String, Option<i32>) {
        while self.read() {}
        (self.seen, self.child.wait().unwrap().code())
    }
}

#[test]
fn test_the_operator_is_asked_with_the_targets_named() {
    let repository = Repository::small();
    let mut terminal = Terminal::start(&repository, &["apply", "busy"]);
    terminal.expect("This changes kubernetes (simulated k8s).");
    terminal.expect("Go on? [y/N]");
    terminal.type_line("y");
    let (seen, exit) = terminal.end();
    assert_eq!(exit, Some(0), "{seen}");
    assert!(seen.contains("check edge holds"), "{seen}");
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 5);
}

#[test]
fn test_no_is_the_default() {
    let repository = Repository::small();
    let mut terminal = Terminal::start(&repository, &["apply", "busy"]);
    terminal.expect("Go on? [y/N]");
    terminal.type_line("");
    let (seen, exit) = terminal.end();
    assert!(seen.contains("the operator said no; nothing was changed"), "{seen}");
    assert_eq!(exit, Some(3));
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
}

#[test]
fn test_a_name_that_must_be_typed() {
    for (typed, exit, said) in [
        ("draind", 3, "`draind` is not drained; nothing was changed"),
        ("", 3, "no name was typed; nothing was changed"),
        ("drained", 0, ""),
    ] {
        let repository = Repository::small();
        let mut terminal = Terminal::start(&repository, &["apply", "drained"]);
        terminal.expect("moves traffic");
        terminal.expect("Type drained to go on:");
        terminal.type_line(typed);
        let (seen, ended) = terminal.end();
        assert_eq!(ended, Some(exit), "{typed}: {seen}");
        assert!(seen.contains(said), "{typed}: {seen}");
    }
}

#[test]
fn test_nobody_is_asked_with_no_input() {
    let repository = Repository::small();
    let (seen, exit) = Terminal::start(&repository, &["apply", "busy", "--no-input"]).end();
    assert!(seen.contains("nobody can be asked here"), "{seen}");
    assert_eq!(exit, Some(3));
}

#[test]
fn test_colour_only_where_it_is_wanted() {
    let repository = Repository::small();
    let escape = '\u{1b}';
    let (seen, _) = Terminal::start(&repository, &["plan", "bsy"]).end();
    assert!(seen.contains(escape), "{seen}");
    let (seen, _) = Terminal::start(&repository, &["plan", "bsy", "--no-color"]).end();
    assert!(!seen.contains(escape), "{seen}");
    let mut command = repository.command(&["plan", "bsy"]);
    command.env("NO_COLOR", "1");
    let (seen, _) = Terminal::of(command).end();
    assert!(!seen.contains(escape), "{seen}");
}

/// A colleague applies while the operator reads the page: it is not about what is there any more.
#[test]
fn test_what_began_while_the_operator_was_asked_makes_it_stale() {
    let repository = Repository::small();
    repository.write("states/more.toml", "over = \"baseline\"\n[resource.spare]\nreplicas = 4\n");
    repository.done(&["apply", "busy", "-y"]);
    let mut terminal = Terminal::start(&repository, &["rollback"]);
    terminal.expect("Go on?");
    repository.done(&["apply", "more", "-y"]);
    terminal.type_line("y");
    let (seen, exit) = terminal.end();
    assert_eq!(exit, Some(4), "{seen}");
    assert!(seen.contains("began after this was planned; nothing was changed"), "{seen}");
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 5);
    // What the colleague did is what the next one is about.
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/spare", "replicas"), 0);
}
