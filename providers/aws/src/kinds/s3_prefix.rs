use opsctl_api::{Kind, Segment, Setting, Type};

use super::only_read::{by_hand, hops};
use super::{Served, alone};

#[cfg(feature = "live")]
mod live;

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "s3-prefix",
        doc: "The objects of a bucket whose keys begin so: backups in a folder. All of them are listed, a thousand a call.",
        path: &[Segment::One("BUCKET"), Segment::Rest("PREFIX")],
        settings: &[
            Setting::new("newest_age", Type::Duration, "How old the newest is. Absent where there is none.").observed()
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
