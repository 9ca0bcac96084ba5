//! Kinds that are only read: what a check of AWS measures.

use opsctl_api::{Change, Hop, Kind, Live, NoWay, Segment, Setting, Type};

use super::{Served, alone};

#[cfg(feature = "live")]
mod prefix;

const NUMBER: Type = Type::Number { min: f64::NEG_INFINITY, max: f64::INFINITY };
const COUNT: Type = Type::Integer { min: 0, max: i64::MAX };

pub(super) const METRIC: Served = Served {
    kind: Kind {
        name: "cloudwatch-metric",
        doc: "A metric of CloudWatch over the last five minutes: \
              cloudwatch-metric/AWS/RDS/ReplicaLag/DBInstanceIdentifier=db-west.",
        path: &[Segment::One("NAMESPACE"), Segment::Rest("METRIC[/DIMENSION=VALUE…]")],
        settings: &[
            Setting::new("average", NUMBER, "The average. Absent where nothing was measured.").observed(),
            Setting::new("maximum", NUMBER, "The highest. Absent where nothing was measured.").observed(),
            Setting::new("minimum", NUMBER, "The lowest. Absent where nothing was measured.").observed(),
            Setting::new("sum", NUMBER, "The sum. Absent where nothing was measured.").observed(),
        ],
        confines: None,
        rate: None,
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: &super::unbuilt::Unbuilt("cloudwatch-metric"),
};

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
    calls: &prefix::Prefix,
};

pub(super) const TARGETS: Served = Served {
    kind: Kind {
        name: "target-group",
        doc: "The targets of a load balancer's target group.",
        path: &[Segment::One("NAME")],
        settings: &[
            Setting::new("healthy", COUNT, "How many targets are healthy.").observed(),
            Setting::new("unhealthy", COUNT, "How many are not.").observed(),
        ],
        confines: None,
        rate: None,
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: &super::unbuilt::Unbuilt("target-group"),
};

fn hops(_change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    Err(NoWay { why: "it is only read".to_owned(), instead: String::new() })
}

fn by_hand(_hop: &Hop) -> String {
    String::new()
}
