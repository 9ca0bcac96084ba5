use std::fmt;

use camino::Utf8Path;

use super::ApplyError;
use super::lock::{Holder, holder};
use super::unfinished::{Unfinished, unfinished};
use crate::snapshot::Status;

/// An operation that somebody is carrying out now.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// Who holds the lock.
    pub holder: Holder,
    /// What they are at; `None` before it sends anything.
    pub operation: Option<Unfinished>,
}

/// Who applies in a checkout now, and what; `None` where nobody holds the lock.
///
/// # Errors
/// The lock or the journal cannot be read.
pub fn running(work_dir: &Utf8Path) -> Result<Option<Running>, ApplyError> {
    let Some(holder) = holder(work_dir)? else { return Ok(None) };
    Ok(Some(Running { holder, operation: unfinished(work_dir)? }))
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holder = &self.holder;
        write!(f, "{} on {} (process {}) ", holder.operator, holder.host, holder.pid)?;
        match &self.operation {
            Some(open) => {
                let (done, all) = (open.count(Status::Done), open.steps.len());
                write!(f, "is applying {} ({}), {done} of {all} steps done, ", open.name, open.operation)?;
            }
            None => write!(f, "is applying, ")?,
        }
        write!(f, "since {:.0}", holder.since)
    }
}
