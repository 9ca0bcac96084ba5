//! Extending is associative: a chain of three files means what the first and the merged other two mean, and what the merged
//! first two and the last mean.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::tests::loaded;

/// What one file says: settings by resource and key, as TOML; `needs`, and variables.
#[derive(Debug, Clone, Default)]
struct Layer {
    settings: BTreeMap<(usize, String), String>,
    needs: BTreeMap<usize, Vec<usize>>,
    vars: BTreeMap<String, i64>,
    timeout: BTreeMap<usize, u8>,
}

/// Resources need only those in front of them, so that nothing is a loop.
const RESOURCES: usize = 4;

impl Layer {
    /// This file over another, as DESIGN says that files merge.
    fn over(&self, below: &Self) -> Self {
        let mut merged = below.clone();
        merged.settings.extend(self.settings.clone());
        merged.needs.extend(self.needs.clone());
        merged.vars.extend(self.vars.clone());
        merged.timeout.extend(self.timeout.clone());
        merged
    }

    fn toml(&self, extends: Option<&str>) -> String {
        let mut text = extends.map_or_else(String::new, |state| format!("extends = \"{state}\"\n"));
        text.push_str("[vars]\n");
        for (name, value) in &self.vars {
            let _ = writeln!(text, "{name} = {value}");
        }
        for resource in 0..RESOURCES {
            let _ = writeln!(text, "[resource.r{resource}]\nat = \"k8s:deployment/x/r{resource}\"");
            if let Some(needs) = self.needs.get(&resource) {
                let names: Vec<String> = needs.iter().map(|need| format!("\"r{need}\"")).collect();
                let _ = writeln!(text, "needs = [{}]", names.join(", "));
            }
            if let Some(timeout) = self.timeout.get(&resource) {
                let _ = writeln!(text, "timeout = \"{timeout}s\"");
            }
            for ((_, key), value) in self.settings.range((resource, String::new())..(resource + 1, String::new())) {
                let _ = writeln!(text, "{key} = {value}");
            }
        }
        text
    }
}

fn setting() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        (0_u8..9).prop_map(|n| ("replicas".to_owned(), n.to_string())),
        (0_u8..9).prop_map(|n| ("replicas".to_owned(), format!("{{ at_least = {n} }}"))),
        Just(("replicas".to_owned(), "\"{{ a + 1 }}\"".to_owned())),
        ("[ab]", "[a-z]{1,4}").prop_map(|(key, image)| (format!("image.{key}"), format!("\"{image}:{{{{ a }}}}\""))),
        "[ab]".prop_map(|key| (format!("cpu_limit.{key}"), "{ absent = true }".to_owned())),
        ("[ab]", 1_u16..900).prop_map(|(key, n)| (format!("cpu_limit.{key}"), format!("\"{n}m\""))),
    ]
}

fn layer() -> impl Strategy<Value = Layer> {
    let settings = proptest::collection::vec((0..RESOURCES, setting()), 0..8);
    let needs = proptest::collection::btree_map(1..RESOURCES, proptest::collection::vec(0..RESOURCES, 0..3), 0..3);
    let vars = proptest::collection::btree_map("[ab]", 0_i64..50, 0..2);
    let timeout = proptest::collection::btree_map(0..RESOURCES, 1_u8..90, 0..2);
    (settings, needs, vars, timeout).prop_map(|(settings, needs, vars, timeout)| Layer {
        settings: settings.into_iter().map(|(resource, (key, value))| ((resource, key), value)).collect(),
        needs: needs
            .into_iter()
            .map(|(of, needs)| (of, needs.into_iter().filter(|need| *need < of).collect()))
            .collect(),
        vars,
        timeout,
    })
}

proptest! {
    #[test]
    fn test_extending_is_associative(mut first in layer(), second in layer(), third in layer()) {
        first.vars.insert("a".to_owned(), 1);
        let digest = |texts: &[(&str, String)]| {
            let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
            loaded(&texts)["z"].digest.clone()
        };
        let chain = [("x", first.toml(None)), ("y", second.toml(Some("x"))), ("z", third.toml(Some("y")))];
        let upper = [("x", first.toml(None)), ("z", third.over(&second).toml(Some("x")))];
        let lower = [("y", second.over(&first).toml(None)), ("z", third.toml(Some("y")))];
        let whole = [("z", third.over(&second).over(&first).toml(None))];
        let expected = digest(&chain);
        prop_assert_eq!(&digest(&upper), &expected);
        prop_assert_eq!(&digest(&lower), &expected);
        prop_assert_eq!(&digest(&whole), &expected);
    }
}
