use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use opsctl_api::Pattern;

use super::failure::Failure;
use super::output::Output;
use super::quota;
use super::repository::Repository;
use crate::instance::Instances;
use crate::plan::{self, Part, Plan, Request, Rest};
use crate::snapshot::Store;
use crate::state::{Loaded, NotFound, Scope, State};
use crate::view;

/// What an apply is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Intended {
    /// A state, by its name.
    State(String),
    /// A snapshot: `@`, `@3`, `@1f0c22ab9e`.
    Snapshot(String),
    /// A plan file.
    File(Utf8PathBuf),
}

impl Intended {
    /// Reads what was typed: `@…` is a snapshot; what has a `/`, ends with `.json`, or is a file where the operator stands and no
    /// state of this repository, a plan file; anything else a state.
    pub(super) fn read(typed: &str, repository: &Repository) -> Self {
        let is_file = || repository.path(Utf8Path::new(typed)).is_file();
        let exists = |name: &str| repository.config.root.join(format!("states/{name}.toml")).exists();
        let is_state = || typed.split('+').all(exists);
        Self::of(typed, || is_file() && !is_state())
    }

    /// What an operation of this name was towards.
    pub(super) fn recorded(name: &str) -> Self {
        if name.starts_with('@') { Self::Snapshot(name.to_owned()) } else { Self::State(name.to_owned()) }
    }

    fn of(typed: &str, is_only_a_file: impl FnOnce() -> bool) -> Self {
        if typed.starts_with('@') {
            Self::Snapshot(typed.to_owned())
        } else if typed.contains('/') || Utf8Path::new(typed).extension() == Some("json") || is_only_a_file() {
            Self::File(typed.into())
        } else {
            Self::State(typed.to_owned())
        }
    }
}

/// What to type so that it is read as this plan file: a bare name that is a state's too gets its `./`.
pub(super) fn typed_as_file(path: &Utf8Path, repository: &Repository) -> String {
    match Intended::read(path.as_str(), repository) {
        Intended::File(_) => path.to_string(),
        Intended::State(_) | Intended::Snapshot(_) => format!("./{path}"),
    }
}

/// Which part of a state, and what of it is allowed.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Selection {
    /// Only these names or addresses, and what they need; `*` stands for anything
    #[arg(long, value_name = "GLOB")]
    target: Vec<String>,
    /// Not these names or addresses, nor what grows on them
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Allows one-way changes of these
    #[arg(long, value_name = "ADDRESS")]
    allow_one_way: Vec<String>,
    /// The rest of an operation, and nothing else.
    #[arg(skip)]
    rest: Option<Rest>,
    /// Nobody is asked.
    #[arg(skip)]
    offline: bool,
}

impl Selection {
    /// Only what an operation did not do, of what it was asked for.
    pub(super) fn rest(rest: Rest, part: &Part) -> Self {
        let typed = |patterns: &[Pattern]| patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect();
        Self { target: typed(&part.target), exclude: typed(&part.exclude), rest: Some(rest), ..Self::default() }
    }

    /// The same, planned without asking anybody.
    pub(super) fn offline(self) -> Self {
        Self { offline: true, ..self }
    }

    /// Whether nothing is selected and nothing allowed.
    pub(super) fn is_empty(&self) -> bool {
        self.target.is_empty() && self.exclude.is_empty() && self.allow_one_way.is_empty()
    }

    /// Whether an address is left out; by name nothing is known of it here.
    pub(super) fn leaves_out(&self, at: &opsctl_api::Address) -> bool {
        let is_meant = |typed: &[String]| patterns(typed).iter().any(|pattern| pattern.matches(at));
        is_meant(&self.exclude) || (!self.target.is_empty() && !is_meant(&self.target))
    }

    /// The same as flags, for a command that is suggested.
    pub(super) fn flags(&self) -> String {
        let all = [("target", &self.target), ("exclude", &self.exclude), ("allow-one-way", &self.allow_one_way)];
        let flags = all.iter().flat_map(|(name, typed)| typed.iter().map(move |word| (name, word)));
        flags.map(|(name, word)| format!(" --{name} {}", opsctl_api::shell_word(word))).collect()
    }

    /// The request for a plan of all that it leaves.
    pub(super) fn request<'a>(
        &self,
        repository: &'a Repository,
        state: &'a State,
        scope: &'a Scope,
        secrets: &'a (dyn Fn(&opsctl_api::Source) -> Result<opsctl_api::Plain, String> + Send + Sync),
    ) -> Request<'a> {
        Request {
            state,
            scope,
            guard: &repository.config.guard,
            part: Part { target: patterns(&self.target), exclude: patterns(&self.exclude) },
            allow_one_way: patterns(&self.allow_one_way),
            reverts: None,
            rest: self.rest.clone(),
            called: Default::default(),
            left: Default::default(),
            before: Default::default(),
            past: Default::default(),
            made: Default::default(),
            force: Vec::new(),
            offline: self.offline,
            secrets,
        }
    }
}

