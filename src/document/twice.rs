use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::parse::{DEEPEST, dismantle};

/// Where a key that is given twice stands first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum First {
    /// There.
    At(Range<usize>),
    /// It stands in a table that is itself given twice, and is told with it.
    WithItsTable,
    /// The two are written in ways that cannot stand together.
    Unknown,
}

/// Finds the first place of each key that is given twice: the parser tells of the later one alone.
///
/// All of these are given names of their own, and read again: what then stands beside one of them under its own name is the first.
pub(super) fn first_places(text: &str, twice: &[Range<usize>]) -> Vec<First> {
    if twice.is_empty() {
        return Vec::new();
    }
    let mut prefix = "twice".to_owned();
    while text.contains(&prefix) {
        prefix.push('-');
    }
    let mut renamed = Renamed { prefix, text, twice, shifts: Vec::new(), firsts: vec![First::Unknown; twice.len()] };
    let mut apart = String::with_capacity(text.len() + 16 * twice.len());
    let mut end = 0;
    for (nth, range) in twice.iter().enumerate() {
        let Some(between) = text.get(end..range.start) else { return renamed.firsts };
        apart.push_str(between);
        apart.push_str(&format!("{}{nth}", renamed.prefix));
        renamed.shifts.push((apart.len(), range.end));
        end = range.end;
    }
    apart.push_str(text.get(end..).unwrap_or_default());
    let (table, _) = DeTable::parse_recoverable(&apart);
    renamed.look(table.get_ref(), false, 0);
    dismantle(DeValue::Table(table.into_inner()));
    renamed.firsts
}

struct Renamed<'a> {
    prefix: String,
    text: &'a str,
    twice: &'a [Range<usize>],
    /// Where each new name ends, and where the old one did.
    shifts: Vec<(usize, usize)>,
    firsts: Vec<First>,
}

impl Renamed<'_> {
    fn look(&mut self, table: &DeTable<'_>, within: bool, depth: usize) {
        let names: BTreeMap<&str, Range<usize>> =
            table.keys().map(|key| (key.get_ref().as_ref(), key.span())).collect();
        for (key, value) in table {
            let nth = key.get_ref().strip_prefix(&self.prefix).and_then(|nth| nth.parse::<usize>().ok());
            let nth = nth.filter(|nth| *nth < self.firsts.len());
            if let Some(nth) = nth {
                let first =
                    name(&self.text[self.twice[nth].clone()]).and_then(|name| names.get(name.as_str()).cloned());
                self.firsts[nth] = match first {
                    Some(first) => First::At(self.before(first)),
                    None if within => First::WithItsTable,
                    None => First::Unknown,
                };
            }
            self.look_into(value.get_ref(), within || nth.is_some(), depth + 1);
        }
    }

    fn look_into(&mut self, value: &DeValue<'_>, within: bool, depth: usize) {
        match value {
            _ if depth > DEEPEST => {}
            DeValue::Table(table) => self.look(table, within, depth),
            DeValue::Array(items) => items.iter().for_each(|item| self.look_into(item.get_ref(), within, depth + 1)),
            _ => {}
        }
    }

    /// A place in the text as it was before the names were changed.
    fn before(&self, range: Range<usize>) -> Range<usize> {
        let passed = self.shifts.partition_point(|(new, _)| *new <= range.start);
        let (new, old) = passed.checked_sub(1).map_or((0, 0), |last| self.shifts[last]);
        range.start - new + old..range.end - new + old
    }
}

/// A key without its quotes.
fn name(key: &str) -> Option<String> {
    let pair = format!("{key} = 0");
    let (table, _) = DeTable::parse_recoverable(&pair);
    table.get_ref().keys().next().map(|key| key.get_ref().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firsts(text: &str) -> Vec<String> {
        let (_, errors) = DeTable::parse_recoverable(text);
        let twice: Vec<Range<usize>> =
            errors.iter().filter(|error| error.message() == "duplicate key").filter_map(|error| error.span()).collect();
        let shown = |first| match first {
            First::At(range) => format!("{} {}", text[..range.start].matches('\n').count() + 1, &text[range]),
            other => format!("{other:?}"),
        };
        first_places(text, &twice).into_iter().map(shown).collect()
    }

    #[test]
    fn test_the_first_of_keys_and_tables() {
        assert_eq!(firsts("a = 1\nb = 2\na = 3\nb = 4\na = 5"), ["1 a", "2 b", "1 a"]);
        assert_eq!(firsts("[x.a]\n[x.b]\n[x.a]\n[x.\"b\"]\n[x.a]"), ["1 a", "2 b", "1 a"]);
        assert_eq!(firsts("x = { a = 1,\n\"a\" = 2 }"), ["1 a"]);
        assert_eq!(firsts("[x]\na = 1\n[y]\na = 1\na = 2"), ["4 a"]);
        assert_eq!(firsts("[[x]]\na = 1\n[[x]]\nb = 1\nb = 2"), ["4 b"]);
        assert_eq!(firsts("twice0 = 1\ntwice0 = 2"), ["1 twice0"]);
    }

    #[test]
    fn test_what_stands_in_a_second_table_is_told_with_it() {
        assert_eq!(firsts("[x]\na = 1\n[x]\na = 2"), ["1 x", "WithItsTable"]);
        assert_eq!(firsts("[x]\na = 1\n[x]\na = 2\nb = 3\nb = 4"), ["1 x", "WithItsTable", "5 b"]);
    }
}
