use std::fmt;
use std::process::Command;

use regex::Regex;

/// What a command said, and how it ended.
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) exit: Option<i32>,
}

impl Said {
    /// Runs a command to its end.
    pub(crate) fn by(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { out: text(output.stdout), err: text(output.stderr), exit: output.status.code() }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.out))?;
        if !self.err.is_empty() {
            write!(f, "--- stderr\n{}", masked(&self.err))?;
        }
        match self.exit {
            Some(0) => Ok(()),
            Some(exit) => writeln!(f, "--- exit {exit}"),
            None => writeln!(f, "--- ended by a signal"),
        }
    }
}

/// What is another at each run: ids, digests, hashes, times and how long things took.
fn masked(text: &str) -> String {
    let masks = [
        // How far it stands to the right follows from how long ago that was.
        (r"(?: {3,}|\n)now: ", "   now: "),
        (r"\d{8}-\d{4}(\d\d)?-ana(-\d+)?", "ID"),
        (r"\b[0-9a-f]{40}\b|\b[0-9a-f]{64}\b", "HASH"),
        (r"(Plan |plan +|napshot )[0-9a-f]{8,10}\b", "${1}HASH"),
        (r"((?:before|after) )[0-9a-f]{10}\b", "${1}HASH"),
        (r"(?m)^(@\d* +)[0-9a-f]{10}\b", "${1}HASH"),
        (r"@[0-9a-f]{10}\b", "@HASH"),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z?", "TIME"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME"),
        (r"just now|\d+(?:s|m) ago", "AGO"),
        (r"(?m)^ +<?\d+(?:\.\d+)?s  ", "  TIME  "),
        (r"(after |took |\.   |about |at least )<?\d+(?:\.\d+)?s\b", "${1}TIME"),
        (r"(?m)  <?\d+(?:\.\d+)?s$", "  TIME"),
        (r"( runs?): \d+s to \d+s", "${1}"),
    ];
    masks
        .iter()
        .fold(text.to_owned(), |text, (what, with)| Regex::new(what).unwrap().replace_all(&text, *with).into_owned())
}
