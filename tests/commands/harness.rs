use std::fmt;
use std::process::{Child, Command, Stdio};

use regex::Regex;
use tempfile::TempDir;

/// An operations repository in a folder of its own.
pub(crate) struct Repository {
    folder: TempDir,
}

/// What a command said, and how it ended.
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) exit: Option<i32>,
}

impl Repository {
    /// One with these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            repository.write(path, text);
        }
        repository
    }

    /// A small one: an edge with its origin and its HPA in a simulated cluster, two weighted records, and three states.
    pub(crate) fn small() -> Self {
        Self::of(&[
            ("opsctl.toml", include_str!("small/opsctl.toml")),
            ("world.toml", include_str!("small/world.toml")),
            ("states/baseline.toml", include_str!("small/baseline.toml")),
            ("states/busy.toml", include_str!("small/busy.toml")),
            ("states/drained.toml", include_str!("small/drained.toml")),
        ])
    }

    pub(crate) fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Adds to the end of a file.
    pub(crate) fn append(&self, path: &str, text: &str) {
        let before = std::fs::read_to_string(self.path(path)).unwrap();
        self.write(path, &(before + text));
    }

    /// The command with a cleared environment, as `ana` on the machine `a17`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsctl"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("OPSCTL_OPERATOR", "ana").env("HOSTNAME", "a17").env("LANG", "C.UTF-8");
        command
    }

    /// Runs it to its end.
    pub(crate) fn opsctl(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { out: text(output.stdout), err: text(output.stderr), exit: output.status.code() }
    }

    /// Runs it, and requires that it succeeds.
    pub(crate) fn done(&self, arguments: &[&str]) -> Said {
        let said = self.opsctl(arguments);
        assert_eq!(said.exit, Some(0), "{arguments:?}\n{said}");
        said
    }

    /// Starts it; what it says goes to pipes.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// A live setting, as the simulation shows it.
    pub(crate) fn live(&self, at: &str, setting: &str) -> serde_json::Value {
        let said = self.done(&["sim", "show", at, "--json"]);
        let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        document["worlds"][0]["resources"][0]["settings"][setting].clone()
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
        (r"\d{8}-\d{4}(\d\d)?-ana(-\d+)?", "ID"),
        (r"\b[0-9a-f]{40}\b|\b[0-9a-f]{64}\b", "HASH"),
        (r"(Plan |plan +|napshot )[0-9a-f]{8,10}\b", "${1}HASH"),
        (r"((?:before|after) )[0-9a-f]{10}\b", "${1}HASH"),
        (r"(?m)^(@\d* +)[0-9a-f]{10}\b", "${1}HASH"),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z?", "TIME"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME"),
        (r"just now|\d+(?:s|m) ago", "AGO"),
        (r"(?m)^ +<?\d+(?:\.\d+)?s  ", "  TIME  "),
        (r"(after |took |\.   |about )<?\d+(?:\.\d+)?s\b", "${1}TIME"),
        (r"(?m)  <?\d+(?:\.\d+)?s$", "  TIME"),
    ];
    masks
        .iter()
        .fold(text.to_owned(), |text, (what, with)| Regex::new(what).unwrap().replace_all(&text, *with).into_owned())
}
