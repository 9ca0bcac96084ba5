use opsctl_api::{Address, Value};
use serde::Serialize;

use super::{Plan, Work, passing};

/// Something that is not as it should be for a while, since the way of a change leads through that.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interrupt {
    /// The resource.
    pub at: Address,
    /// What is moved on the way, and brought back.
    pub setting: String,
    /// What it is meanwhile; `None` is absent.
    pub through: Option<Value>,
    /// What is changed in that time.
    pub of: String,
}

/// What a plan's changes lead through, one of each.
pub fn interrupts(plan: &Plan) -> Vec<Interrupt> {
    let changes = plan.steps.iter().filter_map(|step| match &step.work {
        Work::Change { at, edits, hops, .. } => Some((at, passing(hops, edits).next()?, edits.first()?)),
        Work::Wait { .. } | Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => None,
    });
    changes
        .map(|(at, passed, edit)| Interrupt {
            at: at.clone(),
            setting: passed.setting.clone(),
            through: passed.to.clone(),
            of: edit.setting.clone(),
        })
        .collect()
}
