use std::num::NonZero;
use std::ops::Range;
use std::thread;

use super::parse::whole;
use super::{Data, Entry, Node, Problems, Table};
use crate::diagnostic::FileId;

/// How large a part of a file is read at once. What the parser needs on the way is many times the text.
const PART: usize = 256 << 10;

/// Where a file may be cut: in front of a resource's table.
const CUT: &str = "\n[resource.";

/// Reads a large file part by part, so that what the parser needs is needed for a part a processor at a time.
///
/// `None` where the file is small, or where anything at all is not plain: then it is to be read whole, which has the last word. A
/// cut inside a text or a list leaves it open, which is a mistake of that part; what a whole file may not have and its parts may
/// is looked for: a name in two parts.
pub(super) fn in_parts<'t>(file: FileId, text: &'t str) -> Option<Table<'t>> {
    if text.len() < 2 * PART || text.contains("\n[resource]") {
        return None;
    }
    let mut all: Vec<Entry<'t>> = Vec::new();
    let mut resources: Option<Entry<'t>> = None;
    for entry in side_by_side(file, text)?.into_iter().flat_map(|table| table.0) {
        // A table in braces is closed: what a later part adds to it is a mistake.
        let open = text.as_bytes().get(entry.node.span.start as usize) != Some(&b'{');
        match &mut resources {
            _ if entry.key != "resource" => all.push(entry),
            None if open => resources = Some(entry),
            None => return None,
            Some(known) => join(known, entry)?,
        }
    }
    if let Some(Entry { node: Node { data: Data::Table(table), .. }, .. }) = &mut resources {
        table.0.sort_by(|a, b| a.key.cmp(&b.key));
        table.0.shrink_to_fit();
    }
    all.extend(resources);
    all.sort_by(|a, b| a.key.cmp(&b.key));
    let unique = |entries: &[Entry<'_>]| entries.windows(2).all(|pair| pair[0].key != pair[1].key);
    let tables = all.iter().filter_map(|entry| entry.node.as_table()).all(|table| unique(&table.0));
    (unique(&all) && tables).then_some(Table(all))
}

/// The parts of a file in their order, read by as many threads as there are processors; `None` where one has a mistake.
fn side_by_side<'t>(file: FileId, text: &'t str) -> Option<Vec<Table<'t>>> {
    let parts = parts(text);
    let read = |part: &Range<usize>| {
        let mut found = Problems::default();
        let table = whole(file, &text[part.clone()], part.start, &mut found);
        found.into_found().is_empty().then_some(table)
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let runs = parts.chunks(parts.len().div_ceil(threads));
        let runs: Result<Vec<_>, _> = runs
            .map(|run| thread::Builder::new().spawn_scoped(scope, || run.iter().map(read).collect::<Option<Vec<_>>>()))
            .collect();
        let tables: Option<Vec<_>> = runs.ok()?.into_iter().map(|run| run.join().ok()?).collect();
        Some(tables?.into_iter().flatten().collect())
    })
}

fn parts(text: &str) -> Vec<Range<usize>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    while start < text.len() {
        let from = text.floor_char_boundary((start + PART).min(text.len()));
        let end = text[from..].find(CUT).map_or(text.len(), |at| from + at + 1);
        parts.push(start..end);
        start = end;
    }
    parts
}

fn join<'t>(known: &mut Entry<'t>, more: Entry<'t>) -> Option<()> {
    match (&mut known.node.data, more.node.data) {
        (Data::Table(known), Data::Table(more)) => {
            known.0.extend(more.0);
            Some(())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::parse;

    fn large(head: &str, middle: &str, tail: &str) -> String {
        let filler = |from: usize| -> String {
            (from..from + 9_000)
                .map(|nth| format!("[resource.r{nth:06}]\nat = \"k8s:deployment/ä/r{nth}\"\n"))
                .collect()
        };
        format!("{head}\n{}{middle}\n{}{tail}\n", filler(0), filler(500_000))
    }

    #[test]
    fn test_in_parts_as_whole() {
        let text = large("\u{feff}# ä\n[vars]\na = 1", "[resource.x]\nat = \"y\"\n[check.a]\ntcp = \"x:1\"", "");
        let mut sources = crate::diagnostic::Sources::default();
        let file = sources.add("a.toml", text.as_str());
        let parts = in_parts(file, &text).unwrap();
        let mut found = Problems::default();
        let one = whole(file, &text, 0, &mut found);
        assert_eq!(format!("{parts:?}"), format!("{one:?}"));
    }

    #[test]
    fn test_what_is_not_plain_is_read_whole() {
        let mut sources = crate::diagnostic::Sources::default();
        for (head, middle, tail) in [
            ("a = \"\"\"", "\"\"\"", ""),
            ("", "[resource.r000001]\nat = \"x\"", ""),
            ("", "", "[resource.r000001.data]\nat = \"x\""),
            ("resource = {}", "", ""),
            ("", "[resource]\nx.at = 1", ""),
            ("[check.a]\n", "[check.b]\n", ""),
            ("", "x = ", ""),
        ] {
            let text = large(head, middle, tail);
            let file = sources.add("a.toml", text.as_str());
            assert!(in_parts(file, &text).is_none(), "{head:?} {middle:?} {tail:?}");
            parse(file, &text, &mut Problems::default());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn test_parts_never_find_less(middle in "(\\[resource\\.[a-c]\\]\n|x = [\\[\"]{1,3}|[\"\\]]{1,3}|\n|[a-c] = 1\n){0,8}") {
            let text = large("", &middle, "");
            let mut sources = crate::diagnostic::Sources::default();
            let file = sources.add("a.toml", text.as_str());
            let mut found = Problems::default();
            let one = whole(file, &text, 0, &mut found);
            if let Some(parts) = in_parts(file, &text) {
                prop_assert!(found.into_found().is_empty());
                prop_assert_eq!(format!("{parts:?}"), format!("{one:?}"));
            }
        }
    }
}
