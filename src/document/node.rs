use std::borrow::Cow;

use crate::diagnostic::{Span, without_credentials};

/// A value of a TOML file, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node<'t> {
    pub(crate) span: Span,
    pub(crate) data: Data<'t>,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Data<'t> {
    Bool(bool),
    Integer(i64),
    Float(f64),
    String(Cow<'t, str>),
    /// As it was written: no setting has such a type.
    Datetime(Box<str>),
    List(Vec<Node<'t>>),
    Table(Table<'t>),
}

/// A table, sorted by key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table<'t>(pub(crate) Vec<Entry<'t>>);

/// A key with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'t> {
    pub(crate) key: Cow<'t, str>,
    pub(crate) key_span: Span,
    pub(crate) node: Node<'t>,
}

impl<'t> Table<'t> {
    /// The entry of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry<'t>> {
        self.0.binary_search_by(|entry| entry.key.as_ref().cmp(key)).ok().map(|at| &self.0[at])
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Entry<'t>> {
        self.0.iter()
    }
}

impl Node<'_> {
    /// What stands here, for a sentence: `the integer 3`.
    pub(crate) fn found(&self) -> String {
        match &self.data {
            Data::Bool(value) => format!("the boolean {value}"),
            Data::Integer(value) => format!("the integer {value}"),
            Data::Float(value) => format!("the number {value}"),
            Data::String(text) => format!("the string {}", short(text)),
            Data::Datetime(text) => format!("the date or time {text}"),
            Data::List(_) => "a list".to_owned(),
            Data::Table(_) => "a table".to_owned(),
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_table(&self) -> Option<&Table<'_>> {
        match &self.data {
            Data::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The value as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.data {
            Data::Bool(value) => (*value).into(),
            Data::Integer(value) => (*value).into(),
            Data::Float(value) => (*value).into(),
            Data::String(text) => text.as_ref().into(),
            Data::Datetime(text) => text.as_ref().into(),
            Data::List(items) => items.iter().map(Node::to_json).collect(),
            Data::Table(table) => table
                .iter()
                .map(|entry| (entry.key.to_string(), entry.node.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}

/// A text in quotes, cut where it is long.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 40;
    // Of what is cut nobody could tell any more that it is a password.
    let text = without_credentials(text);
    match text.char_indices().nth(MOST) {
        None => format!("{text:?}"),
        Some((at, _)) => format!("{:?}…", &text[..at]),
    }
}
