//! What is wrong, where, and what to do: one type for every mistake that an operator can make in a file.

mod code;
mod credentials;
mod excerpt;
mod place;
mod render;
mod style;

pub use code::Code;
pub(crate) use credentials::{credentials, without_credentials};
pub use place::{FileId, Place, Sources, Span};
pub(crate) use render::MOST;
pub use render::render;
pub use style::{Mark, Style};

/// One mistake, or one thing worth a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable; `opsctl explain CODE` says more.
    pub code: Code,
    /// Whether the run goes on.
    pub severity: Severity,
    /// One sentence: what is.
    pub message: String,
    /// Where; the first is the main place, and sorts the list.
    pub labels: Vec<Label>,
    /// What else there is to know, and what to do; a line each.
    pub notes: Vec<String>,
}

/// Whether a diagnostic stops the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is changed.
    Error,
    /// Said, and the run goes on.
    Warning,
}

/// A place in a file, with what to say beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// Many diagnostics with the files that they point into.
#[derive(Debug, Default)]
pub struct Report {
    /// The texts of the files.
    pub sources: Sources,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
}

impl Diagnostic {
    /// An error at one place.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: vec![Label { span, text: String::new() }],
            notes: Vec::new(),
        }
    }

    /// A warning at one place.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Says something beside the main place.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        if let Some(label) = self.labels.first_mut() {
            label.text = text.into();
        }
        self
    }

    /// Points to one more place.
    #[must_use]
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a line of what else there is to know or to do.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }
}

impl Report {
    /// Whether anything in it stops the run.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Sorts by place: file, then offset. What was found twice at one place (in a file that two states take in) stays once.
    pub fn sort(&mut self) {
        let Self { sources, diagnostics } = self;
        diagnostics.sort_by(|a, b| {
            let key = |diagnostic: &Diagnostic| {
                diagnostic.labels.first().map(|label| (label.span.file, label.span.start, label.span.end))
            };
            let path = |diagnostic: &Diagnostic| diagnostic.labels.first().map(|label| sources.path(label.span.file));
            path(a)
                .cmp(&path(b))
                .then_with(|| key(a).cmp(&key(b)))
                .then(a.code.cmp(&b.code))
                .then_with(|| a.message.cmp(&b.message))
                .then(a.notes.len().cmp(&b.notes.len()))
        });
        let place = |diagnostic: &Diagnostic| diagnostic.labels.first().map(|label| label.span);
        diagnostics.dedup_by(|b, a| a.code == b.code && place(a) == place(b) && a.message == b.message);
    }
}
