use opsctl_api::{Batch, Catalogue, Change, Config, ConfigKey, Hop, Kind, Live, NoWay, Type, program};

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

    fn by_hand(&self, hop: &Hop, config: &Config) -> String {
        let options = [("profile", "--profile"), ("region", "--region"), ("endpoint", "--endpoint-url")];
        let aws = program("aws", config, &options);
        kinds::served(hop.at.kind()).map_or_else(String::new, |served| (served.by_hand)(hop, &aws))
    }
}

#[cfg(test)]
mod tests {
    use opsctl_api::{Edit, Value};

    use super::*;

    #[test]
    fn test_by_hand_says_where() {
        let edit = |setting: &str, to| Edit { setting: setting.to_owned(), from: None, to: Some(to) };
        let config = [("profile", "ops"), ("region", "us-west-2")].map(|(key, text)| (key.to_owned(), text.into()));
        for (at, edit, line) in [
            (
                "aws:rds-instance/orders",
                edit("running", Value::Bool(false)),
                "aws --profile ops --region us-west-2 rds stop-db-instance --db-instance-identifier orders",
            ),
            (
                "aws:s3-object/b/k",
                edit("content", Value::String("on".to_owned())),
                "printf %s on | aws --profile ops --region us-west-2 s3 cp - s3://b/k",
            ),
        ] {
            let hop = Hop { at: at.parse().unwrap(), edits: vec![edit], coupled: Vec::new() };
            assert_eq!(catalogue().by_hand(&hop, &config.clone().into()), line);
        }
    }

    #[test]
    fn test_kinds_are_sorted_and_served() {
        assert!(catalogue().kinds().is_sorted_by_key(|kind| kind.name));
        for kind in catalogue().kinds() {
            assert_eq!(kinds::served(kind.name).unwrap().kind.name, kind.name);
        }
    }
}
