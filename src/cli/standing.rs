use camino::Utf8PathBuf;

use super::failure::Failure;
use super::repository::Repository;
use crate::apply::{self, ApplyError, Holder};
use crate::snapshot::{Operation, OperationKind, Outcome, Store, Which};

/// What the journal and the lock tell of operations that have no end in the history.
pub(super) struct Standing {
    open: Option<Operation>,
    holder: Option<Holder>,
    work_dir: Utf8PathBuf,
}

impl Standing {
    pub(super) fn of(repository: &Repository) -> Result<Self, Failure> {
        let work_dir = repository.work_dir();
        let holder = apply::holder(&work_dir).map_err(ApplyError::from)?;
        let open = apply::open_record(&work_dir).map_err(ApplyError::from)?;
        Ok(Self { open, holder, work_dir })
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

    /// Why nobody can tell what an operation has changed, and what to do instead: it has no end in the history, nobody is at it, and
    /// its journal, which alone would tell what it has sent, is gone.
    pub(super) fn lost(&self, recorded: &Operation, store: &Store) -> Result<Option<Lost>, Failure> {
        let has_no_end = recorded.ended.is_none() && self.record(recorded.clone()).outcome != Outcome::Running;
        if !has_no_end || !apply::is_lost(&self.work_dir, &recorded.id).map_err(ApplyError::from)? {
            return Ok(None);
        }
        let snapshots = store.operation(&recorded.id)?.snapshots;
        let before = snapshots.iter().find(|entry| entry.which == Which::Before);
        let what = format!("{} did not end, and without its journal nobody knows what it has changed", recorded.id);
        let hint = before.map(|before| {
            let before = before.commit.short();
            format!("opsctl snapshot diff @{before} tells what is not as it was; opsctl apply @{before} goes back")
        });
        Ok(Some(Lost { what, hint: hint.unwrap_or_default() }))
    }

    /// The same of any of them, but for those of which a state that was applied whole since has taken the place.
    pub(super) fn any_lost(&self, store: &Store) -> Result<Option<Lost>, Failure> {
        for operation in store.since_whole()? {
            if let Some(lost) = self.lost(&operation, store)? {
                return Ok(Some(lost));
            }
        }
        Ok(None)
    }

    /// The operation that began last, for the eye: where its record is damaged, that is no reason not to go on.
    pub(super) fn last(&self, store: &Store) -> Option<Operation> {
        let operations = store.operations().ok()?.map_while(Result::ok).map(|recorded| recorded.operation);
        let last = operations.into_iter().find(|operation| operation.kind != OperationKind::LetGo)?;
        Some(self.record(last))
    }
}

/// What is said of an operation that did not end and of which nobody knows what it has changed.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) what: String,
    pub(super) hint: String,
}

impl From<Lost> for Failure {
    fn from(Lost { what, hint }: Lost) -> Self {
        Self::Unknown { what, hint }
    }
}
