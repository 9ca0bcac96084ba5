use opsctl_api::{Batch, Catalogue, Change, ConfigKey, Hop, Kind, Live, NoWay, Type};

use crate::kinds::{self, KINDS};

/// What opsctl knows of AWS without talking to it.
pub fn catalogue() -> &'static dyn Catalogue {
    &Aws
}

struct Aws;

/// The keys of an instance.
const CONFIG: &[ConfigKey] = &[
    ConfigKey::new("profile", Type::String, "The profile of the AWS configuration that has the credentials."),
    ConfigKey::new("region", Type::String, "The region, as in \"us-east-1\"."),
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
