use std::time::Duration;

use opsctl_api::Value;
use proptest::prelude::*;

use super::*;
use crate::diagnostic::{Style, render};
use crate::state::{Bound, Goal, OnFailure, Target};

/// The catalogues of the instances `k8s`, `gke` and `aws`.
pub(crate) fn catalogues() -> Catalogues {
    let kubernetes = opsctl_kubernetes::catalogue();
    Catalogues(BTreeMap::from([
        ("k8s".to_owned(), kubernetes),
        ("gke".to_owned(), kubernetes),
        ("aws".to_owned(), opsctl_aws::catalogue()),
    ]))
}

/// Loads states from texts.
fn load_texts(texts: &[(&str, &str)]) -> Loaded {
    let mut sources = Sources::default();
    let files: Vec<File> = texts
        .iter()
        .map(|(name, text)| {
            let id = sources.add(&format!("states/{name}.toml"), *text);
            File { name: (*name).to_owned(), id, text: Some(sources.text(id).clone()) }
        })
        .collect();
    load_files(&files, sources, Problems::default(), &catalogues())
}

pub(super) fn loaded(texts: &[(&str, &str)]) -> BTreeMap<String, State> {
    let loaded = load_texts(texts);
    assert!(!loaded.report.has_errors(), "{}", render(&loaded.report, &Style::plain(true)));
    loaded.states
}

fn goal<'a>(states: &'a BTreeMap<String, State>, state: &str, name: &str, key: &str) -> &'a Goal {
    &states[state].resources[name].wants[key].goal
}

const BASELINE: &str = r#"
summary = "One region serves"
on_failure = "continue"

[vars]
edge = 2

[resource.origin]
at = "k8s:deployment/data/minio"
replicas = 1

[resource.edge]
at = "k8s:deployment/cdn/ats-edge"
replicas = "{{ edge }}"
needs = ["origin", ["topology", "origin"]]
timeout = "90s"
cpu_request.ats = "500m"

[resource.topology]
at = "k8s:configmap/cdn/atc-topology"
data."shield.max-hosts" = "1"
"data.mode" = "{{ state }}"

[resource.dns]
at = "aws:route53-record/Z123456/live.example.com/CNAME/east"
weight = { at_most = 100 }
values = { includes = ["{{ state }}.example.com"] }
pool = "live"

[resource.media]
at = "k8s:deployment/media/*"
except = ["*/ome-*"]
select = { tier = "batch" }
optional = true
replicas = { at_least = 1, at_most = 9 }

[check.edge]
http = "https://{{ state }}.example.com/health"
status = 200
within = "2m"
json = { "/lag" = 0 }

[check.capacity]
at = "edge"
setting = "replicas"
is = { at_least = 1 }
gates = ["dns"]
"#;

#[test]
fn test_what_a_state_says() {
    let states = loaded(&[("baseline", BASELINE)]);
    let state = &states["baseline"];
    assert_eq!((state.summary.as_str(), state.on_failure), ("One region serves", Some(OnFailure::Continue)));
    let edge = &state.resources["edge"];
    assert_eq!(edge.declared.timeout, Some(Duration::from_secs(90)));
    assert_eq!(edge.declared.needs[1].any_of, ["topology", "origin"]);
    assert_eq!(edge.declared.needs[0].place.as_ref().unwrap().to_string(), "states/baseline.toml:15:10");
    assert_eq!(edge.wants["cpu_request.ats"].goal, Goal::Exact(Value::Quantity("0.5".parse().unwrap())));
    assert_eq!(goal(&states, "baseline", "edge", "replicas"), &Goal::Exact(Value::Integer(2)));
    assert_eq!(goal(&states, "baseline", "topology", "data.shield.max-hosts"), &Goal::Exact(Value::String("1".into())));
    assert_eq!(goal(&states, "baseline", "topology", "data.mode"), &Goal::Exact(Value::String("baseline".into())));
    let includes = Bound { includes: vec!["baseline.example.com".to_owned()], ..Bound::default() };
    assert_eq!(goal(&states, "baseline", "dns", "values"), &Goal::from(includes));
    assert!(matches!(&state.resources["media"].declared.at, Target::Many { select, .. } if select["tier"] == "batch"));
    assert_eq!(state.checks.len(), 2);
}