pub(super) fn patterns(typed: &[String]) -> Vec<Pattern> {
    typed.iter().map(Pattern::new).collect()
}

/// Plans what is intended, but for a plan file: that is a plan.
///
/// # Errors
/// It is not there, its files have mistakes, or there is no plan.
pub(super) async fn plan(
    repository: &Repository,
    intended: &Intended,
    selection: &Selection,
    instances: &Instances,
    store: &Store,
    output: &Output,
) -> Result<Plan, Failure> {
    let (state, scope) = match intended {
        Intended::File(path) => {
            if !selection.is_empty() {
                return Err(Failure::Usage(
                    "a plan file is obeyed as it is: --target, --exclude and --allow-one-way belong to `opsctl plan`"
                        .to_owned(),
                ));
            }
            return Ok(plan::read(&repository.path(path))?);
        }
        Intended::Snapshot(reference) => {
            let stored = store.read(reference)?;
            // `@3` is another snapshot after every operation: the plan and its record name the one that was meant.
            let name = format!("@{}", stored.entry.commit.short());
            let mut state = repository.snapshot_state(store, &name, &stored)?;
            state.summary = view::snapshots::what(&stored.entry);
            // Nothing else is looked at: a snapshot has all settings of its time.
            (state, Scope::default())
        }
        Intended::State(name) => {
            let mut loaded = repository.states_for(name, output)?;
            (named(&mut loaded, name)?, loaded.scope)
        }
    };
    let secrets = repository.secrets();
    let mut request = selection.request(repository, &state, &scope, &secrets);
    let restored = state.resources.values().filter(|resource| resource.wants.values().any(|want| want.goal.restores()));
    let restored: Vec<Pattern> = restored.map(|resource| resource.declared.at.pattern()).collect();
    // The whole history is looked through for it.
    if !restored.is_empty() {
        request.past = store.past(&restored)?;
    }
    request.made = quota::made(&state, &[], repository, store)?;
    Ok(plan::make(request, instances).await?)
}

/// A state by its name, with the overlays that are named behind it.
///
/// # Errors
/// A part is not there or is no overlay, or the overlays do not go together.
pub(super) fn named(loaded: &mut Loaded, typed: &str) -> Result<State, Failure> {
    loaded.find(typed).map_err(|error| {
        let what = error.to_string();
        match error {
            NotFound::Unknown(name) => unknown_state(&name, loaded.states.keys()),
            NotFound::Conflicts(report) => Failure::Report(report),
            NotFound::NoOverlay(_) => {
                let overlays = loaded.states.values().filter(|state| state.over.is_some());
                let names: Vec<&str> = overlays.map(|state| state.name.as_str()).collect();
                let hint = match names.as_slice() {
                    [] => "there is no overlay yet: a file in states/ with over = \"STATE\"".to_owned(),
                    names => format!("overlays: {}", names.join(", ")),
                };
                Failure::Unknown { what, hint }
            }
            NotFound::Nothing(_) => Failure::Unknown { what, hint: "write STATE, or STATE+OVERLAY".to_owned() },
            NotFound::Twice(_) => Failure::Unknown { what, hint: "once is enough".to_owned() },
        }
    })
}

/// Whether something looks like what `opsctl snapshot list` calls a snapshot.
fn is_commit(name: &str) -> bool {
    name.len() >= 4 && name.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// No state has this name.
fn unknown_state<'a>(name: &str, states: impl Iterator<Item = &'a String>) -> Failure {
    let states: Vec<&str> = states.map(String::as_str).collect();
    let near = states.iter().map(|state| (strsim::damerau_levenshtein(name, state), *state)).min();
    let near = near.filter(|(distance, state)| *distance <= 1 + state.len() / 4);
    let hint = match near {
        Some((_, state)) => format!("did you mean `{state}`?"),
        None if is_commit(name) => format!("if that is a snapshot: @{name}"),
        None if states.is_empty() => "there is no state yet: write states/baseline.toml".to_owned(),
        None => format!("there are: {}", states.join(", ")),
    };
    Failure::Unknown { what: format!("there is no state `{name}`"), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_what_was_typed() {
        for (typed, is_file, intended) in [
            ("dr-active", false, Intended::State("dr-active".into())),
            ("@", false, Intended::Snapshot("@".into())),
            ("@3", true, Intended::Snapshot("@3".into())),
            ("plan.json", false, Intended::File("plan.json".into())),
            ("/tmp/plan", false, Intended::File("/tmp/plan".into())),
            ("p.plan", false, Intended::State("p.plan".into())),
            ("p.plan", true, Intended::File("p.plan".into())),
        ] {
            assert_eq!(Intended::of(typed, || is_file), intended, "{typed}");
        }
    }
}
