//! The versions of a secret that opsctl keeps, so that there is a way back to each.
//!
//! AWS deletes a version that has no label. Each one that opsctl makes, and each that it replaces, gets a label of opsctl's own, with
//! a number that grows: `opsctl-7`.

use std::collections::BTreeSet;

use opsctl_api::{Edit, Fault, Plain, Secret, Value};
use sha2::{Digest, Sha256};

use super::document::{Document, as_json, shown};

/// A secret has at most 20 labels (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>), and others use
/// some of them.
const MOST: usize = 12;

/// One version. It never changes.
pub(super) struct Version {
    /// Its ID.
    pub(super) id: String,
    /// The number of opsctl's label on it.
    pub(super) label: Option<u64>,
    /// Its text; `None` where it is binary.
    pub(super) text: Option<Plain>,
}

/// The versions with a label of opsctl's, the oldest first, and the one in use.
pub(super) struct Versions {
    all: Vec<Version>,
    current: usize,
}

/// The number of a label of opsctl's.
pub(super) fn number(stage: &str) -> Option<u64> {
    stage.strip_prefix("opsctl-")?.parse().ok()
}

/// The label of a number.
pub(super) fn label(number: u64) -> String {
    format!("opsctl-{number}")
}

impl Version {
    fn document(&self) -> Option<Document<'_>> {
        Document::parse(self.text.as_ref()?.expose())
    }

    fn text_of(&self, key: &str) -> Option<String> {
        self.document()?.get(key).map(shown)
    }
}

impl Versions {
    /// The version in use, and older ones that are kept.
    pub(super) fn new(current: Version, mut older: Vec<Version>) -> Self {
        let id = current.id.clone();
        older.retain(|version| version.label.is_some() && version.id != id);
        older.push(current);
        // One without a label was made by somebody else, after all that opsctl knows of.
        older.sort_by_key(|version| version.label.unwrap_or(u64::MAX));
        let current = older.iter().position(|version| version.id == id).unwrap_or_default();
        Self { all: older, current }
    }

    /// The version in use.
    pub(super) fn current(&self) -> &Version {
        &self.all[self.current]
    }

    /// The keys of the text in use; `None` where it has none.
    pub(super) fn keys(&self) -> Option<Vec<String>> {
        Some(self.current().document()?.names().map(str::to_owned).collect())
    }

    /// A key as a secret. Its reference is the oldest kept version in which it says what it says now, so that it stays the same while
    /// other keys change, and is again what it was once the key has been put back.
    pub(super) fn secret(&self, key: &str) -> Option<Secret> {
        let text = self.current().text_of(key)?;
        let same = self.all.iter().find(|version| version.text_of(key).as_deref() == Some(&text));
        let reference = same.map(|version| version.id.clone());
        Some(Secret { source: None, reference, plain: Some(Plain::new(text)) })
    }

    /// The text in use with these edits and nothing else.
    pub(super) fn edited(&self, edits: &[Edit]) -> Result<String, Fault> {
        let no_object = || Fault::Invalid("its text is no JSON object".to_owned());
        let mut text = self.current().text.as_ref().ok_or_else(no_object)?.expose().to_owned();
        for edit in edits {
            let no_key = || Fault::Invalid(format!("{} is no key of a secret", edit.setting));
            let key = edit.setting.strip_prefix("json.").ok_or_else(no_key)?;
            let document = Document::parse(&text).ok_or_else(no_object)?;
            let json = match &edit.to {
                Some(Value::Secret(secret)) => Some(self.json(key, secret, document.get(key))?),
                Some(_) => return Err(Fault::Invalid(format!("{} is no secret", edit.setting))),
                None => None,
            };
            text = document.with(key, json.as_deref());
        }
        Ok(text)
    }

    /// The JSON of a key: its new text, or what it was in a version.
    fn json(&self, key: &str, secret: &Secret, before: Option<&str>) -> Result<String, Fault> {
        if let Some(plain) = &secret.plain {
            return Ok(as_json(plain.expose(), before));
        }
        match &secret.reference {
            Some(reference) => self.restored(key, reference),
            None => Err(Fault::Invalid("the secret's text was not given".to_owned())),
        }
    }

    /// What a key was in a version.
    fn restored(&self, key: &str, reference: &str) -> Result<String, Fault> {
        let kept = self.all.iter().find(|version| version.id == *reference).and_then(Version::document);
        let json = kept.as_ref().and_then(|document| document.get(key));
        json.map(str::to_owned).ok_or_else(|| {
            Fault::Missing(format!("version {reference}, from which it would be restored, is not kept any more"))
        })
    }

    /// Why these edits cannot be made, as far as they restore something.
    pub(super) fn lacks(&self, edits: &[Edit]) -> Option<Fault> {
        edits.iter().find_map(|edit| self.restored(edit.setting.strip_prefix("json.")?, restores(edit)?).err())
    }

    /// The kept version that has just this text.
    pub(super) fn with_text(&self, text: &str) -> Option<&Version> {
        // What is in use stays in use where nothing is to be changed.
        let mut all = std::iter::once(self.current()).chain(&self.all);
        all.find(|version| version.text.as_ref().is_some_and(|plain| plain.expose() == text))
    }

    /// The labels that the next versions get.
    pub(super) fn next_label(&self) -> u64 {
        self.all.iter().filter_map(|version| version.label).max().unwrap_or_default() + 1
    }

