//! Each key that the loader knows is in the schema and the other way round, and the two take the same values.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde_json::Value;

use self::json_schema::mismatches;
use super::*;
use crate::diagnostic::{Code, Severity};
use crate::instance::Catalogues;
use crate::keys::{ACTION, CHECK, EACH, GUARD, Key, METHODS, PROBES, REQUEST, RESOURCE, SNAPSHOTS, Takes};

#[path = "../../tests/harness/json_schema.rs"]
mod json_schema;

/// No key takes it.
const DATE: &str = "1979-05-27";

const TEMPLATE: &str = "\"{{ 3 }}\"";

/// A value of each sort that TOML has, and what some keys want.
const VALUES: &[&str] = &[
    "true",
    "-1",
    "0",
    "3",
    "99",
    "100",
    "256",
    "600",
    "3651",
    "2.5",
    DATE,
    "\"\"",
    "\"word\"",
    "\"A\"",
    "\"stop\"",
    "\"grows\"",
    "\"http://a/b\"",
    "\"a:1\"",
    "\"90s\"",
    "\"16Gi\"",
    TEMPLATE,
    "\"sim:service/a\"",
    "[]",
    "[\"a\"]",
    "[[\"a\", \"b\"]]",
    "[3]",
    "{ x = \"a\" }",
    "{ x = 3 }",
    "{ env = \"A\" }",
    "{ at_least = 3 }",
    "{ at_most = \"24h\" }",
    "{ at_least = \"1Mi\" }",
    "{ includes = [\"a\"] }",
    "{ absent = true }",
    "{ absent = false }",
    "{ restore = true }",
    "{ tcp = \"a:1\" }",
    "{ tcp = \"a:1\", gates = [\"a\"] }",
    "{ post = \"http://a\" }",
];

/// What is wrong with a file, says the loader.
fn loaded(file: &str, text: &str) -> Vec<(Code, String)> {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    let report = if file == "opsctl.toml" {
        crate::config::load(root).1
    } else {
        let sim = ("sim".to_owned(), opsctl_sim::catalogue());
        crate::state::load(root, &Catalogues([sim].into_iter().collect())).report
    };
    let errors = report.diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
    errors.map(|found| (found.code, found.message)).collect()
}

fn catalogues() -> Vec<(&'static str, &'static dyn Catalogue)> {
    let all = [opsctl_aws::catalogue(), opsctl_kubernetes::catalogue(), opsctl_sim::catalogue()];
    all.into_iter().map(|catalogue| (catalogue.provider(), catalogue)).collect()
}

/// What can be seen of a key without knowing more of the repository.
const OF_KEYS: &[Code] = &[Code::UnknownKey, Code::WrongType, Code::NotBuilt];
/// And of a setting.
const OF_SETTINGS: &[Code] = &[
    Code::UnknownSetting,
    Code::Observed,
    Code::KeyedSetting,
    Code::WrongType,
    Code::WrongValue,
    Code::UnknownBound,
    Code::BoundType,
    Code::NotAbsent,
    Code::SecretInOpen,
];

/// A key where all around it is right, tried with each value.
struct Tried<'a> {
    file: &'a str,
    schema: &'a Value,
    /// What the schema must find too.
    seen: &'a [Code],
    wrong: Vec<String>,
}

impl Tried<'_> {
    fn key(&mut self, key: &Key, around: &str) {
        let mut read = false;
        for value in VALUES {
            let text = format!("{around}\n{} = {value}\n", key.name);
            let errors = loaded(self.file, &text);
            let document: Value = toml::from_str(&text).unwrap();
            let mistakes = mismatches(self.schema, &document);
            let has = |codes: &[Code]| errors.iter().find(|(code, _)| codes.contains(code));
            if errors.is_empty() && !mistakes.is_empty() {
                self.wrong.push(format!("the loader takes and the schema does not:\n{text}{mistakes:?}"));
            }
            // JSON has no dates: there they are strings. What a template gives nobody knows yet.
            let seen = has(self.seen).filter(|_| *value != DATE && *value != TEMPLATE);
            if seen.is_some() && mistakes.is_empty() {
                self.wrong.push(format!("the schema takes and the loader does not:\n{text}{seen:?}"));
            }
            if has(&[Code::UnknownKey, Code::UnknownSetting])
                .is_some_and(|(_, why)| why.contains(&format!("`{}`", key.name)))
            {
                self.wrong.push(format!("it is listed, and the loader does not know it:\n{text}"));
            }
            read |= !errors.is_empty();
        }
        if !read {
            self.wrong.push(format!("it is listed, and nobody reads it:\n{around}\n{}", key.name));
        }
    }

    /// Keys in one table; what else stands there is left out where it is the key itself, or what cannot stand beside it.
    fn keys(&mut self, keys: &[Key], header: &str, around: &[(&str, &str)]) {
        for key in keys {
            let beside = around.iter().filter(|(name, _)| *name != key.name && !(key.name == "http" && *name == "run"));
            let lines: Vec<String> = beside.map(|(name, value)| format!("{name} = {value}")).collect();
            self.key(key, &format!("{header}\n{}", lines.join("\n")));
        }
    }

    #[track_caller]
    fn end(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}

