//! Kinds that are only read: what a check of AWS measures.

use opsctl_api::{Change, Hop, Kind, Live, NoWay, Segment, Setting, Type};

use super::{Served, alone};

#[cfg(feature = "live")]
mod prefix;

pub(super) const PREFIX: Served = Served {
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
    calls: prefix::CALLS,
};

pub(super) fn hops(_change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    Err(NoWay { why: "it is only read".to_owned(), instead: String::new() })
}

pub(super) fn by_hand(_hop: &Hop, _aws: &str) -> String {
    String::new()
}
