use std::collections::BTreeSet;

use opsctl_api::{Address, Value};

use super::Operation;
use super::past::edits_newest_first;

/// A setting that was sent and never seen to be true by the operation that sent it last.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// What was asked for; `None` is absent.
    pub asked: Option<Value>,
    /// The operation's id.
    pub operation: String,
}

/// What these operations, the newest first, asked for last and never saw.
pub fn unseen(newest_first: impl Iterator<Item = Operation>) -> Vec<Unseen> {
    let (mut unseen, mut known) = (Vec::new(), BTreeSet::new());
    for operation in newest_first {
        for (at, step, edit) in edits_newest_first(&operation) {
            if known.insert((at.clone(), edit.setting.clone())) && step.status.is_unseen() {
                let (setting, asked) = (edit.setting.clone(), edit.what_it_left().cloned());
                unseen.push(Unseen { at: at.clone(), setting, asked, operation: operation.id.clone() });
            }
        }
    }
    unseen
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::super::sample::applied;
    use super::*;

    const A: &str = "k8s:deployment/cdn/edge";

    #[test]
    fn test_what_was_sent_last_has_the_say() {
        let mut lost = applied("a", &[(A, 1, 2)]);
        lost.steps[0].status = Status::Unknown;
        let found = unseen([applied("c", &[]), lost.clone()].into_iter());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].operation.as_str(), &found[0].asked), ("a", &Some(Value::Integer(2))));
        assert_eq!(unseen([applied("b", &[(A, 2, 3)]), lost].into_iter()), []);
    }
}
