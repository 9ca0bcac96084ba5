//! Overlays: what a file of them means, and what they come to together.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use opsctl_api::Value;
use proptest::prelude::*;

use super::tests::loaded;
use crate::state::{Goal, OnFailure, State, compose};

const BASELINE: &str = r#"
rto = "5m"
confirm = true
on_failure = "continue"
tolerates_unreachable = ["k8s:*"]
[vars]
edge = 2
[resource.origin]
at = "k8s:deployment/data/minio"
replicas = 1
[resource.edge]
at = "k8s:deployment/cdn/ats-edge"
replicas = "{{ edge }}"
image.ats = "ats:9"
needs = ["origin"]
timeout = "90s"
[check.edge]
at = "edge"
setting = "replicas"
is = 2
"#;

const NIGHT: &str = r#"
over = "baseline"
summary = "At night"
allow_one_way = ["k8s:*"]
[vars]
few = 1
[resource.edge]
replicas = "{{ few }}"
[resource.spare]
at = "k8s:deployment/cdn/spare"
needs = ["edge"]
replicas = { restore = true }
[check.night]
at = "edge"
setting = "replicas"
is = 1
"#;

#[test]
fn test_names_are_taken_over_and_values_are_not() {
    let states = loaded(&[("baseline", BASELINE), ("night", NIGHT)]);
    let (baseline, night) = (&states["baseline"], &states["night"]);
    assert_eq!(night.over.as_deref(), Some("baseline"));
    assert_eq!((night.rto, night.confirm, night.on_failure), (None, false, None));
    assert!(night.tolerates_unreachable.is_empty() && night.allow_one_way.len() == 1);
    assert_eq!(night.resources["origin"].declared, baseline.resources["origin"].declared);
    assert_eq!(night.resources["edge"].declared, baseline.resources["edge"].declared);
    assert!(night.resources["origin"].wants.is_empty());
    assert_eq!(night.resources["edge"].wants.len(), 1);
    assert_eq!(night.resources["edge"].wants["replicas"].goal, Goal::Exact(Value::Integer(1)));
    assert!(night.resources["spare"].wants["replicas"].goal.restores());
    assert_eq!(night.checks.iter().map(|check| check.name.as_str()).collect::<Vec<_>>(), ["night"]);
}

#[test]
fn test_laid_over_a_state() {
    let states = loaded(&[("baseline", BASELINE), ("night", NIGHT)]);
    let whole = compose(&[&states["baseline"], &states["night"]]).unwrap();
    assert_eq!((whole.name.as_str(), whole.summary.as_str(), &whole.over), ("baseline+night", "At night", &None));
    assert_eq!((whole.rto, whole.confirm), (states["baseline"].rto, true));
    assert_eq!(whole.on_failure, Some(OnFailure::Continue));
    assert_eq!((whole.tolerates_unreachable.len(), whole.allow_one_way.len()), (1, 1));
    assert_eq!(whole.resources["edge"].wants["replicas"].goal, Goal::Exact(Value::Integer(1)));
    assert_eq!(whole.resources["edge"].wants["image.ats"].goal, Goal::Exact(Value::String("ats:9".into())));
    assert_eq!(whole.resources["origin"].wants.len(), 1);
    assert_eq!(whole.checks.iter().map(|check| check.name.as_str()).collect::<Vec<_>>(), ["edge", "night"]);
    assert_ne!(whole.digest, states["baseline"].digest);
}

const RESOURCES: usize = 3;

/// Settings by resource and key, as TOML.
type Settings = BTreeMap<(usize, &'static str), String>;

fn settings(most: usize) -> impl Strategy<Value = Settings> {
    let setting = prop_oneof![
        (0_u8..3).prop_map(|n| ("replicas", n.to_string())),
        (0_u8..3).prop_map(|n| ("replicas", format!("{{ at_least = {n} }}"))),
        Just(("replicas", "{ restore = true }".to_owned())),
        (0_u8..2).prop_map(|n| ("image.a", format!("\"x:{n}\""))),
        Just(("cpu_limit.a", "{ absent = true }".to_owned())),
        Just(("cpu_limit.a", "\"0.5\"".to_owned())),
        Just(("cpu_limit.a", "\"500m\"".to_owned())),
    ];
    proptest::collection::vec((0..RESOURCES, setting), 0..most)
        .prop_map(|all| all.into_iter().map(|(resource, (key, value))| ((resource, key), value)).collect())
}

fn toml(head: &str, settings: &Settings) -> String {
    let mut text = format!("{head}\n");
    for resource in 0..RESOURCES {
        let _ = writeln!(text, "[resource.r{resource}]\nat = \"k8s:deployment/x/r{resource}\"");
        for ((_, key), value) in settings.range((resource, "")..(resource + 1, "")) {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
    text
}

/// A state, and three overlays over it.
fn parts(base: &Settings, overlays: [&Settings; 3]) -> BTreeMap<String, State> {
    let mut texts = vec![("x", toml("", base))];
    for (name, settings) in ["a", "b", "c"].into_iter().zip(overlays) {
        texts.push((name, toml("over = \"x\"", settings)));
    }
    let mut written = base.clone();
    written.extend(overlays[0].clone());
    texts.push(("written", toml("", &written)));
    loaded(&texts.iter().map(|(name, text)| (*name, text.as_str())).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn test_an_overlay_means_what_it_would_written_into_the_state(base in settings(8), a in settings(6)) {
        let states = parts(&base, [&a, &a, &a]);
        let whole = compose(&[&states["x"], &states["a"]]).unwrap();
        prop_assert_eq!(&whole.digest, &states["written"].digest);
        // Twice the same says nothing new.
        let twice = compose(&[&states["x"], &states["a"], &states["b"]]).unwrap();
        prop_assert_eq!(&twice.digest, &states["written"].digest);
    }

    #[test]
    fn test_it_is_all_one_how_overlays_are_put_together(base in settings(8), a in settings(3), b in settings(3), c in settings(3)) {
        let states = parts(&base, [&a, &b, &c]);
        let [x, a, b, c] = ["x", "a", "b", "c"].map(|name| &states[name]);
        let Ok(whole) = compose(&[x, a, b, c]) else {
            // In whatever order, and over whatever: what differs differs.
            prop_assert!(compose(&[x, c, b, a]).is_err());
            prop_assert!(compose(&[a, b, c]).is_err());
            return Ok(());
        };
        prop_assert_eq!(&compose(&[&compose(&[x, a]).unwrap(), b, c]).unwrap(), &whole);
        prop_assert_eq!(&compose(&[&compose(&[x, a, b]).unwrap(), c]).unwrap(), &whole);
        prop_assert_eq!(&compose(&[x, &compose(&[a, b, c]).unwrap()]).unwrap(), &whole);
        prop_assert_eq!(&compose(&[x, a, &compose(&[b, c]).unwrap()]).unwrap(), &whole);
        prop_assert_eq!(&compose(&[x, c, a, b]).unwrap().digest, &whole.digest);
    }
}
