use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What the parser says of something that does not end, and what that is. It says so at the end of the file, after all the mistakes
/// that only follow from it.
const ENDLESS: &[(&str, &str)] = &[
    ("unclosed array", "list"),
    ("unclosed inline table", "table"),
    ("invalid multi-line basic string", "text"),
    ("invalid multi-line literal string", "text"),
];

/// The mistakes of a text: of something that does not end the place where it begins, without what follows from it.
pub(super) fn told(text: &str, table: &DeTable<'_>, errors: &[&toml::de::Error]) -> Vec<(Range<usize>, String)> {
    let place = |error: &&toml::de::Error| match error.span() {
        Some(span) => (span, error.message().to_owned()),
        None => (deep_key(text), "a key has too many parts".to_owned()),
    };
    let mut told: Vec<(Range<usize>, String)> = errors.iter().map(place).collect();
    let endless = told.iter().find_map(|(span, message)| {
        let said = message.split(", expected").next().unwrap_or_default();
        let (_, what) = ENDLESS.iter().find(|(known, _)| said == *known)?;
        Some((begin_of(table, text, span.start)?, *what))
    });
    if let Some((begin, what)) = endless {
        told.retain(|(span, _)| span.start <= begin);
        told.push((begin..begin + 1, format!("the {what} that begins here does not end")));
    }
    told
}

/// Where the outermost value begins that reaches to a place.
fn begin_of(table: &DeTable<'_>, text: &str, end: usize) -> Option<usize> {
    table.iter().filter_map(|(_, value)| begin(value, text, end)).min()
}

fn begin(value: &Spanned<DeValue<'_>>, text: &str, end: usize) -> Option<usize> {
    let span = value.span();
    let reaches = span.start < end && text.get(span.end.min(end)..end).is_some_and(|rest| rest.trim().is_empty());
    match value.get_ref() {
        // A table with a head of its own ends where the next one begins.
        DeValue::Table(table) if text.as_bytes().get(span.start) != Some(&b'{') => begin_of(table, text, end),
        DeValue::Table(_) | DeValue::Array(_) | DeValue::String(_) => reaches.then_some(span.start),
        _ => None,
    }
}

/// Of a key with more parts than the parser takes it tells no place: the first line with so many dots.
fn deep_key(text: &str) -> Range<usize> {
    const MOST: usize = 80;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.matches('.').count() >= MOST {
            return start..start + line.trim_end().len();
        }
        start += line.len();
    }
    0..0
}
