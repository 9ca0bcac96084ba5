use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;

use super::confirm::{Consent, agree, confirm};
use super::damage::Damage;
use super::exit::Exit;
use super::failure::Failure;
use super::intended::Intended;
use super::output::Output;
use super::repository::Repository;
use super::{by_hand, lacking, open, operator, owed, signals, taking_back};
use crate::apply::{self, ApplyError, Closing, Event, LetGo, Lock, Mark, Run, Tempo, What};
use crate::instance::Instances;
use crate::plan::{Plan, Skipped, SkippedWhy};
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

/// Where a plan is carried out.
pub(super) struct Setting<'a> {
    pub(super) repository: &'a Repository,
    pub(super) instances: &'a Instances,
    pub(super) store: &'a Store,
    /// The operation that began last when this one looked around.
    newest: Option<String>,
}

impl<'a> Setting<'a> {
    /// As it is before anything is planned.
    ///
    /// # Errors
    /// The history cannot be read.
    pub(super) fn new(repository: &'a Repository, instances: &'a Instances, store: &'a Store) -> Result<Self, Failure> {
        Ok(Self { repository, instances, store, newest: store.newest_operation()? })
    }

    /// Whether a plan is of another state than what stands: though it finds all as it should be, that state takes its place.
    fn is_otherwise(&self, plan: &Plan) -> bool {
        let intent = &plan.intent;
        let is_state = matches!(Intended::recorded(&intent.name), Intended::State(_));
        if !is_state || !intent.takes_the_place() {
            return false;
        }
        // What cannot be read is not that.
        let stands = self.store.stands(None).unwrap_or_default();
        let is_that = |operation: &Operation| {
            let is_done = matches!(operation.outcome, Outcome::Done | Outcome::DoneInPart);
            is_done && operation.name == intent.name && operation.state_digest == intent.state_digest
        };
        !stands.over.is_empty() || !stands.state.is_some_and(|state| is_that(&state.operation))
    }

    /// Whether nothing began since. Under the lock nothing can any more.
    ///
    /// # Errors
    /// Another operation did: what it left may be what this one is about.
    fn is_not_overtaken(&self) -> Result<(), Failure> {
        match self.store.newest_operation()? {
            newest if newest == self.newest => Ok(()),
            newest => Err(Failure::Overtaken { operation: newest.unwrap_or_default() }),
        }
    }
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
    let held = Held::take(setting)?;
    setting.is_not_overtaken()?;
    let (work_dir, lock) = (&work_dir, &held.lock);
    Ok(apply::let_go(LetGo { plan, instances, store, work_dir, lock, operator, host, name, reason, steps }).await?)
}

/// A plan that changes nothing and is of what stands already still decides: what earlier operations owe of it is not wanted any more. Of what is taken back that is
/// all but what is left as it is.
async fn decided(setting: &Setting<'_>, plan: &Plan, output: &Output) -> Result<Vec<StepRecord>, Failure> {
    let mut damage = Damage::default();
    let debts = owed::all(setting, &mut damage).await?;
    damage.warn(setting, output)?;
    let taken_back = owed::down_to(plan.intent.reverts.as_deref(), setting)?;
    let decided = debts.iter().flat_map(|debt| match taken_back.is_some_and(|down_to| debt.place <= down_to) {
        true => debt.not_spared_by(plan),
        false => debt.decided_by(plan),
    });
    Ok(decided.collect())
}

/// Lets go of steps and says so; of none nothing is said.
///
/// # Errors
/// It could not be recorded.
pub(super) async fn lets_go(
    setting: &Setting<'_>,
    plan: &Plan,
    name: String,
    reason: String,
    steps: Vec<StepRecord>,
    output: &Output,
) -> Result<(), Failure> {
    if steps.is_empty() {
        return Ok(());
    }
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
    agreed(&plan, setting, flags, output)?;
    carry_out(plan, None, setting, flags, output).await
}

/// Whether a plan may be carried out. One that changes nothing need not be agreed to.
///
/// # Errors
/// It was refused, or a secret that it needs cannot be had.
pub(super) fn agreed(plan: &Plan, setting: &Setting<'_>, flags: &Flags, output: &Output) -> Result<(), Failure> {
    if plan.is_operation() && !plan.refusals.is_empty() {
        return Err(ApplyError::Refused(plan.refusals.clone()).into());
    }
    if plan.is_empty() {
        return Ok(());
    }
    lacking::none(plan, setting.repository)?;
    may_be_taken_back(plan, flags.failing().unwrap_or(plan.intent.on_failure))?;
    flags.confirm(plan, output)
}

/// Whether what is done could be taken back, where that is wanted should a step fail.
///
/// # Errors
/// It could not.
pub(super) fn may_be_taken_back(plan: &Plan, on_failure: OnFailure) -> Result<(), Failure> {
    if on_failure != OnFailure::Rollback {
        return Ok(());
    }
    if plan.intent.reverts.is_some() {
        return Err(Failure::Usage(
            "a rollback is not taken back in its turn: --on-failure stop, or continue".to_owned(),
        ));
    }
    if plan.intent.tolerates_unreachable.is_empty() {
        return Ok(());
    }
    let name = &plan.intent.name;
    Err(Failure::Refused {
        what: format!("{name} goes on without what is unreachable, which could not be taken back; nothing was changed"),
        hint: "--on-failure stop or continue, or take `tolerates_unreachable` out of the state".to_owned(),
    })
}

