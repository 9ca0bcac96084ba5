use std::collections::BTreeSet;
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

/// Texts that are compared, each in at most `most` columns as [`cut`] does it. Where that would leave out what they differ in, it is
/// kept instead; texts that would still look alike stay whole.
pub(crate) fn cut_apart(texts: &[String], most: usize, more: &str) -> Vec<String> {
    let plainly: Vec<String> = texts.iter().map(|text| cut(text, most, more)).collect();
    if tells_apart(texts, &plainly) {
        return plainly;
    }
    let long: Vec<&String> = texts.iter().filter(|text| width(text) > most).collect();
    let same = |other: &String| long[0].chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let first = long.iter().filter(|text| **text != long[0]).map(|text| same(text)).min().unwrap_or_default();
    let around =
        texts.iter().map(|text| if width(text) > most { cut_around(text, first, most, more) } else { text.clone() });
    let around: Vec<String> = around.collect();
    if tells_apart(texts, &around) { around } else { texts.to_vec() }
}

fn tells_apart(texts: &[String], shown: &[String]) -> bool {
    let texts: BTreeSet<&String> = texts.iter().collect();
    let shown: BTreeSet<&String> = shown.iter().collect();
    texts.len() == shown.len()
}

/// A text in about `most` columns that has what is at a place, with a little of both its ends.
fn cut_around(text: &str, place: usize, most: usize, more: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let room = most.saturating_sub(2 * width(more));
    let end = room / 4;
    let from = place.saturating_sub(2).max(end).min(chars.len());
    let to = (from + room - 2 * end).min(chars.len());
    let tail = chars.len().saturating_sub(end).max(to);
    let part = |chars: &[char]| chars.iter().collect::<String>();
    let gap = |from: usize, to: usize| if to > from { more } else { "" };
    let head = end.min(from);
    [&part(&chars[..head]), gap(head, from), &part(&chars[from..to]), gap(to, tail), &part(&chars[tail..])].concat()
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
        let apart = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            cut_apart(&texts, 12, "…").join("  ")
        };
        assert_eq!(apart(&["abcdefghijklmnopqrst", "abcdefghijklmnopqrsT", "abc"]), "abcdef…pqrst  abcdef…pqrsT  abc");
        assert_eq!(apart(&["abcdefghijklmnopqrstuvw", "abcdefghijKlmnopqrstuvw"]), "ab…ijklmn…vw  ab…ijKlmn…vw");
        assert_eq!(apart(&["abcdefghijklmnopqrst", "abcdefghijklmnopqrst"]), "abcdef…pqrst  abcdef…pqrst");
        let many = [
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "aaaaaaaabaaaaaaaaaaaaaaaaaaaaaaaa",
            "aaaaaaaaaaaaaaaaaabaaaaaaaaaaaaaa",
        ];
        assert_eq!(apart(&many), many.join("  "));
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    }
}
