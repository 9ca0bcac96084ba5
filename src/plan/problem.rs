use std::fmt;

use crate::diagnostic::Place;

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
    /// Of which sort it is.
    pub kind: ProblemKind,
    /// One sentence: what is.
    pub why: String,
    /// What to do; empty where there is nothing to say.
    pub instead: String,
    /// Where the operator wrote what led to it.
    pub place: Option<Place>,
}

/// The sorts of problems, each with a stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// An instance did not answer, and the state does not tolerate that.
    Unreachable,
    /// A resource is not there.
    Missing,
    /// A wildcard found nothing.
    Empty,
    /// A resource or setting may not be read.
    Unreadable,
    /// The list of a wildcard's members is not whole.
    Incomplete,
    /// Two wildcards set one setting of one resource.
    Overlap,
    /// A bound cannot be met from what is live.
    NoValue,
    /// The provider knows no legal way.
    NoWay,
    /// What must come first goes in a circle.
    Loop,
    /// A target or exclusion matches nothing.
    NoMatch,
    /// A provider broke its contract.
    Provider,
}

impl ProblemKind {
    /// The stable code; `opsctl explain CODE` says more.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "E0201",
            Self::Missing => "E0202",
            Self::Empty => "E0203",
            Self::Unreadable => "E0204",
            Self::Incomplete => "E0205",
            Self::Overlap => "E0206",
            Self::NoValue => "E0207",
            Self::NoWay => "E0208",
            Self::Loop => "E0209",
            Self::NoMatch => "E0210",
            Self::Provider => "E0211",
        }
    }
}

impl Problem {
    /// A problem without a place and without advice.
    pub fn new(kind: ProblemKind, at: impl ToString, why: impl Into<String>) -> Self {
        Self { at: at.to_string(), kind, why: why.into(), instead: String::new(), place: None }
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
