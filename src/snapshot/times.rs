use super::{Operation, Status};
use crate::plan::Times;

/// How long the steps of operations took that are done. One that had nothing to do tells nothing.
pub fn times<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> Times {
    let mut times = Times::default();
    for operation in operations {
        let done = operation.steps.iter().filter(|step| step.status == Status::Done);
        for step in done.filter(|step| step.edits.is_empty() || step.edits.iter().any(|edit| edit.sent)) {
            let (what, kind) = match &step.at {
                Some(at) => (at.as_str(), Some(at.kind())),
                None => (step.what.as_str(), None),
            };
            times.take(&operation.id, what, kind, step.position, step.took);
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Position;
    use crate::snapshot::{Outcome, sample};

    #[test]
    fn test_only_what_was_done_tells() {
        let at = "k8s:deployment/cdn/edge";
        let mut operation = sample::operation("a", Outcome::Done);
        let step = || {
            let mut step = sample::step(at, "replicas", Some(1), Some(2));
            step.position = Some(Position::Up);
            step
        };
        let (mut failed, mut idle, done) = (step(), step(), step());
        failed.status = Status::Failed;
        idle.edits[0].sent = false;
        let mut check = step();
        (check.at, check.position, check.what) = (None, None, "check edge".to_owned());
        check.edits.clear();
        let took = done.took;
        operation.steps = vec![failed, idle, done, check];
        let mut known = Times::default();
        known.take("a", at, Some("deployment"), Some(Position::Up), took);
        known.take("a", "check edge", None, None, took);
        assert_eq!(times([&operation]), known);
    }
}
