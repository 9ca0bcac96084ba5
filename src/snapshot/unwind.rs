use std::collections::BTreeMap;

use super::past::Runs;
use super::{Operation, OperationKind};
use crate::plan::Past;

/// What a rollback goes by: of each setting that was written, what it was before and what opsctl left.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unwound {
    /// By address and key. A setting that was left as it was before is in here, too: whoever changed it since is told.
    pub values: Past,
    /// The operations that are taken back, newest first.
    pub reverts: Vec<String>,
}

/// Takes operations back on paper: those from the newest to `down_to`, which is included, each setting as `{ restore = true }` follows it.
/// Nothing is taken back where `down_to` is not among them.
pub fn unwind(operations_newest_first: &[Operation], down_to: &str) -> Unwound {
    let Some(last) = operations_newest_first.iter().position(|operation| operation.id == down_to) else {
        return Unwound::default();
    };
    let range = &operations_newest_first[..=last];
    let mut runs = Runs::among(range.iter().map(|operation| operation.id.as_str()));
    range.iter().for_each(|operation| runs.take(operation));
    let reverts = range.iter().filter(|operation| operation.kind != OperationKind::Take);
    Unwound { values: runs.past(), reverts: reverts.map(|operation| operation.id.clone()).collect() }
}

impl Unwound {
    /// Whether all was left as it was before.
    pub fn is_nothing(&self) -> bool {
        let mut settings = self.values.values().flat_map(BTreeMap::values);
        settings.all(|setting| setting.left.iter().all(|left| *left == setting.before))
    }
}