/// What is held over all that belongs together: an apply, and the rollback of it should it fail.
pub(super) struct Held {
    pub(super) lock: Lock,
    /// How often Ctrl-C was pressed since then.
    pub(super) pressed: watch::Receiver<u8>,
}

impl Held {
    /// Takes the lock.
    ///
    /// # Errors
    /// Somebody else has it.
    pub(super) fn take(setting: &Setting<'_>) -> Result<Self, Failure> {
        let lock = Lock::take(&setting.repository.work_dir(), &operator::name(), &operator::host());
        Ok(Self { lock: lock.map_err(ApplyError::from)?, pressed: signals::counted() })
    }

    /// Until Ctrl-C has been pressed.
    pub(super) async fn interrupted(&self) {
        if self.pressed.clone().wait_for(|count| *count > 0).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Applies what was agreed to, shows what happens, and sums up. What did not end and is taken `over` is closed as it stands.
///
/// # Errors
/// It did not come to its end.
pub(super) async fn carry_out(
    plan: Arc<Plan>,
    over: Option<Mark>,
    setting: &Setting<'_>,
    flags: &Flags,
    output: &Output,
) -> Result<Exit, Failure> {
    if !plan.is_operation() && !setting.is_otherwise(&plan) {
        let is_left = |skipped: &Skipped| matches!(skipped.why, SkippedWhy::NotTargeted | SkippedWhy::HeldBack(_));
        if plan.intent.reverts.is_some() && plan.skipped.iter().any(is_left) {
            // Something of it is still to be taken back: nothing is closed, or let go of.
            return Ok(Exit::InPart);
        }
        let (name, steps) = (plan.intent.name.clone(), decided(setting, &plan, output).await?);
        // Of what is taken back nobody but the operator says that it is not wanted any more.
        let reason = match plan.intent.reverts {
            Some(_) => {
                flags.lets_go(&name, over.is_some(), &steps, output)?;
                "nothing of it is left to take back".to_owned()
            }
            None => format!("all that {name} says of it is so already"),
        };
        if let Some(over) = over {
            open::abandon(setting, over, Closing::TakenBack("rolled back".to_owned()), output).await?;
        }
        lets_go(setting, &plan, name, reason, steps, output).await?;
        return Ok(if view::plan::spares(&plan) { Exit::InPart } else { Exit::Done });
    }
    let (held, how) = (Held::take(setting)?, flags.how());
    setting.is_not_overtaken()?;
    let operation = obey(&plan, over, setting, &how, &held, output).await?;
    ended(&operation, Some(&plan), setting, &held, output).await
}

/// Obeys a plan and shows what happens.
pub(super) async fn obey(
    plan: &Arc<Plan>,
    over: Option<Mark>,
    setting: &Setting<'_>,
    how: &How,
    held: &Held,
    output: &Output,
) -> Result<Operation, Failure> {
    let work_dir = setting.repository.work_dir();
    let secrets = setting.repository.secrets();
    let (events, received) = unbounded_channel();
    let run = Run {
        plan: Arc::clone(plan),
        instances: setting.instances,
        store: setting.store,
        work_dir: &work_dir,
        lock: &held.lock,
        operator: operator::name(),
        host: operator::host(),
        on_failure: how.on_failure,
        parallelism: how.parallelism,
        over,
        events,
        interrupt: held.pressed.clone(),
        guard: &setting.repository.config.guard,
        secrets: &secrets,
        tempo: Tempo::default(),
    };
    let (operation, ()) = tokio::join!(apply::run(run), draw(plan, received, output));
    Ok(operation?)
}

/// Sums an operation up. One that failed and wants to be taken back is.
///
/// # Errors
/// It is not taken back.
pub(super) async fn ended(
    operation: &Operation,
    plan: Option<&Plan>,
    setting: &Setting<'_>,
    held: &Held,
    output: &Output,
) -> Result<Exit, Failure> {
    let open = apply::unfinished(&setting.repository.work_dir()).map_err(ApplyError::from)?;
    let Some(open) = open.filter(|open| open.takes_back && open.operation == operation.id) else {
        return summed_up(operation, plan, setting, output);
    };
    if !output.json {
        output.result(&format!("\n{}\n", view::failed(operation, &output.results)));
    }
    taking_back::failed(operation, open.mark(), setting, held, output).await
}

/// Prints what became of an operation; the exit code that it means.
pub(super) fn summed_up(
    operation: &Operation,
    plan: Option<&Plan>,
    setting: &Setting<'_>,
    output: &Output,
) -> Result<Exit, Failure> {
    if !output.json {
        let rto = plan.and_then(|plan| plan.intent.rto);
        let catalogues = &setting.repository.catalogues;
        let ways = plan.map(|plan| by_hand::ways(plan, operation, catalogues)).unwrap_or_default();
        output.result(&format!("\n{}", view::summary(operation, rto, &ways, &output.results)));
    }
    Ok(match operation.outcome {
        Outcome::Done => Exit::Done,
        Outcome::DoneInPart => Exit::InPart,
        // It failed before it did anything, and was to be taken back.
        Outcome::Failed if operation.abandoned.is_some() => Exit::RolledBack,
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
