//! The text in which exporters show their metrics, version 0.0.4, and OpenMetrics as far as that looks alike:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::BTreeMap;

use super::sample::Sample;

/// The sample that a line has of a metric; comments, empty lines and lines of other metrics have none.
///
/// # Errors
/// The line is of the metric and has no sample.
pub(super) fn sample(line: &str, metric: &str) -> Result<Option<Sample>, Unreadable> {
    let line = line.trim();
    // A name that is no word stands in quotes among the labels: `{"http.requests", method="GET"} 1`.
    if !line.starts_with(metric) && !line.starts_with('{') {
        return Ok(None);
    }
    let mut text = Text(line);
    let mut name = text.until(|c| c == '{' || c.is_whitespace()).to_owned();
    if !name.is_empty() && name != metric {
        return Ok(None);
    }
    let labels = text.labels(&mut name)?;
    if name != metric {
        return Ok(None);
    }
    text.blank();
    let value = text.until(char::is_whitespace).parse().map_err(|_| Unreadable)?;
    Ok(Some(Sample { labels, value }))
}

/// A line is not of the format.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// What is left of a line.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn until(&mut self, end: impl Fn(char) -> bool) -> &'a str {
        let (text, rest) = self.0.split_at(self.0.find(end).unwrap_or(self.0.len()));
        self.0 = rest;
        text
    }

    fn blank(&mut self) {
        self.0 = self.0.trim_start();
    }

    fn take(&mut self, c: char) -> bool {
        self.blank();
        let rest = self.0.strip_prefix(c);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// What stands in braces; a name in quotes, without a value, is that of the metric.
    fn labels(&mut self, metric: &mut String) -> Result<BTreeMap<String, String>, Unreadable> {
        let mut labels = BTreeMap::new();
        if !self.take('{') {
            return Ok(labels);
        }
        while !self.take('}') {
            let quoted = self.quoted();
            let is_quoted = quoted.is_some();
            let name = match quoted {
                Some(name) => name?,
                None => self.until(|c| matches!(c, '=' | ',' | '}') || c.is_whitespace()).to_owned(),
            };
            if self.take('=') {
                labels.insert(name, self.quoted().ok_or(Unreadable)??);
            } else if is_quoted && metric.is_empty() {
                *metric = name;
            } else {
                return Err(Unreadable);
            }
            if !self.take(',') && !self.0.trim_start().starts_with('}') {
                return Err(Unreadable);
            }
        }
        Ok(labels)
    }

    /// A text in quotes; `None` where none begins here.
    fn quoted(&mut self) -> Option<Result<String, Unreadable>> {
        if !self.take('"') {
            return None;
        }
        let mut text = String::new();
        let mut chars = self.0.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return Some(Ok(text));
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, other)) => text.push(other),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Some(Err(Unreadable))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Result<Option<Sample>, Unreadable> {
        sample(line, "node_load1")
    }

    #[allow(clippy::unnecessary_wraps, reason = "it is compared to what is read")]
    fn is(labels: &[(&str, &str)], value: f64) -> Result<Option<Sample>, Unreadable> {
        let label = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Ok(Some(Sample { labels: labels.iter().map(label).collect(), value }))
    }

    #[test]
    fn test_samples() {
        assert_eq!(read("node_load1 0.25"), is(&[], 0.25));
        assert_eq!(read("  node_load1\t1e3 1395066363000 "), is(&[], 1000.0));
        assert_eq!(read("node_load1{} +Inf"), is(&[], f64::INFINITY));
        assert_eq!(read(r#"node_load1{a="1",b="x y"} 2"#), is(&[("a", "1"), ("b", "x y")], 2.0));
        assert_eq!(read(r#"node_load1 { a = "1" , } 2"#), is(&[("a", "1")], 2.0));
        assert_eq!(read(r#"node_load1{a="}\"\\\n,"} 2"#), is(&[("a", "}\"\\\n,")], 2.0));
        assert_eq!(read(r#"{"node_load1",a="1"} 2"#), is(&[("a", "1")], 2.0));
        // An exemplar of OpenMetrics.
        assert_eq!(read(r#"node_load1{a="1"} 2 # {trace_id="x"} 0.6"#), is(&[("a", "1")], 2.0));
        assert!(read("node_load1 NaN").unwrap().unwrap().value.is_nan());
    }

    #[test]
    fn test_other_lines() {
        for line in ["", "# HELP node_load1 1", "# TYPE node_load1 gauge", "node_load15 3", r#"{"other"} 1"#, "x{"] {
            assert_eq!(read(line), Ok(None), "{line}");
        }
    }

    #[test]
    fn test_damaged_lines() {
        for line in
            ["node_load1", "node_load1 x", "node_load1{a} 1", r#"node_load1{a="1 1"#, r#"node_load1{a="1"b="2"} 1"#]
        {
            assert_eq!(read(line), Err(Unreadable), "{line}");
        }
    }

    proptest! {
        #[test]
        fn test_any_text_is_answered(line in "\\PC*", tail in "[{}\"\\\\,=a1 ]{0,20}") {
            let _ = (sample(&line, "a"), sample(&format!("a{tail}"), "a"), sample(&format!("{{{tail}"), "a"));
        }
    }
}
