use std::collections::{BTreeMap, BTreeSet};

use opsctl_api::{Source, Value};

use super::{Goal, Loaded, State};
use crate::diagnostic::{Place, Span};
use crate::document::{Data, Node, Problems, Table, parse};

impl Loaded {
    /// Where the files of a state name these sources of secrets, each in the order of the files.
    pub fn secret_places(&self, state: &State, wanted: &BTreeSet<Source>) -> BTreeMap<Source, Vec<Span>> {
        let sources = &self.report.sources;
        let mut places: BTreeMap<Source, Vec<Span>> = BTreeMap::new();
        let mut by_file: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
        for (table, name, place) in tables(state) {
            by_file.entry(&place.file).or_default().insert((table, name));
        }
        for (path, tables) in by_file {
            let Some(file) = sources.find(path) else { continue };
            let document = parse(file, sources.text(file), &mut Problems::default());
            for (table, name) in tables {
                if let Some(node) = document.get(table).and_then(|entry| entry.node.as_table()?.get(name)) {
                    look(&node.node, wanted, &mut places);
                }
            }
        }
        places.values_mut().for_each(|spans| spans.sort_unstable());
        places
    }
}

/// The tables in which a state says what has secrets: `resource`, `check` or `action`, its name, and a place in its file.
fn tables(state: &State) -> impl Iterator<Item = (&'static str, &str, &Place)> {
    let resources = state.resources.iter().flat_map(|(name, resource)| {
        let secret = |goal: &Goal| matches!(goal, Goal::Exact(Value::Secret(_)));
        let wants = resource.wants.values().filter(move |want| secret(&want.goal));
        wants.filter_map(move |want| Some(("resource", name.as_str(), want.place.as_ref()?)))
    });
    let checks = state.checks.iter().filter_map(|check| Some(("check", check.name.as_str(), check.place.as_ref()?)));
    let actions = state.actions.iter();
    let actions = actions.filter_map(|action| Some(("action", action.name.as_str(), action.place.as_ref()?)));
    resources.chain(checks).chain(actions)
}

fn look(node: &Node<'_>, wanted: &BTreeSet<Source>, places: &mut BTreeMap<Source, Vec<Span>>) {
    match &node.data {
        Data::Table(table) => match named(table).filter(|(source, _)| wanted.contains(source)) {
            Some((source, span)) => places.entry(source).or_default().push(span),
            None => table.iter().for_each(|entry| look(&entry.node, wanted, places)),
        },
        Data::List(items) => items.iter().for_each(|item| look(item, wanted, places)),
        Data::Bool(_) | Data::Integer(_) | Data::Float(_) | Data::String(_) | Data::Datetime(_) => {}
    }
}

/// The source that `{ env = "NAME" }` or `{ file = "PATH" }` names.
fn named(table: &Table<'_>) -> Option<(Source, Span)> {
    let [entry] = table.0.as_slice() else { return None };
    let text = || entry.node.as_str().map(str::to_owned);
    let source = match entry.key.as_ref() {
        "env" => Source::Env(text()?),
        "file" => Source::File(text()?),
        _ => return None,
    };
    Some((source, entry.node.span))
}
