use opsctl_api::{Batch, Change, Hop, Kind, Live, NoWay, Rate, Segment, Setting, Type, Value, shell_word};

use super::{Served, one_call};

#[cfg(feature = "live")]
mod live;

/// DescribeAlarms, EnableAlarmActions and DisableAlarmActions take up to 100 names
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_EnableAlarmActions.html>).
const NAMES: usize = 100;

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "cloudwatch-alarm",
        doc: "A CloudWatch alarm, of a metric or of other alarms. AWS compares nothing: who changes it right before is overwritten.",
        path: &[Segment::Rest("NAME")],
        settings: &[
            Setting::new("actions_enabled", Type::Bool, "Whether it does something when it goes off."),
            Setting::new("state", Type::OneOf(&["ALARM", "INSUFFICIENT_DATA", "OK"]), "How it stands.").observed(),
        ],
        confines: None,
        // Of either operation (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>).
        rate: Some(Rate { burst: 3, per_second: 3.0 }),
    },
    hops,
    batch,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

fn hops(change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    one_call(change)
}

/// The call that makes a hop, and takes many names.
fn verb(hop: &Hop) -> &'static str {
    let on = hop.edits.iter().any(|edit| edit.to == Some(Value::Bool(true)));
    if on { "enable" } else { "disable" }
}

fn batch(hop: &Hop) -> Option<Batch> {
    Some(Batch { key: format!("{} alarm actions", verb(hop)), most: NAMES })
}

fn by_hand(hop: &Hop, aws: &str) -> String {
    format!("{aws} cloudwatch {}-alarm-actions --alarm-names {}", verb(hop), shell_word(hop.at.path()))
}
