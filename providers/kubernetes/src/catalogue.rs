use opsctl_api::{Catalogue, Change, Config, ConfigKey, Hop, Kind, Live, NoWay, Type, program};

use crate::kinds::{self, KINDS};

/// What opsctl knows of Kubernetes without talking to a cluster.
pub fn catalogue() -> &'static dyn Catalogue {
    &Kubernetes
}

struct Kubernetes;

/// The keys of an instance.
pub(crate) const CONFIG: &[ConfigKey] = &[
    ConfigKey::new(
        "connect_timeout",
        Type::Duration,
        "How long to wait for a connection; 5 seconds where nothing is said.",
    ),
    ConfigKey::new(
        "context",
        Type::String,
        "The context of the kubeconfig; needed unless it has only one, for the current one is never taken.",
    ),
    ConfigKey::new("in_cluster", Type::Bool, "true: takes the service account of the pod that opsctl runs in."),
    ConfigKey::new(
        "kubeconfig",
        Type::String,
        "The path of the kubeconfig; else what KUBECONFIG names, or ~/.kube/config.",
    ),
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

impl Catalogue for Kubernetes {
    fn provider(&self) -> &'static str {
        "kubernetes"
    }

    fn config(&self) -> &'static [ConfigKey] {
        CONFIG
    }

    fn kinds(&self) -> &'static [Kind] {
        KINDS
    }

    /// Always one call: a JSON Patch sets any number of fields of one object at once.
    fn hops(&self, change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
        if let Some(served) = kinds::served(change.at.kind()) {
            (served.lawful)(change, live)?;
        }
        Ok(change.in_one_hop())
    }

    fn by_hand(&self, hop: &Hop, config: &Config) -> String {
        let kubectl = program("kubectl", config, &[("kubeconfig", "--kubeconfig"), ("context", "--context")]);
        kinds::served(hop.at.kind()).map_or_else(String::new, |served| (served.by_hand)(served, hop, &kubectl))
    }
}

#[cfg(test)]
mod tests {
    use opsctl_api::{Edit, Value};

    use super::*;

    fn hop(at: &str, edits: Vec<Edit>) -> Hop {
        Hop { at: at.parse().unwrap(), edits, coupled: Vec::new() }
    }

    fn edit(setting: &str, from: Option<Value>, to: Option<Value>) -> Edit {
        Edit { setting: setting.to_owned(), from, to }
    }

    fn word(text: &str) -> Option<Value> {
        Some(Value::String(text.to_owned()))
    }

    #[test]
    fn test_kinds_are_sorted_and_served() {
        assert!(catalogue().kinds().is_sorted_by_key(|kind| kind.name));
        for kind in catalogue().kinds() {
            assert_eq!(kinds::served(kind.name).unwrap().kind.name, kind.name);
            assert_eq!(kind.path_form(), "NAMESPACE/NAME");
        }
    }

    #[test]
    fn test_by_hand() {
        let count = |number| Some(Value::Integer(number));
        let amount = |text: &str| Some(Value::Quantity(text.parse().unwrap()));
        for (hop, line) in [
            (
                hop("k8s:deployment/cdn/ats-edge", vec![edit("replicas", count(2), count(10))]),
                "kubectl scale deployment/ats-edge -n cdn --current-replicas=2 --replicas=10",
            ),
            (
                hop("k8s:deployment/cdn/ats-edge", vec![edit("image.ats", word("ats:9"), word("ats:10"))]),
                "kubectl set image deployment/ats-edge -n cdn ats=ats:10",
            ),
            (
                hop(
                    "k8s:deployment/cdn/ats-edge",
                    vec![edit("cpu_limit.ats", None, None), edit("restart", None, word("7c1e"))],
                ),
                "kubectl patch deployment/ats-edge -n cdn -p \
                 '{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"opsctl/restart\":\"7c1e\"}}}}}' && \
                 kubectl edit deployment/ats-edge -n cdn # take away limits.cpu of container ats",
            ),
            (
                hop(
                    "k8s:deployment/cdn/ats-edge",
                    vec![
                        edit("cpu_limit.warm", None, amount("2")),
                        edit("cpu_request.warm", None, amount("500m")),
                        edit("memory_limit.warm", None, amount("1Gi")),
                        edit("replicas", count(2), count(3)),
                    ],
                ),
                "kubectl scale deployment/ats-edge -n cdn --current-replicas=2 --replicas=3 && \
                 kubectl set resources deployment/ats-edge -n cdn -c warm --requests=cpu=500m --limits=cpu=2,memory=1Gi",
            ),
            (
                hop("k8s:hpa/cdn/ats-edge", vec![edit("max", count(4), count(20)), edit("min", count(2), count(10))]),
                r#"kubectl patch hpa/ats-edge -n cdn -p '{"spec":{"maxReplicas":20,"minReplicas":10}}'"#,
            ),
            (
                hop("k8s:configmap/cdn/atc", vec![edit("data.shield.max-hosts", word("4"), word("it's 2"))]),
                r#"kubectl patch configmap/atc -n cdn -p '{"data":{"shield.max-hosts":"it'\''s 2"}}'"#,
            ),
        ] {
            assert_eq!(catalogue().by_hand(&hop, &Config::new()), line);
        }
    }

    #[test]
    fn test_by_hand_says_which_cluster() {
        let to = Some(Value::Integer(0));
        let hop = hop("k8s:deployment/cdn/edge", vec![edit("replicas", None, to), edit("restart", None, word("7c"))]);
        let config =
            [("context", "prod west"), ("kubeconfig", "~/.kube/ops")].map(|(key, text)| (key.into(), text.into()));
        assert_eq!(
            catalogue().by_hand(&hop, &config.into()),
            "kubectl --kubeconfig ~/.kube/ops --context 'prod west' scale deployment/edge -n cdn --replicas=0 && \
             kubectl --kubeconfig ~/.kube/ops --context 'prod west' patch deployment/edge -n cdn -p \
             '{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"opsctl/restart\":\"7c\"}}}}}'"
        );
    }

    #[test]
    fn test_an_hpa_whose_floor_is_above_its_ceiling_has_no_way() {
        let at: opsctl_api::Address = "k8s:hpa/cdn/ats-edge".parse().unwrap();
        let count = |number| Some(Value::Integer(number));
        let change = Change { at: at.clone(), edits: vec![edit("max", None, count(2)), edit("min", None, count(3))] };
        let no_way = catalogue().hops(&change, &Live::new(at.clone())).unwrap_err();
        assert!(no_way.why.contains("min 3") && no_way.why.contains("max 2"), "{no_way}");

        // One bound alone is held against the other as it is.
        let change = Change { at: at.clone(), edits: vec![edit("max", count(9), count(2))] };
        let mut live = Live::new(at);
        assert!(catalogue().hops(&change, &live).is_ok());
        live.settings.insert("min".into(), opsctl_api::LiveSetting::is(Value::Integer(5), 5.into()));
        assert_eq!(catalogue().hops(&change, &live).unwrap_err().why, "min 5 is above max 2");
    }
}
