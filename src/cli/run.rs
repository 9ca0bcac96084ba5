use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::confirm::{Consent, confirm};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::repository::Repository;
use super::{operator, owed, signals};
use crate::apply::{self, ApplyError, Event, LetGo, Run, Tempo, What};
use crate::instance::Instances;
use crate::plan::Plan;
use crate::snapshot::{Operation, Outcome, StepRecord, Store};
use crate::state::OnFailure;
use crate::view::{self, progress};

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

impl Flags {
    /// Lets the operator say yes, or not.
    ///
    /// # Errors
    /// The operator said no, or nobody can be asked.
    pub(super) fn confirm(&self, plan: &Plan, output: &Output) -> Result<(), Failure> {
        confirm(plan, &self.consent, output)
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

/// Where a plan is carried out.
pub(super) struct Setting<'a> {
    pub(super) repository: &'a Repository,
    pub(super) instances: &'a Instances,
    pub(super) store: &'a Store,
}

/// Somebody else at it is in the way of all that changes anything: said before anything is read. Whoever comes in between is met
/// by the lock itself.
pub(super) fn alone(repository: &Repository) -> Result<(), Failure> {
    match apply::running(&repository.work_dir())? {
        Some(running) => Err(ApplyError::Running(Box::new(running)).into()),
        None => Ok(()),
    }
}

/// So is an operation that did not end, of an apply.
pub(super) fn unhindered(repository: &Repository) -> Result<(), Failure> {
    alone(repository)?;
    match apply::unfinished(&repository.work_dir()).map_err(ApplyError::from)? {
        Some(open) => Err(ApplyError::Unfinished(Box::new(open)).into()),
        None => Ok(()),
    }
}

/// Records that steps of ended operations are not wanted any more.
pub(super) async fn let_go(
    setting: &Setting<'_>,
    plan: &Plan,
    name: String,
    reason: String,
    steps: Vec<StepRecord>,
) -> Result<Operation, Failure> {
    let work_dir = setting.repository.work_dir();
    let (instances, store) = (setting.instances, setting.store);
    let (operator, host) = (operator::name(), operator::host());
    let what = LetGo { plan, instances, store, work_dir: &work_dir, operator, host, name, reason, steps };
    Ok(apply::let_go(what).await?)
}

/// A plan that changes nothing still decides: what earlier operations owe of it is let go of.
async fn decide(setting: &Setting<'_>, plan: &Plan, output: &Output) -> Result<(), Failure> {
    let debts = owed::all(setting).await?;
    if debts.is_empty() {
        return Ok(());
    }
    let decided = owed::decided(plan);
    let steps: Vec<StepRecord> = debts.iter().flat_map(|debt| debt.decided_by(&decided)).collect();
    if steps.is_empty() {
        return Ok(());
    }
    let name = plan.intent.name.clone();
    let reason = format!("all that {name} says of it is so already");
    let operation = let_go(setting, plan, name, reason, steps).await?;
    if !output.json {
        output.result(&view::let_go(&operation, &output.results));
    }
    Ok(())
}

/// Carries a plan out: asks, applies, shows what happens, and sums up.
///
/// # Errors
/// It was refused, or did not come to its end.
pub(super) async fn run(
    plan: Arc<Plan>,
    setting: &Setting<'_>,
    flags: &Flags,
    output: &Output,
) -> Result<Exit, Failure> {
    agreed(&plan, flags, output)?;
    carry_out(plan, setting, flags, output).await
}

/// Whether a plan may be carried out. One that changes nothing may.
///
/// # Errors
/// It was refused.
pub(super) fn agreed(plan: &Plan, flags: &Flags, output: &Output) -> Result<(), Failure> {
    if plan.is_empty() {
        return Ok(());
    }
    if !plan.refusals.is_empty() {
        return Err(ApplyError::Refused(plan.refusals.clone()).into());
    }
    flags.confirm(plan, output)
}

/// Applies what was agreed to, shows what happens, and sums up.
///
/// # Errors
/// It did not come to its end.
pub(super) async fn carry_out(
    plan: Arc<Plan>,
    setting: &Setting<'_>,
    flags: &Flags,
    output: &Output,
) -> Result<Exit, Failure> {
    if plan.is_empty() {
        decide(setting, &plan, output).await?;
        return Ok(if view::plan::spares(&plan) { Exit::InPart } else { Exit::Done });
    }
    let work_dir = setting.repository.work_dir();
    let secrets = setting.repository.secrets();
    let (events, received) = unbounded_channel();
    let run = Run {
        plan: Arc::clone(&plan),
        instances: setting.instances,
        store: setting.store,
        work_dir: &work_dir,
        operator: operator::name(),
        host: operator::host(),
        on_failure: flags.on_failure.map(OnFailure::from),
        parallelism: flags.parallelism.map(usize::from),
        events,
        interrupt: signals::counted(),
        previous_checks: Vec::new(),
        secrets: &secrets,
        tempo: Tempo::default(),
    };
    let (operation, ()) = tokio::join!(apply::run(run), draw(&plan, received, output));
    summed_up(&operation?, plan.intent.rto, output)
}

/// Prints what became of an operation; the exit code that it means.
pub(super) fn summed_up(operation: &Operation, rto: Option<Duration>, output: &Output) -> Result<Exit, Failure> {
    if !output.json {
        output.result(&format!("\n{}", view::summary(operation, rto, &output.results)));
    }
    Ok(match operation.outcome {
        Outcome::Done => Exit::Done,
        Outcome::DoneInPart => Exit::InPart,
        Outcome::Failed | Outcome::Interrupted | Outcome::CheckFailed | Outcome::Running => Exit::Failed,
        Outcome::Abandoned => Exit::Done,
    })
}

/// Draws events until there are no more.
pub(super) async fn draw(plan: &Plan, mut events: UnboundedReceiver<Event>, output: &Output) {
    if output.json {
        while let Some(event) = events.recv().await {
            output.result(&(progress::json_line(&event) + "\n"));
        }
    } else if !output.shows_progress() {
        while let Some(event) = events.recv().await {
            if let What::Notice { text } = &event.what {
                output.warn(&format!("{text}\n"));
            }
        }
    } else if output.is_live() {
        let mut live = progress::Live::new(plan, output.progress);
        let mut clock = tokio::time::interval(Duration::from_millis(250));
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => live.take(&event),
                    None => break,
                },
                _ = clock.tick() => live.tick(Timestamp::now()),
            }
        }
        live.finish();
    } else {
        let mut lines = progress::Lines::new(plan, output.progress);
        while let Some(event) = events.recv().await {
            if let Some(line) = lines.take(&event) {
                output.say(&(line + "\n"));
            }
        }
    }
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
