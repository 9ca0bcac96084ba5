use std::fmt;
use std::time::Duration;

use opsctl_api::{Config, ConfigProblem, Limits, parse_duration};
use serde_json::Value as Json;

use crate::catalogue::CONFIG;

/// What `opsctl.toml` says of an instance of AWS. Credentials are not in it: the SDK's chain finds them.
#[derive(Clone, PartialEq)]
pub(crate) struct Options {
    /// `us-east-1`. Never taken from the environment, for it may be another one tomorrow.
    pub(crate) region: String,
    /// A profile of `~/.aws/config`; else what the chain finds.
    pub(crate) profile: Option<String>,
    /// Somewhere else than AWS.
    pub(crate) endpoint: Option<String>,
    /// How long to wait for a connection.
    pub(crate) connect_timeout: Duration,
    /// How fast an apply may go.
    pub(crate) limits: Limits,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("region", &self.region).field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl Options {
    /// Reads an instance's table.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn read(config: &Config) -> Result<Self, Vec<ConfigProblem>> {
        let mut found = Vec::new();
        let mut options = Self {
            region: String::new(),
            profile: None,
            endpoint: None,
            connect_timeout: Duration::from_secs(5),
            limits: Limits { writes_at_once: 32, writes_per_second: None },
        };
        for (key, value) in config {
            let mut wrong = |what: &str| found.push(ConfigProblem::new(key.as_str(), format!("`{key}` {what}")));
            match (key.as_str(), value) {
                ("region", Json::String(region)) if is_region(region) => options.region.clone_from(region),
                ("region", _) => wrong("is the name of a region, such as \"us-east-1\""),
                ("profile", Json::String(profile)) if !profile.is_empty() => options.profile = Some(profile.clone()),
                ("profile", _) => wrong("is the name of a profile"),
                ("endpoint", Json::String(url)) if is_url(url) => options.endpoint = Some(url.clone()),
                ("endpoint", _) => wrong("is a URL, such as \"http://127.0.0.1:4566\""),
                ("connect_timeout", Json::String(text)) => match parse_duration(text) {
                    Ok(timeout) if !timeout.is_zero() => options.connect_timeout = timeout,
                    _ => wrong("is a duration, such as \"5s\""),
                },
                ("connect_timeout", _) => wrong("is a duration, such as \"5s\""),
                ("writes_at_once", value) => match value.as_u64() {
                    Some(number @ 1..=1000) => options.limits.writes_at_once = number as usize,
                    _ => wrong("is a number from 1 to 1000"),
                },
                ("writes_per_second", value) => match value.as_f64() {
                    Some(number) if number > 0.0 => options.limits.writes_per_second = Some(number),
                    _ => wrong("is a number above 0"),
                },
                (_, _) => {
                    let known: Vec<&str> = CONFIG.iter().map(|known| known.name).collect();
                    let message = format!("AWS has no such key; it has {}", known.join(", "));
                    found.push(ConfigProblem::new(key.as_str(), message));
                }
            }
        }
        if !config.contains_key("region") {
            found.push(ConfigProblem::new("", "name the region: region = \"us-east-1\""));
        }
        if found.is_empty() { Ok(options) } else { Err(found) }
    }
}

fn is_region(text: &str) -> bool {
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(named) && text.contains('-')
}

fn is_url(text: &str) -> bool {
    text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).is_some_and(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: Json) -> Result<Options, Vec<String>> {
        let config: Config = serde_json::from_value(json).unwrap();
        Options::read(&config).map_err(|found| found.into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn test_the_region_is_always_named() {
        assert_eq!(read(json!({ "region": "eu-west-1", "profile": "ops" })).unwrap().profile.as_deref(), Some("ops"));
        assert_eq!(read(json!({})).unwrap_err(), ["name the region: region = \"us-east-1\""]);
    }

    #[test]
    fn test_all_mistakes_at_once() {
        let found = read(json!({ "region": "Virginia", "zone": "a", "writes_at_once": 0, "endpoint": "here" }));
        assert_eq!(found.unwrap_err().len(), 4);
    }
}