    /// Those that lose their label so that there is room for some more, but for these: the oldest, and first those that no key of now
    /// has its text from.
    pub(super) fn to_let_go(&self, more: usize, but: &[&str]) -> Vec<&Version> {
        let labelled = || self.all.iter().filter(|version| version.label.is_some());
        let used: BTreeSet<String> =
            self.keys().iter().flatten().filter_map(|key| self.secret(key)?.reference).collect();
        let mut old: Vec<&Version> = labelled()
            .filter(|version| version.id != self.current().id && !but.contains(&version.id.as_str()))
            .collect();
        old.sort_by_key(|version| used.contains(&version.id));
        old.truncate((labelled().count() + more).saturating_sub(MOST));
        old
    }
}

/// The version that an edit takes its text from.
pub(super) fn restores(edit: &Edit) -> Option<&str> {
    match &edit.to {
        Some(Value::Secret(secret)) if secret.plain.is_none() && secret.source.is_none() => secret.reference.as_deref(),
        _ => None,
    }
}

/// The ID of a new version: the same when the same write goes out again, and another one where it starts from another version.
pub(super) fn version_id(idempotency_token: &str, from: &str) -> String {
    let digest = Sha256::digest(format!("{idempotency_token}\n{from}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: &str, label: Option<u64>, text: &str) -> Version {
        Version { id: id.to_owned(), label, text: Some(Plain::new(text)) }
    }

    fn reference(versions: &Versions, key: &str) -> Option<String> {
        versions.secret(key)?.reference
    }

    fn set(key: &str, to: Secret) -> Edit {
        Edit { setting: format!("json.{key}"), from: None, to: Some(to.into()) }
    }

    #[test]
    fn test_a_reference_stays_while_other_keys_change() {
        let first = || version("a", Some(1), "{\"host\":\"east\",\"user\":\"ana\"}");
        let moved = || version("b", Some(2), "{\"host\":\"west\",\"user\":\"ana\"}");
        let versions = Versions::new(moved(), vec![first()]);
        let of = |versions: &Versions| (reference(versions, "host").unwrap(), reference(versions, "user").unwrap());
        assert_eq!(of(&versions), ("b".to_owned(), "a".to_owned()));
        // Somebody else sets the user; then the host is put back.
        let theirs = || version("c", None, "{\"host\":\"west\",\"user\":\"bob\"}");
        let versions = Versions::new(theirs(), vec![moved(), first()]);
        assert_eq!(of(&versions), ("b".to_owned(), "c".to_owned()));
        let back = Secret { reference: Some("a".to_owned()), ..Secret::default() };
        let text = versions.edited(&[set("host", back)]).unwrap();
        assert_eq!(text, "{\"host\":\"east\",\"user\":\"bob\"}");
        let back = version("d", Some(4), &text);
        let versions = Versions::new(back, vec![Version { label: Some(3), ..theirs() }, moved(), first()]);
        assert_eq!(of(&versions), ("a".to_owned(), "c".to_owned()));
        assert_eq!(reference(&versions, "none"), None);
    }

    #[test]
    fn test_what_cannot_be_restored_says_so() {
        let versions = Versions::new(version("a", None, "{\"host\":\"east\"}"), Vec::new());
        let gone = Secret { reference: Some("z".to_owned()), ..Secret::default() };
        assert!(versions.lacks(&[set("host", gone.clone())]).is_some());
        assert!(matches!(versions.edited(&[set("host", gone)]), Err(Fault::Missing(why)) if why.contains("version z")));
        assert!(versions.edited(&[set("host", Secret::default())]).is_err());
        let text = Versions::new(version("a", None, "hunter2"), Vec::new());
        assert_eq!(text.keys(), None);
        assert!(text.edited(&[set("host", Secret { plain: Some(Plain::new("x")), ..Secret::default() })]).is_err());
    }

    #[test]
    fn test_the_oldest_label_goes() {
        let text = |nth: u64| format!("{{\"host\":\"{nth}\",\"user\":\"{}\"}}", if nth > 3 { "ana" } else { "bob" });
        let version = |nth: u64| version(&format!("v{nth}"), Some(nth), &text(nth));
        let versions = Versions::new(version(12), (1..12).map(version).collect());
        assert_eq!((versions.current().id.as_str(), versions.next_label()), ("v12", 13));
        let gone = |more, but: &[&str]| -> Vec<String> {
            versions.to_let_go(more, but).into_iter().map(|version| version.id.clone()).collect()
        };
        assert!(gone(0, &[]).is_empty());
        assert_eq!(gone(2, &[]), ["v1", "v2"]);
        // The user has its text from the fourth.
        assert_eq!(gone(3, &["v1"]), ["v2", "v3", "v5"]);
        assert_eq!(versions.with_text(&text(7)).map(|version| version.id.as_str()), Some("v7"));
        assert_eq!((number("opsctl-12"), number("AWSCURRENT"), label(12).as_str()), (Some(12), None, "opsctl-12"));
    }

    #[test]
    fn test_the_same_write_makes_the_same_version() {
        let id = version_id("operation-1", "a");
        assert_eq!((id.len(), &id), (64, &version_id("operation-1", "a")));
        assert_ne!(id, version_id("operation-1", "b"));
    }
}
