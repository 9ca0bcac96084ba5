use std::collections::BTreeSet;

use super::similar;
use crate::diagnostic::{Code, Diagnostic, FileId, Severity};

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Diagnostic>,
    guessed: u32,
    damaged: BTreeSet<FileId>,
}

/// A run with more mistakes than this was not mistyped; guessing on would cost more than it helps.
const MOST_GUESSES: u32 = 200;

impl Problems {
    /// Takes one in. What a damaged file seems to mean is no mistake of it.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        let damaged = diagnostic.labels.first().is_some_and(|label| self.is_damaged(label.span.file));
        if !damaged || matches!(diagnostic.code, Code::Syntax | Code::DuplicateKey | Code::StateName) {
            self.found.push(diagnostic);
        }
    }

    /// Says that a file breaks the rules of TOML: from there on nobody knows what it means.
    pub(crate) fn damaged(&mut self, file: FileId) {
        self.damaged.insert(file);
    }

    /// Whether a file breaks the rules of TOML.
    pub(crate) fn is_damaged(&self, file: FileId) -> bool {
        self.damaged.contains(&file)
    }

    /// Whether a mistake was found in a file.
    pub(crate) fn has_error_in(&self, file: FileId) -> bool {
        let mut errors = self.found.iter().filter(|found| found.severity == Severity::Error);
        errors.any(|found| found.labels.first().is_some_and(|label| label.span.file == file))
    }

    /// The name that was probably meant.
    pub(crate) fn guess<'a>(&mut self, word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        self.guessed += 1;
        if self.guessed > MOST_GUESSES { None } else { similar(word, names) }
    }

    /// How many were found.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// All that were found.
    pub(crate) fn into_found(self) -> Vec<Diagnostic> {
        self.found
    }
}
