use std::sync::Arc;

use camino::Utf8Path;
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::abandon::Closing;
use super::dispatch::Machine;
use super::entry::{Begin, Entry, FORMAT};
use super::event::{Event, What};
use super::execute::Engine;
use super::finish::{Site, carry_out, close, stage};
use super::journal::Journal;
use super::lock::Lock;
use super::probe::Look;
use super::secrets::{self, Secrets};
use super::sight::Sight;
use super::unfinished::Mark;
use super::{ApplyError, Tempo, Unfinished, abandon, gate, id, journals, probe, record, say, stale};
use crate::check::Gate;
use crate::config::GuardConfig;
use crate::instance::Instances;
use crate::plan::{OnFailure, Plan};
use crate::snapshot::{Operation, Outcome, Store};

/// What an apply is made of.
pub struct Run<'a> {
    /// What is obeyed. A plan from a file has been checked by [`plan::read`](crate::plan::read).
    pub plan: Arc<Plan>,
    /// What it is carried out on.
    pub instances: &'a Instances,
    /// Where snapshots go.
    pub store: &'a Store,
    /// The checkout's `.opsctl`: lock and journal.
    pub work_dir: &'a Utf8Path,
    /// Held by whoever calls, over all that belongs together.
    pub lock: &'a Lock,
    /// Who.
    pub operator: String,
    /// On which machine.
    pub host: String,
    /// What a failed step does to the rest; `None` for what the plan says.
    pub on_failure: Option<OnFailure>,
    /// How many steps may be under way at once; `None` for no limit but the instances' own.
    pub parallelism: Option<usize>,
    /// The operation that did not end and that the plan takes back: it is closed as it stands once this one has begun, which is then
    /// the one to go on with.
    pub over: Option<Mark>,
    /// Who is told what happens.
    pub events: UnboundedSender<Event>,
    /// How often Ctrl-C was pressed so far: once starts nothing new, twice ends at once.
    pub interrupt: watch::Receiver<u8>,
    /// What stops it: the plan may be older than that.
    pub guard: &'a GuardConfig,
    /// Where secrets' texts come from.
    pub secrets: &'a Secrets<'a>,
    /// How often to look.
    pub tempo: Tempo,
}

/// Obeys a plan.
///
/// The record tells how it ended; where it has no end (`ended` is `None`), the operation stays open for [`resume`].
///
/// # Errors
/// Nothing was changed, unless [`ApplyError::is_mid_way`].
///
/// [`resume`]: super::resume()
pub async fn run(run: Run<'_>) -> Result<Operation, ApplyError> {
    let plan = &run.plan;
    let on_failure = run.on_failure.unwrap_or(plan.intent.on_failure);
    if !plan.refusals.is_empty() {
        return Err(ApplyError::Refused(plan.refusals.clone()));
    }
    let began = Timestamp::now();
    let site = Site::new(run.instances, run.store, run.events, run.interrupt, run.lock);
    let taken_over = abandon::find(&site, run.work_dir, run.over.as_ref()).await?;
    if let Some((_, open)) = taken_over.as_ref().filter(|_| run.over.is_none()) {
        return Err(ApplyError::Unfinished(Box::new(Unfinished::of(open))));
    }
    let history = run.store.history().map_err(ApplyError::Before)?;
    let journals = journals(run.work_dir);
    let operation = id::new_id(began, &run.operator, &journals, |id| history.iter().any(|entry| entry.operation == id));
    let mut pressed = site.interrupt.clone();
    let (filled, sight) = tokio::select! {
        checked = before(plan, &site, run.guard, run.secrets) => checked?,
        () = pressed.at_least(1) => return Err(ApplyError::Interrupted),
    };

    let begin = Begin {
        format: FORMAT,
        operation: operation.clone(),
        operator: run.operator,
        host: run.host,
        began,
        on_failure,
        parallelism: run.parallelism,
        takes_over: run.over.map(|mark| mark.operation().to_owned()),
        plan: filled,
    };
    let mut journal = Journal::create(&journals, &operation)?;
    journal.append(vec![Entry::Begin(Box::new(begin.clone()))])?;
    // Not before the journal has it: what stops an apply until then leaves nothing that has this id.
    say(&site.events, What::Begun { operation: begin.operation.clone(), resumed: false });
    if let Some((open, replayed)) = taken_over {
        let closing = Closing::TakenBack("rolled back".to_owned());
        if let Err(error) = abandon::as_it_stands(&site, open, replayed, closing).await {
            close(&mut journal, Outcome::Abandoned, Some("what it takes back could not be closed".to_owned()))?;
            return Err(error);
        }
    }
    if let Err(error) = snapshot_before(&begin, &sight, &site, &mut journal) {
        // What stands for another stays open.
        if begin.takes_over.is_none() {
            let why = "the snapshot before the first change could not be taken".to_owned();
            close(&mut journal, Outcome::Abandoned, Some(why))?;
        }
        return Err(error);
    }

    stage(&site.events, "applying");
    let machine = Machine::new(Arc::clone(&begin.plan), on_failure, run.parallelism);
    let rebased = stale::rebased(&begin.plan, &sight);
    let mut engine = Engine::new(&site, &begin, machine, journal, sight.found, run.tempo);
    engine.rebased = rebased;
    carry_out(site, &begin, engine).await
}

/// All that can stop an apply before anything is changed. What it gives back was read last.
async fn before(
    plan: &Arc<Plan>,
    site: &Site<'_>,
    guard: &GuardConfig,
    secrets: &Secrets<'_>,
) -> Result<(Arc<Plan>, Sight), ApplyError> {
    stage(&site.events, "checking");
    gate::identities(plan, site.instances).await?;
    let mut sight = gate::fresh(plan, site.instances).await?;
    let filled = secrets::filled(plan, secrets)?;
    let checks = gate::checks(&filled, &Gate::Before);
    if !checks.is_empty() {
        let failed = probe::measure_all(&checks, Look::Until, site.instances, &site.events).await;
        if !failed.is_empty() {
            return Err(ApplyError::BeforeChecks(failed));
        }
        // They may have taken their time.
        sight = gate::fresh(plan, site.instances).await?;
    }
    gate::guarded(plan, &sight, guard)?;
    stage(&site.events, "preflight");
    gate::preflight(&filled, &sight, site.instances).await?;
    Ok((filled, sight))
}

/// Commits what is there, with the plan, once.
pub(super) fn snapshot_before(
    begin: &Begin,
    sight: &Sight,
    site: &Site<'_>,
    journal: &mut Journal,
) -> Result<(), ApplyError> {
    stage(&site.events, "before snapshot");
    // A process that was killed right after it had committed left it behind.
    let mut history = site.store.history().map_err(ApplyError::Before)?.into_iter();
    let commit = match history.find(|entry| entry.operation == begin.operation) {
        Some(entry) => entry.commit,
        None => site
            .store
            .commit(&sight.snapshot(&begin.plan), &record::begun(begin), Some(&begin.plan))
            .map_err(ApplyError::Before)?,
    };
    let commit = commit.to_string();
    say(&site.events, What::Snapshot { which: "before".to_owned(), commit: commit.clone() });
    journal.append(vec![Entry::Before { commit }])?;
    Ok(())
}
