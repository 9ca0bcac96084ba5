//! The real binary in an operations repository of its own.

mod said;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub(crate) use said::Said;

/// An operations repository in a folder of its own.
pub(crate) struct Repository {
    folder: TempDir,
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

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The command with a cleared environment, as `ana` on the machine `a17`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsctl"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("OPSCTL_OPERATOR", "ana").env("HOSTNAME", "a17").env("LANG", "C.UTF-8");
        // A key that no AWS knows, and moto does not ask for.
        command.env("AWS_ACCESS_KEY_ID", "ANA").env("AWS_SECRET_ACCESS_KEY", "nothing");
        command
    }

    /// Runs it to its end.
    pub(crate) fn opsctl(&self, arguments: &[&str]) -> Said {
        Said::by(&mut self.command(arguments))
    }

    /// Runs it, and requires that it ends so.
    #[track_caller]
    pub(crate) fn ends(&self, exit: i32, arguments: &[&str]) -> Said {
        let said = self.opsctl(arguments);
        assert_eq!(said.exit, Some(exit), "opsctl {}\n{said}", arguments.join(" "));
        said
    }

    /// Runs it, and requires that it succeeds.
    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> Said {
        self.ends(0, arguments)
    }

    /// The JSON document that a command gives.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let said = self.opsctl(&[arguments, &["--json"]].concat());
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{said}"))
    }

    /// A live setting, as the simulation shows it.
    pub(crate) fn simulated(&self, at: &str, setting: &str) -> serde_json::Value {
        self.json(&["sim", "show", at])["worlds"][0]["resources"][0]["settings"][setting].clone()
    }
}
