//! The kinds, one file each. A new kind is a file and its lines in this one.

mod route53_record;

use opsctl_api::{Batch, Change, Hop, Kind, Live, NoWay};

/// All kinds as the catalogue shows them, sorted by name.
pub(crate) static KINDS: &[Kind] = &[route53_record::SERVED.kind];

static ALL: &[&Served] = &[&route53_record::SERVED];

/// A kind, and what the API makes of its changes.
pub(crate) struct Served {
    /// Its path and settings.
    pub(crate) kind: Kind,
    /// The calls of a change.
    pub(crate) hops: fn(&Change, &Live) -> Result<Vec<Hop>, NoWay>,
    /// What may share a call with a hop.
    pub(crate) batch: fn(&Hop) -> Option<Batch>,
    /// What a person would type.
    pub(crate) by_hand: fn(&Hop) -> String,
}

/// The kind of this name.
pub(crate) fn served(kind: &str) -> Option<&'static Served> {
    ALL.iter().copied().find(|served| served.kind.name == kind)
}
