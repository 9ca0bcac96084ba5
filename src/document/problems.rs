use super::similar;
use crate::diagnostic::Diagnostic;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Diagnostic>,
    guessed: u32,
}

/// A run with more mistakes than this was not mistyped; guessing on would cost more than it helps.
const MOST_GUESSES: u32 = 200;

impl Problems {
    /// Takes one in.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// The name that was probably meant.
    pub(crate) fn guess<'a>(&mut self, word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        self.guessed += 1;
        if self.guessed > MOST_GUESSES { None } else { similar(word, names) }
    }

    /// All that were found.
    pub(crate) fn into_found(self) -> Vec<Diagnostic> {
        self.found
    }
}
