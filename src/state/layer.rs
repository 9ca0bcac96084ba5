use std::collections::BTreeSet;
use std::time::Duration;

use super::OnFailure;
use super::part::Part;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::{Entry, Problems, Table, boolean, known, line, similar, some_time, string, strings, table};
use crate::keys::{self, RESOURCE, STATE};

/// One file of states as it is written: its keys known and of the right types, and nothing looked up yet.
#[derive(Debug)]
pub(super) struct Layer<'t> {
    pub(super) name: &'t str,
    pub(super) extends: Option<(&'t str, Span)>,
    /// Of an overlay: the state that it lies over.
    pub(super) over: Option<(&'t str, Span)>,
    pub(super) summary: Option<&'t str>,
    pub(super) rto: Option<Duration>,
    pub(super) confirm: Option<bool>,
    pub(super) on_failure: Option<(OnFailure, Span)>,
    pub(super) tolerates_unreachable: Option<Names<'t>>,
    pub(super) allow_one_way: Option<Names<'t>>,
    pub(super) vars: &'t [Entry<'t>],
    /// Sorted by name.
    pub(super) parts: Vec<Part<'t>>,
    /// Sorted by name.
    pub(super) checks: &'t [Entry<'t>],
    /// Of an overlay: resource by resource, the keys that declare rather than set, with where each stands.
    pub(super) declares: Vec<(&'t str, Names<'t>)>,
    /// Sorted by name.
    pub(super) actions: &'t [Entry<'t>],
    /// Where each of its keys stands.
    pub(super) keys: Vec<(&'static str, Span)>,
    /// Whether more stood in the file than could be read: what seems to be missing may have been written.
    pub(super) broken: bool,
}

/// Names with where each was written.
pub(super) type Names<'t> = Vec<(&'t str, Span)>;

impl<'t> Layer<'t> {
    /// A file that could not be read: it is there, and says nothing.
    pub(super) fn unread(name: &'t str) -> Self {
        Self {
            name,
            extends: None,
            over: None,
            summary: None,
            rto: None,
            confirm: None,
            on_failure: None,
            tolerates_unreachable: None,
            allow_one_way: None,
            vars: &[],
            parts: Vec::new(),
            checks: &[],
            declares: Vec::new(),
            actions: &[],
            keys: Vec::new(),
            broken: true,
        }
    }

    /// Reads a file's table.
    pub(super) fn read(name: &'t str, text: &'t Table<'t>, found: &mut Problems) -> Self {
        let mut layer = Self::shape(name, text, false, found);
        let is_overlay = layer.over.is_some();
        for entry in text.get("resource").and_then(|entry| entry.node.as_table()).into_iter().flat_map(Table::iter) {
            if is_overlay && let Some(table) = entry.node.as_table() {
                layer.declares.extend(declares(&entry.key, table));
            }
            if !named(&entry.key) {
                found
                    .push(Diagnostic::error(Code::ResourceName, entry.key_span, "not a name of a resource").note(NAME));
            }
        }
        layer
    }

    /// Reads the table of a snapshot, which has resources and checks alone.
    pub(super) fn read_literal(name: &'t str, text: &'t Table<'t>, found: &mut Problems) -> Self {
        for entry in text.iter().filter(|entry| keys::find(STATE, &entry.key).is_some()) {
            if !["summary", "resource", "check"].contains(&entry.key.as_ref()) {
                let message = format!("a snapshot has no `{}`", entry.key);
                found.push(Diagnostic::error(Code::Literal, entry.key_span, message));
            }
        }
        Self::shape(name, text, true, found)
    }

    /// Takes out what is at such addresses, with what is said of it elsewhere.
    pub(super) fn leave_out(&mut self, is_out: impl Fn(&str) -> bool) {
        let (out, stay) = std::mem::take(&mut self.parts)
            .into_iter()
            .partition::<Vec<_>, _>(|part| part.at.is_some_and(|(at, _)| is_out(at)));
        self.parts = stay;
        if !out.is_empty() {
            let names: BTreeSet<&str> = out.iter().map(|part| part.name).collect();
            self.parts.iter_mut().for_each(|part| part.forget(&names));
            self.checks = &[];
        }
    }

