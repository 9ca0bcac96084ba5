use unicode_width::UnicodeWidthChar;

/// How much further in the rest of a broken line begins than the line itself.
const REST: usize = 4;

/// A page as a terminal of so many columns shows it best: lines that are longer are broken between words, as the terminal itself
/// would break them anywhere. A word that is longer than a line stays whole, so that it can be copied.
pub fn fold(page: &str, columns: usize) -> String {
    let mut folded = String::with_capacity(page.len());
    for line in page.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(line) => {
                fold_line(line, columns, &mut folded);
                folded.push('\n');
            }
            None => fold_line(line, columns, &mut folded),
        }
    }
    folded
}

fn fold_line(line: &str, columns: usize, folded: &mut String) {
    // What is shorter in bytes is not longer in columns.
    if line.len() <= columns {
        folded.push_str(line);
        return;
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    let rest = if indent + REST <= columns / 2 { indent + REST } else { 0 };
    // From where on the line is still to be written, the last place to break it, and the columns up to here and to there.
    let (mut from, mut gap, mut used) = (0, None, 0);
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            '\u{1b}' => escaped = true,
            _ if escaped => escaped = c != 'm',
            ' ' => {
                used += 1;
                if at > from.max(indent) {
                    gap = Some((at, used));
                }
            }
            c => {
                used += c.width().unwrap_or(0);
                if used > columns
                    && let Some((to, passed)) = gap.take()
                {
                    folded.push_str(line[from..to].trim_end_matches(' '));
                    folded.push('\n');
                    folded.push_str(&" ".repeat(rest));
                    from = to + 1;
                    used = rest + used - passed;
                }
            }
        }
    }
    folded.push_str(&line[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::words::width;

    #[test]
    fn test_lines_are_broken_between_words_and_go_on_further_in() {
        assert_eq!(fold("  one two three\nfour", 12), "  one two\n      three\nfour");
        assert_eq!(fold("one two three\n", 13), "one two three\n");
        assert_eq!(fold("a  bb  ccc  dddd", 8), "a  bb\n    ccc\n    dddd");
        assert_eq!(fold("see opsctl-show-20261122 now", 10), "see\n    opsctl-show-20261122\n    now");
        assert_eq!(fold("            wide", 8), "            wide");
        assert_eq!(fold("über größe äöü ß", 10), "über größe\n    äöü ß");
    }

    #[test]
    fn test_colours_take_no_room() {
        let (red, plain) = ("\u{1b}[31m", "\u{1b}[0m");
        assert_eq!(fold(&format!("{red}one two{plain} three"), 13), format!("{red}one two{plain} three"));
        assert_eq!(
            fold(&format!("{red}one two three{plain} four"), 13),
            format!("{red}one two three{plain}\n    four")
        );
    }

    proptest::proptest! {
        #[test]
        fn test_nothing_is_lost_and_nothing_is_too_long(page in "( {0,3}[a-z→]{1,9}( {1,3}[a-z]{1,9}){0,12}\n){0,4}", columns in 20_usize..60) {
            let folded = fold(&page, columns);
            proptest::prop_assert!(folded.lines().all(|line| width(line) <= columns), "{folded}");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            proptest::prop_assert_eq!(words(&folded), words(&page));
        }
    }
}
