use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Config, GuardConfig, ProviderConfig, SnapshotsConfig};
use crate::diagnostic::{Code, Diagnostic, FileId, Report, Sources, Span};
use crate::document::{
    Entry, Problems, Table, integer, known, parse, pattern, read, some_time, string, strings, table,
};
use crate::keys;

/// The file that makes a folder an operations repository.
const FILE: &str = "opsctl.toml";

/// Reads `opsctl.toml` in `root`: all mistakes at once, and the configuration if there are none.
///
/// What each provider reads of its own is passed through as JSON.
pub fn load(root: &Utf8Path) -> (Option<Config>, Report) {
    let (config, report) = salvage(root);
    let config = config.filter(|_| !report.has_errors());
    (config, report)
}

/// The same of a mistaken one: what could be read of it, for who looks for more mistakes. `None` where it is not there or no TOML.
pub fn salvage(root: &Utf8Path) -> (Option<Config>, Report) {
    let mut sources = Sources::default();
    let mut found = Problems::default();
    let config = load_file(root, &mut sources, &mut found);
    let mut report = Report { sources, diagnostics: found.into_found() };
    report.sort();
    (config, report)
}

fn load_file(root: &Utf8Path, sources: &mut Sources, found: &mut Problems) -> Option<Config> {
    let path = root.join(FILE);
    if !path.exists() {
        let file = sources.add(FILE, "");
        let folder = std::path::absolute(root).map_or_else(|_| root.to_string(), |path| path.display().to_string());
        found.push(
            Diagnostic::error(Code::NoConfig, Span::new(file, 0..0), format!("there is no opsctl.toml in {folder}"))
                .note("go into an operations repository, name one with -C DIR, or make one: opsctl init"),
        );
        return None;
    }
    let file = read(&path, FILE, sources, found).ok()?;
    let text = sources.text(file).clone();
    let document = parse(file, &text, found);
    let config = config(root, file, &document, found);
    (!found.is_damaged(file)).then_some(config)
}

fn config(root: &Utf8Path, file: FileId, document: &Table<'_>, found: &mut Problems) -> Config {
    let mut config = Config {
        root: root.to_owned(),
        mistaken: BTreeSet::new(),
        providers: BTreeMap::new(),
        snapshots: SnapshotsConfig { path: Utf8PathBuf::from("snapshots") },
        guard: GuardConfig::default(),
    };
    for entry in known(document, "of opsctl.toml", &[keys::FILE], found) {
        match entry.key.as_ref() {
            "provider" => providers(&mut config, entry, found),
            "snapshots" => snapshots(&mut config.snapshots, entry, found),
            "guard" => guard(&mut config.guard, entry, document, found),
            "lock" => found.push(
                Diagnostic::error(Code::NotBuilt, entry.key_span, "`[lock]` is not built yet")
                    .note("the lock is a file in .opsctl/, and holds on this machine alone: leave the table out"),
            ),
            _ => {}
        }
    }
    if document.get("provider").is_none() {
        found.push(
            Diagnostic::error(Code::NoProviders, Span::new(file, 0..0), "no provider instance is configured")
                .note("write [provider.NAME] with a `type`"),
        );
    }
    config
}

fn providers(config: &mut Config, entry: &Entry<'_>, found: &mut Problems) {
    let Some(instances) = table(entry, found) else { return };
    for entry in instances.iter() {
        if entry.key.is_empty() || !entry.key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            let message = format!("`{}` is no name of an instance", entry.key.escape_debug());
            found.push(
                Diagnostic::error(Code::InstanceName, entry.key_span, message)
                    .note("it begins every address: letters, digits, `-` and `_`"),
            );
        }
        let name = entry.key.to_string();
        match table(entry, found).and_then(|table| provider(entry, table, found)) {
            Some(provider) => {
                config.providers.insert(name, provider);
            }
            None => {
                config.mistaken.insert(name);
            }
        }
    }
}

