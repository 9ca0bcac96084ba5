//! What stands below the options in the help of a command, and in its manual page: examples, and the exit codes that matter.

use super::exit::Exit;

/// An example, and what it does.
pub(super) type Example = (&'static str, &'static str);

/// An exit code, and what it means here.
pub(super) type Ending = (Exit, &'static str);

/// How whatever changes something may end, besides as it should.
pub(super) const CHANGING: &[Ending] = &[
    (Exit::Refused, "a guard, the preflight, an owner or you said no; nothing was changed"),
    (Exit::Stale, "live is not what the plan was made from; nothing was changed"),
    (Exit::Locked, "somebody else is applying; nothing was changed"),
    (Exit::RolledBack, "it failed, and what it had done was taken back"),
    (Exit::Failed, "it failed or was stopped; changes were left in place"),
    (Exit::Unfinished, "an operation that did not end is in the way; nothing was changed"),
    (Exit::CheckFailed, "a check before the first change does not hold; nothing was changed"),
    (Exit::InPart, "done, with steps owed or settings left alone"),
];

/// All of them.
pub(super) fn endings() -> Vec<Ending> {
    let first = [
        (Exit::Done, "done; or there was nothing to change"),
        (Exit::Error, "an error; nothing was changed"),
        (Exit::Differs, "with --detailed-exitcode: there are differences"),
    ];
    let last = [(Exit::Usage, "the command line is not understood; nothing was changed")];
    [&first[..], CHANGING, &last[..]].concat()
}

/// The examples and exit codes of a command.
pub(super) fn more(examples: &[Example], endings: &[Ending]) -> String {
    let widest = examples.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    let mut text = String::from("Examples:");
    for (command, what) in examples {
        text.push_str(&format!("\n  {command:widest$}   {what}"));
    }
    if !endings.is_empty() {
        text.push_str("\n\nExit codes:");
    }
    for (exit, what) in endings {
        text.push_str(&format!("\n  {:<2}   {what}", exit.code()));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Command, CommandFactory, Parser};

    use super::*;
    use crate::cli::arguments::Arguments;

    /// A command and all below it, with what is typed to get there.
    fn all(command: &Command, typed: &str, found: &mut Vec<(String, String)>) {
        let after = command.get_after_long_help().or_else(|| command.get_after_help());
        found.push((typed.to_owned(), after.map(ToString::to_string).unwrap_or_default()));
        for below in command.get_subcommands() {
            all(below, &format!("{typed} {}", below.get_name()), found);
        }
    }

    /// What an example types of opsctl: what a shell has before and behind is left out.
    fn typed(line: &str) -> Vec<String> {
        let line = &line[line.find("opsctl").unwrap()..];
        let end = ["   ", " | ", " > ", ")"].iter().filter_map(|end| line.find(end)).min().unwrap_or(line.len());
        let mut words = vec![String::new()];
        let mut quoted = false;
        for c in line[..end].chars() {
            match c {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                c => words.last_mut().unwrap().push(c),
            }
        }
        words
    }

    #[test]
    fn test_every_command_has_examples_of_its_own_that_parse() {
        let mut commands = Vec::new();
        all(&Arguments::command(), "opsctl", &mut commands);
        assert!(commands.len() > 25);
        for (command, after) in commands {
            let examples = after.strip_prefix("Examples:\n").unwrap_or_else(|| panic!("{command} has no examples"));
            for line in examples.split("\n\n").next().unwrap().lines() {
                let words = typed(line);
                assert!(words.join(" ").starts_with(&command), "{command}: {line}");
                let parsed = Arguments::try_parse_from(&words);
                let fine = parsed.as_ref().err().is_none_or(|error| !error.use_stderr());
                assert!(fine, "{line}: {:?}", parsed.err());
                assert!(line.chars().count() < 100, "{line}");
            }
        }
    }

    #[test]
    fn test_each_exit_code_is_told() {
        let told: BTreeSet<u8> = endings().into_iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(told, Exit::ALL.into_iter().map(Exit::code).collect());
    }
}
