use std::fmt;

use crate::diagnostic::{Code, Place};

/// There is no plan. All that is wrong is in it, not the first alone.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct PlanError {
    /// Sorted by what they are about; never empty.
    pub problems: Vec<Problem>,
}

/// One reason why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What it is about: an address, a wildcard, an instance.
    pub at: String,
    /// Of which sort it is; stable.
    pub code: Code,
    /// One sentence: what is.
    pub why: String,
    /// What to do; empty where there is nothing to say.
    pub instead: String,
    /// Where the operator wrote what led to it.
    pub place: Option<Place>,
}

impl Problem {
    /// A problem without a place and without advice.
    pub fn new(code: Code, at: impl ToString, why: impl Into<String>) -> Self {
        Self { at: at.to_string(), code, why: why.into(), instead: String::new(), place: None }
    }

    /// Says what to do.
    #[must_use]
    pub fn instead(mut self, text: impl Into<String>) -> Self {
        self.instead = text.into();
        self
    }

    /// Says where.
    #[must_use]
    pub fn at_place(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.why)
    }
}
