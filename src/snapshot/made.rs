use jiff::Timestamp;
use opsctl_api::{Address, Pattern};

use super::past::edits_newest_first;
use super::{Operation, Store, StoreError};
use crate::plan::Made;

impl Store {
    /// The calls that have set each setting of these resources since the time that `since` gives for it. No operation is looked at that came to an end before `oldest`.
    ///
    /// `open` are operations without an end: of these the history has no steps. A damaged record tells nothing: that it is damaged is said elsewhere.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn made(
        &self,
        wanted: &[Pattern],
        open: &[&Operation],
        oldest: Timestamp,
        since: impl Fn(&Address, &str) -> Option<Timestamp>,
    ) -> Result<Made, StoreError> {
        let mut made = Made::new();
        for operation in self.operations()?.since(oldest).naming(wanted).filter_map(Result::ok) {
            count(&operation, &since, &mut made);
        }
        open.iter().for_each(|operation| count(operation, &since, &mut made));
        Ok(made)
    }
}

/// Of an operation that is not known when each of its calls was made, all count for as long as one of them may.
fn count(operation: &Operation, since: &impl Fn(&Address, &str) -> Option<Timestamp>, made: &mut Made) {
    let last = operation.ended.unwrap_or(operation.began);
    for (at, _, edit) in edits_newest_first(operation) {
        if since(at, &edit.setting).is_some_and(|since| last >= since) {
            let calls = made.entry(at.clone()).or_default().entry(edit.setting.clone()).or_default();
            calls.extend(std::iter::repeat_n(last, 1 + edit.more));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::sample::applied;
    use super::*;

    const A: &str = "k8s:deployment/cdn/edge";

    #[test]
    fn test_only_what_was_sent_in_its_time_counts() {
        let mut operation = applied("a", &[(A, 1, 2), (A, 2, 8)]);
        operation.steps[1].edits[0].more = 1;
        let mut unsent = applied("b", &[(A, 8, 9)]);
        unsent.steps[0].edits[0].sent = false;
        let ended = operation.ended.unwrap();
        let made = |since: Timestamp| {
            let mut made = Made::new();
            for operation in [&operation, &unsent] {
                count(operation, &|_, _| Some(since), &mut made);
            }
            made.values().flat_map(|made| made.values()).map(Vec::len).sum::<usize>()
        };
        assert_eq!(made(ended), 3);
        assert_eq!(made(ended + Duration::from_secs(1)), 0);
    }
}
