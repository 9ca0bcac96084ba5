use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8Path;

use super::assemble::Workshop;
use super::chain;
use super::layer::{Layer, NAME, named};
use super::names::Names;
use super::template::environment;
use super::{Scope, State, holes, pools};
use crate::diagnostic::{Code, Diagnostic, FileId, Report, Severity, Sources, Span};
use crate::document::{Problems, Table, parse, plainly, read};
use crate::instance::Catalogues;

/// All states of an operations repository.
#[derive(Debug, Default)]
pub struct Loaded {
    /// By name. Valid only if the report has no errors.
    pub states: BTreeMap<String, State>,
    /// Every setting that any of them sets.
    pub scope: Scope,
    /// All mistakes and warnings of all files, sorted by place.
    pub report: Report,
    /// By name of a state: the files that it is made of.
    files: BTreeMap<String, Vec<String>>,
}

impl Loaded {
    /// The files with mistakes, where what was typed is made of others alone; empty where it is not.
    pub fn mistaken_beside(&self, typed: &str) -> Vec<&str> {
        let errors = self.report.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let mistaken: BTreeSet<&str> =
            errors.filter_map(|found| Some(self.report.sources.path(found.labels.first()?.span.file))).collect();
        let files: Option<Vec<&Vec<String>>> = typed.split('+').map(|name| self.files.get(name)).collect();
        let is_in = |path: &&str| files.iter().flatten().any(|files| files.iter().any(|file| file == path));
        match files.is_none() || mistaken.iter().any(is_in) {
            true => Vec::new(),
            false => mistaken.into_iter().collect(),
        }
    }
}

/// One file that was read.
struct File {
    name: String,
    id: FileId,
    /// `None` where it could not be read.
    text: Option<Arc<str>>,
}

/// Reads all states of the operations repository at `root`: `states/*.toml`.
pub fn load(root: &Utf8Path, catalogues: &Catalogues) -> Loaded {
    let mut sources = Sources::default();
    let mut found = Problems::default();
    let files = files(root, &mut sources, &mut found);
    load_files(&files, sources, found, catalogues)
}

fn load_files(files: &[File], sources: Sources, mut found: Problems, catalogues: &Catalogues) -> Loaded {
    let tables: Vec<Option<Table<'_>>> =
        files.iter().map(|file| file.text.as_deref().map(|text| parse(file.id, text, &mut found))).collect();
    let layers: Vec<Layer<'_>> = files
        .iter()
        .zip(&tables)
        .map(|(file, table)| match table {
            Some(table) => {
                let layer = Layer::read(&file.name, table, &mut found);
                Layer { broken: layer.broken || found.is_damaged(file.id), ..layer }
            }
            None => Layer::unread(&file.name),
        })
        .collect();
    let chains = chain::chains(&layers, &mut found);
    let names = Names::new(&chains, catalogues, &mut found);
    let environment = environment();
    let workshop = Workshop { names: &names, catalogues, sources: &sources, environment: &environment, literal: false };
    let states: BTreeMap<String, State> =
        chains.iter().map(|chain| (chain.name().to_owned(), workshop.state(chain, &mut found))).collect();
    // What each name means is in the states now.
    drop(names);
    let roots = chains.iter().filter(|chain| chain.is_root()).map(|chain| chain.name().to_owned()).collect();
    let scope = Scope { roots, ..Scope::of(&states) };
    // What a mistake hides may be the very value that seems to be missing.
    let mistaken: BTreeSet<&str> =
        files.iter().filter(|file| found.has_error_in(file.id)).map(|file| file.name.as_str()).collect();
    holes::warn(&chains, &mistaken, &states, &scope, &mut found);
    if mistaken.is_empty() {
        pools::warn(&layers, &scope, &mut found);
    }
    let mut report = Report { sources, diagnostics: found.into_found() };
    report.sort();
    let files = chains.iter().map(|chain| {
        let files = chain.layers.iter().map(|layer| format!("states/{}.toml", layer.name));
        (chain.name().to_owned(), files.collect())
    });
    let files = files.collect();
    Loaded { states, scope, report, files }
}

/// The files of `states/`, sorted by name.
fn files(root: &Utf8Path, sources: &mut Sources, found: &mut Problems) -> Vec<File> {
    let folder = root.join("states");
    let mut paths: Vec<String> = Vec::new();
    let mut problem = None;
    match folder.read_dir_utf8() {
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(entry) if entry.file_name().ends_with(".toml") && !entry.file_name().starts_with('.') => {
                        paths.push(entry.file_name().to_owned());
                    }
                    Ok(_) => {}
                    Err(error) => problem = Some(format!("states/ cannot be read: {}", plainly(&error))),
                }
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(_) if folder.is_file() => problem = Some("a file stands where the folder states/ should be".to_owned()),
        Err(error) => problem = Some(format!("states/ cannot be read: {}", plainly(&error))),
    }
    if let Some(message) = problem {
        let file = sources.add("states", "");
        found.push(Diagnostic::error(Code::Unreadable, Span::new(file, 0..0), message));
    } else if paths.is_empty() {
        let file = sources.add("states", "");
        let message = match folder.is_dir() {
            true => "there are no states: states/ has no file *.toml",
            false => "there are no states: there is no folder states/",
        };
        found.push(
            Diagnostic::error(Code::NoStates, Span::new(file, 0..0), message)
                .note("write states/baseline.toml; what it may set: opsctl kinds"),
        );
    }
    paths.sort();
    let files: Vec<File> = paths.into_iter().map(|file_name| file(&folder, &file_name, sources, found)).collect();
    twins(&files, found);
    files
}

/// Reports names that differ in case alone: where case says nothing, such as on most laptops, they are one file.
fn twins(files: &[File], found: &mut Problems) {
    let mut known: BTreeMap<String, &File> = BTreeMap::new();
    for file in files {
        if let Some(other) = known.insert(file.name.to_lowercase(), file) {
            let message = format!("`{}` and `{}` differ in case alone", other.name, file.name);
            let (here, there) = (Span::new(file.id, 0..0), Span::new(other.id, 0..0));
            let note = "where case says nothing, as on many laptops, they are one file: rename one of them";
            found.push(Diagnostic::error(Code::StateName, here, message).and(there, "").note(note));
        }
    }
}

fn file(folder: &Utf8Path, file_name: &str, sources: &mut Sources, found: &mut Problems) -> File {
    let shown = format!("states/{file_name}");
    let name = file_name.trim_end_matches(".toml").to_owned();
    let id = read(&folder.join(file_name), &shown, sources, found);
    let (id, text) = match id {
        Ok(id) => (id, Some(sources.text(id).clone())),
        Err(id) => (id, None),
    };
    if !named(&name) {
        let message = format!("`{}` is no name of a state", name.escape_debug());
        found.push(
            Diagnostic::error(Code::StateName, Span::new(id, 0..0), message).note(format!("{NAME}: rename the file")),
        );
    }
    File { name, id, text }
}

#[cfg(test)]
mod merge_test;
#[cfg(test)]
mod overlay_test;
#[cfg(test)]
mod tests;
