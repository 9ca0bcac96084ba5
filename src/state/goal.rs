use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use opsctl_api::{Plain, Source, Value};
use serde::{Deserialize, Serialize};

/// What a setting shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// This value.
    Exact(Value),
    /// Any value that meets these; the nearest one is taken where live does not.
    Bound(Box<Bound>),
}

/// What a value must meet. All that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bound {
    /// No less than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Value>,
    /// No more than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Value>,
    /// A set or list has these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<String>,
    /// A set or list has none of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
    /// The key is not there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    /// What it was before opsctl's latest unbroken run of operations on it, where live is what that run left. A plan puts the
    /// value in its place; until then nothing is asked for by it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub restore: bool,
}

/// Live has no value of which a bound could be met by moving it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoValue(pub String);

impl From<Bound> for Goal {
    fn from(bound: Bound) -> Self {
        Self::Bound(Box::new(bound))
    }
}

impl Goal {
    /// Whether it is for the history to say what the value is.
    pub fn restores(&self) -> bool {
        matches!(self, Self::Bound(bound) if bound.restore)
    }

    /// The value where only one will do.
    pub fn exact(&self) -> Option<&Value> {
        match self {
            Self::Exact(value) => Some(value),
            Self::Bound(_) => None,
        }
    }

    /// Takes the text of a secret where that can be had, so that it is compared by that.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn reveal(&mut self, secrets: &(dyn Fn(&Source) -> Result<Plain, String> + Send + Sync)) -> Result<(), String> {
        if let Self::Exact(Value::Secret(secret)) = self
            && let Some(source) = &secret.source
        {
            secret.plain = Some(secrets(source)?);
        }
        Ok(())
    }

    /// Whether a live value is as it should be.
    pub fn holds(&self, live: Option<&Value>) -> bool {
        matches!(self.resolve(live), Ok(target) if target.as_ref() == live)
    }

    /// The value that live shall have: itself where the goal holds, and the nearest that meets it where it does not.
    ///
    /// # Errors
    /// Live is absent and the bound does not say what to begin with.
    pub fn resolve(&self, live: Option<&Value>) -> Result<Option<Value>, NoValue> {
        match self {
            Self::Exact(value) => Ok(Some(value.clone())),
            Self::Bound(bound) => bound.resolve(live),
        }
    }
}

impl Bound {
    /// The value nearest to one that meets this.
    pub(crate) fn resolve(&self, live: Option<&Value>) -> Result<Option<Value>, NoValue> {
        if self.absent {
            return Ok(None);
        }
        let members = !self.includes.is_empty() || !self.excludes.is_empty();
        let Some(live) = live else {
            return match (&self.at_least, &self.at_most) {
                (Some(value), _) | (None, Some(value)) => Ok(Some(value.clone())),
                (None, None) if self.includes.is_empty() => Ok(None),
                (None, None) => Err(NoValue("the setting is absent, so there is nothing to include these in".into())),
            };
        };
        let mut value = live.clone();
        if let Some(least) = &self.at_least
            && value.compare(least) == Some(Ordering::Less)
        {
            value = least.clone();
        }
        if let Some(most) = &self.at_most
            && value.compare(most) == Some(Ordering::Greater)
        {
            value = most.clone();
        }
        if members {
            value = match value {
                Value::Set(items) => Value::Set(self.of_set(items)),
                Value::List(items) => Value::List(self.of_list(items)),
                other => other,
            };
        }
        Ok(Some(value))
    }

    fn of_set(&self, mut items: BTreeSet<String>) -> BTreeSet<String> {
        items.retain(|item| !self.excludes.contains(item));
        items.extend(self.includes.iter().cloned());
        items
    }

    fn of_list(&self, mut items: Vec<String>) -> Vec<String> {
        items.retain(|item| !self.excludes.contains(item));
        let new: Vec<String> = self.includes.iter().filter(|item| !items.contains(item)).cloned().collect();
        items.extend(new);
        items
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(value) => value.fmt(f),
            Self::Bound(bound) => f.pad(&bound.to_string()),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(value) = &self.at_least {
            parts.push(format!(">= {value}"));
        }
        if let Some(value) = &self.at_most {
            parts.push(format!("<= {value}"));
        }
        if !self.includes.is_empty() {
            parts.push(format!("with {}", self.includes.join(", ")));
        }
        if !self.excludes.is_empty() {
            parts.push(format!("without {}", self.excludes.join(", ")));
        }
        if self.absent {
            parts.push("absent".to_owned());
        }
        if self.restore {
            parts.push("restore".to_owned());
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_least(n: i64) -> Goal {
        Goal::from(Bound { at_least: Some(Value::Integer(n)), ..Bound::default() })
    }

    #[test]
    fn test_a_running_twenty_stays_twenty() {
        assert_eq!(at_least(3).resolve(Some(&Value::Integer(20))).unwrap(), Some(Value::Integer(20)));
        assert_eq!(at_least(3).resolve(Some(&Value::Integer(1))).unwrap(), Some(Value::Integer(3)));
        assert!(at_least(3).holds(Some(&Value::Integer(20))));
        assert!(!at_least(3).holds(None));
    }

    #[test]
    fn test_members_are_added_and_taken_away() {
        let goal = Goal::from(Bound { includes: vec!["a".into()], excludes: vec!["b".into()], ..Bound::default() });
        let live = Value::List(vec!["b".into(), "c".into()]);
        assert_eq!(goal.resolve(Some(&live)).unwrap(), Some(Value::List(vec!["c".into(), "a".into()])));
        assert!(goal.resolve(None).is_err());
    }

    #[test]
    fn test_absent() {
        let goal = Goal::from(Bound { absent: true, ..Bound::default() });
        assert!(goal.holds(None));
        assert_eq!(goal.resolve(Some(&Value::Integer(1))).unwrap(), None);
    }
}
