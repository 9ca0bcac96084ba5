use std::collections::BTreeSet;

use opsctl_api::{Address, LiveSetting, Query, Selector, Wanted};

use super::Verdict;
use crate::instance::Instances;
use crate::state::Goal;

/// Reads one setting and holds it against what it must be.
pub(super) async fn read(at: &Address, setting: &str, is: &Goal, instances: &Instances) -> Verdict {
    let wanted = Wanted::Only(BTreeSet::from([setting.to_owned()]));
    let query = Query { at: Selector::One(at.clone()), settings: wanted, receipt: None };
    let Some(answer) = instances.read(&[query]).await.pop() else {
        return Verdict::no("no answer");
    };
    let live = match answer.into_one() {
        Ok(live) => live,
        Err(fault) => return Verdict::no(fault.to_string()),
    };
    let value = match live.settings.get(setting) {
        Some(LiveSetting::Is { value, .. }) => Some(value),
        Some(LiveSetting::Absent) => None,
        Some(LiveSetting::Hidden(why)) => return Verdict::no(format!("{setting} cannot be read: {why}")),
        None => return Verdict::no(format!("{setting} was not in the answer")),
    };
    let seen = value.map_or_else(|| format!("{setting} is absent"), |value| format!("{setting} = {value}"));
    Verdict { holds: is.holds(value), seen }
}
