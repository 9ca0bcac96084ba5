use std::fmt;
use std::ops::Range;

/// Something wrong in a world file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file, as it was named.
    pub path: String,
    /// The bytes of its text that are meant.
    pub span: Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The character in that line, from 1.
    pub column: usize,
    /// What is wrong, as a sentence without its full stop.
    pub what: String,
    /// What to do; empty where that is plain.
    pub instead: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.what)?;
        if self.instead.is_empty() { Ok(()) } else { write!(f, "; {}", self.instead) }
    }
}

/// The mistakes of one file, as they are found.
pub(crate) struct Mistakes<'a> {
    path: &'a str,
    text: &'a str,
    found: Vec<(Range<usize>, String, String)>,
}

impl<'a> Mistakes<'a> {
    pub(crate) fn new(path: &'a str, text: &'a str) -> Self {
        Self { path, text, found: Vec::new() }
    }

    pub(crate) fn push(&mut self, span: Range<usize>, what: impl Into<String>, instead: impl Into<String>) {
        self.found.push((span, what.into(), instead.into()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them with their lines, sorted by place.
    pub(crate) fn into_found(mut self) -> Vec<Mistake> {
        self.found.sort_by_key(|(span, ..)| span.start);
        let (mut seen, mut line, mut line_at) = (0, 1, 0);
        let mut mistakes = Vec::with_capacity(self.found.len());
        for (span, what, instead) in self.found {
            for (offset, _) in self.text.get(seen..span.start).unwrap_or_default().match_indices('\n') {
                line += 1;
                line_at = seen + offset + 1;
            }
            seen = span.start;
            let column = self.text.get(line_at..seen).unwrap_or_default().chars().count() + 1;
            mistakes.push(Mistake { path: self.path.to_owned(), span, line, column, what, instead });
        }
        mistakes
    }
}

/// Of these words the one that was likely meant, as a clause.
pub(crate) fn did_you_mean<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    let near = words.into_iter().map(|other| (distance(word, other), other)).min();
    match near {
        Some((distance, other)) if distance <= 1 + other.len() / 4 => format!("did you mean `{other}`?"),
        _ => String::new(),
    }
}

/// The edit distance in which two swapped neighbours count once.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_did_you_mean() {
        assert_eq!(did_you_mean("replcias", ["replicas", "image"]), "did you mean `replicas`?");
        assert_eq!(did_you_mean("colour", ["replicas", "image"]), "");
    }

    #[test]
    fn test_place() {
        let mut mistakes = Mistakes::new("w.toml", "a = 1\nä = 2\n");
        mistakes.push(9..12, "wrong", "");
        assert_eq!(mistakes.into_found()[0].to_string(), "w.toml:2:3: wrong");
    }
}
