use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Address;

/// An address in which `*` stands for any run of characters, `/` included: `k8s:*`, `k8s:deployment/media/*`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern; a text without `*` matches itself alone.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text that it was made from.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text has a `*`, and so stands for many.
    pub fn is_pattern(text: &str) -> bool {
        text.contains('*')
    }

    /// The instance that the pattern is bound to; `None` where that part has a `*` or is missing.
    pub fn instance(&self) -> Option<&str> {
        let (instance, _) = self.0.split_once(':')?;
        (!instance.contains('*')).then_some(instance)
    }

    /// The kind that the pattern is bound to; `None` where that part has a `*` or is missing.
    pub fn kind(&self) -> Option<&str> {
        let (kind, _) = self.0.split_once(':')?.1.split_once('/')?;
        (!kind.contains('*')).then_some(kind)
    }

    /// The path pattern behind the kind; empty where there is none.
    pub fn path(&self) -> &str {
        self.0.split_once(':').and_then(|(_, local)| local.split_once('/')).map_or("", |(_, path)| path)
    }

    /// Whether the address is one of those that the pattern stands for.
    pub fn matches(&self, at: &Address) -> bool {
        self.matches_text(at.as_str())
    }

    /// Whether a text is one of those that the pattern stands for.
    pub fn matches_text(&self, text: &str) -> bool {
        // Greedy with one point to come back to: linear in practice, and never exponential.
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut p, mut t) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while t < text.len() {
            if p < pattern.len() && pattern[p] == b'*' {
                star = Some((p, t));
                p += 1;
            } else if p < pattern.len() && pattern[p] == text[t] {
                p += 1;
                t += 1;
            } else if let Some((star_p, star_t)) = star {
                p = star_p + 1;
                t = star_t + 1;
                star = Some((star_p, star_t + 1));
            } else {
                return false;
            }
        }
        pattern[p..].iter().all(|&byte| byte == b'*')
    }

    /// Whether there may be a text that both stand for.
    pub fn meets(&self, other: &Pattern) -> bool {
        let (one, two) = (self.0.as_bytes(), other.0.as_bytes());
        // `meet[t]`: whether what is left of the one meets what is left of the other from `t` on; from the end to the beginning.
        let mut meet = vec![false; two.len() + 1];
        for o in (0..=one.len()).rev() {
            let after = std::mem::replace(&mut meet, vec![false; two.len() + 1]);
            for t in (0..=two.len()).rev() {
                meet[t] = match (one.get(o), two.get(t)) {
                    (None, None) => true,
                    (Some(b'*'), None) => after[t],
                    (None, Some(b'*')) => meet[t + 1],
                    (Some(b'*'), Some(_)) | (Some(_), Some(b'*')) => after[t] || meet[t + 1],
                    (Some(a), Some(b)) => a == b && after[t + 1],
                    (None, Some(_)) | (Some(_), None) => false,
                };
            }
        }
        meet[0]
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_matches() {
        for (pattern, text, expected) in [
            ("k8s:*", "k8s:deployment/a/b", true),
            ("k8s:*", "gke:deployment/a/b", false),
            ("k8s:deployment/*/edge", "k8s:deployment/cdn/edge", true),
            ("k8s:deployment/*/edge", "k8s:deployment/cdn/edge-2", false),
            ("*", "x:y/z", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("plain", "plain", true),
            ("", "x", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches_text(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn test_meets() {
        for (one, two, expected) in [
            ("k8s:deployment/cdn/*", "k8s:*", true),
            ("k8s:deployment/cdn/*", "k8s:deployment/*/edge", true),
            ("k8s:deployment/cdn/*", "k8s:deployment/data/*", false),
            ("k8s:deployment/cdn/*", "*edge*", true),
            ("k8s:deployment/cdn/*", "k8s:deployment/cdn/edge", true),
            ("k8s:deployment/*/edge", "k8s:deployment/cdn/origin", false),
            ("a*c", "ab", false),
            ("edge", "edge", true),
            ("*", "", true),
        ] {
            assert_eq!(Pattern::new(one).meets(&Pattern::new(two)), expected, "{one} {two}");
            assert_eq!(Pattern::new(two).meets(&Pattern::new(one)), expected, "{two} {one}");
        }
    }

    #[test]
    fn test_bound_parts() {
        let pattern = Pattern::new("k8s:deployment/media/*");
        assert_eq!(pattern.instance(), Some("k8s"));
        assert_eq!(pattern.kind(), Some("deployment"));
        assert_eq!(pattern.path(), "media/*");
        assert_eq!(Pattern::new("k8s:*").kind(), None);
    }
}
