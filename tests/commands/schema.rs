//! The schemas that the program prints, held against the files that there are: those that opsctl takes, and those that it refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::Repository;
use crate::json_schema::mismatches;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What can be seen in one place: a key, a type, a setting.
const SEEN: [&str; 5] = ["E0101", "E0102", "E0104", "E0112", "E0125"];

fn printed(file: &str) -> String {
    Repository::of(&[]).done(&["schema", file]).out
}

/// The schemas of a state and of `opsctl.toml`.
struct Schemas([Value; 2]);

impl Schemas {
    fn new() -> Self {
        Self(["state", "config"].map(|file| serde_json::from_str(&printed(file)).unwrap()))
    }

    /// What is wrong with a file; `None` where it is no TOML.
    fn mistakes(&self, path: &str, text: &str) -> Option<Vec<String>> {
        let document: Value = toml::from_str(text).ok()?;
        let [state, config] = &self.0;
        let schema = if Path::new(path).ends_with("opsctl.toml") { config } else { state };
        Some(mismatches(schema, &document))
    }
}

#[test]
fn test_the_schemas_in_docs_are_those_that_are_printed() {
    assert!(printed("plan") == include_str!("../../docs/schema/plan.json"));
    for file in ["state", "config"] {
        let path = format!("{ROOT}/docs/schema/{file}.json");
        let printed = printed(file);
        if std::env::var_os("OPSCTL_REGENERATE").is_some() {
            std::fs::write(&path, &printed).unwrap();
        }
        assert!(std::fs::read_to_string(&path).unwrap() == printed, "run again with OPSCTL_REGENERATE=1");
    }
    let document = Repository::of(&[]).json(&["schema", "config"]);
    assert_eq!((&document["kind"], &document["file"]), (&"schema".into(), &"config".into()));
    assert_eq!(document["schema"]["required"][0], "provider");
}

/// All states and all `opsctl.toml` of this repository.
fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(ROOT)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !name.starts_with('.') && !["target", "snapshots"].contains(&name) {
                folders.push(path);
            } else if name == "opsctl.toml" || (name.ends_with(".toml") && name != "world.toml" && has_states(&folder))
            {
                files.push(path);
            }
        }
    }
    files
}

fn has_states(folder: &Path) -> bool {
    folder.ends_with("states") || folder.ends_with("commands/small")
}

#[test]
fn test_every_file_of_this_repository_is_as_its_schema_says() {
    let schemas = Schemas::new();
    let files = files();
    assert!(files.len() > 20, "{files:?}");
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let mistakes = schemas.mistakes(path.to_str().unwrap(), &text).unwrap();
        assert!(mistakes.is_empty(), "{}: {}", path.display(), mistakes.join("\n"));
    }
}

/// The files of a broken input, and the codes that are told of each.
fn broken(text: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let (inputs, report) = text.split_once("=== report\n").unwrap();
    let sections = inputs.split("\n=== ").skip(1).filter_map(|section| section.split_once('\n'));
    let files = sections.filter(|(path, _)| path.ends_with(".toml") && !path.starts_with("worlds"));
    let mut files: BTreeMap<String, (String, BTreeSet<String>)> =
        files.map(|(path, text)| (path.to_owned(), (text.to_owned(), BTreeSet::new()))).collect();
    let mut code = "";
    for line in report.lines() {
        if let Some((found, _)) = line.strip_prefix("error[").and_then(|rest| rest.split_once(']')) {
            code = found;
        } else if let Some((_, place)) = line.split_once("┌ ").filter(|_| !code.is_empty()) {
            // Where a mistake is about two files, the first one named has it.
            let file = place.split(':').next().and_then(|path| files.get_mut(path));
            if let Some((_, codes)) = file {
                codes.insert(code.to_owned());
            }
            code = "";
        }
    }
    files
}

#[test]
fn test_broken_inputs_are_refused_where_that_can_be_seen_and_no_other_file_is() {
    let schemas = Schemas::new();
    let (mut refused, mut taken) = (0, 0);
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(format!("{ROOT}/tests/broken")).unwrap() {
        let path = entry.unwrap().path();
        for (file, (text, codes)) in broken(&std::fs::read_to_string(&path).unwrap()) {
            let Some(mistakes) = schemas.mistakes(&file, &text) else { continue };
            let seen = codes.iter().any(|code| SEEN.contains(&code.as_str()));
            if seen && mistakes.is_empty() {
                wrong.push(format!("{} {file}: opsctl finds {codes:?}, and the schema nothing", path.display()));
            } else if codes.is_empty() && !mistakes.is_empty() {
                wrong.push(format!("{} {file}: opsctl takes it, and the schema says {mistakes:?}", path.display()));
            }
            refused += usize::from(seen);
            taken += usize::from(codes.is_empty());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused > 15 && taken > 15, "{refused} {taken}");
}
