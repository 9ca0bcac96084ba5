use opsctl_api::Readiness;

use super::super::Screen;
use super::super::value::shown;
use super::super::words::clean;
use super::Now;
use crate::plan::{Plan, Seen};
use crate::snapshot::{Operation, StepRecord};

/// What the last operation has asked for, is not true, and may yet become so. A rollback holds it back, and says so itself.
pub(super) fn under_way(plan: &Plan, now: &Now<'_>, screen: &Screen) -> Vec<String> {
    let Some(last) = now.last.filter(|_| plan.intent.reverts.is_none()) else { return Vec::new() };
    let unseen = last.steps.iter().filter(|step| step.status.is_unseen());
    unseen.flat_map(|step| of_step(last, step, plan, screen)).collect()
}

fn of_step(last: &Operation, step: &StepRecord, plan: &Plan, screen: &Screen) -> Vec<String> {
    let Some((at, seen)) = step.at.as_ref().and_then(|at| plan.resources.get_key_value(at)) else { return Vec::new() };
    let Seen { readiness: Readiness::Progressing { what, .. }, settings, .. } = seen else { return Vec::new() };
    let going_on = if what.is_empty() { "on its way".to_owned() } else { clean(what) };
    let sent = step.edits.iter().filter(|edit| edit.sent);
    let unseen = sent
        .filter(|edit| settings.get(&edit.setting).is_some_and(|setting| setting.live.as_ref() != edit.what_it_left()));
    unseen
        .map(|edit| {
            let asked = shown(edit.what_it_left(), screen);
            let setting = clean(&edit.setting);
            format!("{at} {setting}: {} asked for {asked}, which may yet become true ({going_on})", last.id)
        })
        .collect()
}
