use opsctl_api::{Secret, Source};

use super::Checks;
use crate::check::{Along, Sent};
use crate::diagnostic::{Code, Diagnostic, credentials};
use crate::document::{Data, Entry, Node, Table, known, string, table as table_of};
use crate::keys::{self, QUESTION, SECRET};

/// What is written instead of a password in an argument.
pub(super) const IN_ENV: &str =
    "hand it over in the environment: env = { PGPASSWORD = { env = \"NAME\" } }, or { file = \"PATH\" }";

/// What is written instead of a password in another text.
const BY_REFERENCE: &str =
    "it would stand in every plan; only a header and a variable of the environment can be secret";

/// Where a secret comes from.
const SOURCES: &str = "say where it comes from: { env = \"NAME\" } or { file = \"PATH\" }";

/// What is written instead of who asks, in the text of a key.
pub(super) fn instead(key: &str) -> &'static str {
    match key {
        "http" | "metrics" | "server" => {
            "say it in a header: { get = \"URL\", header = { authorization = { env = \"NAME\" } } }"
        }
        "get" | "post" | "put" | "patch" | "delete" => {
            "say it in a header, beside: header = { authorization = { env = \"NAME\" } }"
        }
        _ => BY_REFERENCE,
    }
}

/// Where what is sent stands.
pub(super) fn beside(key: &str) -> String {
    format!("what is sent stands in the request: {key} = {{ get = \"URL\", header = {{ … }} }}")
}

impl Checks<'_, '_, '_> {
    /// A text of a check or an action, which stands in plans; one with a password in it is reported.
    pub(super) fn open(&mut self, node: &Node<'_>, text: String, key: &str, instead: &str) -> Option<String> {
        if credentials(&text).is_some() {
            self.asker(node, key, instead);
            return None;
        }
        Some(text)
    }

    /// Reports a text that says who asks. It is not repeated.
    pub(super) fn asker(&mut self, node: &Node<'_>, key: &str, instead: &str) {
        let message = format!("`{}` has a user or a password in a URL", key.escape_debug());
        self.push(Diagnostic::error(Code::PasswordInUrl, node.span, message).note(instead));
    }

    /// A string that says where a request goes.
    pub(in crate::state) fn url(&mut self, entry: &Entry<'_>) -> Option<String> {
        let url = self.text(entry)?;
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
            && !url.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return Some(url);
        }
        if url.contains('@') {
            self.asker(&entry.node, &entry.key, instead(&entry.key));
        } else {
            let message = format!("{url:?} is no URL that begins with http:// or https:// and a host");
            self.push(Diagnostic::error(Code::WrongValue, entry.node.span, message));
        }
        None
    }

    /// What is asked: a URL, alone or with what is sent along.
    pub(super) fn get(&mut self, entry: &Entry<'_>) -> Option<(String, Along)> {
        let Data::Table(keys) = &entry.node.data else { return Some((self.url(entry)?, Along::new())) };
        known(keys, "of a request", &[QUESTION], self.found());
        let url = match keys.get("get") {
            Some(to) => self.url(to),
            None => {
                let message = format!("`{}` asks nobody", entry.key);
                let note = format!("as in {} = {{ get = \"https://live.example.com\" }}", entry.key);
                self.push(Diagnostic::error(Code::BadCheck, entry.key_span, message).note(note));
                None
            }
        };
        let header = self.optional(keys.get("header"), Self::header);
        Some((url?, header?.unwrap_or_default()))
    }

    /// What goes along with a request.
    pub(in crate::state) fn header(&mut self, entry: &Entry<'_>) -> Option<Along> {
        let table = table_of(entry, self.found())?;
        let header: Vec<_> = table.iter().map(|entry| self.one_header(entry)).collect();
        header.into_iter().collect()
    }

    fn one_header(&mut self, entry: &Entry<'_>) -> Option<(String, Sent)> {
        let name = entry.key.to_lowercase();
        if ::http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            let message = format!("`{}` is no name of a header", entry.key.escape_debug());
            self.push(Diagnostic::error(Code::WrongValue, entry.key_span, message));
            return None;
        }
        let sent = self.sent(entry)?;
        match &sent {
            // What it says is a password or a token, whatever it looks like.
            Sent::Text(_) if matches!(name.as_str(), "authorization" | "proxy-authorization") => {
                let message = format!("`{name}` is a secret, and its text is never written in a state");
                self.push(Diagnostic::error(Code::SecretInOpen, entry.node.span, message).note(SOURCES));
                None
            }
            Sent::Text(text) if text.chars().any(char::is_control) => {
                self.push(Diagnostic::error(Code::WrongValue, entry.node.span, "a header is one line"));
                None
            }
            Sent::Text(_) | Sent::Secret(_) => Some((name, sent)),
        }
    }

    /// What a command finds in its environment.
    pub(in crate::state) fn env(&mut self, entry: &Entry<'_>) -> Option<Along> {
        let table = table_of(entry, self.found())?;
        let env: Vec<_> = table.iter().map(|entry| self.one_variable(entry)).collect();
        env.into_iter().collect()
    }

    fn one_variable(&mut self, entry: &Entry<'_>) -> Option<(String, Sent)> {
        if entry.key.is_empty() || entry.key.contains(|c: char| c == '=' || c.is_control()) {
            let message = format!("`{}` is no name of a variable of the environment", entry.key.escape_debug());
            self.push(Diagnostic::error(Code::WrongValue, entry.key_span, message));
            return None;
        }
        let sent = self.sent(entry)?;
        if matches!(&sent, Sent::Text(text) if text.contains('\0')) {
            self.push(Diagnostic::error(Code::WrongValue, entry.node.span, "no variable can hold a NUL"));
            return None;
        }
        Some((entry.key.to_string(), sent))
    }

    /// A text, or where a secret one comes from.
    fn sent(&mut self, entry: &Entry<'_>) -> Option<Sent> {
        match &entry.node.data {
            Data::Table(table) => self.secret(entry, table).map(Sent::Secret),
            Data::String(text) => {
                let text = self.reading.text(&entry.node, text)?;
                self.open(&entry.node, text, &entry.key, SOURCES).map(Sent::Text)
            }
            _ => {
                let message = format!("`{}` takes a string, found {}", entry.key.escape_debug(), entry.node.found());
                self.push(
                    Diagnostic::error(Code::WrongType, entry.node.span, message)
                        .note("a text, or where a secret comes from: { env = \"NAME\" } or { file = \"PATH\" }"),
                );
                None
            }
        }
    }

    /// `{ env = "NAME" }` or `{ file = "PATH" }`.
    fn secret(&mut self, of: &Entry<'_>, keys: &Table<'_>) -> Option<Secret> {
        let only = match keys.0.as_slice() {
            [entry] => keys::find(SECRET, &entry.key).map(|key| (key.name, entry)),
            _ => None,
        };
        let source = match only {
            Some(("env", entry)) => Source::Env(string(entry, self.found())?.0.to_owned()),
            Some(("file", entry)) => Source::File(string(entry, self.found())?.0.to_owned()),
            _ => {
                // What stands there may be the secret, so the line is not shown.
                let message = format!("`{}` says not where its secret comes from", of.key.escape_debug());
                self.push(
                    Diagnostic::error(Code::SecretInOpen, of.key_span, message)
                        .note("write { env = \"NAME\" } or { file = \"PATH\" }"),
                );
                return None;
            }
        };
        Some(Secret { source: Some(source), ..Secret::default() })
    }
}
