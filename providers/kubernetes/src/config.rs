use std::path::PathBuf;
use std::time::Duration;

use opsctl_api::{Config, ConfigProblem, Limits, parse_duration};
use serde_json::Value as Json;

use crate::catalogue::CONFIG;

/// An instance as it is configured.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    /// Where the cluster and the credentials are named.
    pub(crate) source: Source,
    /// How long a connection may take to come about; the engine's own timeout holds for the whole call.
    pub(crate) connect_timeout: Duration,
    /// How fast the engine may go.
    pub(crate) limits: Limits,
}

/// Where the cluster and the credentials are named.
#[derive(Debug, PartialEq)]
pub(crate) enum Source {
    /// The pod that opsctl runs in: its service account.
    InCluster,
    /// A kubeconfig.
    Kubeconfig {
        /// The file; otherwise what `KUBECONFIG` names, or `~/.kube/config`.
        path: Option<PathBuf>,
        /// The context; may be left out where the file has only one.
        context: Option<String>,
    },
}

/// Reads what `opsctl.toml` says.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn settings(config: &Config) -> Result<Settings, Vec<ConfigProblem>> {
    let mut reader = Reader { config, problems: Vec::new() };
    let in_cluster = reader.read("in_cluster", "true or false", Json::as_bool).unwrap_or(false);
    let context = reader.text("context");
    let path = reader.text("kubeconfig").map(|text| from_home(&text));
    let connect_timeout = reader.text("connect_timeout").and_then(|text| match parse_duration(&text) {
        Ok(timeout) => Some(timeout),
        Err(message) => reader.complain("connect_timeout", message),
    });
    let writes_at_once = reader
        .read("writes_at_once", "a whole number from 1 to 1000", |value| {
            value.as_u64().filter(|count| (1..=1000).contains(count))
        })
        .unwrap_or(32);
    let writes_per_second =
        reader.read("writes_per_second", "a number above 0", |value| value.as_f64().filter(|rate| *rate > 0.0));
    for key in config.keys().filter(|key| !CONFIG.iter().any(|known| known.name == *key)) {
        let known: Vec<&str> = CONFIG.iter().map(|known| known.name).collect();
        reader
            .problems
            .push(ConfigProblem::new(key, format!("Kubernetes has no such key; it has {}", known.join(", "))));
    }
    if in_cluster {
        for key in ["context", "kubeconfig"].into_iter().filter(|key| config.contains_key(*key)) {
            reader.problems.push(ConfigProblem::new(key, "in_cluster takes the pod's service account instead"));
        }
    }
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    Ok(Settings {
        source: if in_cluster { Source::InCluster } else { Source::Kubeconfig { path, context } },
        connect_timeout: connect_timeout.unwrap_or(Duration::from_secs(5)),
        // Capped at 1000, so it fits.
        limits: Limits { writes_at_once: writes_at_once as usize, writes_per_second },
    })
}

/// `~/` is the home directory, as a shell would have it.
fn from_home(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

struct Reader<'a> {
    config: &'a Config,
    problems: Vec<ConfigProblem>,
}

impl Reader<'_> {
    fn text(&mut self, key: &str) -> Option<String> {
        self.read(key, "a string that is not empty", |value| {
            value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        })
    }

    fn read<T>(&mut self, key: &str, expected: &str, take: impl FnOnce(&Json) -> Option<T>) -> Option<T> {
        let value = self.config.get(key)?;
        take(value).or_else(|| self.complain(key, format!("expected {expected}, found {value}")))
    }

    fn complain<T>(&mut self, key: &str, message: String) -> Option<T> {
        self.problems.push(ConfigProblem::new(key, message));
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: Json) -> Result<Settings, Vec<ConfigProblem>> {
        settings(&serde_json::from_value(json).unwrap())
    }

    #[test]
    fn test_defaults() {
        let settings = read(json!({"context": "prod-east"})).unwrap();
        assert_eq!(settings.source, Source::Kubeconfig { path: None, context: Some("prod-east".into()) });
        assert_eq!(settings.limits, Limits { writes_at_once: 32, writes_per_second: None });
        assert_eq!(read(json!({"in_cluster": true})).unwrap().source, Source::InCluster);
    }

    #[test]
    fn test_all_problems_at_once() {
        let problems = read(json!({
            "context": 5, "kubeconfig": "", "contxt": "x", "connect_timeout": "5 parsecs", "writes_at_once": 0,
            "writes_per_second": -1, "in_cluster": true,
        }))
        .unwrap_err();
        let mut keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys, ["connect_timeout", "context", "contxt", "kubeconfig", "writes_at_once", "writes_per_second"]);
    }
}
