use std::time::Duration;

/// How often an apply looks, and how long it waits where a plan does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tempo {
    /// The shortest pause between two looks at what was written.
    pub first_look: Duration,
    /// The longest; in between it is a quarter of the time that has passed.
    pub slowest_look: Duration,
    /// How long after a write whose answer was lost it may still be done; `None` for twice the timeout of a call.
    pub lost_answer: Option<Duration>,
}

impl Default for Tempo {
    fn default() -> Self {
        Self { first_look: Duration::from_millis(50), slowest_look: Duration::from_secs(2), lost_answer: None }
    }
}
