use std::process::{Child, Stdio};

use crate::harness::Repository;

impl Repository {
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

    /// Adds to the end of a file.
    pub(crate) fn append(&self, path: &str, text: &str) {
        let before = std::fs::read_to_string(self.path(path)).unwrap();
        self.write(path, &(before + text));
    }

    /// Starts it; what it says goes to pipes.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}
