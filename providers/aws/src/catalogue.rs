use opsctl_api::{Batch, Catalogue, Change, ConfigKey, Hop, Kind, Live, NoWay, Type};

use crate::kinds::{self, KINDS};

/// What opsctl knows of AWS without talking to it.
pub fn catalogue() -> &'static dyn Catalogue {
    &Aws
}

struct Aws;

/// The keys of an instance.
pub(crate) const CONFIG: &[ConfigKey] = &[
    ConfigKey::new(
        "connect_timeout",
        Type::Duration,
        "How long to wait for a connection; 5 seconds where nothing is said.",
    ),
    ConfigKey::new("endpoint", Type::String, "A URL where something else answers than AWS."),
    ConfigKey::new(
        "profile",
        Type::String,
        "The profile of the AWS configuration that has the credentials; else what the SDK's chain finds.",
    ),
    ConfigKey::new("region", Type::String, "The region, as in \"us-east-1\"; needed."),
    ConfigKey::new(
        "writes_at_once",
        Type::Integer { min: 1, max: 1000 },
        "How many writes an apply may have under way at once; 32 where nothing is said.",
    ),
    ConfigKey::new(
        "writes_per_second",
        Type::Number { min: 0.0, max: f64::INFINITY },
        "How many writes an apply may begin in a second; no limit where nothing is said.",
    ),
];

impl Catalogue for Aws {
    fn provider(&self) -> &'static str {
        "aws"
    }

    fn config(&self) -> &'static [ConfigKey] {
        CONFIG
    }

    fn kinds(&self) -> &'static [Kind] {
        KINDS
    }

    fn hops(&self, change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
        kinds::served(change.at.kind()).map_or_else(|| Ok(change.in_one_hop()), |served| (served.hops)(change, live))
    }

    fn batch(&self, hop: &Hop) -> Option<Batch> {
        kinds::served(hop.at.kind()).and_then(|served| (served.batch)(hop))
    }

    fn by_hand(&self, hop: &Hop) -> String {
        kinds::served(hop.at.kind()).map_or_else(String::new, |served| (served.by_hand)(hop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_kinds_are_sorted_and_served() {
        assert!(catalogue().kinds().is_sorted_by_key(|kind| kind.name));
        for kind in catalogue().kinds() {
            assert_eq!(kinds::served(kind.name).unwrap().kind.name, kind.name);
        }
    }
}
