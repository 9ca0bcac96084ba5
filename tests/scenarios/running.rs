use std::io::{BufRead, BufReader, Lines, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value as Json;

use crate::course::Course;
use crate::harness::{Repository, Said};

/// A command that is under way and tells its events as lines of JSON.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    course: Course,
}

impl Repository {
    /// Starts it with `--json`, to be listened to.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments).arg("--json"))
    }
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, course: Course::default() }
    }

    /// Listens until this is said.
    pub(crate) fn until(&mut self, what: &str, is_it: impl Fn(&Course, &Json) -> bool) {
        while let Some(event) = self.next() {
            if is_it(&self.course, &event) {
                return;
            }
        }
        panic!("it ended without {what}\n{}", self.end());
    }

    /// Listens until an event of this name.
    pub(crate) fn until_event(&mut self, name: &str) {
        self.until(name, |_, event| event["event"] == name);
    }

    /// Listens until something is sent: whether it arrives is another thing.
    pub(crate) fn until_sent(&mut self, at: &str) {
        self.until(&format!("that {at} is sent"), |course, event| {
            event["event"] == "sent" && course.at_of(event) == Some(at)
        });
    }

    /// Listens until something is written, and was looked at: it settles, or is ready at once.
    pub(crate) fn until_written(&mut self, at: &str) {
        self.until(&format!("that {at} is written"), |course, event| {
            (event["event"] == "settling" || event["event"] == "ended") && course.at_of(event) == Some(at)
        });
    }

    /// Listens until something that is written was seen not to be ready yet.
    pub(crate) fn until_settling(&mut self, at: &str) {
        self.until(&format!("that {at} settles"), |course, event| {
            event["event"] == "settling" && course.at_of(event) == Some(at)
        });
    }

    /// Listens until a step at this is done.
    pub(crate) fn until_done(&mut self, at: &str) {
        self.until(&format!("that {at} is done"), |course, event| {
            event["event"] == "ended" && event["status"] == "done" && course.at_of(event) == Some(at)
        });
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Listens until its end.
    #[track_caller]
    pub(crate) fn ends(mut self, exit: i32) -> Course {
        let said = self.end();
        assert_eq!(said.exit, Some(exit), "{said}");
        std::mem::take(&mut self.course)
    }

    /// The same, where it ends in one of several ways.
    #[track_caller]
    pub(crate) fn ends_in(mut self, exits: &[i32]) -> i32 {
        let said = self.end();
        let exit = said.exit.filter(|exit| exits.contains(exit));
        exit.unwrap_or_else(|| panic!("{said}"))
    }

    /// Ends it as a machine that loses its power does.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::SIGKILL);
        assert_eq!(self.end().exit, None);
    }

    fn end(&mut self) -> Said {
        while self.next().is_some() {}
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        Said { out: self.course.to_string(), err, exit: self.child.wait().unwrap().code() }
    }

    fn next(&mut self) -> Option<Json> {
        let line = self.lines.next()?.unwrap();
        let said: Json = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.course.take(said.clone());
        Some(said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Of a story that failed; what has ended cannot be ended again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
