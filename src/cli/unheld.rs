use super::damage::Damage;
use super::failure::Failure;
use super::setting::Setting;
use crate::check::Check;
use crate::snapshot::{Operation, Outcome, Recorded, Stands, Status};
use crate::view::status::Unheld;

/// The checks of what stands that did not hold, or were not measured, when an operation looked at them last: as long as it stands that is so, for all that is known.
///
/// # Errors
/// The history cannot be read. What is damaged is passed over.
pub(super) fn unheld(stands: &Stands, setting: &Setting<'_>, damage: &mut Damage) -> Result<Vec<Unheld>, Failure> {
    let (repository, store) = (setting.repository, setting.store);
    let Some(oldest) = stands.state.as_ref().or(stands.over.first()) else { return Ok(Vec::new()) };
    let mut since: Vec<Recorded> = Vec::new();
    for recorded in store.operations()? {
        since.extend(damage.spare(recorded)?);
        if since.last().is_some_and(|recorded| recorded.operation.id == oldest.operation.id) {
            break;
        }
    }
    let mut unheld = Vec::new();
    if since.iter().all(|recorded| recorded.operation.failed_checks.is_empty()) {
        return Ok(unheld);
    }
    let mut expected = damage.spare(repository.checks_of(store, stands))?.unwrap_or_default();
    for recorded in standing(&since).filter(|recorded| may_have_measured(&recorded.operation)) {
        let left = damage.spare(repository.after(store, recorded))?.flatten();
        let measured = left.map(|left| left.checks).unwrap_or_default();
        let operation = &recorded.operation;
        expected.retain(|check| {
            let seen = operation.failed_checks.get(&check.name);
            // Of what failed it is not known whether it was looked at.
            let is_known = seen.is_some() || operation.came_to_its_end();
            let is_measured = is_known && measured.iter().any(|measured| is_same(measured, check));
            if let (Some(seen), true) = (seen, is_measured) {
                let (operation, of) = (operation.id.clone(), operation.name.clone());
                unheld.push(Unheld { operation, of, check: check.name.clone(), seen: seen.clone() });
            }
            !is_measured
        });
    }
    Ok(unheld)
}

/// All but what a rollback took back: what that measured was measured of what is no more.
fn standing(newest_first: &[Recorded]) -> impl Iterator<Item = &Recorded> {
    let mut down_to: Option<&str> = None;
    newest_first.iter().filter(move |Recorded { operation, .. }| match down_to {
        Some(last) => {
            down_to = down_to.filter(|_| operation.id != last);
            false
        }
        None => {
            down_to = operation.reverts.as_deref().filter(|_| operation.took_all_back());
            true
        }
    })
}

/// Where all is owed nothing is measured, and where it was stopped neither.
fn may_have_measured(operation: &Operation) -> bool {
    let has_looked = operation.came_to_its_end() || operation.outcome == Outcome::Failed;
    has_looked && (operation.steps.is_empty() || operation.count(Status::Done) > 0)
}

/// Whether two checks of one name measure the same.
fn is_same(one: &Check, other: &Check) -> bool {
    one.name == other.name && one.probe == other.probe
}
