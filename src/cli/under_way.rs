use opsctl_api::Readiness;

use super::page::RECENT;
use crate::plan::{Plan, Seen};
use crate::snapshot::{Store, unseen};
use crate::view::plan::UnderWay;

/// What an earlier operation asked for, is not true, and may yet become so: the resource is on its way to something. A rollback holds it back, and says so itself. A history
/// that cannot be read tells nothing of it.
pub(super) fn under_way(plan: &Plan, store: &Store) -> Vec<UnderWay> {
    let is_moving = |seen: &Seen| matches!(seen.readiness, Readiness::Progressing { .. });
    if plan.intent.reverts.is_some() || !plan.resources.values().any(is_moving) {
        return Vec::new();
    }
    let Ok(operations) = store.operations() else { return Vec::new() };
    let recent = operations.take(RECENT).filter_map(|recorded| Some(recorded.ok()?.operation));
    let told = unseen(recent).into_iter().filter_map(|sent| {
        let seen = plan.resources.get(&sent.at)?;
        let Readiness::Progressing { what, .. } = &seen.readiness else { return None };
        let live = &seen.settings.get(&sent.setting)?.live;
        let going_on = if what.is_empty() { "on its way".to_owned() } else { what.clone() };
        let (at, setting, asked, operation) = (sent.at, sent.setting, sent.asked, sent.operation);
        (*live != asked).then_some(UnderWay { at, setting, asked, operation, going_on })
    });
    told.collect()
}
