use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Address, Kind, Segment};

/// A name for each address: the shortest of what its path gives that no other has.
///
/// `known` are the names that addresses have in other states, which they keep; `taken` are names of anything else.
pub fn names(
    found: &BTreeMap<Address, &'static Kind>,
    known: &BTreeMap<Address, String>,
    taken: &BTreeSet<String>,
) -> BTreeMap<Address, String> {
    let mut named: BTreeMap<Address, String> = BTreeMap::new();
    let mut used: BTreeSet<String> = taken.clone();
    let mut open: Vec<(&Address, Vec<String>)> = Vec::new();
    for (at, kind) in found {
        match known.get(at) {
            Some(name) => {
                used.insert(name.clone());
                named.insert(at.clone(), name.clone());
            }
            None => open.push((at, candidates(at, kind))),
        }
    }
    let mut level = vec![0; open.len()];
    loop {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, (_, candidates)) in open.iter().enumerate() {
            by_name.entry(candidates[level[index]].as_str()).or_default().push(index);
        }
        let clashing = by_name.iter().filter(|(name, indexes)| indexes.len() > 1 || used.contains(**name));
        let longer: Vec<usize> = clashing
            .flat_map(|(_, indexes)| indexes.iter().copied())
            .filter(|&index| level[index] + 1 < open[index].1.len())
            .collect();
        if longer.is_empty() {
            break;
        }
        longer.into_iter().for_each(|index| level[index] += 1);
    }
    for ((at, candidates), level) in open.into_iter().zip(level) {
        let name = &candidates[level];
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !used.contains(name));
        let name = free.unwrap_or_else(|| name.clone());
        used.insert(name.clone());
        named.insert(at.clone(), name);
    }
    named
}

/// What an address may be called, the shortest first.
fn candidates(at: &Address, kind: &Kind) -> Vec<String> {
    let parts: Vec<&str> = at.segments().collect();
    // A path has a part that is called NAME, or its last one is what tells it from others; what is optional behind belongs to it.
    let named = kind.path.iter().position(|segment| *segment == Segment::One("NAME"));
    let short = match named {
        Some(index) if matches!(kind.path.last(), Some(Segment::Optional(_))) && parts.len() == kind.path.len() => {
            [parts.get(index), parts.last()].into_iter().flatten().copied().collect::<Vec<_>>().join("-")
        }
        Some(index) => parts.get(index).copied().unwrap_or_default().to_owned(),
        None => parts.last().copied().unwrap_or_default().to_owned(),
    };
    let whole = parts.join("-");
    let all = [
        short.clone(),
        format!("{short}-{}", kind.name),
        whole.clone(),
        format!("{whole}-{}", kind.name),
        format!("{}-{whole}-{}", at.instance(), kind.name),
    ];
    all.iter().map(|text| valid(text, kind.name)).collect()
}

/// Letters, digits, `-`, `_` and `.`; it begins with a letter, a digit or `_`.
fn valid(text: &str, otherwise: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = text.chars().map(plain).collect();
    let name = name.trim_start_matches(['-', '.']).trim_end_matches('-');
    if name.is_empty() { otherwise.to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::state::is_name;

    fn kind(provider: &'static dyn opsctl_api::Catalogue, name: &str) -> &'static Kind {
        provider.kind(name).unwrap()
    }

    fn named(addresses: &[&str], known: &[(&str, &str)], taken: &[&str]) -> Vec<String> {
        let found = addresses.iter().map(|at| {
            let at: Address = at.parse().unwrap();
            let catalogue =
                if at.instance() == "aws" { opsctl_aws::catalogue() } else { opsctl_kubernetes::catalogue() };
            let kind = kind(catalogue, at.kind());
            (at, kind)
        });
        let known = known.iter().map(|(at, name)| (at.parse().unwrap(), (*name).to_owned())).collect();
        let taken = taken.iter().map(|name| (*name).to_owned()).collect();
        names(&found.collect(), &known, &taken).into_values().collect()
    }

    #[test]
    fn test_the_shortest_that_no_other_has() {
        assert_eq!(named(&["k8s:deployment/cdn/edge", "k8s:deployment/data/minio"], &[], &[]), ["edge", "minio"]);
        assert_eq!(named(&["k8s:deployment/cdn/edge", "k8s:hpa/cdn/edge"], &[], &[]), ["edge-deployment", "edge-hpa"]);
        assert_eq!(named(&["k8s:deployment/a/edge", "k8s:deployment/b/edge"], &[], &[]), ["a-edge", "b-edge"]);
        assert_eq!(
            named(&["gke:deployment/a/edge", "k8s:deployment/a/edge"], &[], &[]),
            ["gke-a-edge-deployment", "k8s-a-edge-deployment"]
        );
        assert_eq!(
            named(&["aws:route53-record/Z1/live.example.com/CNAME/east", "aws:route53-record/Z1/www/A"], &[], &[]),
            ["live.example.com-east", "www"]
        );
    }

    #[test]
    fn test_names_of_other_states_are_kept_and_left() {
        let edge = "k8s:deployment/cdn/edge";
        assert_eq!(named(&[edge], &[(edge, "front")], &["front"]), ["front"]);
        assert_eq!(named(&[edge], &[], &["edge"]), ["edge-deployment"]);
        assert_eq!(
            named(
                &[edge],
                &[],
                &["edge", "edge-deployment", "cdn-edge", "cdn-edge-deployment", "k8s-cdn-edge-deployment"]
            ),
            ["k8s-cdn-edge-deployment-2"]
        );
    }

    proptest! {
        #[test]
        fn test_names_are_valid_and_unique(paths in proptest::collection::btree_set("[a-b.$é-]{1,3}/[a-b.$_-]{1,3}", 1..20)) {
            let found: BTreeMap<Address, &'static Kind> = paths
                .iter()
                .map(|path| {
                    let at = Address::new("k8s", "deployment", path).unwrap();
                    (at, kind(opsctl_kubernetes::catalogue(), "deployment"))
                })
                .collect();
            let names = names(&found, &BTreeMap::new(), &BTreeSet::new());
            prop_assert_eq!(names.len(), found.len());
            prop_assert!(names.values().all(|name| is_name(name)));
            prop_assert_eq!(names.values().collect::<BTreeSet<_>>().len(), found.len());
        }
    }
}
