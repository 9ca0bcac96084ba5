use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;

use super::damage::Damage;
use super::exit::Exit;
use super::failure::Failure;
use super::flags::{Flags, How};
use super::output::Output;
use super::setting::Setting;
use super::{by_hand, called, lacking, operator, owed, rto, signals, taking_back};
use crate::apply::{self, ApplyError, Event, LetGo, Lock, Mark, Run, Tempo, What};
use crate::plan::Plan;
use crate::snapshot::{Operation, Outcome, StepRecord};
use crate::state::OnFailure;
use crate::view::{self, progress};

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

/// A plan that changes nothing and is of what stands already still decides: what earlier operations owe of it is not wanted any more.
async fn decided(setting: &Setting<'_>, plan: &Plan, output: &Output) -> Result<Vec<StepRecord>, Failure> {
    let mut damage = Damage::default();
    let debts = owed::all(setting, &mut damage).await?;
    damage.warn(setting, output)?;
    Ok(debts.iter().flat_map(|debt| debt.decided_by(plan)).collect())
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
    if plan.intent.reverts.is_none() && !plan.is_operation() && !setting.is_otherwise(&plan) {
        let (name, steps) = (plan.intent.name.clone(), decided(setting, &plan, output).await?);
        let reason = format!("all that {name} says of it is so already");
        lets_go(setting, &plan, name, reason, steps, output).await?;
        let spares = view::plan::spares(&plan);
        if spares {
            output.say("Nothing was changed.\n");
        }
        return Ok(if spares { Exit::InPart } else { Exit::Done });
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
        let rto = plan.and_then(|plan| rto::of(operation, plan, &setting.repository.catalogues));
        let ways = plan.map(|plan| by_hand::ways(plan, operation, setting.repository)).unwrap_or_default();
        let not_undone = plan.map(|plan| called::not_undone(plan, setting.repository, setting.store));
        let not_undone = not_undone.unwrap_or_default();
        output.result(&format!("\n{}", view::summary(operation, rto.as_ref(), &ways, &not_undone, &output.results)));
    }
    Ok(match operation.outcome {
        Outcome::Done => Exit::Done,
        Outcome::DoneInPart => Exit::InPart,
        // It failed before it did anything, and was to be taken back.
        Outcome::Failed if operation.abandoned.is_some() => Exit::RolledBack,
        Outcome::Interrupted if operation.is_held_back() => Exit::InPart,
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
        let mut clock = tokio::time::interval(Duration::from_secs(1));
        loop {
            let told = tokio::select! {
                event = events.recv() => match event {
                    Some(event) => lines.take(&event).into_iter().collect(),
                    None => break,
                },
                _ = clock.tick() => lines.tick(Timestamp::now()),
            };
            told.iter().for_each(|line| output.say(&format!("{line}\n")));
        }
    }
}