#[test]
fn test_a_state_takes_in_what_it_extends() {
    let child = r#"
        extends = "baseline"
        [vars]
        edge = 4
        [resource.origin]
        replicas = "{{ base * 3 }}"
        [resource.topology]
        data."shield.max-hosts" = { absent = true }
        [resource.edge]
        needs = []
    "#;
    let grandchild = "extends = \"child\"\n[resource.origin]\nreplicas = '{{ base + edge }}'\n[resource.edge]\nreplicas = '{{ base // 2 }}'";
    let states = loaded(&[("baseline", BASELINE), ("child", child), ("grandchild", grandchild)]);
    assert_eq!(goal(&states, "child", "edge", "replicas"), &Goal::Exact(Value::Integer(4)));
    assert_eq!(goal(&states, "child", "origin", "replicas"), &Goal::Exact(Value::Integer(3)));
    assert_eq!(goal(&states, "grandchild", "origin", "replicas"), &Goal::Exact(Value::Integer(7)));
    assert_eq!(goal(&states, "grandchild", "edge", "replicas"), &Goal::Exact(Value::Integer(2)));
    assert!(states["grandchild"].resources["edge"].declared.needs.is_empty());
    assert_eq!(goal(&states, "grandchild", "topology", "data.mode"), &Goal::Exact(Value::String("grandchild".into())));
    assert_eq!(states["grandchild"].summary, "");
    assert_eq!(states["grandchild"].on_failure, Some(OnFailure::Continue));
}

#[test]
fn test_the_digest_is_of_the_meaning() {
    let digest = |text: &str| loaded(&[("a", text)])["a"].digest.clone();
    let one = digest(
        "[resource.a]\nat = 'k8s:deployment/x/y'\nreplicas = 2\ncpu_limit.c = '1'\n[resource.b]\nat = 'k8s:deployment/x/z'",
    );
    let same = digest(
        "# why\n[resource.b]\nat = 'k8s:deployment/x/z'\n[resource.a]\ncpu_limit = { c = '1000m' }\nreplicas = \"{{ 1 + 1 }}\"\nat = 'k8s:deployment/x/y'\n",
    );
    let other = digest(
        "[resource.a]\nat = 'k8s:deployment/x/y'\nreplicas = 3\ncpu_limit.c = '1'\n[resource.b]\nat = 'k8s:deployment/x/z'",
    );
    assert_eq!(one, same);
    assert_ne!(one, other);
    assert_eq!(one.len(), 64);
}

proptest! {
    #[test]
    fn test_any_text_is_answered(text in ".{0,200}") {
        let loaded = load_texts(&[("a", &text), ("b", "extends = 'a'")]);
        render(&loaded.report, &Style::plain(true));
    }

    #[test]
    fn test_any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..60), config in ".{0,60}") {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::create_dir(root.join("states")).unwrap();
        std::fs::write(root.join("states/a.toml"), bytes).unwrap();
        std::fs::write(root.join("opsctl.toml"), &config).unwrap();
        render(&load(root, &catalogues()).report, &Style::plain(true));
        render(&crate::config::load(root).1, &Style::plain(true));
        let _ = crate::state::load_literal("@1", "live.toml", &config, &catalogues(), crate::state::Strangers::Refused);
    }

    #[test]
    fn test_any_cut_of_a_state_is_answered(at in 0..BASELINE.len(), len in 0_usize..60, with in "[\\[\\]{}\"'=.,a-z0-9 \n*%-]{0,12}") {
        prop_assume!(BASELINE.is_char_boundary(at));
        let end = (at + len).min(BASELINE.len());
        let text = format!("{}{with}{}", &BASELINE[..at], &BASELINE[end..]);
        let loaded = load_texts(&[("baseline", &text), ("b", "extends = 'baseline'\n[resource.edge]\nreplicas = '{{ base }}'")]);
        render(&loaded.report, &Style::plain(false));
    }
}

#[test]
fn test_the_example_has_no_mistake_and_no_hole() {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let (config, report) = crate::config::load(root);
    assert_eq!(render(&report, &Style::plain(true)), "");
    assert_eq!(config.unwrap().providers.len(), 3);
    let loaded = load(root, &catalogues());
    assert_eq!(render(&loaded.report, &Style::plain(true)), "");
    assert_eq!(loaded.states.len(), 4);
    let degraded = &loaded.states["degraded"].resources;
    assert_eq!(degraded["topology"].wants["data.shield.max-hosts"].goal, Goal::Exact(Value::String("0".into())));
    assert_eq!(degraded["origin"].wants["replicas"].goal, Goal::Exact(Value::Integer(4)));
}
