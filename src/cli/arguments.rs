use camino::Utf8PathBuf;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand};

use super::commands;
use super::help::{self, Example};

const EXAMPLES: &[Example] = &[
    ("opsctl init", "makes an operations repository in this folder"),
    ("opsctl plan dr-active", "what would change, in which order and why"),
    ("opsctl apply dr-active", "does it, and waits until each step is true and ready"),
    ("opsctl rollback", "goes back to what was there before"),
    ("opsctl plan --help", "says more of plan; so do the others"),
];

/// Moves live infrastructure between named states: planned, applied in order, snapshotted, rolled back
#[derive(Debug, Parser)]
#[command(name = "opsctl", version, max_term_width = 100)]
#[command(after_help = help::more(EXAMPLES, &[]), after_long_help = help::more(EXAMPLES, &help::endings()))]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) everywhere: Everywhere,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Everywhere {
    /// Works as if started in this folder
    #[arg(short = 'C', value_name = "DIR", global = true, help_heading = "Everywhere")]
    pub(super) dir: Option<Utf8PathBuf>,
    /// Prints a versioned JSON document; of an apply a line an event
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(super) json: bool,
    /// Adds no colour (as NO_COLOR does)
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(super) no_color: bool,
    /// Leaves progress out
    #[arg(short, long, global = true, help_heading = "Everywhere", conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Folds nothing, and tells every reason
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub(super) verbose: bool,
    /// Never asks
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(super) no_input: bool,
}

/// What is meant to be a command one day, and what does as well meanwhile.
const NOT_BUILT: &[(&str, &str)] = &[
    ("permissions", "what an API denies is said before anything is changed: opsctl plan STATE"),
    ("unlock", "a lock is let go of by itself once its process has ended; what did not end: opsctl resume"),
];

impl Arguments {
    /// Reads a command line. Of a command that is not there yet it says that.
    pub(super) fn read() -> Result<Self, clap::Error> {
        Self::try_parse().map_err(|error| {
            let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else { return error };
            let Some((name, meanwhile)) = NOT_BUILT.iter().find(|(name, _)| name == typed) else { return error };
            let what = format!("`opsctl {name}` is not built yet\n\n  tip: {meanwhile}");
            Self::command().error(ErrorKind::InvalidSubcommand, what)
        })
    }
}

/// The commands, in the order in which an operator meets them.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(commands::init::Init),
    Plan(commands::plan::Plan),
    Apply(commands::apply::Apply),
    Rollback(commands::rollback::Rollback),
    Resume(commands::resume::Resume),
    Status(commands::status::Status),
    States(commands::states::States),
    Check(commands::check::Check),
    #[command(subcommand)]
    Snapshot(commands::snapshot::Snapshot),
    Log(commands::log::Log),
    Show(commands::show::Show),
    Blame(commands::blame::Blame),
    Kinds(commands::kinds::Kinds),
    Capture(commands::capture::Capture),
    Schema(commands::schema::Schema),
    Explain(commands::explain::Explain),
    #[command(subcommand)]
    Sim(commands::sim::Sim),
    Completions(commands::completions::Completions),
    Man(commands::man::Man),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_arguments_are_sound() {
        Arguments::command().debug_assert();
    }
}
