use futures_util::StreamExt;
use futures_util::future::join_all;
use kube::config::{Kubeconfig, KubeconfigError};
use opsctl_api::{
    Answer, Config, ConfigProblem, Cx, Fault, Hop, Identity, Limits, Preflight, Provider, Query, Reading, Write,
    Written,
};

use crate::client::{Client, Target};
use crate::config::{Source, settings};
use crate::fault::chain;

/// Opens an instance: reads its configuration and the kubeconfig, and talks to nobody yet.
///
/// Keys: `context` (needed unless the kubeconfig has only one: whichever is current there is never taken), `kubeconfig` (a path;
/// otherwise what `KUBECONFIG` names, or `~/.kube/config`), or `in_cluster = true` for the service account of a pod;
/// `connect_timeout` (5s), `writes_at_once` (32), `writes_per_second` (no limit).
///
/// # Errors
/// All that is wrong with the configuration.
pub fn open(instance: &str, config: &Config) -> Result<Box<dyn Provider>, Vec<ConfigProblem>> {
    let settings = settings(config)?;
    let target = match settings.source {
        Source::InCluster => Target::InCluster,
        Source::Kubeconfig { path, context } => {
            let kubeconfig = match &path {
                Some(path) => Kubeconfig::read_from(path),
                None => Kubeconfig::read(),
            };
            let kubeconfig = kubeconfig.map_err(|error| vec![ConfigProblem::new("kubeconfig", unread(&error))])?;
            let context = chosen(&kubeconfig, context).map_err(|problem| vec![problem])?;
            Target::Context(Box::new(kubeconfig), context)
        }
    };
    let client = Client::new(target, settings.connect_timeout);
    Ok(Box::new(Cluster { instance: instance.to_owned(), client, limits: settings.limits }))
}

/// Why a kubeconfig cannot be read. The parser would show the lines around a mistake, and there may be a token in them.
pub(crate) fn unread(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => {
            let place = error.location().map(|at| format!(", in line {}", at.line())).unwrap_or_default();
            format!("it is no kubeconfig: its YAML has a mistake{place}")
        }
        error => chain(error),
    }
}

/// The context that was named, or the only one.
fn chosen(kubeconfig: &Kubeconfig, context: Option<String>) -> Result<String, ConfigProblem> {
    let names: Vec<&str> = kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
    let all = names.join(", ");
    match (context, names.as_slice()) {
        (Some(context), names) if names.contains(&context.as_str()) => Ok(context),
        (Some(context), _) => {
            Err(ConfigProblem::new("context", format!("the kubeconfig has no context `{context}`, but {all}")))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => Err(ConfigProblem::new("context", format!("name one of the kubeconfig's contexts: {all}"))),
    }
}

/// One cluster.
struct Cluster {
    instance: String,
    client: Client,
    limits: Limits,
}

impl Provider for Cluster {
    fn identity<'a>(&'a self, cx: &'a Cx) -> Answer<'a, Result<Identity, Fault>> {
        Box::pin(crate::identity::identity(&self.client, cx))
    }

    fn read<'a>(&'a self, cx: &'a Cx, ask: &'a [Query]) -> Answer<'a, Vec<Reading>> {
        Box::pin(crate::read::read(&self.client, cx, &self.instance, ask))
    }

    fn preflight<'a>(&'a self, cx: &'a Cx, hops: &'a [Hop]) -> Answer<'a, Vec<Preflight>> {
        let asked = hops.iter().map(|hop| crate::preflight::preflight(&self.client, cx, hop));
        Box::pin(futures_util::stream::iter(asked).buffered(self.limits.writes_at_once).collect())
    }

    /// Each by itself: no two objects share a call.
    fn write<'a>(&'a self, cx: &'a Cx, batch: &'a [Write]) -> Answer<'a, Vec<Written>> {
        Box::pin(join_all(batch.iter().map(|write| crate::write::write(&self.client, cx, &self.instance, &write.hop))))
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kubeconfig(contexts: &[&str]) -> Kubeconfig {
        let contexts: Vec<_> = contexts
            .iter()
            .map(|name| serde_json::json!({ "name": name, "context": { "cluster": "c", "user": "u" } }))
            .collect();
        serde_json::from_value(serde_json::json!({ "contexts": contexts, "current-context": "b" })).unwrap()
    }

    #[test]
    fn test_a_broken_kubeconfig_is_not_shown() {
        let text = "users:\n- name: ana\n  user:\n    token: hunter2\n   broken: [\n";
        let why = unread(&Kubeconfig::from_yaml(text).unwrap_err());
        assert!(why.starts_with("it is no kubeconfig") && !why.contains("hunter2"), "{why}");
    }

    #[test]
    fn test_whichever_context_is_current_is_never_taken() {
        assert_eq!(chosen(&kubeconfig(&["a"]), None).unwrap(), "a");
        assert_eq!(chosen(&kubeconfig(&["a", "b"]), Some("b".into())).unwrap(), "b");
        assert!(chosen(&kubeconfig(&["a", "b"]), None).unwrap_err().message.contains("a, b"));
        assert!(chosen(&kubeconfig(&["a", "b"]), Some("c".into())).unwrap_err().message.contains("no context `c`"));
    }
}
