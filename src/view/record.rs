use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Edit, shell_word};

use super::screen::Screen;
use super::value::{shown, way};
use super::words::clean;
use crate::plan::Part;
use crate::snapshot::{EditRecord, Operation, Status, StepRecord};

/// What a recorded step was about: `gke deployment/data/minio replicas 1 → 4`.
pub(crate) fn described(step: &StepRecord, screen: &Screen) -> String {
    let Some(at) = &step.at else { return clean(&step.what) };
    let edits: Vec<String> = step.edits.iter().map(|edit| edited(edit, screen)).collect();
    let what = if edits.is_empty() { clean(&step.what) } else { edits.join(", ") };
    format!("{} {} {what}", at.instance(), at.local()).trim_end().to_owned()
}

/// Where a step stands; of one that was stopped between two of its calls, that.
pub(crate) fn stand(step: &StepRecord) -> String {
    if step.is_halfway() { "halfway".to_owned() } else { step.status.to_string() }
}

/// A recorded edit: `replicas 1 → 4`; what was to be as it was in the end: `running true (left at false)`.
pub(crate) fn edited(edit: &EditRecord, screen: &Screen) -> String {
    let as_planned = Edit { setting: edit.setting.clone(), from: edit.from.clone(), to: edit.to.clone() };
    let way = match edit.from == edit.to {
        true => shown(edit.to.as_ref(), screen),
        false => way(&as_planned, screen),
    };
    let left = edit.left.as_ref().filter(|left| Some(*left) != edit.to.as_ref());
    let left = left.map(|left| format!(" (left at {})", shown(Some(left), screen))).unwrap_or_default();
    format!("{} {way}{left}", clean(&edit.setting))
}

/// A check that did not hold at the end: `live does not hold: status 503`.
pub(crate) fn unheld(name: &str, seen: &str) -> String {
    let said = if seen.is_empty() { "was not measured".to_owned() } else { format!("does not hold: {}", clean(seen)) };
    format!("{} {said}", clean(name))
}

/// By step: what a person would type instead of it, a line for each of its calls.
pub type Ways = BTreeMap<usize, Vec<String>>;

/// What takes settings back that a rollback left alone, whoever changed them since.
pub(crate) fn forced<'a>(operation: &str, part: &Part, at: impl Iterator<Item = &'a str>) -> String {
    let at: BTreeSet<&str> = at.collect();
    let force: String = at.iter().map(|at| format!(" --force {}", shell_word(at))).collect();
    let part = if part.is_whole() { String::new() } else { format!(" {}", part.flags()) };
    format!("opsctl rollback {}{part}{force}", clean(operation))
}

/// The same of the record of a rollback; `None` where it left nothing to others.
pub(crate) fn forced_by(operation: &Operation) -> Option<String> {
    let others = |step: &&StepRecord| step.status == Status::LeftAlone && !step.edits.is_empty();
    let mut at = operation.steps.iter().filter(others).filter_map(|step| Some(step.at.as_ref()?.as_str())).peekable();
    at.peek()?;
    Some(forced(operation.reverts.as_deref()?, &operation.part, at))
}

/// What an operation is called in a sentence: `night`, `the rest of night`, `a part of night (--target worker)`.
pub(crate) fn called(operation: &Operation) -> String {
    named(&operation.name, operation.rest_of.is_some(), &operation.part)
}

/// The same where a sentence begins with it.
pub(crate) fn called_first(operation: &Operation) -> String {
    let called = called(operation);
    match operation.rest_of.is_some() || !operation.part.is_whole() {
        true => called[..1].to_uppercase() + &called[1..],
        // A name is written as it is.
        false => called,
    }
}

/// What something is called that is towards a state, or a part of one.
pub(crate) fn named(name: &str, is_rest: bool, part: &Part) -> String {
    let what = match (is_rest, part.is_whole()) {
        (true, _) => "the rest of ",
        (false, false) => "a part of ",
        (false, true) => "",
    };
    let flags = if part.is_whole() { String::new() } else { format!(" ({})", clean(&part.flags())) };
    format!("{what}{}{flags}", clean(name))
}
