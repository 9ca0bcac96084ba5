use std::collections::BTreeSet;

use opsctl_api::{Change, Edit, Hop, Kind, Live, NoWay, Segment, Setting, Type, Value, shell_word};

use super::{Served, after, alone, edit, hop};

#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod readiness;
#[cfg(feature = "live")]
mod sizers;

/// Sizes of a group are 32-bit.
const COUNT: Type = Type::Integer { min: 0, max: i32::MAX as i64 };
/// `UpdateAutoScalingGroup` carries all three.
const SIZE: &str = "size";

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "asg",
        doc: "An Auto Scaling group. AWS compares nothing: who changes it right before is overwritten.",
        path: &[Segment::One("NAME")],
        settings: &[
            Setting::new("desired", COUNT, "How many instances there shall be.")
                .count()
                .group(SIZE)
                .read_with(&["max", "min"]),
            Setting::new("max", COUNT, "The most instances; lowered below what is desired, it lowers that too.")
                .capacity()
                .group(SIZE)
                .read_with(&["desired", "min"]),
            Setting::new("min", COUNT, "The fewest instances; raised above what is desired, it raises that too.")
                .capacity()
                .group(SIZE)
                .read_with(&["desired", "max"]),
            Setting::new(
                "suspended",
                Type::Set,
                "The processes that do not run: Launch, Terminate, HealthCheck, ReplaceUnhealthy, AZRebalance, \
                 AlarmNotification, ScheduledActions, AddToLoadBalancer, InstanceRefresh.",
            ),
        ],
        confines: None,
        rate: None,
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

/// What is resumed comes first, so that it takes part in the new size; what is suspended comes last.
fn hops(change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
    let mut hops = Vec::new();
    let [resumed, suspended] = processes(change);
    hops.extend(resumed.map(|edit| hop(change, vec![edit])));
    hops.extend(size(change, live)?);
    hops.extend(suspended.map(|edit| hop(change, vec![edit])));
    Ok(hops)
}

/// Processes are resumed by one call and suspended by another.
fn processes(change: &Change) -> [Option<Edit>; 2] {
    let Some(edit) = edit(&change.edits, "suspended") else { return [None, None] };
    let (Some(Value::Set(from)), Some(Value::Set(to))) = (&edit.from, &edit.to) else { return [None, None] };
    let stay: BTreeSet<String> = from & to;
    let step = |from: &BTreeSet<String>, to: &BTreeSet<String>| {
        let (from, to) = (Some(Value::Set(from.clone())), Some(Value::Set(to.clone())));
        (from != to).then(|| Edit { setting: edit.setting.clone(), from, to })
    };
    [step(from, &stay), step(&stay, to)]
}

fn size(change: &Change, live: &Live) -> Result<Option<Hop>, NoWay> {
    let edits: Vec<Edit> = change.edits.iter().filter(|edit| edit.setting != "suspended").cloned().collect();
    if edits.is_empty() {
        return Ok(None);
    }
    let count = |setting| after(change, live, setting).and_then(Value::as_integer);
    let (min, max) = (count("min").unwrap_or(0), count("max").unwrap_or(i64::MAX));
    if min > max {
        let instead = "set both bounds".to_owned();
        return Err(NoWay { why: format!("min {min} would be above max {max}"), instead });
    }
    let mut hop = hop(change, edits);
    let Some(desired) = count("desired") else { return Ok(Some(hop)) };
    let moved = desired.clamp(min, max);
    if moved != desired && edit(&change.edits, "desired").is_some() {
        let why = format!("{desired} desired would not be within min {min} and max {max}");
        return Err(NoWay { why, instead: "set the bounds too".to_owned() });
    }
    if moved != desired {
        let (from, to) = (Some(Value::Integer(desired)), Some(Value::Integer(moved)));
        hop.coupled.push(Edit { setting: "desired".to_owned(), from, to });
    }
    Ok(Some(hop))
}

/// The option of UpdateAutoScalingGroup.
fn option(setting: &str) -> &'static str {
    match setting {
        "min" => "--min-size",
        "max" => "--max-size",
        _ => "--desired-capacity",
    }
}

fn by_hand(hop: &Hop, aws: &str) -> String {
    let group = format!("--auto-scaling-group-name {}", shell_word(hop.at.path()));
    if let Some(edit) = edit(&hop.edits, "suspended") {
        let (verb, names) = switched(edit);
        let names: Vec<String> = names.iter().map(|name| shell_word(name)).collect();
        return format!("{aws} autoscaling {verb}-processes {group} --scaling-processes {}", names.join(" "));
    }
    let options: Vec<String> =
        hop.edits.iter().filter_map(|edit| Some(format!("{} {}", option(&edit.setting), edit.to.as_ref()?))).collect();
    format!("{aws} autoscaling update-auto-scaling-group {group} {}", options.join(" "))
}

/// Whether an edit suspends or resumes, and which processes.
fn switched(edit: &Edit) -> (&'static str, Vec<&String>) {
    let set = |value: &'_ Option<Value>| match value {
        Some(Value::Set(set)) => set.iter().cloned().collect::<BTreeSet<String>>(),
        _ => BTreeSet::new(),
    };
    let (from, to) = (set(&edit.from), set(&edit.to));
    match (&edit.from, &edit.to) {
        (_, Some(Value::Set(new))) if to.is_superset(&from) => {
            ("suspend", new.iter().filter(|name| !from.contains(*name)).collect())
        }
        (Some(Value::Set(old)), _) => ("resume", old.iter().filter(|name| !to.contains(*name)).collect()),
        _ => ("resume", Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use opsctl_api::LiveSetting;

    use super::*;

    fn live(desired: i64) -> Live {
        let mut live = Live::new("aws:asg/web".parse().unwrap());
        for (setting, value) in [("min", 1), ("desired", desired), ("max", 6)] {
            live.settings.insert(setting.to_owned(), LiveSetting::is(Value::Integer(value), value.into()));
        }
        live
    }

    fn change(setting: &str, from: Value, to: Value) -> Change {
        let edit = Edit { setting: setting.to_owned(), from: Some(from), to: Some(to) };
        Change { at: "aws:asg/web".parse().unwrap(), edits: vec![edit] }
    }

    #[test]
    fn test_a_raised_minimum_raises_desired() {
        let hops = hops(&change("min", Value::Integer(1), Value::Integer(4)), &live(2)).unwrap();
        assert_eq!(hops[0].coupled[0].to, Some(Value::Integer(4)));
        assert!(super::hops(&change("desired", Value::Integer(2), Value::Integer(9)), &live(2)).is_err());
    }

    #[test]
    fn test_processes_are_resumed_and_suspended_by_calls_of_their_own() {
        let set = |names: &[&str]| Value::Set(names.iter().map(|name| (*name).to_owned()).collect());
        let hops = hops(&change("suspended", set(&["Launch", "Terminate"]), set(&["Launch", "AZRebalance"])), &live(2));
        let by_hand: Vec<String> = hops.unwrap().iter().map(|hop| by_hand(hop, "aws")).collect();
        assert_eq!(
            by_hand,
            [
                "aws autoscaling resume-processes --auto-scaling-group-name web --scaling-processes Terminate",
                "aws autoscaling suspend-processes --auto-scaling-group-name web --scaling-processes AZRebalance",
            ]
        );
    }
}
