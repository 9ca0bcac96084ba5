use std::collections::BTreeMap;
use std::fmt;

use opsctl_api::{Plain, Secret, Source, shell_word};
use serde::{Deserialize, Serialize};

/// What goes along with a request or a command, by name: headers, or variables of the environment.
pub type Along = BTreeMap<String, Sent>;

/// What is sent under one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// In the open.
    Text(String),
    /// Where it comes from; its text is never written anywhere.
    Secret(Secret),
}

impl Sent {
    /// The secret that it is.
    pub fn secret_mut(&mut self) -> Option<&mut Secret> {
        match self {
            Self::Secret(secret) => Some(secret),
            Self::Text(_) => None,
        }
    }

    /// The text, for the call that sends it and nothing else.
    ///
    /// # Errors
    /// The text of a secret is not known: which.
    pub(crate) fn expose(&self) -> Result<&str, String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Secret(secret) => match (&secret.plain, &secret.source) {
                (Some(text), _) => Ok(text.expose()),
                (None, Some(source)) => Err(format!("the secret was not read: {source}")),
                (None, None) => Err("the secret comes from nowhere".to_owned()),
            },
        }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Secret(secret) => secret.fmt(f),
        }
    }
}

/// Takes the texts of secrets from where they come.
///
/// # Errors
/// One cannot be had. Why.
pub(super) fn fill<'s>(
    secrets: impl Iterator<Item = &'s mut Secret>,
    from: &(dyn Fn(&Source) -> Result<Plain, String> + Send + Sync),
) -> Result<(), String> {
    for secret in secrets {
        if let (None, Some(source)) = (&secret.plain, &secret.source) {
            secret.plain = Some(from(source).map_err(|why| format!("the secret cannot be had: {why}"))?);
        }
    }
    Ok(())
}

/// Whether a secret is among these.
pub(crate) fn has_secret(along: &Along) -> bool {
    along.values().any(|sent| matches!(sent, Sent::Secret(_)))
}

/// A request as it is shown: `https://host/health with authorization: (sensitive)`.
pub(crate) fn request_line(url: &str, header: &Along) -> String {
    let header: Vec<String> = header.iter().map(|(name, sent)| format!("{name}: {sent}")).collect();
    if header.is_empty() { url.to_owned() } else { format!("{url} with {}", header.join(", ")) }
}

/// A command as it is shown, the way a shell would have it: `PGPASSWORD=(sensitive) psql -At`.
pub(crate) fn command_line(argv: &[String], env: &Along) -> String {
    let env = env.iter().map(|(name, sent)| format!("{name}={sent}"));
    env.chain(argv.iter().map(|word| shell_word(word))).collect::<Vec<_>>().join(" ")
}

/// What was sent and is told nowhere. Whoever was asked may send it back.
#[derive(Default)]
pub(crate) struct Untold<'a>(Vec<&'a str>);

impl<'a> Untold<'a> {
    /// The secrets among these.
    pub(crate) fn of(along: &'a Along) -> Self {
        let texts = along.values().filter_map(|sent| match sent {
            Sent::Secret(secret) => secret.plain.as_ref().map(Plain::expose).filter(|text| !text.is_empty()),
            Sent::Text(_) => None,
        });
        let mut texts: Vec<&str> = texts.collect();
        // One may be a part of another.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(texts)
    }

    /// A text without them. To be asked before anything is cut off: of a part nobody could tell what it is.
    pub(crate) fn out_of(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            let text = text.replace(secret, "(sensitive)");
            // As it stands between quotes.
            let quoted = format!("{secret:?}");
            text.replace(&quoted[1..quoted.len() - 1], "(sensitive)")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: Option<&str>) -> Sent {
        Sent::Secret(Secret {
            source: Some(Source::Env("TOKEN".into())),
            plain: text.map(Plain::new),
            ..Secret::default()
        })
    }

    #[test]
    fn test_the_text_is_for_the_call_alone() {
        let sent = secret(Some("hunter2"));
        assert_eq!(sent.expose().unwrap(), "hunter2");
        assert_eq!(sent.to_string(), "(sensitive)");
        for shown in [format!("{sent:?}"), serde_json::to_string(&sent).unwrap()] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(secret(None).expose().unwrap_err(), "the secret was not read: env TOKEN");
    }

    #[test]
    fn test_what_comes_back_is_not_told() {
        let along: Along =
            [("a".to_owned(), secret(Some("hunter2"))), ("b".to_owned(), secret(Some("a\"hunter2")))].into();
        let untold = Untold::of(&along);
        assert_eq!(untold.out_of("not with hunter2, nor a\"hunter2"), "not with (sensitive), nor (sensitive)");
        assert_eq!(untold.out_of(&format!("{:?}", "a\"hunter2")), "\"(sensitive)\"");
        let nothing: Along = [("a".to_owned(), secret(Some(""))), ("b".to_owned(), Sent::Text("open".into()))].into();
        assert_eq!(Untold::of(&nothing).out_of("open"), "open");
    }
}
