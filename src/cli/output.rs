use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::arguments::Everywhere;
use crate::view::{self, Screen};

/// Where a command's text goes: results to standard output, everything else to standard error.
pub(super) struct Output {
    /// How results are drawn.
    pub(super) results: Screen,
    /// How progress and errors are drawn.
    pub(super) progress: Screen,
    /// Whether results are JSON documents.
    pub(super) json: bool,
    quiet: bool,
    no_input: bool,
    /// Whether standard output took what it was given.
    broken: Cell<Option<io::ErrorKind>>,
    /// Whether what is printed is a line a document.
    in_lines: Cell<bool>,
}

impl Output {
    /// Looks at the flags, the environment and the terminal, once.
    pub(super) fn new(everywhere: &Everywhere) -> Self {
        let colour = |choice: ColorChoice| !everywhere.no_color && choice != ColorChoice::Never;
        let screen = |colour, columns| Screen { colour, unicode: is_utf8(), verbose: everywhere.verbose, columns };
        Self {
            results: screen(colour(AutoStream::choice(&io::stdout())), columns(&io::stdout())),
            progress: screen(colour(AutoStream::choice(&io::stderr())), columns(&io::stderr())),
            json: everywhere.json,
            quiet: everywhere.quiet,
            no_input: everywhere.no_input,
            broken: Cell::new(None),
            in_lines: Cell::new(false),
        }
    }

    /// Prints a result; on a terminal in lines that it has room for.
    pub(super) fn result(&self, text: &str) {
        if self.broken.get().is_some() {
            return;
        }
        let text = match self.results.columns.filter(|_| !self.json) {
            Some(columns) => Cow::Owned(view::fold(text, columns)),
            None => Cow::Borrowed(text),
        };
        let mut stdout = io::stdout().lock();
        if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            self.broken.set(Some(error.kind()));
        }
    }

    /// Prints a document on one line, and from now on all others so: whoever reads events reads lines.
    ///
    /// # Errors
    /// A field cannot be written as JSON.
    pub(super) fn line<T: serde::Serialize>(&self, kind: &'static str, body: &T) -> Result<(), serde_json::Error> {
        self.in_lines.set(true);
        self.document(kind, body)
    }

    /// Prints a document.
    ///
    /// # Errors
    /// A field cannot be written as JSON.
    pub(super) fn document<T: serde::Serialize>(&self, kind: &'static str, body: &T) -> Result<(), serde_json::Error> {
        let text = match self.in_lines.get() {
            true => view::json::line(kind, body)?,
            false => view::json::document(kind, body)?,
        };
        self.result(&text);
        Ok(())
    }

    /// Prints a result that is one sentence.
    pub(super) fn sentence(&self, text: &str) {
        #[derive(serde::Serialize)]
        struct Sentence<'a> {
            message: &'a str,
        }
        if self.json {
            // A struct of one string is always written.
            let _ = self.document("message", &Sentence { message: text });
        } else {
            self.result(&format!("{text}\n"));
        }
    }

    /// Why a result was lost; not where its reader had enough and went (`| head`).
    pub(super) fn lost(&self) -> Option<io::ErrorKind> {
        self.broken.get().filter(|why| *why != io::ErrorKind::BrokenPipe)
    }

    /// Says something that is no result; not with `-q`.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// Says something that must be said.
    pub(super) fn warn(&self, text: &str) {
        let text = match self.progress.columns {
            Some(columns) => Cow::Owned(view::fold(text, columns)),
            None => Cow::Borrowed(text),
        };
        let mut stderr = io::stderr().lock();
        // Where standard error is gone there is nobody to tell.
        let _ = stderr.write_all(text.as_bytes());
    }

    /// Whether progress is drawn at all.
    pub(super) fn shows_progress(&self) -> bool {
        !self.quiet
    }

    /// Whether progress may be a live table.
    pub(super) fn is_live(&self) -> bool {
        io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Whether an operator may be asked.
    pub(super) fn may_ask(&self) -> bool {
        !self.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks for a line; `None` where there is no answer.
    pub(super) fn ask(&self, question: &str) -> Option<String> {
        self.warn(question);
        let mut line = String::new();
        match io::stdin().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim().to_owned()),
        }
    }
}

/// How wide a terminal is; `None` of anything else, and of one that does not say.
#[cfg(unix)]
fn columns(stream: &impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn columns<T>(_: &T) -> Option<usize> {
    None
}

/// Whether the locale's character set is UTF-8, by the variables in the order in which the C library takes them.
fn is_utf8() -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    named.is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.ends_with("utf-8") || locale.ends_with("utf8")
    })
}
