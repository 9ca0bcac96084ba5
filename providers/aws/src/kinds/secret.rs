use opsctl_api::{Change, Hop, Kind, Live, NoWay, Rate, Segment, Setting, Type};

use super::{Served, alone, one_call};

mod by_hand;
#[cfg(feature = "live")]
mod document;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod versions;

/// The quota is 50 calls a second, of which a change takes three or four
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>).
const RATE: Rate = Rate { burst: 12, per_second: 12.0 };

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "secret",
        doc: "A secret of Secrets Manager whose text is a JSON object, key by key: the other keys stay as they are. The version \
              that a change replaces is kept under a label, for the way back.",
        path: &[Segment::Rest("NAME")],
        settings: &[Setting::new("json", Type::Secret, "The text of one key.").keyed("KEY")],
        confines: None,
        rate: Some(RATE),
    },
    hops,
    batch: alone,
    by_hand: by_hand::by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

fn hops(change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    one_call(change)
}
