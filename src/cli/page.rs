use jiff::Timestamp;

use super::failure::Failure;
use super::offline;
use super::output::Output;
use super::repository::Repository;
use super::standing::Standing;
use crate::apply::{self, ApplyError};
use crate::plan::{self, Interrupt, Plan};
use crate::snapshot::{self, Operation, Store};
use crate::state::OnFailure;
use crate::view::{
    self,
    plan::{Drift, Now, UnderWay},
};

/// What is in the way of an apply, as the page of a plan says it.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct Situation {
    /// The operation that did not end.
    pub(super) open: Option<String>,
    /// That nobody knows what an operation has changed that did not end.
    #[serde(skip)]
    pub(super) lost: Option<String>,
    /// Who holds the lock.
    pub(super) lock: Option<String>,
    /// What a failed step does, where that is not what the plan says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) on_failure: Option<OnFailure>,
    /// The snapshot that was planned against, where nobody was asked what is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offline: Option<Offline>,
    /// The secrets that cannot be had here: where from, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) lacking: Vec<String>,
    /// What this build can neither measure nor call: what, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unbuilt: Vec<String>,
    /// What an earlier operation asked for and may yet become true.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) under_way: Vec<UnderWay>,
    /// What the plan changes and was not as it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) drifts: Vec<Drift>,
    /// The state that may undo what a rollback does not.
    #[serde(skip)]
    pub(super) undoing: Option<String>,
    /// The operation that began last.
    #[serde(skip)]
    pub(super) last: Option<Operation>,
    /// Whether the history lacks what was applied last.
    #[serde(skip)]
    pub(super) is_missed: bool,
    /// What stands by that, as far as the history can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stands: Option<view::Stands>,
}

/// The snapshot that stands for what is live.
#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct Offline {
    /// Its commit, in short.
    snapshot: String,
    /// When its values were read.
    taken_at: Timestamp,
}

impl Offline {
    /// What was planned against.
    pub(super) fn of(offline: &offline::Offline) -> Self {
        Self { snapshot: offline.snapshot.clone(), taken_at: offline.taken_at }
    }
}

impl Situation {
    /// Of the rollback of an apply that failed: it is this process that holds the lock, and its operation that is open.
    pub(super) fn under_way(failed: &Operation) -> Self {
        Self { last: Some(failed.clone()), ..Self::default() }
    }

    /// Looks at journal, lock and history.
    pub(super) fn of(repository: &Repository, store: &Store) -> Result<Self, Failure> {
        let work_dir = repository.work_dir();
        let lock = apply::running(&work_dir)?.map(|running| running.to_string());
        // While somebody holds the lock, it is the operation that runs.
        let open = match lock {
            Some(_) => None,
            None => apply::unfinished(&work_dir).map_err(ApplyError::from)?.map(|unfinished| unfinished.operation),
        };
        let standing = Standing::of(repository)?;
        let last = standing.last(store);
        let lost = standing.any_lost(store)?.map(|lost| lost.what);
        let stands = store.stands(None).ok();
        let stands = stands.map(|stands| view::Stands::of(&stands, last.as_ref().map(|last| last.id.as_str())));
        let is_missed = repository.missed.is_some();
        Ok(Self { open, lost, lock, last, is_missed, stands, ..Self::default() })
    }

    /// Looks whether all can be had here that a plan needs: secrets, and what this build was made without.
    pub(super) fn look_for_means(&mut self, plan: &Plan, repository: &Repository) {
        self.unbuilt = plan::unbuilt(plan);
        let lacking = apply::lacking(plan, &repository.secrets());
        self.lacking = lacking.into_values().collect();
    }
}

/// How many operations are looked at for an estimate, and for what they left under way.
pub(super) const RECENT: usize = 20;

/// Estimates from earlier operations how long a plan takes, and its way back. What a plan file says of it stays where nothing
/// is known here.
pub(super) fn estimate(plan: &mut Plan, store: &Store) {
    let Ok(operations) = store.operations() else { return };
    let recent: Vec<Operation> =
        operations.take(RECENT).filter_map(|recorded| Some(recorded.ok()?.operation)).collect();
    let (there, back) = plan::estimate(plan, &snapshot::times(&recent));
    plan.estimate = there.or(plan.estimate);
    plan.way_back.estimate = back.or(plan.way_back.estimate);
}

/// Prints the page of a plan; with `--json` the same facts as a document.
pub(super) fn show(plan: &Plan, situation: &Situation, output: &Output) -> Result<(), Failure> {
    if output.json {
        output.result(&view::json::document("plan", &Document::of(plan, situation))?);
    } else {
        let (open, lock) = (situation.open.as_deref(), situation.lock.as_deref());
        output.result(&view::plan::page(
            plan,
            &Now {
                at: Timestamp::now(),
                last: situation.last.as_ref(),
                is_missed: situation.is_missed,
                stands: situation.stands.as_ref(),
                open,
                lost: situation.lost.as_deref(),
                lock,
                on_failure: situation.on_failure,
                undoing: situation.undoing.as_deref(),
                lacking: &situation.lacking,
                unbuilt: &situation.unbuilt,
                drifts: &situation.drifts,
                under_way: &situation.under_way,
                offline: situation.offline.as_ref().map(|offline| (offline.snapshot.as_str(), offline.taken_at)),
            },
            &output.results,
        ));
    }
    Ok(())
}

/// The same before an apply: with `--json` on one line, before the lines of the events, which name steps by their id in it.
pub(super) fn show_before(plan: &Plan, situation: &Situation, output: &Output) -> Result<(), Failure> {
    if !output.json {
        return show(plan, situation, output);
    }
    Ok(output.line("plan", &Document::of(plan, situation))?)
}

#[derive(serde::Serialize)]
struct Document<'a> {
    plan: &'a Plan,
    totals: view::plan::Totals,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    interrupts: Vec<Interrupt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<&'a Operation>,
    situation: &'a Situation,
}

impl<'a> Document<'a> {
    fn of(plan: &'a Plan, situation: &'a Situation) -> Self {
        Self {
            plan,
            totals: view::plan::totals(plan),
            interrupts: plan::interrupts(plan),
            last: situation.last.as_ref(),
            situation,
        }
    }
}
