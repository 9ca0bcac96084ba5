use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use opsctl_api::{Plain, Source};

use super::failure::Failure;
use super::output::Output;
use super::registry;
use crate::apply;
use crate::check::Check;
use crate::config::{self, Config};
use crate::diagnostic::{Report, Severity};
use crate::instance::{Catalogues, Instances};
use crate::plan::Plan;
use crate::snapshot::{Outcome, Recorded, Stands, Store, StoreError, Stored, Which};
use crate::state::{self, Loaded, State, Strangers};
use crate::view;

/// An operations repository: its configuration, and what its instances know.
pub(super) struct Repository {
    pub(super) config: Config,
    pub(super) catalogues: Catalogues,
    /// Where the operator stood: paths on the command line are relative to it.
    stood: Utf8PathBuf,
    /// The operation that was done here last, where the history does not have it.
    pub(super) missed: Option<String>,
}

impl Repository {
    /// Opens the repository in the folder where the operator stands, or above it. From then on that is where the process works,
    /// so that commands and paths of a state mean the same wherever opsctl was started.
    ///
    /// # Errors
    /// There is none, or its `opsctl.toml` has mistakes.
    pub(super) fn open(output: &Output) -> Result<Self, Failure> {
        let stood = std::env::current_dir().and_then(|path| Utf8PathBuf::from_path_buf(path).map_err(|_| not_utf8()));
        let stood = stood.map_err(|source| Failure::Io { doing: "tell the current folder".to_owned(), source })?;
        let root = stood
            .ancestors()
            .find(|folder| folder.join("opsctl.toml").is_file())
            .ok_or_else(|| Failure::NoRepository(stood.clone()))?
            .to_owned();
        std::env::set_current_dir(&root).map_err(|source| Failure::Io { doing: format!("work in {root}"), source })?;
        let (config, mut report) = config::salvage(&root);
        let Some(config) = config else { return Err(report.into()) };
        let catalogues = registry::catalogues(&config, &mut report);
        if report.has_errors() {
            // Who has to mend one wants to know of all.
            registry::instances(&config, &catalogues, &mut report);
            report.sort();
        }
        told(report, output)?;
        let mut repository = Self { config, catalogues, stood, missed: None };
        repository.has_room()?;
        repository.missed = repository.missed();
        if let Some(operation) = &repository.missed {
            let path = &repository.config.snapshots.path;
            output.warn(&format!(
                "warning: {operation} was done here, by its journal in .opsctl, and the history in {path} does not have it: where that \
                 was moved, deleted or set back, bring it back, or nothing of it can be rolled back\n"
            ));
        }
        Ok(repository)
    }

    /// Whether there is room for journal, lock and simulated worlds, or can be.
    ///
    /// # Errors
    /// Something else is there.
    fn has_room(&self) -> Result<(), Failure> {
        let path = self.work_dir();
        match path.exists() && !path.is_dir() {
            false => Ok(()),
            true => Err(Failure::Unknown {
                what: format!("{path} is no folder"),
                hint: "opsctl keeps its journal, its lock and simulated worlds in one of that name: move this away"
                    .to_owned(),
            }),
        }
    }

    /// The operation that was done here last, where its snapshots are gone. A history that cannot be read is said by who reads it.
    fn missed(&self) -> Option<String> {
        let store = self.store().ok()?;
        apply::missed(&self.work_dir(), |operation| store.has(operation).unwrap_or(true))
    }

    /// Where journal, lock and simulated worlds are.
    pub(super) fn work_dir(&self) -> Utf8PathBuf {
        self.config.root.join(".opsctl")
    }

    /// A path of the command line.
    pub(super) fn path(&self, typed: &Utf8Path) -> Utf8PathBuf {
        self.stood.join(typed)
    }

    /// All states, found to be right; warnings are said.
    ///
    /// # Errors
    /// All mistakes of all files.
    pub(super) fn states(&self, output: &Output) -> Result<Loaded, Failure> {
        self.checked(state::load(&self.config.root, &self.catalogues), output)
    }

    fn checked(&self, mut loaded: Loaded, output: &Output) -> Result<Loaded, Failure> {
        if loaded.report.has_errors() {
            return Err(std::mem::take(&mut loaded.report).into());
        }
        warned(&loaded.report, output);
        Ok(loaded)
    }

    /// The same for one of them, with overlays maybe.
    ///
    /// # Errors
    /// All mistakes of all files; where it has none, how to go on without those that have.
    pub(super) fn states_for(&self, typed: &str, output: &Output) -> Result<Loaded, Failure> {
        let mut loaded = state::load(&self.config.root, &self.catalogues);
        let aside = loaded.mistaken_beside(typed).into_iter().map(|file| format!("mv {file} {file}.aside"));
        let aside: Vec<String> = aside.collect();
        let errors = loaded.report.diagnostics.iter_mut().rfind(|found| found.severity == Severity::Error);
        if let Some(last) = errors.filter(|_| !aside.is_empty()) {
            last.notes.push(format!(
                "{typed} has no mistake, and all states are read, for a name means the same in each; to go on without: {}",
                aside.join(" && ")
            ));
        }
        self.checked(loaded, output)
    }

    /// All instances, opened.
    ///
    /// # Errors
    /// All mistakes of their configuration, and of the worlds of simulated ones.
    pub(super) fn instances(&self, output: &Output) -> Result<Instances, Failure> {
        let (_, mut report) = config::load(&self.config.root);
        let instances = registry::instances(&self.config, &self.catalogues, &mut report);
        report.diagnostics.retain(|found| found.severity == crate::diagnostic::Severity::Error);
        told(report, output)?;
        Ok(instances)
    }

