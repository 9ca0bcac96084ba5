use clap::Args;

use super::failure::Failure;
use super::output::Output;
use crate::plan::Plan;
use crate::view;

/// How an apply is confirmed where nobody is asked.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Consent {
    /// Goes on without asking; not enough for a state that wants its name typed
    #[arg(short = 'y', long)]
    yes: bool,
    /// Goes on if NAME is that of what is applied, as if it had been typed
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

impl Consent {
    /// Whether anything was said on the command line.
    pub(super) fn is_given(&self) -> bool {
        self.yes || self.confirm.is_some()
    }
}

/// Lets the operator say yes, or not.
///
/// # Errors
/// The operator said no, or nobody can be asked and the flags do not suffice.
pub(super) fn confirm(plan: &Plan, consent: &Consent, output: &Output) -> Result<(), Failure> {
    asked(&plan.intent.name, plan.intent.confirm, &view::plan::targets(plan), consent, output)
}

/// The same of what changes nothing and needs no name typed.
///
/// # Errors
/// As there.
pub(super) fn agree(name: &str, consent: &Consent, output: &Output) -> Result<(), Failure> {
    asked(name, false, "", consent, output)
}

fn asked(name: &str, is_typed: bool, targets: &str, consent: &Consent, output: &Output) -> Result<(), Failure> {
    match &consent.confirm {
        Some(typed) if typed == name => return Ok(()),
        Some(typed) => return Err(refused(format!("--confirm says `{typed}`, and this is `{name}`"), "")),
        None if consent.yes && !is_typed => return Ok(()),
        None => {}
    }
    if !output.may_ask() {
        return Err(if is_typed {
            let but = if consent.yes { "; -y alone does not suffice" } else { "" };
            refused(
                format!("{name} wants its name typed, and nobody can be asked here{but}"),
                format!("say it on the command line: --confirm {}", opsctl_api::shell_word(name)),
            )
        } else {
            refused("nobody can be asked here", "say yes on the command line: -y")
        });
    }
    let question = if is_typed { format!("Type {name} to go on: ") } else { "Go on? [y/N] ".to_owned() };
    let answer = output.ask(&format!("\n{targets}\n{question}")).unwrap_or_default();
    let agreed = if is_typed { answer == name } else { ["y", "yes"].contains(&answer.to_lowercase().as_str()) };
    match agreed {
        true => Ok(()),
        false if is_typed && answer.is_empty() => Err(refused("no name was typed", "")),
        false if is_typed => Err(refused(format!("`{}` is not {name}", answer.escape_debug()), "")),
        false => Err(refused("the operator said no", "")),
    }
}

fn refused(what: impl Into<String>, hint: impl Into<String>) -> Failure {
    Failure::Refused { what: format!("{}; nothing was changed", what.into()), hint: hint.into() }
}
