use clap::{Args, ValueEnum};

use super::confirm::{Consent, agree, confirm};
use super::failure::Failure;
use super::output::Output;
use crate::plan::Plan;
use crate::snapshot::StepRecord;
use crate::state::OnFailure;
use crate::view;

/// How an apply or a rollback is carried out.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Flags {
    #[command(flatten)]
    consent: Consent,
    /// What a failed step does to the rest, instead of what the state says
    #[arg(long, value_name = "WHAT")]
    on_failure: Option<Failing>,
    /// At most so many steps under way at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    parallelism: Option<u16>,
}

/// How a plan is obeyed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct How {
    /// What a failed step does to the rest; `None` for what the plan says.
    pub(super) on_failure: Option<OnFailure>,
    /// At most so many steps under way at once.
    pub(super) parallelism: Option<usize>,
}

impl Flags {
    /// What a failed step does, where that is said.
    pub(super) fn failing(&self) -> Option<OnFailure> {
        self.on_failure.map(OnFailure::from)
    }

    pub(super) fn how(&self) -> How {
        How { on_failure: self.failing(), parallelism: self.parallelism.map(usize::from) }
    }

    /// Lets the operator say yes, or not.
    ///
    /// # Errors
    /// The operator said no, or nobody can be asked.
    pub(super) fn confirm(&self, plan: &Plan, output: &Output) -> Result<(), Failure> {
        confirm(plan, &self.consent, output)
    }

    /// The same before steps are let go of: what is not wanted any more is the operator's to say.
    ///
    /// # Errors
    /// The operator said no, or nobody can be asked.
    pub(super) fn lets_go(
        &self,
        name: &str,
        closes: bool,
        steps: &[StepRecord],
        output: &Output,
    ) -> Result<(), Failure> {
        if steps.is_empty() && !closes {
            return Ok(());
        }
        if !steps.is_empty() && !self.consent.is_given() {
            output.say(&view::to_let_go(steps, &output.progress));
        }
        agree(name, &self.consent, output)
    }
}

/// What a failed step does to the rest.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Failing {
    /// Starts nothing new, lets what runs end
    Stop,
    /// Goes on with what does not depend on it
    Continue,
    /// Takes back what was done
    Rollback,
}

impl From<Failing> for OnFailure {
    fn from(failing: Failing) -> Self {
        match failing {
            Failing::Stop => Self::Stop,
            Failing::Continue => Self::Continue,
            Failing::Rollback => Self::Rollback,
        }
    }
}