    /// The snapshots.
    ///
    /// # Errors
    /// There is a repository, and it cannot be read.
    pub(super) fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.config.root.join(&self.config.snapshots.path))?)
    }

    /// Where secrets' texts come from. The line end that editors put at the end of a file is no part of them. One that is empty is
    /// none: `$(vault read …)` that failed leaves that.
    pub(super) fn secrets(&self) -> impl Fn(&Source) -> Result<Plain, String> + Send + Sync + use<> {
        let root = self.config.root.clone();
        move |source| {
            let text = match source {
                Source::Env(name) => std::env::var(name).map_err(|error| format!("${name}: {error}"))?,
                Source::File(path) => fs_err::read_to_string(root.join(path)).map_err(|error| error.to_string())?,
            };
            if text.trim().is_empty() {
                let name = match source {
                    Source::Env(name) => format!("${name}"),
                    Source::File(path) => path.clone(),
                };
                return Err(format!("{name} is empty"));
            }
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Ok(Plain::new(text.strip_suffix('\r').unwrap_or(text)))
        }
    }

    /// A snapshot as a state of this name. The checks of one from before an operation are those of what was applied until then.
    ///
    /// # Errors
    /// It has what this opsctl does not know.
    pub(super) fn snapshot_state(&self, store: &Store, name: &str, stored: &Stored) -> Result<State, Failure> {
        let mut state = self.literal(name, stored, Strangers::Refused)?;
        if stored.entry.which == Which::Before {
            state.checks = self.checks_before(store, &stored.operation.id)?;
        }
        Ok(state)
    }

    /// The checks of what stood before an operation; none where nothing did, where it has no record, and where it did not come to
    /// its end: nobody has seen them hold.
    ///
    /// # Errors
    /// A snapshot that is needed is damaged.
    pub(super) fn checks_before(&self, store: &Store, operation: &str) -> Result<Vec<Check>, Failure> {
        let stands = store.stands(Some(operation))?;
        let held = |recorded: &Recorded| match recorded.operation.outcome {
            Outcome::Done | Outcome::DoneInPart => true,
            Outcome::CheckFailed => recorded.operation.failed_checks.is_empty(),
            _ => false,
        };
        match stands.state.iter().chain(&stands.over).all(held) {
            true => self.checks_of(store, &stands),
            false => Ok(Vec::new()),
        }
    }

    /// The checks of what stands: those of the state, and of the overlays over it. A part of a state brings about none.
    ///
    /// # Errors
    /// A snapshot that is needed is damaged.
    pub(super) fn checks_of(&self, store: &Store, stands: &Stands) -> Result<Vec<Check>, Failure> {
        let mut checks: BTreeMap<String, Check> = BTreeMap::new();
        for recorded in stands.state.iter().chain(&stands.over).filter(|recorded| recorded.operation.part.is_whole()) {
            let left = self.after(store, recorded)?;
            let of_this = left.into_iter().flat_map(|state| state.checks);
            checks.extend(of_this.map(|check| (check.name.clone(), check)));
        }
        Ok(checks.into_values().collect())
    }

    /// What was there when an operation had ended; `None` where that was not recorded.
    ///
    /// # Errors
    /// The snapshot is damaged, or has what this opsctl does not know.
    pub(super) fn after(&self, store: &Store, recorded: &Recorded) -> Result<Option<State>, Failure> {
        let Some(entry) = recorded.snapshots.iter().find(|entry| entry.which == Which::After) else { return Ok(None) };
        let stored = store.read_commit(entry.commit)?;
        self.literal(&entry.commit.short(), &stored, Strangers::LeftOut).map(Some)
    }

    /// What was there before an operation, from its snapshot.
    ///
    /// # Errors
    /// It has what this opsctl does not know.
    pub(super) fn before(&self, stored: &Stored) -> Result<State, Failure> {
        self.literal(&stored.entry.commit.short(), stored, Strangers::LeftOut)
    }

    /// The plan of an operation; `None` where it was ended before that was recorded.
    ///
    /// # Errors
    /// The snapshot is damaged, or another version of opsctl took it.
    pub(super) fn planned(&self, store: &Store, recorded: &Recorded) -> Result<Option<Plan>, Failure> {
        let Some(entry) = recorded.snapshots.iter().find(|entry| entry.which == Which::Before) else { return Ok(None) };
        Ok(store.read_commit(entry.commit)?.plan()?)
    }

    /// The same where it is no matter that another version of opsctl took it: then there is none.
    ///
    /// # Errors
    /// The snapshot is damaged.
    pub(super) fn planned_if_read(&self, store: &Store, recorded: &Recorded) -> Result<Option<Plan>, Failure> {
        match self.planned(store, recorded) {
            Err(Failure::Store(StoreError::PlanFormat { .. })) => Ok(None),
            planned => planned,
        }
    }

    fn literal(&self, name: &str, stored: &Stored, strangers: Strangers) -> Result<State, Failure> {
        let path = format!("snapshot {}", stored.entry.commit.short());
        Ok(state::load_literal(name, &path, &stored.live_toml, &self.catalogues, strangers)?)
    }
}

fn not_utf8() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, "its path is not UTF-8")
}

/// Says warnings, and gives errors back.
fn told(report: Report, output: &Output) -> Result<(), Failure> {
    if report.has_errors() {
        return Err(report.into());
    }
    warned(&report, output);
    Ok(())
}

fn warned(report: &Report, output: &Output) {
    if !report.diagnostics.is_empty() {
        output.say(&view::error::report(report, &output.progress));
    }
}
