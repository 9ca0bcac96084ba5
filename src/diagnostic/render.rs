use std::borrow::Cow;
use std::collections::BTreeSet;

use super::credentials::{credentials, hidden_from, without_credentials};
use super::excerpt::{Excerpt, is_hidden};
use super::{Code, Diagnostic, Label, Mark, Report, Severity, Sources, Span, Style};

/// How many errors are drawn, and how many warnings. Nobody reads more at once, and one that is mended often mends others.
pub(crate) const MOST: usize = 100;

/// Draws a report as text: each diagnostic with its places, the first of many, and how many there are.
pub fn render(report: &Report, style: &Style) -> String {
    let secrets =
        report.diagnostics.iter().filter(|found| found.code.is_secret()).filter_map(|found| found.labels.first());
    let secrets = secrets.map(|label| label.span).collect();
    let mut drawing = Drawing { sources: &report.sources, secrets, style, text: String::new() };
    let (mut errors, mut warnings) = (0, 0);
    for diagnostic in &report.diagnostics {
        let so_far = match diagnostic.severity {
            Severity::Error => &mut errors,
            Severity::Warning => &mut warnings,
        };
        *so_far += 1;
        if *so_far <= MOST {
            drawing.diagnostic(diagnostic);
            drawing.text.push('\n');
        }
    }
    if errors.max(warnings) > MOST {
        drawing.text.push_str(&format!("… the first {MOST} are shown\n\n"));
    }
    if let Some(summary) = summary(report) {
        drawing.text.push_str(&summary);
        drawing.text.push('\n');
    }
    if style.unicode { drawing.text } else { ascii(&drawing.text) }
}

/// `2 errors in 2 files; opsctl explain E0104 says more.`
fn summary(report: &Report) -> Option<String> {
    let count = |severity: Severity, what: &str| {
        let found: Vec<&Diagnostic> = report.diagnostics.iter().filter(|d| d.severity == severity).collect();
        let files: BTreeSet<_> = found.iter().filter_map(|d| d.labels.first()).map(|label| label.span.file).collect();
        let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let text = format!("{} in {}", plural(found.len(), what), plural(files.len(), "file"));
        found.first().map(|first| (text, first.code))
    };
    let errors = count(Severity::Error, "error");
    let warnings = count(Severity::Warning, "warning");
    let found: Vec<(String, Code)> = [errors, warnings].into_iter().flatten().collect();
    let (_, code) = found.first()?;
    let texts: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
    Some(format!("{}; opsctl explain {code} says more.", texts.join(", ")))
}

struct Drawing<'a> {
    sources: &'a Sources,
    /// Where secrets stand in the open: no line shows them, whatever is wrong beside them.
    secrets: Vec<Span>,
    style: &'a Style,
    text: String,
}

impl Drawing<'_> {
    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        self.paint(Mark::Severity(diagnostic.severity), &format!("{severity}[{}]", diagnostic.code));
        self.paint(Mark::Message, &format!(": {}", cut(one_line(&diagnostic.message))));
        self.text.push('\n');
        let line = |label: &Label| self.sources.place(label.span).line.to_string().len();
        let gutter = diagnostic.labels.iter().map(line).max().unwrap_or(1);
        for (at, label) in diagnostic.labels.iter().enumerate() {
            let mark = if at == 0 { Mark::Here(diagnostic.severity) } else { Mark::There };
            self.label(label, gutter, mark);
        }
        for note in &diagnostic.notes {
            let room = self.style.width.saturating_sub(gutter + 3).max(20);
            for (at, line) in wrapped(&one_line(note), room).iter().enumerate() {
                self.paint(Mark::Frame, &format!("{} {} ", " ".repeat(gutter), if at == 0 { '=' } else { ' ' }));
                self.text.push_str(line);
                self.text.push('\n');
            }
        }
    }

    fn label(&mut self, label: &Label, gutter: usize, mark: Mark) {
        let (corner, bar) = if self.style.unicode { ("┌", "│") } else { ("-->", "|") };
        let blank = " ".repeat(gutter);
        let path = self.sources.path(label.span.file);
        if self.sources.text(label.span.file).is_empty() {
            self.paint(Mark::Frame, &format!("{blank} {corner} {path}"));
            self.text.push('\n');
            return;
        }
        let place = self.sources.place(label.span);
        let (start, line) = self.sources.line_at(label.span);
        let from = (label.span.start as usize).saturating_sub(start);
        let until = (label.span.end as usize).saturating_sub(start).min(line.len());
        let here = |secret: &Span| {
            secret.file == label.span.file && (start..=start + line.len()).contains(&(secret.start as usize))
        };
        let secrets = self.secrets.iter().filter(|secret| here(secret)).map(|secret| secret.start as usize - start);
        let unseen = credentials(line).map(|found| found.start).into_iter().chain(secrets).min();
        let (line, from, until) = match unseen {
            None => (Cow::Borrowed(line), from, until),
            Some(unseen) => {
                let shown = hidden_from(line, unseen);
                let until = if until > unseen { shown.len() } else { until };
                (Cow::Owned(shown), from.min(unseen), until)
            }
        };
        let width = self.style.width.saturating_sub(gutter + 3).max(20);
        let excerpt = Excerpt::new(&line, from, until, width, self.style.unicode);
        self.paint(Mark::Frame, &format!("{blank} {corner} {place}"));
        self.text.push('\n');
        self.paint(Mark::Frame, &format!("{:>gutter$} {bar}", place.line));
        self.text.push_str(format!(" {}", excerpt.text).trim_end());
        self.text.push('\n');
        self.paint(Mark::Frame, &format!("{blank} {bar}"));
        let carets = "^".repeat(excerpt.marked);
        let said = format!("{carets} {}", one_line(&label.text));
        self.text.push_str(&" ".repeat(excerpt.before + 1));
        self.paint(mark, said.trim_end());
        self.text.push('\n');
    }

    fn paint(&mut self, mark: Mark, text: &str) {
        self.text.push_str(&(self.style.paint)(mark, text));
    }
}

