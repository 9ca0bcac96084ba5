//! A text times a number, which a template takes for the text so many times.

use std::ops::Range;

/// A word of a template's expressions, and where it stands.
type Word = (Sort, Range<usize>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Name,
    Text,
    Times,
    Other,
}

/// The first text that is multiplied in a template. `is_text` says of which names the value is a text.
pub(super) fn multiplied(template: &str, is_text: impl Fn(&str) -> bool) -> Option<Range<usize>> {
    let words = words(template);
    let is_text = |at: usize| match &words[at] {
        (Sort::Text, _) => true,
        (Sort::Name, range) => is_text(&template[range.clone()]),
        _ => false,
    };
    let symbol = |at: usize| words.get(at).map_or("", |(_, range)| &template[range.clone()]);
    let times = (0..words.len()).filter(|at| words[*at].0 == Sort::Times);
    let mut operands = times.flat_map(|at| {
        // Brackets around one word say nothing.
        let opened = (1..=at).take_while(|back| symbol(at - back) == ")").count();
        let left = at.checked_sub(opened + 1).filter(|left| {
            let first = left.checked_sub(opened);
            let before = first.and_then(|first| first.checked_sub(1)).map_or("", symbol);
            let bracketed = (0..opened).all(|back| left.checked_sub(back + 1).is_some_and(|at| symbol(at) == "("));
            // What comes out of a filter or is a part of something else is not known.
            bracketed && !matches!(before, "." | "|") && (opened == 0 || !is_name(before))
        });
        let opening = (at + 1..words.len()).take_while(|at| symbol(*at) == "(").count();
        let right = Some(at + opening + 1).filter(|right| {
            let closed = (1..=opening).all(|behind| symbol(right + behind) == ")");
            *right < words.len() && closed && !matches!(symbol(right + opening + 1), "." | "|" | "[" | "(")
        });
        [left, right].into_iter().flatten()
    });
    operands.find(|at| is_text(*at)).map(|at| words[at].1.clone())
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The words of all expressions and statements; what stands between these is no word.
fn words(template: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(open) = template[at..].find('{').map(|open| at + open) {
        let end = match template.as_bytes().get(open + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => {
                at = template[open..].find("#}").map_or(template.len(), |end| open + end + 2);
                continue;
            }
            _ => {
                at = open + 1;
                continue;
            }
        };
        let begins = words.len();
        at = expression(template, open + 2, end, &mut words);
        words.push((Sort::Other, at..at));
        let first = words[begins..].iter().find(|(_, range)| !matches!(&template[range.clone()], "-" | "+"));
        // What is raw stands for itself.
        if end == "%}" && first.is_some_and(|(_, range)| &template[range.clone()] == "raw") {
            at = template[at..].find("endraw").map_or(template.len(), |end| at + end);
        }
    }
    words
}

/// Takes in the words up to an end, and gives where it ended.
fn expression(template: &str, mut at: usize, end: &str, words: &mut Vec<Word>) -> usize {
    while let Some(c) = template[at..].chars().next() {
        let rest = &template[at..];
        let letter = |c: char| c.is_alphanumeric() || c == '_';
        let (sort, len) = match c {
            _ if rest.starts_with(end) => return at + end.len(),
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '"' | '\'' => (Sort::Text, quoted(rest, c)),
            c if c.is_alphabetic() || c == '_' => (Sort::Name, rest.find(|c| !letter(c)).unwrap_or(rest.len())),
            c if c.is_numeric() => (Sort::Other, rest.find(|c| !letter(c)).unwrap_or(rest.len())),
            '*' if rest.starts_with("**") => (Sort::Other, 2),
            '*' => (Sort::Times, 1),
            c => (Sort::Other, c.len_utf8()),
        };
        words.push((sort, at..at + len));
        at += len;
    }
    at
}

/// How long a text in quotes is, with them.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_a_text_that_is_multiplied() {
        let found = |template: &str| {
            let is_text = |name: &str| matches!(name, "base" | "name");
            multiplied(template, is_text).map(|range| template[range].to_owned())
        };
        for template in
            ["{{ base * 2 }}", "{{ 2 * base }}", "{{ 1 + 2*(base) }}", "{{ ((base)) * 2 }}", "{%- if base*2 %}"]
        {
            assert_eq!(found(template).as_deref(), Some("base"), "{template}");
        }
        assert_eq!(found("a * b {{ 'x' * edge }}").as_deref(), Some("'x'"));
        assert_eq!(found("{{ edge * 2 }} {{ edge ~ name * 2 }}").as_deref(), Some("name"));
        for template in [
            "{{ base | int * 2 }}",
            "{{ 2 * base | int }}",
            "{{ 2 * base.size }}",
            "{{ 2 * base[0] }}",
            "{{ of.base * 2 }}",
            "{{ int(base) * 2 }}",
            "{{ (base | int) * 2 }}",
            "{{ edge * 2 }}",
            "{{ \"base * 2\" }}",
            "{{ 'it\\'s base * 2' }}",
            "base * 2 {{ edge }}",
            "{# base * 2 #}{ base * 2 }",
            "{% raw %}{{ base * 2 }}{% endraw %}",
            "{{ edge ** 2 }} {{ base }} * {{ 2 }}",
            "{{ * }}",
            "{{ (base",
        ] {
            assert_eq!(found(template), None, "{template}");
        }
    }
}
