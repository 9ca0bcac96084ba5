use std::time::Duration;

use opsctl_api::parse_duration;

use super::{Data, Entry, Node, Problems, Table};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::keys::{self, Key};

/// The entry's value as a string that is no template.
pub(crate) fn string<'a>(entry: &'a Entry<'_>, found: &mut Problems) -> Option<(&'a str, Span)> {
    let text = entry.node.as_str().or_else(|| wrong(entry, "a string", found))?;
    plain(&entry.node, text, found)
}

/// The entry's value as a boolean.
pub(crate) fn boolean(entry: &Entry<'_>, found: &mut Problems) -> Option<bool> {
    match entry.node.data {
        Data::Bool(value) => Some(value),
        _ => wrong(entry, "true or false", found),
    }
}

/// The entry's value as an integer.
pub(crate) fn integer(entry: &Entry<'_>, found: &mut Problems) -> Option<i64> {
    match entry.node.data {
        Data::Integer(value) => Some(value),
        _ => wrong(entry, "an integer", found),
    }
}

/// The entry's value as a length of time.
pub(crate) fn duration(entry: &Entry<'_>, found: &mut Problems) -> Option<Duration> {
    let text = entry.node.as_str().or_else(|| wrong(entry, "a duration such as \"90s\" or \"2m\"", found))?;
    let (text, span) = plain(&entry.node, text, found)?;
    match parse_duration(text) {
        Ok(duration) => Some(duration),
        Err(why) => {
            found.push(Diagnostic::error(Code::WrongValue, span, why));
            None
        }
    }
}

/// The entry's value as a length of time that is not over before it begins.
pub(crate) fn some_time(entry: &Entry<'_>, found: &mut Problems) -> Option<Duration> {
    let time = duration(entry, found)?;
    if time.is_zero() {
        let message = format!("`{}` is no time at all", entry.key);
        found.push(Diagnostic::error(Code::WrongValue, entry.node.span, message));
    }
    Some(time)
}

/// The entry's value as a list of strings; items of another type are reported and left out.
pub(crate) fn strings<'a>(entry: &'a Entry<'_>, found: &mut Problems) -> Option<Vec<(&'a str, Span)>> {
    let Data::List(items) = &entry.node.data else { return wrong(entry, "a list of strings", found) };
    let item = |node: &'a Node<'_>| match node.as_str() {
        Some(text) => plain(node, text, found),
        None => {
            let message = format!("`{}` is a list of strings, found {} in it", entry.key, node.found());
            found.push(Diagnostic::error(Code::WrongType, node.span, message));
            None
        }
    };
    Some(items.iter().filter_map(item).collect())
}

/// The entry's value as a string of one line, to be shown.
pub(crate) fn line<'a>(entry: &'a Entry<'_>, found: &mut Problems) -> Option<&'a str> {
    let (text, span) = string(entry, found)?;
    if text.chars().any(char::is_control) {
        found.push(Diagnostic::error(Code::WrongValue, span, format!("`{}` is one line of text", entry.key)));
        return None;
    }
    Some(text)
}

/// The entry's value as a table.
pub(crate) fn table<'a, 't>(entry: &'a Entry<'t>, found: &mut Problems) -> Option<&'a Table<'t>> {
    match &entry.node.data {
        Data::Table(table) => Some(table),
        Data::List(items) if !items.is_empty() && items.iter().all(|item| item.as_table().is_some()) => {
            let message = format!("`{}` takes a table, found a list of tables", entry.key.escape_debug());
            let note = "double brackets begin a list of tables: write single ones, as in [resource.edge]";
            found.push(Diagnostic::error(Code::WrongType, entry.node.span, message).note(note));
            None
        }
        _ => wrong(entry, "a table", found),
    }
}

/// The entries of a table whose keys are listed; the others are reported.
pub(crate) fn known<'a, 't>(
    table: &'a Table<'t>,
    of: &str,
    keys: &[&'static [Key]],
    found: &mut Problems,
) -> Vec<&'a Entry<'t>> {
    let (listed, others): (Vec<_>, Vec<_>) =
        table.iter().partition(|entry| keys.iter().any(|keys| keys::find(keys, &entry.key).is_some()));
    for other in others {
        let names: Vec<&str> = keys.iter().copied().flat_map(keys::names).collect();
        unknown_key(other, of, &names, found);
    }
    listed
}

/// Reports a key that the table does not have.
pub(crate) fn unknown_key(entry: &Entry<'_>, of: &str, known: &[&str], found: &mut Problems) {
    let message = format!("unknown key `{}` {of}", entry.key.escape_debug());
    let diagnostic = Diagnostic::error(Code::UnknownKey, entry.key_span, message);
    let diagnostic = match found.guess(&entry.key, known.iter().copied()) {
        Some(meant) => diagnostic.here(format!("did you mean `{meant}`?")),
        None => diagnostic,
    };
    found.push(diagnostic.note(format!("its keys are {}", known.join(", "))));
}

/// A string that is no template, and its place.
pub(crate) fn plain<'a>(node: &Node<'_>, text: &'a str, found: &mut Problems) -> Option<(&'a str, Span)> {
    if text.contains("{{") || text.contains("{%") {
        found.push(
            Diagnostic::error(Code::TemplateHere, node.span, "a template cannot stand here")
                .note("templates stand in values and bounds, and in what a check or an action asks, says and runs"),
        );
        return None;
    }
    Some((text, node.span))
}

fn wrong<T>(entry: &Entry<'_>, expected: &str, found: &mut Problems) -> Option<T> {
    let message = format!("`{}` takes {expected}, found {}", entry.key, entry.node.found());
    found.push(Diagnostic::error(Code::WrongType, entry.node.span, message));
    None
}