fn provider(instance: &Entry<'_>, table: &Table<'_>, found: &mut Problems) -> Option<ProviderConfig> {
    let Some(of_type) = table.get("type") else {
        let message = format!("instance `{}` has no `type`", instance.key);
        found.push(
            Diagnostic::error(Code::MissingKey, instance.key_span, message)
                .note("as in type = \"kubernetes\" or \"sim\""),
        );
        return None;
    };
    let (provider_type, span) = string(of_type, found)?;
    let options = table.iter().filter(|entry| entry.key != "type");
    let options = options.map(|entry| (entry.key.to_string(), (entry.node.to_json(), entry.key_span)));
    Some(ProviderConfig { provider_type: provider_type.to_owned(), span, options: options.collect() })
}

fn snapshots(config: &mut SnapshotsConfig, entry: &Entry<'_>, found: &mut Problems) {
    let Some(table) = table(entry, found) else { return };
    for entry in known(table, "of [snapshots]", &[keys::SNAPSHOTS], found) {
        match entry.key.as_ref() {
            "path" => {
                if let Some((path, span)) = string(entry, found) {
                    if path.is_empty() {
                        found.push(Diagnostic::error(Code::WrongValue, span, "`path` is empty"));
                    }
                    config.path = Utf8PathBuf::from(path);
                }
            }
            "push" => found.push(
                Diagnostic::error(Code::NotBuilt, entry.key_span, "`push` is not built yet")
                    .note("snapshots stay in the local repository; push it with git: leave the key out"),
            ),
            _ => {}
        }
    }
}

fn guard(config: &mut GuardConfig, entry: &Entry<'_>, document: &Table<'_>, found: &mut Problems) {
    let instances = document.get("provider").and_then(|entry| entry.node.as_table()).into_iter().flat_map(Table::iter);
    let instances = instances.map(|entry| entry.key.as_ref());
    let Some(table) = table(entry, found) else { return };
    for entry in known(table, "of [guard]", &[keys::GUARD], found) {
        match entry.key.as_ref() {
            "protect" => {
                let texts = strings(entry, found).unwrap_or_default();
                config.protect = texts.into_iter().map(|text| pattern(text, instances.clone(), found)).collect();
            }
            "max_resources" => config.max_resources = max_resources(entry, found),
            "timeout" => config.timeout = some_time(entry, found),
            _ => {}
        }
    }
}

fn max_resources(entry: &Entry<'_>, found: &mut Problems) -> Option<usize> {
    let number = integer(entry, found)?;
    let most = usize::try_from(number).ok();
    if most.is_none() {
        let message = format!("`max_resources` is a count, found {number}");
        found.push(Diagnostic::error(Code::WrongValue, entry.node.span, message));
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Style, render};

    fn load_text(text: &str) -> (Option<Config>, String) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let (config, report) = load(Utf8Path::from_path(folder.path()).unwrap());
        (config, render(&report, &Style::plain(true)))
    }

    #[test]
    fn test_all_is_read() {
        let (config, report) = load_text(
            r#"
            [provider.k8s]
            type = "kubernetes"
            context = "prod-east"
            [provider.aws]
            type = "aws"
            [snapshots]
            path = "history"
            [guard]
            protect = ["aws:s3-bucket/*"]
            max_resources = 40
            timeout = "5m"
            "#,
        );
        let config = config.unwrap();
        assert_eq!(report, "");
        assert_eq!(config.providers["k8s"].provider_type, "kubernetes");
        assert_eq!(config.providers["k8s"].options["context"].0, "prod-east");
        assert_eq!(config.snapshots.path, "history");
        assert_eq!(config.guard.max_resources, Some(40));
        assert_eq!(config.guard.timeout, Some(std::time::Duration::from_secs(300)));
    }

    #[test]
    fn test_what_is_not_built_is_refused() {
        let (config, report) = load_text("[provider.a]\ntype = \"sim\"\n[snapshots]\npush = \"origin\"\n[lock]\n");
        assert!(config.is_none());
        assert_eq!(report.matches("error[E0190]").count(), 2, "{report}");
    }

    #[test]
    fn test_a_missing_file_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let (config, report) = load(Utf8Path::from_path(folder.path()).unwrap());
        assert!(config.is_none());
        assert!(render(&report, &Style::plain(true)).contains("make one: opsctl init"));
    }
}