    fn shape(name: &'t str, text: &'t Table<'t>, literal: bool, found: &mut Problems) -> Self {
        let mut layer = Self { broken: seems_to_extend(text), ..Self::unread(name) };
        for entry in known(text, "of a state", &[STATE], found) {
            layer.keys.extend(keys::find(STATE, &entry.key).map(|key| (key.name, entry.key_span)));
            match entry.key.as_ref() {
                "extends" => layer.extends = string(entry, found),
                "summary" => layer.summary = line(entry, found),
                "rto" => layer.rto = some_time(entry, found),
                "confirm" => layer.confirm = boolean(entry, found),
                "on_failure" => layer.on_failure = on_failure(entry, found),
                "tolerates_unreachable" => layer.tolerates_unreachable = strings(entry, found),
                "allow_one_way" => layer.allow_one_way = strings(entry, found),
                "vars" => layer.vars = table(entry, found).map_or(&[], |table| &table.0),
                "resource" => layer.parts = parts(entry, literal, found),
                "check" => layer.checks = table(entry, found).map_or(&[], |table| &table.0),
                "over" => layer.over = string(entry, found),
                "action" => layer.actions = table(entry, found).map_or(&[], |table| &table.0),
                _ => {}
            }
        }
        layer
    }
}

/// Whether a mistyped key was likely to name the state beneath: what seems to be missing is there.
fn seems_to_extend(text: &Table<'_>) -> bool {
    let mut unknown = text.iter().filter(|entry| keys::find(STATE, &entry.key).is_none());
    unknown.any(|entry| matches!(similar(&entry.key, keys::names(STATE)), Some("extends" | "over")))
}

/// What the language has and this version cannot do.
pub(super) fn not_built(entry: &Entry<'_>, what: &str) -> Diagnostic {
    Diagnostic::error(Code::NotBuilt, entry.key_span, format!("{what} is not built yet"))
        .note("left out, the state would mean something else, so it is refused")
}

/// The keys of a resource that say how it stands to others, with where each stands.
fn declares<'t>(name: &'t str, table: &'t Table<'t>) -> Option<(&'t str, Names<'t>)> {
    let declares = table.iter().filter(|entry| entry.key != "at" && keys::find(RESOURCE, &entry.key).is_some());
    let keys: Names<'t> = declares.map(|entry| (entry.key.as_ref(), entry.key_span)).collect();
    (!keys.is_empty()).then_some((name, keys))
}

fn parts<'t>(entry: &'t Entry<'t>, literal: bool, found: &mut Problems) -> Vec<Part<'t>> {
    let Some(all) = table(entry, found) else { return Vec::new() };
    let mut parts = Vec::with_capacity(all.0.len());
    for entry in all.iter() {
        if let Some(table) = table(entry, found) {
            parts.push(Part::read(entry, table, literal, found));
        }
    }
    parts
}

/// What a name is.
pub const NAME: &str = "a name has letters, digits, `-`, `_` and `.`, and begins with a letter, a digit or `_`";

/// Whether a text can be the name of a resource, a check, an action or a state.
pub fn named(text: &str) -> bool {
    // `-x` would be taken for an option, and `..` for a folder.
    text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn on_failure(entry: &Entry<'_>, found: &mut Problems) -> Option<(OnFailure, Span)> {
    let (word, span) = string(entry, found)?;
    let known = OnFailure::ALL.iter().find(|(name, _)| *name == word);
    if known.is_none() {
        let message = format!("`on_failure` is stop, continue or rollback, found {word:?}");
        found.push(Diagnostic::error(Code::WrongValue, span, message));
    }
    known.map(|(_, on_failure)| (*on_failure, span))
}
