use super::failure::Failure;
use super::repository::Repository;
use crate::apply::{self, ApplyError, Holder};
use crate::snapshot::{Operation, OperationKind, Outcome, Store};

/// What the journal and the lock tell of operations that have no end in the history.
pub(super) struct Standing {
    open: Option<Operation>,
    holder: Option<Holder>,
}

impl Standing {
    pub(super) fn of(repository: &Repository) -> Result<Self, Failure> {
        let work_dir = repository.work_dir();
        let holder = apply::holder(&work_dir).map_err(ApplyError::from)?;
        Ok(Self { open: apply::open_record(&work_dir).map_err(ApplyError::from)?, holder })
    }

    /// The record as it stands: with its steps where it did not end, and running only where somebody is at it.
    pub(super) fn record(&self, recorded: Operation) -> Operation {
        if recorded.ended.is_some() {
            return recorded;
        }
        let open = self.open.as_ref().filter(|open| open.id == recorded.id);
        let runs = self.holder.as_ref().is_some_and(|holder| open.is_some() || holder.since <= recorded.began);
        let outcome = if runs { Outcome::Running } else { Outcome::Interrupted };
        Operation { outcome, ..open.cloned().unwrap_or(recorded) }
    }

    /// The operation that began last, for the eye: where its record is damaged, that is no reason not to go on.
    pub(super) fn last(&self, store: &Store) -> Option<Operation> {
        let operations = store.operations().ok()?.map_while(Result::ok).map(|recorded| recorded.operation);
        let last = operations.into_iter().find(|operation| operation.kind != OperationKind::LetGo)?;
        Some(self.record(last))
    }
}
