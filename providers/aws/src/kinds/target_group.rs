use opsctl_api::{Kind, Segment, Setting, Type};

use super::only_read::{by_hand, hops};
use super::{Served, alone};

#[cfg(feature = "live")]
mod live;

const COUNT: Type = Type::Integer { min: 0, max: i64::MAX };

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "target-group",
        doc: "The targets of a load balancer's target group.",
        path: &[Segment::One("NAME")],
        settings: &[
            Setting::new("healthy", COUNT, "How many targets are healthy.").observed(),
            Setting::new("unhealthy", COUNT, "How many are not; one that is draining is no target any more.")
                .observed(),
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