#[test]
fn test_keys_of_a_state() {
    let schema = state(&catalogues());
    let mut tried = Tried { file: "states/baseline.toml", schema: &schema, seen: OF_KEYS, wrong: Vec::new() };
    tried.keys(STATE, "", &[]);
    tried.keys(RESOURCE, "[resource.a]", &[("at", "\"sim:service/a\"")]);
    tried.keys(CHECK, "[resource.a]\nat = \"sim:service/a\"\n[check.a]", &[("tcp", "\"a:1\"")]);
    let action = [("run", "[\"x\"]"), ("when", "\"always\""), ("each", "[\"m\"]")];
    tried.keys(ACTION, "[resource.a]\nat = \"sim:service/a\"\n[action.a]", &action);
    tried.keys(EACH, "[action.a]", &action);
    tried.keys(METHODS, "[action.a.http]", &[]);
    tried.keys(REQUEST, "[action.a.http]", &[("post", "\"http://a\"")]);
    tried.end();
}

#[test]
fn test_keys_of_checks() {
    let schema = state(&catalogues());
    let mut tried = Tried { file: "states/baseline.toml", schema: &schema, seen: OF_KEYS, wrong: Vec::new() };
    for probe in PROBES {
        let measured = match (probe.key.name, probe.key.takes) {
            ("http" | "metrics", _) => "\"http://a\"",
            ("tcp" | "tls", _) => "\"a:1\"",
            ("setting", _) => "\"replicas\"",
            ("run", _) => "[\"x\"]",
            _ => "\"a\"",
        };
        let beside = |name: &&'static str| match (*name, probe.key.name) {
            ("at", _) => ("at", "\"sim:service/a\""),
            ("server", _) => ("server", "\"http://a\""),
            ("metric", _) => ("metric", "\"a\""),
            (name, _) => (name, "3"),
        };
        let mut around = vec![(probe.key.name, measured)];
        around.extend(probe.required.iter().map(beside));
        tried.keys(&[probe.key], "[check.a]", &around);
        tried.keys(probe.own, "[check.a]", &around);
        // Each that is needed is asked for by both.
        for missing in probe.required {
            let lines = around.iter().filter(|(name, _)| name != missing);
            let lines: Vec<String> = lines.map(|(name, value)| format!("{name} = {value}")).collect();
            let text = format!("[check.a]\n{}\n", lines.join("\n"));
            let document: Value = toml::from_str(&text).unwrap();
            let errors = loaded("states/baseline.toml", &text);
            assert!(errors.iter().any(|(code, _)| *code == Code::MissingKey), "{text}{errors:?}");
            assert!(!mismatches(&schema, &document).is_empty(), "{text}");
        }
    }
    tried.end();
}

#[test]
fn test_settings_of_each_type() {
    let schema = state(&catalogues());
    let mut tried = Tried { file: "states/baseline.toml", schema: &schema, seen: OF_SETTINGS, wrong: Vec::new() };
    for kind in opsctl_sim::catalogue().kinds() {
        for setting in kind.settings {
            let at = format!("[resource.a]\nat = \"sim:{}/a\"", kind.name);
            let (name, header) = match setting.key {
                Some(_) => ("x", format!("{at}\n[resource.a.{}]", setting.name)),
                None => (setting.name, at),
            };
            let key = Key { name, takes: Takes::AnyGoal, doc: "" };
            tried.key(&key, &header);
        }
    }
    tried.end();
}

#[test]
fn test_keys_of_the_configuration() {
    let schema = config(&catalogues());
    let mut tried = Tried { file: "opsctl.toml", schema: &schema, seen: OF_KEYS, wrong: Vec::new() };
    let provider = "provider.a.type = \"sim\"";
    tried.keys(FILE, "", &[]);
    tried.keys(SNAPSHOTS, &format!("{provider}\n[snapshots]"), &[]);
    tried.keys(GUARD, &format!("{provider}\n[guard]"), &[]);
    tried.end();
}

/// Names of properties, wherever they stand in a schema of one table.
fn properties(schema: &Value) -> BTreeSet<&str> {
    let own = schema["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str);
    own.chain(schema["allOf"].as_array().into_iter().flatten().flat_map(properties)).collect()
}

/// Names of keys that can be used.
fn names<'a>(keys: &[&'a [Key]]) -> BTreeSet<&'a str> {
    let usable = keys.iter().copied().flatten().filter(|key| !matches!(key.takes, Takes::Later));
    usable.map(|key| key.name).collect()
}

#[test]
fn test_the_schema_has_the_listed_keys_and_no_others() {
    let (state, config) = (state(&catalogues()), config(&catalogues()));
    let table = |name: &str| properties(&state["definitions"][name]);
    assert_eq!(properties(&state), names(&[STATE]));
    let all = catalogues();
    let settings = all.iter().flat_map(|(_, catalogue)| catalogue.kinds()).flat_map(|kind| kind.settings);
    let settings: BTreeSet<&str> = settings.filter(|setting| !setting.observed).map(|setting| setting.name).collect();
    assert_eq!(table("resource"), names(&[RESOURCE]).union(&settings).copied().collect());
    let probes: Vec<&[Key]> = PROBES.iter().flat_map(|probe| [std::slice::from_ref(&probe.key), probe.own]).collect();
    let mut checks = names(&probes);
    checks.extend(names(&[CHECK]));
    assert_eq!(table("check"), checks);
    assert_eq!(table("action"), names(&[ACTION, EACH]));
    assert_eq!(table("request"), names(&[METHODS, REQUEST]));

    let table = |name: &str| properties(&config["definitions"][name]);
    assert_eq!(properties(&config), names(&[FILE]));
    assert_eq!(table("snapshots"), names(&[SNAPSHOTS]));
    assert_eq!(table("guard"), names(&[GUARD]));
    let options = all.iter().flat_map(|(_, catalogue)| catalogue.config()).map(|key| key.name);
    assert_eq!(table("instance"), options.chain(["type"]).collect());
}
