use super::{Metric, Probe, Promql, Run};

impl Probe {
    /// As it may be shown: without the users and passwords that stand in URLs.
    #[must_use]
    pub fn shown(&self) -> Self {
        let mut probe = self.clone();
        match &mut probe {
            Self::Http { url, .. } | Self::Metric(Metric { url, .. }) | Self::Promql(Promql { server: url, .. }) => {
                *url = without_user(url);
            }
            Self::Run(Run { argv, .. }) => {
                for word in argv {
                    *word = without_user(word);
                }
            }
            Self::Tcp { .. } | Self::Tls(_) | Self::Dns(_) | Self::File(_) | Self::Setting { .. } => {}
        }
        probe
    }
}

/// A URL without who asks, and with what password.
fn without_user(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_no_password_is_shown() {
        for (url, shown) in [
            ("http://ana:secret@host:9090/x?a=b@c", "http://host:9090/x?a=b@c"),
            ("http://ana:se@cret@host", "http://host"),
            ("postgres://ana:secret@[::1]:5432/db", "postgres://[::1]:5432/db"),
            ("https://host/a@b", "https://host/a@b"),
            ("ana@host", "ana@host"),
            ("--url=http://t@host/", "--url=http://host/"),
        ] {
            assert_eq!(without_user(url), shown);
        }
    }
}
