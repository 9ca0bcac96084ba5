//! How an operation kept to the time that its state allows it.

use std::time::Duration;

use opsctl_api::format_duration;

use super::time::length;
use crate::snapshot::Operation;

/// How an operation kept to the time that its state allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rto {
    /// The time.
    pub within: Duration,
    /// By how much it missed that, by when it ended; `None` where it did not come to its end.
    pub missed: Option<Duration>,
    /// What there is still no end of by then: what it was for is not reached.
    pub lacks: Option<String>,
}

impl Rto {
    /// Whether it was held; `None` where that is not known yet.
    pub fn held(&self) -> Option<bool> {
        let missed = self.missed?;
        if missed.is_zero() { self.lacks.is_none().then_some(true) } else { Some(false) }
    }

    /// As it is told of an operation: `RTO 15m held`.
    pub(super) fn told(&self, operation: &Operation) -> Option<String> {
        let (within, missed) = (format_duration(self.within), self.missed?);
        let told = match (&self.lacks, missed.is_zero()) {
            (None, true) => format!("RTO {within} held"),
            (None, false) => format!("RTO {within} missed by {}", length(missed)),
            (Some(lacks), true) => format!("RTO {within} not reached yet: {lacks}"),
            (Some(lacks), false) => format!("RTO {within} missed: {lacks}"),
        };
        Some(match (&operation.since, &operation.rest_of) {
            (Some(_), Some(first)) => format!("{told}, counted from the beginning of {first}"),
            _ => told,
        })
    }
}
