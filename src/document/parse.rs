use std::ops::Range;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::open::told;
use super::parts::in_parts;
use super::twice::{First, first_places};
use super::{Data, Entry, Node, Problems, Table};
use crate::diagnostic::{Code, Diagnostic, FileId, Span};

/// Reads a text as TOML. What is wrong is reported, and what could be read is given all the same: it says which names there
/// are, though its own mistakes are not reported before it is mended.
pub(crate) fn parse<'t>(file: FileId, text: &'t str, found: &mut Problems) -> Table<'t> {
    in_parts(file, text).unwrap_or_else(|| whole(file, text, 0, found))
}

/// Reads a text that begins at an offset of its file.
pub(super) fn whole<'t>(file: FileId, text: &'t str, offset: usize, found: &mut Problems) -> Table<'t> {
    let (table, mut errors) = DeTable::parse_recoverable(text);
    errors.extend(behind_keys_alone(text, &errors));
    let at = |range: &Range<usize>| Span::new(file, range.start + offset..range.end + offset);
    let (twice, wrong): (Vec<_>, Vec<_>) = errors.iter().partition(|error| error.message() == "duplicate key");
    for (range, message) in told(text, table.get_ref(), &wrong) {
        found.damaged(file);
        found.push(mistake(at(&range), &message));
    }
    let mut twice: Vec<Range<usize>> = twice.into_iter().filter_map(toml::de::Error::span).collect();
    twice.sort_by_key(|range| range.start);
    for (range, first) in twice.iter().zip(first_places(text, &twice)) {
        let key = text.get(range.clone()).unwrap_or_default();
        let mistake = Diagnostic::error(Code::DuplicateKey, at(range), format!("`{}` is given twice", key.trim()));
        match first {
            First::At(first) => found.push(mistake.and(at(&first), "the first is here")),
            First::Unknown => found.push(mistake),
            First::WithItsTable => {}
        }
    }
    Conversion { file, offset, depth: 0, found }.table(table.into_inner())
}

/// What is wrong behind a key without a value: the parser passes over that, and is asked again without the lines of such keys.
fn behind_keys_alone(text: &str, errors: &[toml::de::Error]) -> Vec<toml::de::Error> {
    let alone = errors.iter().filter(|error| error.message().starts_with("key with no value"));
    let mut rest = text.to_owned();
    for start in alone.filter_map(|error| Some(error.span()?.start)) {
        let line = text[..start].rfind('\n').map_or(0, |end| end + 1);
        let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        rest.replace_range(line..end, &" ".repeat(end - line));
    }
    if rest == text {
        return Vec::new();
    }
    let (table, mut more) = DeTable::parse_recoverable(&rest);
    dismantle(DeValue::Table(table.into_inner()));
    more.retain(|new| !errors.iter().any(|known| (known.span(), known.message()) == (new.span(), new.message())));
    more
}

/// Drops a value piece by piece: dropped whole, each level would take some of the stack.
pub(super) fn dismantle(value: DeValue<'_>) {
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match value {
            DeValue::Table(table) => left.extend(table.into_iter().map(|(_, value)| value.into_inner())),
            DeValue::Array(items) => left.extend(items.into_iter().map(Spanned::into_inner)),
            _ => {}
        }
    }
}

/// What is wrong with a piece of text: the parser's first line is what is wrong, and its second what it expected.
fn mistake(span: Span, message: &str) -> Diagnostic {
    let mut lines = message.lines();
    let what = lines.next().unwrap_or("not TOML");
    let diagnostic = Diagnostic::error(Code::Syntax, span, format!("not TOML: {what}"));
    lines.fold(diagnostic, |diagnostic, line| diagnostic.note(line))
}

/// How deep values may stand in each other: whoever takes them apart does so level by level.
pub(super) const DEEPEST: usize = 100;

struct Conversion<'a> {
    file: FileId,
    offset: usize,
    depth: usize,
    found: &'a mut Problems,
}

impl Conversion<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range.start + self.offset..range.end + self.offset)
    }

    fn table<'t>(&mut self, table: DeTable<'t>) -> Table<'t> {
        let entries = table.into_iter().map(|(key, value)| {
            let key_span = self.span(key.span());
            Entry { key: key.into_inner(), key_span, node: self.node(value) }
        });
        Table(entries.collect())
    }

    fn node<'t>(&mut self, value: Spanned<DeValue<'t>>) -> Node<'t> {
        let span = self.span(value.span());
        if self.depth == DEEPEST {
            dismantle(value.into_inner());
            self.found.damaged(self.file);
            self.found.push(mistake(span, &format!("nested deeper than {DEEPEST} levels")));
            return Node { span, data: Data::Bool(false) };
        }
        self.depth += 1;
        let data = match value.into_inner() {
            DeValue::String(text) => Data::String(text),
            DeValue::Boolean(value) => Data::Bool(value),
            DeValue::Integer(number) => Data::Integer(self.integer(span, &number)),
            DeValue::Float(number) => Data::Float(self.float(span, number.as_str())),
            DeValue::Datetime(time) => Data::Datetime(time.to_string().into()),
            DeValue::Array(items) => Data::List(items.into_iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => Data::Table(self.table(table)),
        };
        self.depth -= 1;
        Node { span, data }
    }

    fn integer(&mut self, span: Span, number: &DeInteger<'_>) -> i64 {
        i64::from_str_radix(number.as_str(), number.radix()).unwrap_or_else(|_| self.too_large(span, "integer"))
    }

    fn float(&mut self, span: Span, text: &str) -> f64 {
        let value: f64 = text.parse().unwrap_or(f64::INFINITY);
        if value.is_infinite() && !text.contains("inf") { self.too_large(span, "number") } else { value }
    }

    fn too_large<T: Default>(&mut self, span: Span, what: &str) -> T {
        self.found.push(Diagnostic::error(Code::Syntax, span, format!("not TOML: the {what} is too large")));
        T::default()
    }
}
