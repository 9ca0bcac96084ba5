use std::collections::BTreeSet;

use opsctl_api::{Live, LiveSetting, Query, Reading, Wanted};

use super::Verdict;
use crate::instance::Instances;
use crate::state::{Goal, Target};

/// How many members that are not as they should be are told of.
const TOLD: usize = 4;

/// Reads a setting of one resource, or of all that a wildcard finds, and holds it against what it must be.
pub(super) async fn read(at: &Target, setting: &str, is: &Goal, instances: &Instances) -> Verdict {
    let wanted = Wanted::Only(BTreeSet::from([setting.to_owned()]));
    let query = Query { at: at.selector(), settings: wanted, receipt: None };
    let Some(answer) = instances.read(&[query]).await.pop() else {
        return Verdict::no("no answer");
    };
    match (at, answer) {
        (Target::One(_), answer) => match answer.into_one() {
            Ok(live) => judge(&live, setting, is),
            Err(fault) => Verdict::no(fault.to_string()),
        },
        (Target::Many { .. }, Reading::Fault(fault)) => Verdict::no(fault.to_string()),
        (Target::Many { .. }, Reading::Members { mut found, complete }) => {
            found.retain(|live| !at.leaves_out(&live.at));
            let verdict = judge_all(&found, setting, is);
            if complete { verdict } else { Verdict::no(format!("not all could be read: {}", verdict.seen)) }
        }
    }
}

/// What is absent or hidden is nothing that could be as it must be, unless it must be absent.
fn judge(live: &Live, setting: &str, is: &Goal) -> Verdict {
    match live.settings.get(setting) {
        Some(LiveSetting::Is { value, .. }) => {
            Verdict { holds: is.holds(Some(value)), seen: format!("{setting} = {value}") }
        }
        Some(LiveSetting::Absent) => {
            let holds = matches!(is, Goal::Bound(bound) if bound.absent);
            Verdict { holds, seen: format!("{setting} is absent") }
        }
        Some(LiveSetting::Hidden(why)) => Verdict::no(format!("{setting} cannot be read: {why}")),
        None => Verdict::no(format!("{setting} was not in the answer")),
    }
}

/// Each of them must be as it must be, and there must be one.
fn judge_all(found: &[Live], setting: &str, is: &Goal) -> Verdict {
    let verdicts: Vec<(&Live, Verdict)> = found.iter().map(|live| (live, judge(live, setting, is))).collect();
    let misses: Vec<&(&Live, Verdict)> = verdicts.iter().filter(|(_, verdict)| !verdict.holds).collect();
    match (verdicts.as_slice(), misses.as_slice()) {
        ([], _) => Verdict::no("nothing found"),
        ([(_, first), rest @ ..], []) if rest.iter().all(|(_, verdict)| verdict.seen == first.seen) => {
            Verdict::yes(format!("{}, {} of {}", first.seen, found.len(), found.len()))
        }
        (all, []) => Verdict::yes(format!("{} of {} are so", all.len(), all.len())),
        (all, misses) => {
            let told = misses.iter().take(TOLD);
            let told: Vec<String> =
                told.map(|(live, verdict)| format!("{} {}", live.at.path(), verdict.seen)).collect();
            let more = if misses.len() > TOLD { ", …" } else { "" };
            Verdict::no(format!("{}{more} ({} of {})", told.join(", "), misses.len(), all.len()))
        }
    }
}
