use unicode_width::UnicodeWidthChar;

/// The line of a file that a span begins on, as it is drawn.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The line, cut to fit, without tabs and control characters.
    pub(super) text: String,
    /// Columns in front of the span.
    pub(super) before: usize,
    /// Columns of the span; at least one.
    pub(super) marked: usize,
}

/// Tabs end at columns that are a multiple of this.
const TAB: usize = 4;

impl Excerpt {
    /// The line in which bytes `start..end` (of that line) are marked, in at most `width` columns (of at least 8). Looks at
    /// no more of a line than is drawn.
    pub(super) fn new(line: &str, start: usize, end: usize, width: usize, unicode: bool) -> Self {
        let start = boundary(line, start);
        let end = boundary(line, end.max(start));
        let cut = if unicode { "…" } else { "..." };
        let cut_width = if unicode { 1 } else { 3 };
        let whole = fits(line, width, unicode);
        let from = if whole { 0 } else { back(line, start, width / 2 - cut_width, unicode) };
        let room = if whole { width } else { width - cut_width };
        let mut text = String::new();
        let mut columns = 0;
        if from > 0 {
            text.push_str(cut);
            columns = cut_width;
        }
        let (mut before, mut after) = (columns, None);
        for (at, c) in line[from..].char_indices().map(|(at, c)| (from + at, c)) {
            if at == start {
                before = columns;
            }
            if at == end {
                after = Some(columns);
            }
            let (shown, wide) = shown(c, columns, unicode);
            if columns + wide > room {
                text.push_str(cut);
                return Self { text, before, marked: after.unwrap_or(columns).saturating_sub(before).max(1) };
            }
            match shown {
                Some(c) => text.push(c),
                None => text.extend(std::iter::repeat_n(' ', wide)),
            }
            columns += wide;
        }
        if start == line.len() {
            before = columns;
        }
        let marked = after.unwrap_or(columns).saturating_sub(before).max(1);
        Self { text: text.trim_end().to_owned(), before, marked }
    }
}

/// A character as it is drawn at a column (`None` for blanks), with its width.
fn shown(c: char, column: usize, unicode: bool) -> (Option<char>, usize) {
    match c {
        '\t' => (None, TAB - column % TAB),
        c if !unicode && !(' '..='~').contains(&c) => (Some('?'), 1),
        c if is_hidden(c) => (Some('\u{fffd}'), 1),
        c => (Some(c), c.width().unwrap_or(1)),
    }
}

/// What would not be seen, or would turn the line around.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn fits(text: &str, width: usize, unicode: bool) -> bool {
    let mut columns = 0;
    text.chars().all(|c| {
        columns += shown(c, columns, unicode).1;
        columns <= width
    })
}

/// The beginning of the character that a byte is in.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Where to begin so that what stands in front of `from` takes at most so many columns.
fn back(line: &str, from: usize, most: usize, unicode: bool) -> usize {
    let mut columns = 0;
    let mut begin = from;
    for (at, c) in line[..from].char_indices().rev() {
        columns += if c == '\t' { TAB } else { shown(c, 0, unicode).1 };
        if columns > most {
            break;
        }
        begin = at;
    }
    begin
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(line: &str, start: usize, end: usize, width: usize) -> String {
        let excerpt = Excerpt::new(line, start, end, width, true);
        format!("{}\n{}{}", excerpt.text, " ".repeat(excerpt.before), "^".repeat(excerpt.marked))
    }

    #[test]
    fn test_carets_stand_below_their_span() {
        assert_eq!(drawn("replcias = 10", 0, 8, 80), "replcias = 10\n^^^^^^^^");
        assert_eq!(drawn("\tx = 10", 1, 2, 80), "    x = 10\n    ^");
        assert_eq!(drawn("ab\tx", 3, 4, 80), "ab  x\n    ^");
        assert_eq!(drawn("世界 = x", 9, 10, 80), "世界 = x\n       ^");
        assert_eq!(drawn("a\u{202e}b", 4, 5, 80), "a\u{fffd}b\n  ^");
        assert_eq!(drawn("", 0, 0, 80), "\n^");
    }

    #[test]
    fn test_long_lines_are_cut_around_the_span() {
        let line = format!("{}KEY{}", "a".repeat(100), "b".repeat(100));
        assert_eq!(drawn(&line, 100, 103, 20), "…aaaaaaaaaKEYbbbbbb…\n          ^^^");
        assert_eq!(drawn(&line, 0, 3, 20), format!("{}…\n^^^", "a".repeat(19)));
        assert_eq!(drawn(&line, 200, 203, 20), "…bbbbbbbbbbbb\n          ^^^");
    }

    proptest! {
        #[test]
        fn test_anything_is_drawn_within_the_width(line in "[^\n]{0,80}", start in 0_usize..100, len in 0_usize..40, unicode: bool) {
            let excerpt = Excerpt::new(&line, start, start + len, 40, unicode);
            let columns: usize = excerpt.text.chars().map(|c| c.width().unwrap_or(0)).sum();
            prop_assert!(columns <= 40, "{}", excerpt.text);
            prop_assert!(excerpt.before + excerpt.marked <= 41);
        }
    }
}
