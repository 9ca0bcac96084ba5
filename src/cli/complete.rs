//! What a shell offers at Tab. The shell's function asks the program itself, which so knows the states that there are.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{EnvCompleter, Shells};

use super::arguments::Arguments;
use super::exit::Exit;
use super::registry;
use crate::diagnostic::Code;

/// Set by the shell's function where it asks.
const ASKED: &str = "OPSCTL_COMPLETE";
const PROGRAM: &str = "opsctl";

/// The shells that there is a function for.
pub(super) fn shells() -> impl Iterator<Item = &'static str> {
    Shells::builtins().0.iter().map(|shell| shell.name())
}

/// The function of a shell, to be sourced; `None` of a shell that is not known.
///
/// # Errors
/// The text could not be written.
pub(super) fn function(shell: &str) -> Option<io::Result<String>> {
    let shells = Shells::builtins();
    Some(of_shell(shells.completer(shell)?))
}

fn of_shell(shell: &dyn EnvCompleter) -> io::Result<String> {
    let mut text = Vec::new();
    shell.write_registration(ASKED, PROGRAM, PROGRAM, PROGRAM, &mut text)?;
    String::from_utf8(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Answers a shell that asks; `None` where none does.
pub(super) fn answer() -> Option<ExitCode> {
    std::env::var_os(ASKED).filter(|shell| !shell.is_empty() && shell != "0")?;
    let words: Vec<OsString> = std::env::args_os().collect();
    // The words that are asked about stand behind `--`. What `-C` names among them is where the states are.
    let typed = words.iter().skip_while(|word| *word != "--");
    let named = typed.skip_while(|word| *word != "-C").nth(1);
    // A folder that is not there has no states.
    let _ = named.map(std::env::set_current_dir);
    let here = std::env::current_dir().ok();
    let answered = CompleteEnv::with_factory(Arguments::command).var(ASKED).try_complete(words, here.as_deref());
    Some(match answered {
        Ok(_) => Exit::Done.into(),
        Err(error) => {
            // Nobody reads any more: nothing is lost.
            let _ = error.print();
            Exit::Usage.into()
        }
    })
}

/// The name of a state, or `STATE+OVERLAY`.
pub(super) fn state() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| states(&typed.to_string_lossy(), &files()))
}

/// The name of a kind.
pub(super) fn kind() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let kinds = registry::all_catalogues().flat_map(|(_, catalogue)| catalogue.kinds());
        kinds.map(|kind| CompletionCandidate::new(kind.name).help(Some(kind.doc.into()))).collect()
    })
}

/// The code of a mistake.
pub(super) fn code() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let all = Code::ALL.iter();
        all.map(|code| CompletionCandidate::new(code.number()).help(Some(code.title().into()))).collect()
    })
}

/// A file of states: its name, and whether it is an overlay.
type File = (String, bool);

/// What the last name of what was typed may become. Behind a `+` overlays are offered, each once.
fn states(typed: &str, files: &[File]) -> Vec<CompletionCandidate> {
    let Some((before, begun)) = typed.rsplit_once('+') else {
        let begun = files.iter().filter(|(name, _)| name.starts_with(typed));
        return begun.map(|(name, _)| CompletionCandidate::new(name)).collect();
    };
    let taken = |name: &str| before.split('+').any(|taken| taken == name);
    let open = files.iter().filter(|(name, over)| *over && name.starts_with(begun) && !taken(name));
    open.map(|(name, _)| CompletionCandidate::new(format!("{before}+{name}"))).collect()
}

/// The states of the repository in the folder where the operator stands, or above it. They may be full of mistakes, so they are
/// not read: an overlay is what has a line that begins with `over`.
fn files() -> Vec<File> {
    let here = std::env::current_dir().unwrap_or_default();
    let root = here.ancestors().find(|folder| folder.join("opsctl.toml").is_file());
    let files = root.and_then(|root| fs_err::read_dir(root.join("states")).ok()).into_iter().flatten();
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    let states = paths.filter(|path| path.extension() == Some(OsStr::new("toml")));
    let is_overlay = |path: &Path| {
        let text = fs_err::read_to_string(path).unwrap_or_default();
        text.lines().any(|line| line.strip_prefix("over").is_some_and(|rest| rest.trim_start().starts_with('=')))
    };
    let mut files: Vec<File> =
        states.filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), is_overlay(&path)))).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_the_last_name_is_completed() {
        let files = [("baseline", false), ("busy", true), ("night", true)].map(|(name, over)| (name.to_owned(), over));
        let offered = |typed: &str| -> Vec<String> {
            let offered = states(typed, &files);
            offered.iter().map(|candidate| candidate.get_value().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(offered(""), ["baseline", "busy", "night"]);
        assert_eq!(offered("b"), ["baseline", "busy"]);
        assert_eq!(offered("baseline+b"), ["baseline+busy"]);
        assert_eq!(offered("baseline+busy+"), ["baseline+busy+night"]);
        assert!(offered("x").is_empty());
    }
}
