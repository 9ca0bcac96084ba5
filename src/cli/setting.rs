use super::failure::Failure;
use super::intended::Intended;
use super::repository::Repository;
use crate::apply::{self, ApplyError};
use crate::instance::Instances;
use crate::plan::Plan;
use crate::snapshot::{Operation, Outcome, Store};

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
    pub(super) fn is_otherwise(&self, plan: &Plan) -> bool {
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
    pub(super) fn is_not_overtaken(&self) -> Result<(), Failure> {
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
