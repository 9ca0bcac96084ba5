use std::collections::{BTreeMap, BTreeSet};

/// A name for each context, to begin addresses with: short where that tells them apart.
pub(super) fn instances(contexts: &[String]) -> Vec<String> {
    let mut short: BTreeMap<String, usize> = BTreeMap::new();
    for context in contexts {
        *short.entry(name(cluster(context))).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut unique = |wanted: String| {
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let free = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name));
        let free = free.unwrap_or(wanted);
        taken.insert(free.clone());
        free
    };
    contexts
        .iter()
        .map(|context| match name(cluster(context)) {
            short_one if short[&short_one] == 1 => unique(short_one),
            _ => unique(name(context)),
        })
        .collect()
}

/// The part of a context's name that names the cluster, in the forms that the tools of EKS, GKE, OpenShift and kubeadm give it.
fn cluster(context: &str) -> &str {
    if let Some((_, cluster)) = context.strip_prefix("arn:").and_then(|arn| arn.split_once(":cluster/")) {
        return cluster;
    }
    if let Some(google) = context.strip_prefix("gke_") {
        return google.splitn(3, '_').last().unwrap_or(context);
    }
    if let [_, cluster, _] = context.split('/').collect::<Vec<_>>()[..] {
        return cluster;
    }
    context.rsplit('@').next().unwrap_or(context)
}

/// A text as the name of an instance.
pub(super) fn name(text: &str) -> String {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    if name.is_empty() { "k8s".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(contexts: &[&str]) -> Vec<String> {
        instances(&contexts.iter().map(|context| (*context).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn test_the_cluster_names_the_instance() {
        let contexts = [
            "arn:aws:eks:us-east-1:123456789012:cluster/prod-east",
            "gke_my-project_us-central1-a_prod_west",
            "default/api-lab-example-com:6443/ana",
            "kubernetes-admin@staging",
            "kind-dev",
            "ü",
        ];
        assert_eq!(
            named(&contexts),
            ["prod-east", "prod_west", "api-lab-example-com-6443", "staging", "kind-dev", "k8s"]
        );
    }

    #[test]
    fn test_two_clusters_of_one_name_are_told_apart() {
        assert_eq!(
            named(&["gke_p_us-east1_prod", "gke_p_us-west1_prod", "lab"]),
            ["gke_p_us-east1_prod", "gke_p_us-west1_prod", "lab"]
        );
        assert_eq!(named(&["a b", "a/b", "a-b"]), ["a-b", "a-b-2", "a-b-3"]);
    }
}
