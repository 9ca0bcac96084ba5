use std::ops::Range;

/// What stands where it was.
const HIDDEN: &str = "(hidden)";

/// Where the first URL of a text says who asks, and with what password: `ana:hunter2` of `--url=http://ana:hunter2@host/`.
///
/// A user without a password is one of many things, but to HTTP it is a token as often as not. A password whose signs should have
/// been written in another way (`/`, `?`, `#`) is found as well.
pub(crate) fn credentials(text: &str) -> Option<Range<usize>> {
    text.match_indices("://").find_map(|(at, separator)| {
        let begin = at + separator.len();
        let rest = &text[begin..];
        let word = &rest[..rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).unwrap_or(rest.len())];
        let authority = &word[..word.find(['/', '?', '#']).unwrap_or(word.len())];
        let end = match authority.rfind('@') {
            Some(end) => {
                let password = authority[..end].split_once(':').map(|(_, password)| password);
                let asks_http = text[..at].ends_with("http") || text[..at].ends_with("https");
                (asks_http || password.is_some_and(|password| !password.is_empty())).then_some(end)
            }
            None => {
                let (_, port) = authority.rsplit_once(':').filter(|_| !authority.ends_with(']'))?;
                let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
                word.rfind('@').filter(|_| !is_port)
            }
        }?;
        Some(begin..begin + end)
    })
}

/// A text without who asks in its URLs, and with what password.
pub(crate) fn without_credentials(text: &str) -> String {
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(found) = credentials(rest) {
        shown.push_str(&rest[..found.start]);
        shown.push_str(HIDDEN);
        rest = &rest[found.end..];
    }
    shown + rest
}

/// The beginning of a line, with a word for what is not shown of it.
pub(super) fn hidden_from(line: &str, from: usize) -> String {
    format!("{}{HIDDEN}", line.get(..from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_no_password_is_shown() {
        for (text, shown) in [
            ("http://ana:secret@host:9090/x?a=b@c", "http://(hidden)@host:9090/x?a=b@c"),
            ("http://ana:se@cret@host", "http://(hidden)@host"),
            ("postgres://ana:secret@[::1]:5432/db", "postgres://(hidden)@[::1]:5432/db"),
            ("redis://:secret@host/0", "redis://(hidden)@host/0"),
            ("--url=http://t@host/", "--url=http://(hidden)@host/"),
            ("https://sk_live:@host/", "https://(hidden)@host/"),
            ("http://ana:se/cr#et@host/", "http://(hidden)@host/"),
            ("http://ana:/secret@host/", "http://(hidden)@host/"),
            ("x = \"http://a:b@c\", 'amqp://d:e@f'", "x = \"http://(hidden)@c\", 'amqp://(hidden)@f'"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }

    #[test]
    fn test_what_has_none_is_shown() {
        for text in [
            "https://host/a@b",
            "https://host:8443/a@b",
            "https://[::1]/a@b",
            "postgres://ana@host/db",
            "postgres://ana:@host/db",
            "ana@host",
            "http://host and ana@host",
            "://",
            "",
        ] {
            assert_eq!(without_credentials(text), text);
        }
    }
}
