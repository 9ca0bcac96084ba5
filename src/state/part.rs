use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::layer::{Names, not_built};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::{
    Data, Entry, Problems, Table, boolean, duration, line, plain, some_time, string, strings, table,
};
use crate::keys::{self, RESOURCE, Takes};

/// What one file says of one resource.
#[derive(Debug)]
pub(super) struct Part<'t> {
    pub(super) name: &'t str,
    pub(super) span: Span,
    pub(super) at: Option<(&'t str, Span)>,
    /// Whether an `at` is there, mistaken or not.
    pub(super) at_given: bool,
    /// All keys that are not reserved.
    pub(super) settings: Vec<&'t Entry<'t>>,
    order: Option<Box<Order<'t>>>,
}

/// What stands beside the address and the settings of a resource. Most have none of it, and there may be many resources.
#[derive(Debug, Default)]
pub(super) struct Order<'t> {
    pub(super) select: Option<(BTreeMap<String, String>, Span)>,
    pub(super) except: Option<(Names<'t>, Span)>,
    pub(super) needs: Option<Vec<Names<'t>>>,
    pub(super) after: Option<Names<'t>>,
    pub(super) pool: Option<(&'t str, Span)>,
    pub(super) optional: Option<bool>,
    pub(super) timeout: Option<Duration>,
    pub(super) drain_time: Option<Duration>,
    pub(super) enough: Option<u64>,
    pub(super) restarts_with: Option<(Names<'t>, Span)>,
}

static NOTHING: Order<'static> = Order {
    select: None,
    except: None,
    needs: None,
    after: None,
    pool: None,
    optional: None,
    timeout: None,
    drain_time: None,
    enough: None,
    restarts_with: None,
};

impl<'t> Part<'t> {
    /// Reads the table of a resource.
    pub(super) fn read(entry: &'t Entry<'t>, table: &'t Table<'t>, literal: bool, found: &mut Problems) -> Self {
        let (name, span) = (entry.key.as_ref(), entry.key_span);
        let mut part = Self { name, span, at: None, at_given: false, settings: Vec::new(), order: None };
        for entry in table.iter() {
            match entry.key.as_ref() {
                "at" => {
                    part.at = string(entry, found);
                    part.at_given = true;
                }
                // What the provider knew when the snapshot was taken; a plan asks it again.
                "confines" if literal => {}
                name => match keys::find(RESOURCE, name).map(|key| key.takes) {
                    Some(Takes::Later) => found.push(not_built(entry, &format!("`{name}`"))),
                    Some(_) => part.order.get_or_insert_default().read(entry, found),
                    None => part.settings.push(entry),
                },
            }
        }
        part
    }

    /// Takes these names out of what it says of others.
    pub(super) fn forget(&mut self, names: &BTreeSet<&str>) {
        let Some(order) = &mut self.order else { return };
        for need in order.needs.iter_mut().flatten() {
            need.retain(|(name, _)| !names.contains(name));
        }
        order.needs.iter_mut().for_each(|needs| needs.retain(|need| !need.is_empty()));
        let lists = order.after.iter_mut().chain(order.restarts_with.iter_mut().map(|(names, _)| names));
        lists.for_each(|listed| listed.retain(|(name, _)| !names.contains(name)));
    }

    /// What stands beside its address and its settings.
    pub(super) fn order(&self) -> &Order<'t> {
        self.order.as_deref().unwrap_or(&NOTHING)
    }
}

impl<'t> Order<'t> {
    fn read(&mut self, entry: &'t Entry<'t>, found: &mut Problems) {
        match entry.key.as_ref() {
            "needs" => self.needs = needs(entry, found),
            "after" => self.after = strings(entry, found),
            "pool" => self.pool = pool(entry, found),
            "optional" => self.optional = boolean(entry, found),
            "timeout" => self.timeout = some_time(entry, found),
            "drain_time" => self.drain_time = duration(entry, found),
            "enough" => self.enough = enough(entry, found),
            "restarts_with" => self.restarts_with = strings(entry, found).map(|names| (names, entry.key_span)),
            "except" => self.except = strings(entry, found).map(|patterns| (patterns, entry.key_span)),
            "select" => self.select = labels(entry, found).map(|labels| (labels, entry.key_span)),
            _ => {}
        }
    }
}

/// The name of a pool, which is shown.
fn pool<'t>(entry: &'t Entry<'t>, found: &mut Problems) -> Option<(&'t str, Span)> {
    let name = line(entry, found)?;
    if name.trim().is_empty() {
        let message = "`pool` is the name of a pool, and empty is none";
        found.push(Diagnostic::error(Code::WrongValue, entry.node.span, message));
        return None;
    }
    Some((name, entry.node.span))
}

/// `["origin", ["cache-a", "cache-b"]]`.
fn needs<'t>(entry: &'t Entry<'t>, found: &mut Problems) -> Option<Vec<Names<'t>>> {
    let wrong = |what: String, span| {
        Diagnostic::error(Code::WrongType, span, what).note("as in needs = [\"origin\", [\"cache-a\", \"cache-b\"]]")
    };
    let Data::List(items) = &entry.node.data else {
        let what = format!("`needs` takes a list of names, found {}", entry.node.found());
        found.push(wrong(what, entry.node.span));
        return None;
    };
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        match &item.data {
            Data::String(name) => all.extend(plain(item, name, found).map(|name| vec![name])),
            Data::List(any) if any.is_empty() => {
                found.push(wrong("an any-of list without names can never be met".to_owned(), item.span));
            }
            Data::List(any) => {
                let mut names = Vec::with_capacity(any.len());
                for name in any {
                    match name.as_str() {
                        Some(text) => names.extend(plain(name, text, found)),
                        None => found.push(wrong(format!("a name is a string, found {}", name.found()), name.span)),
                    }
                }
                all.push(names);
            }
            _ => found.push(wrong(format!("a name is a string, found {}", item.found()), item.span)),
        }
    }
    Some(all)
}

/// How many ready ones are enough: at least one, or nothing would be waited for.
fn enough(entry: &Entry<'_>, found: &mut Problems) -> Option<u64> {
    let Data::Integer(number) = entry.node.data else {
        let what = format!("`enough` takes a number, found {}", entry.node.found());
        found.push(Diagnostic::error(Code::WrongType, entry.node.span, what).note("as in enough = 6"));
        return None;
    };
    match u64::try_from(number) {
        Ok(enough) if enough > 0 => Some(enough),
        _ => {
            let what = format!("`enough` is at least 1, found {number}");
            let note = "where none has to be ready, leave it out of `needs`";
            found.push(Diagnostic::error(Code::WrongValue, entry.node.span, what).note(note));
            None
        }
    }
}

/// Labels or tags, by name.
pub(super) fn labels(entry: &Entry<'_>, found: &mut Problems) -> Option<BTreeMap<String, String>> {
    let table = table(entry, found)?;
    let labels = table.iter().filter_map(|label| Some((label.key.to_string(), string(label, found)?.0.to_owned())));
    Some(labels.collect())
}
