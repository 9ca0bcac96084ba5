use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::Pattern;

use super::failure::Failure;
use super::repository::Repository;
use crate::plan::Made;
use crate::snapshot::{Operation, Store};
use crate::state::State;

/// The calls that opsctl has made lately of those of which the API takes few in a time, as far as the state sets by such. `open` are operations that have no end in
/// the history.
///
/// # Errors
/// The history cannot be read.
pub(super) fn made(
    state: &State,
    open: &[&Operation],
    repository: &Repository,
    store: &Store,
) -> Result<Made, Failure> {
    let now = Timestamp::now();
    let mut wanted: Vec<Pattern> = Vec::new();
    let mut longest = Duration::ZERO;
    for resource in state.resources.values() {
        let times = resource.wants.values().filter_map(|want| want.setting.quota).map(|quota| quota.per);
        if let Some(per) = times.max() {
            wanted.push(resource.declared.at.pattern());
            longest = longest.max(per);
        }
    }
    if wanted.is_empty() {
        return Ok(Made::new());
    }
    let kind = |at: &opsctl_api::Address| repository.catalogues.kind(at.instance(), at.kind());
    let since = |at: &opsctl_api::Address, setting: &str| Some(before(now, kind(at)?.setting(setting)?.quota?.per));
    Ok(store.made(&wanted, open, before(now, longest), since)?)
}

/// So long before; the beginning of time where there is none.
fn before(now: Timestamp, long: Duration) -> Timestamp {
    now.checked_sub(long).unwrap_or(Timestamp::MIN)
}
