use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::complete;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;

/// Prints what makes a shell complete opsctl's words, names of states among them
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[
        ("source <(opsctl completions bash)", "in ~/.bashrc"),
        ("source <(opsctl completions zsh)", "in ~/.zshrc, behind compinit"),
        ("opsctl completions fish | source", "in ~/.config/fish/config.fish"),
    ],
    &[],
))]
pub(in crate::cli) struct Completions {
    /// Which shell
    #[arg(value_parser = PossibleValuesParser::new(complete::shells()))]
    shell: String,
}

impl Completions {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let text = complete::function(&self.shell).ok_or_else(|| Failure::Unknown {
            what: format!("there is nothing for the shell `{}`", self.shell),
            hint: String::new(),
        })?;
        let text = text.map_err(|source| Failure::Io { doing: "write what the shell reads".to_owned(), source })?;
        output.result(&text);
        Ok(Exit::Done)
    }
}