/// A text that cannot break the drawing, whatever names an operator gave, and shows no password.
fn one_line(text: &str) -> String {
    let text = without_credentials(text);
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(|c| !is_hidden(*c)).collect()
}

/// A message that holds a long text of a file says enough at its beginning; the text stands below.
fn cut(text: String) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A text in lines of at most so many characters, broken between words.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut columns = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if columns + 1 + length <= room => {
                line.push(' ');
                line.push_str(word);
                columns += 1 + length;
            }
            _ => {
                lines.push(word.to_owned());
                columns = length;
            }
        }
    }
    lines
}

/// What stands for a sign beyond ASCII. Escape sequences of a painter pass.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => out.push_str("..."),
            c if c.is_ascii() => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    fn report() -> Report {
        let mut sources = Sources::default();
        let baseline = sources.add("states/baseline.toml", "\n[resource.origin]\nneeds = [\"edge\"]\n");
        let active = sources.add("states/dr-active.toml", "a = 1\nreplcias = 10 # ä\ntoken = \"hunter2\"\n");
        let empty = sources.add("states/gone.toml", "");
        let diagnostics = vec![
            Diagnostic::error(
                Code::UnknownSetting,
                Span::new(active, 6..14),
                "unknown setting `replcias` of kind deployment",
            )
            .here("did you mean `replicas`?")
            .note("settings of deployment: replicas, image.CONTAINER, …"),
            Diagnostic::error(Code::NeedsLoop, Span::new(baseline, 28..34), "these need each other in a circle")
                .here("origin needs edge")
                .and(Span::new(active, 0..1), "edge needs origin"),
            Diagnostic::error(Code::SecretInOpen, Span::new(active, 33..42), "`token` is a secret"),
            Diagnostic::error(Code::Unreadable, Span::new(empty, 0..0), "the file cannot be read: permission denied"),
            Diagnostic::warning(Code::Hole, Span::new(active, 0..99), "a hole\nof two lines"),
        ];
        Report { sources, diagnostics }
    }

    #[test]
    fn test_unicode() {
        insta::assert_snapshot!(render(&report(), &Style::plain(true)), @r#"
error[E0104]: unknown setting `replcias` of kind deployment
  ┌ states/dr-active.toml:2:1
2 │ replcias = 10 # ä
  │ ^^^^^^^^ did you mean `replicas`?
  = settings of deployment: replicas, image.CONTAINER, …

error[E0131]: these need each other in a circle
  ┌ states/baseline.toml:3:10
3 │ needs = ["edge"]
  │          ^^^^^^ origin needs edge
  ┌ states/dr-active.toml:1:1
1 │ a = 1
  │ ^ edge needs origin

error[E0119]: `token` is a secret
  ┌ states/dr-active.toml:3:9
3 │ token = (hidden)
  │         ^^^^^^^^

error[E0001]: the file cannot be read: permission denied
  ┌ states/gone.toml

warning[W0301]: a hole of two lines
  ┌ states/dr-active.toml:1:1
1 │ a = 1
  │ ^^^^^

4 errors in 3 files, 1 warning in 1 file; opsctl explain E0104 says more.
"#);
    }

    #[test]
    fn test_ascii() {
        let text = render(&report(), &Style::plain(false));
        assert!(text.is_ascii());
        assert!(text.contains("2 | replcias = 10 # ?\n  | ^^^^^^^^ did you mean `replicas`?\n"), "{text}");
        assert!(!text.contains("hunter2"));
    }

    #[test]
    fn test_paint() {
        let paint = |mark: Mark, text: &str| match mark {
            Mark::Here(Severity::Error) => format!("<{text}>"),
            _ => text.to_owned(),
        };
        let text = render(&report(), &Style { paint, ..Style::plain(true) });
        assert!(text.contains(" <^^^^^^^^ did you mean `replicas`?>\n"), "{text}");
    }
}
