//! The kinds, one file each. A new kind is a file, and a line in [`ALL`].

mod route53_record;

use opsctl_api::{Batch, Change, Hop, Kind, Live, NoWay};

/// All kinds, sorted by name.
const ALL: &[&Served] = &[&route53_record::SERVED];

/// The same, as the catalogue shows them.
pub(crate) static KINDS: &[Kind] = &{
    let mut kinds = [ALL[0].kind; ALL.len()];
    let mut index = 0;
    while index < kinds.len() {
        kinds[index] = ALL[index].kind;
        index += 1;
    }
    kinds
};

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
