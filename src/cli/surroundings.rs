//! What the machine has configured already that opsctl could talk to: clusters and accounts, by their names alone.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::registry;
use crate::init::{Found, account, profiles};

/// What was found, and what could not be read.
pub(super) fn look() -> (Found, Vec<String>) {
    let mut found = Found::default();
    let mut unread = Vec::new();
    for path in kubeconfigs().iter().filter(|path| path.exists()) {
        match registry::contexts(path) {
            Ok(contexts) => {
                for context in contexts {
                    // Of two files the first one that has a name counts, as for kubectl.
                    if !found.contexts.contains(&context) {
                        found.contexts.push(context);
                    }
                }
            }
            Err(why) => unread.push(format!("{}: {why}", path.display())),
        }
    }
    let configured = [("AWS_CONFIG_FILE", "config", true), ("AWS_SHARED_CREDENTIALS_FILE", "credentials", false)];
    for (variable, file, is_config) in configured {
        let Some(path) = named(variable).or_else(|| below_home(&[".aws", file])).filter(|path| path.exists()) else {
            continue;
        };
        match File::open(&path) {
            Ok(open) => {
                let lines = BufReader::new(open).lines().map_while(Result::ok);
                profiles(lines, is_config, &mut found.profiles);
            }
            Err(why) => unread.push(format!("{}: {why}", path.display())),
        }
    }
    if cfg!(feature = "aws") {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        found.account = account(variable, &found.profiles);
    }
    (found, unread)
}

fn kubeconfigs() -> Vec<PathBuf> {
    let named = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    if named.is_empty() { below_home(&[".kube", "config"]).into_iter().collect() } else { named }
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn below_home(path: &[&str]) -> Option<PathBuf> {
    let home = std::env::home_dir().filter(|home| home.is_absolute())?;
    Some(path.iter().fold(home, |folder, part| Path::join(&folder, part)))
}
