use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A count with its noun: `1 step`, `6 steps`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let end = match (number, noun.as_bytes().last()) {
        (1, _) => "",
        (_, Some(b's' | b'h')) => "es",
        _ => "s",
    };
    format!("{number} {noun}{end}")
}

/// Names as a sentence has them: `a`, `a and b`, `a, b and c`.
pub(crate) fn and<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

/// Numbers as ranges: `1-3, 5`.
pub(crate) fn ranges(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut sorted: Vec<u32> = numbers.into_iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut parts: Vec<String> = Vec::new();
    for run in sorted.chunk_by(|a, b| a + 1 == *b) {
        match run {
            [first, _, .., last] => parts.push(format!("{first}-{last}")),
            few => parts.extend(few.iter().map(u32::to_string)),
        }
    }
    parts.join(", ")
}

/// A text that others wrote, on one line and without anything that a terminal would obey.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\n' | '\t' | '\r' => clean.push(' '),
            c if c.is_control() => {
                let _ = write!(clean, "{}", c.escape_unicode());
            }
            c => clean.push(c),
        }
    }
    clean
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text in at most `most` columns: its middle is left out where it is longer.
pub(crate) fn cut(text: &str, most: usize, more: &str) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(width(more));
    let (mut head, mut used) = (String::new(), 0);
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room - room / 2 {
            break;
        }
        head.push(c);
    }
    let (mut tail, mut used) = (Vec::new(), 0);
    for c in text.chars().rev() {
        used += c.width().unwrap_or(0);
        if used > room / 2 {
            break;
        }
        tail.push(c);
    }
    head + more + &tail.into_iter().rev().collect::<String>()
}

/// Breaks a text between words into lines of at most `most` columns; a longer word has a line of its own.
pub(crate) fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_count_and_names() {
        assert_eq!(count(1, "step"), "1 step");
        assert_eq!(count(0, "switch"), "0 switches");
        assert_eq!(and(&["a", "b", "c"]), "a, b and c");
        assert_eq!(ranges([3, 1, 2, 5, 2, 8, 9]), "1-3, 5, 8, 9");
    }

    #[test]
    fn test_nothing_that_a_terminal_obeys() {
        assert_eq!(clean("a\n\u{1b}[2Jb "), "a \\u{1b}[2Jb");
    }

    #[test]
    fn test_cut_and_wrap() {
        assert_eq!(cut("abcdefghij", 7, "…"), "abc…hij");
        assert_eq!(cut("abc", 7, "…"), "abc");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    }
}
