use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which file of the run.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

/// A file of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A place for the eye, which outlives the texts: `states/baseline.toml:14:1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file as the operator knows it, relative to the operations repository.
    pub file: Arc<str>,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// The files of a run with their texts.
#[derive(Debug, Default)]
pub struct Sources(Vec<Source>);

#[derive(Debug)]
struct Source {
    path: Arc<str>,
    text: Arc<str>,
    /// The offset at which each line begins.
    lines: Vec<u32>,
}

impl Sources {
    /// Takes a file in. Texts beyond 4 GiB are cut.
    pub fn add(&mut self, path: &str, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1);
        // A byte order mark is no part of the first line.
        let first = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let lines = std::iter::once(first).chain(starts).collect();
        self.0.push(Source { path: path.into(), text, lines });
        FileId((self.0.len() - 1) as u32)
    }

    /// The file of a path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.0.iter().position(|source| &*source.path == path).map(|at| FileId(at as u32))
    }

    /// The path that a file was taken in under.
    pub fn path(&self, file: FileId) -> &str {
        &self.0[file.0 as usize].path
    }

    /// A file's text.
    pub fn text(&self, file: FileId) -> &Arc<str> {
        &self.0[file.0 as usize].text
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The word at a place; `None` where its file is not among these.
    pub fn span(&self, place: &Place) -> Option<Span> {
        let file = self.find(&place.file)?;
        let source = &self.0[file.0 as usize];
        let start = *source.lines.get((place.line as usize).checked_sub(1)?)? as usize;
        let line = self.line(file, place.line);
        let skipped = line.chars().take((place.column as usize).saturating_sub(1)).map(char::len_utf8).sum::<usize>();
        let word = line[skipped..].find([' ', '=', ']', '\t']).unwrap_or(line.len() - skipped);
        Some(Span::new(file, start + skipped..start + skipped + word))
    }

    /// Line and column of a span's first byte. On a line of more than 64 KiB the column is counted in bytes.
    pub fn place(&self, span: Span) -> Place {
        let source = &self.0[span.file.0 as usize];
        let line = source.line_of(span.start);
        let before = source.text.get(source.lines[line] as usize..span.start as usize).unwrap_or("");
        let column = if before.len() > LONG { before.len() } else { before.chars().count() };
        Place { file: source.path.clone(), line: line as u32 + 1, column: column as u32 + 1 }
    }

    /// The line that a span begins on, without its end, and the offset at which it begins.
    pub fn line_at(&self, span: Span) -> (usize, &str) {
        let source = &self.0[span.file.0 as usize];
        let line = source.line_of(span.start);
        (source.lines[line] as usize, self.line(span.file, line as u32 + 1))
    }

    /// The text of a line (from 1), without its end.
    pub fn line(&self, file: FileId, line: u32) -> &str {
        let source = &self.0[file.0 as usize];
        let start = source.lines.get(line as usize - 1).map_or(source.text.len(), |&start| start as usize);
        let end = source.lines.get(line as usize).map_or(source.text.len(), |&end| end as usize);
        source.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }
}

/// A line this long was not written by hand, and counting its characters for each mistake would take too long.
const LONG: usize = 64 << 10;

impl Source {
    /// The line (from 0) that an offset is on.
    fn line_of(&self, offset: u32) -> usize {
        self.lines.partition_point(|&start| start <= offset).max(1) - 1
    }
}

impl Span {
    /// A span of bytes; offsets beyond 4 GiB are cut.
    pub fn new(file: FileId, range: std::ops::Range<usize>) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { file, start: offset(range.start), end: offset(range.end) }
    }

    /// A part of the span, counted from its beginning; the whole where the part is not inside.
    #[must_use]
    pub fn within(self, range: std::ops::Range<usize>) -> Self {
        let part = Self::new(self.file, self.start as usize + range.start..self.start as usize + range.end);
        if part.start <= part.end && part.end <= self.end { part } else { self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_line_and_column() {
        let mut sources = Sources::default();
        let file = sources.add("a.toml", "ä = 1\r\nb = 2\n");
        let place = |start, end| sources.place(Span::new(file, start..end)).to_string();
        assert_eq!(place(0, 1), "a.toml:1:1");
        assert_eq!(place(3, 4), "a.toml:1:3");
        assert_eq!(place(8, 9), "a.toml:2:1");
        assert_eq!(place(14, 14), "a.toml:3:1");
        assert_eq!(sources.line(file, 1), "ä = 1");
        assert_eq!(sources.line(file, 3), "");
        assert_eq!(sources.line(file, 9), "");
    }
}
