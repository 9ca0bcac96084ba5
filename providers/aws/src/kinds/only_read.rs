//! What all kinds have in common that are only read: a check measures them, and nothing changes them.

use opsctl_api::{Change, Hop, Live, NoWay};

pub(super) fn hops(_change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    Err(NoWay { why: "it is only read".to_owned(), instead: String::new() })
}

pub(super) fn by_hand(_hop: &Hop, _aws: &str) -> String {
    String::new()
}
