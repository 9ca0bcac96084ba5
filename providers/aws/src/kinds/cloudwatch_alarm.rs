use opsctl_api::{Change, Hop, Kind, Live, NoWay, Segment, Setting, Type, Value, shell_word};

use super::{Served, alone, one_call};

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "cloudwatch-alarm",
        doc: "A CloudWatch alarm.",
        path: &[Segment::One("NAME")],
        settings: &[
            Setting::new("actions_enabled", Type::Bool, "Whether it does something when it goes off."),
            Setting::new("state", Type::OneOf(&["ALARM", "INSUFFICIENT_DATA", "OK"]), "How it stands.").observed(),
        ],
        confines: None,
        rate: None,
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: &super::unbuilt::Unbuilt("cloudwatch-alarm"),
};

fn hops(change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    one_call(change)
}

fn by_hand(hop: &Hop) -> String {
    let on = hop.edits.iter().any(|edit| edit.to == Some(Value::Bool(true)));
    let verb = if on { "enable" } else { "disable" };
    format!("aws cloudwatch {verb}-alarm-actions --alarm-names {}", shell_word(hop.at.path()))
}
