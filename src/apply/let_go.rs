use camino::Utf8Path;
use jiff::Timestamp;

use super::lock::Lock;
use super::{ApplyError, id, journals, sight};
use crate::instance::Instances;
use crate::plan::Plan;
use crate::snapshot::{Operation, OperationKind, Outcome, StepRecord, Store};

/// What ended operations have not done and is not wanted any more.
pub struct LetGo<'a> {
    /// What is looked at for the snapshot: what this plan observed.
    pub plan: &'a Plan,
    /// What is looked at.
    pub instances: &'a Instances,
    /// Where snapshots go.
    pub store: &'a Store,
    /// The checkout's `.opsctl`.
    pub work_dir: &'a Utf8Path,
    /// Held by whoever calls, since before the steps were looked for.
    pub lock: &'a Lock,
    /// Who.
    pub operator: String,
    /// On which machine.
    pub host: String,
    /// What it was for: `dr-active`.
    pub name: String,
    /// Why.
    pub reason: String,
    /// The steps.
    pub steps: Vec<StepRecord>,
}

/// Records that steps are not wanted any more, with a snapshot of what is there now. Nothing is changed.
///
/// # Errors
/// It could not be recorded.
pub async fn let_go(what: LetGo<'_>) -> Result<Operation, ApplyError> {
    let began = Timestamp::now();
    let history = what.store.history().map_err(ApplyError::Before)?;
    let taken = |id: &str| history.iter().any(|entry| entry.operation == id);
    let id = id::new_id(began, &what.operator, &journals(what.work_dir), taken);
    let mut steps = what.steps;
    // This operation has sent nothing, whatever those did that planned it.
    steps.iter_mut().flat_map(|step| &mut step.edits).for_each(|edit| edit.sent = false);
    let operation = Operation {
        kind: OperationKind::LetGo,
        name: what.name,
        outcome: Outcome::Abandoned,
        abandoned: Some(what.reason),
        steps,
        ..Operation::take(id, what.operator, what.host, began)
    };
    let snapshot = sight::look(what.plan, what.instances).await.snapshot(what.plan);
    what.store.commit(&snapshot, &operation, None).map_err(ApplyError::Before)?;
    Ok(operation)
}
