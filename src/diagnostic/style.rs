use super::Severity;

/// How a report is drawn. It has no colours of its own: whoever shows it paints.
#[derive(Clone, Copy)]
pub struct Style {
    /// Whether signs beyond ASCII may be used.
    pub unicode: bool,
    /// How many columns there are; lines of a file are cut to fit.
    pub width: usize,
    /// Paints a text, or gives it back as it is.
    pub paint: fn(Mark, &str) -> String,
}

/// What a piece of a drawn report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `error[E0104]`, `warning[W0301]`.
    Severity(Severity),
    /// The sentence behind it.
    Message,
    /// A line of the main place: its carets, and what is said there.
    Here(Severity),
    /// The same of another place.
    There,
    /// Frame, line numbers and places.
    Frame,
}

impl Style {
    /// Unpainted, for a terminal of 100 columns.
    pub fn plain(unicode: bool) -> Self {
        Self { unicode, width: 100, paint: |_, text| text.to_owned() }
    }
}
