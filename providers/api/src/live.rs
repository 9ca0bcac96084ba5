use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Address, Settings, Value};

/// One resource as a provider reads it now.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// The resource.
    pub at: Address,
    /// Each setting that was asked for, and all of the kind where all were asked for.
    pub settings: Settings<LiveSetting>,
    /// The API's own version of the whole, where it has one.
    pub version: Option<String>,
    /// Whether it does what its settings say.
    pub readiness: Readiness,
    /// What else will fight for a setting.
    pub owners: Vec<Owner>,
    /// What only the provider knows of its neighbours.
    pub relations: Vec<Relation>,
    /// Who set what last, as far as the API tells.
    pub touched: Vec<Touch>,
}

/// One setting as it was read.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveSetting {
    /// It has this value; `raw` is what the API itself had, for compare-and-set.
    Is {
        /// By meaning.
        value: Value,
        /// To the letter.
        raw: Raw,
    },
    /// It is not there, and may be set.
    Absent,
    /// It could not be read, and this is why: no right, no such container.
    Hidden(String),
}

/// A value to the letter of the API. `Debug` hides it, for it may be a secret; nothing serialises it.
#[derive(Clone, PartialEq, Default)]
pub struct Raw(pub serde_json::Value);

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(raw)")
    }
}

/// Whether a resource does what its settings say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// It does.
    Ready,
    /// It is on its way.
    Progressing {
        /// How many of its members are there.
        done: u64,
        /// How many there shall be.
        total: u64,
        /// What is going on, in the API's words; empty where it says nothing.
        what: String,
    },
    /// It will not get there by itself.
    Failed(String),
    /// The API does not tell.
    Unknown,
}

impl Readiness {
    /// Whether so many members are there, or all that there shall be. Where none are counted, there is none before it is ready.
    pub fn has(&self, enough: u64) -> bool {
        match self {
            Self::Ready => true,
            Self::Progressing { done, total, .. } => *total > 0 && *done >= enough.min(*total),
            Self::Failed(_) | Self::Unknown => false,
        }
    }
}

/// Something else that will fight for a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// As an operator names it: `hpa/cdn/ats-edge`, `Argo CD application streaming`.
    pub name: String,
    /// The settings that it holds; empty for all of them.
    pub settings: Vec<String>,
    /// It leaves a value alone within these, both included, or moves it there by itself.
    pub within: Option<(Value, Value)>,
    /// The value at which it lets go, and stays away until another is set: an HPA at 0 replicas.
    pub off_at: Option<Value>,
    /// Whether a value outside is put back; false is a note (a label of Helm).
    pub reverts: bool,
    /// How soon it acts.
    pub soon: Option<Duration>,
    /// What it does, as a clause: `puts it back at its next sync`.
    pub does: String,
    /// What to set instead, as a clause; empty where there is nothing.
    pub instead: String,
}

/// What only the provider knows of a resource and its neighbours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It serves only while that one does.
    Needs(Address),
    /// Its floor and ceiling (`Kind::confines`) bound a setting of that one.
    Confines(Address),
}

/// Who set a setting last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// The setting.
    pub setting: String,
    /// A field manager, a user: `kubectl-edit`.
    pub by: String,
    /// When.
    pub at: Option<Timestamp>,
}

/// What a write's answer gave to ask about that write by: a change id, a generation. Opaque to the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Receipt(pub String);

impl Live {
    /// A resource that is ready, and of which nothing else is known.
    pub fn new(at: Address) -> Self {
        Self {
            at,
            settings: Settings::new(),
            version: None,
            readiness: Readiness::Ready,
            owners: Vec::new(),
            relations: Vec::new(),
            touched: Vec::new(),
        }
    }

    /// A setting's value; `None` where it is absent, hidden or was not asked for.
    pub fn value(&self, setting: &str) -> Option<&Value> {
        self.settings.get(setting).and_then(LiveSetting::value)
    }

    /// The owners that hold a setting.
    pub fn owners_of<'a>(&'a self, setting: &'a str) -> impl Iterator<Item = &'a Owner> {
        self.owners.iter().filter(move |owner| owner.holds(setting))
    }

    /// The owner that may have moved a setting by itself, where it is no more `from` and now `to`.
    pub fn mover<'a>(&'a self, setting: &'a str, from: Option<&Value>, to: &Value) -> Option<&'a Owner> {
        self.owners_of(setting).find(|owner| owner.moves(from, to))
    }
}

impl LiveSetting {
    /// A value whose raw form is its plain JSON.
    pub fn is(value: Value, raw: serde_json::Value) -> Self {
        Self::Is { value, raw: Raw(raw) }
    }

    /// The value; `None` where it is absent or hidden.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Is { value, .. } => Some(value),
            Self::Absent | Self::Hidden(_) => None,
        }
    }
}

impl Owner {
    /// One that is told, and puts nothing back.
    pub fn note(name: impl Into<String>, settings: &[&str], does: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            settings: settings.iter().map(|&setting| setting.to_owned()).collect(),
            within: None,
            off_at: None,
            reverts: false,
            soon: None,
            does: does.into(),
            instead: String::new(),
        }
    }

    /// Whether it holds a setting.
    pub fn holds(&self, setting: &str) -> bool {
        self.settings.is_empty() || self.settings.iter().any(|held| held == setting)
    }

    /// Whether a value is one that it leaves alone, or moves by itself.
    pub fn allows(&self, value: &Value) -> bool {
        if self.off_at.as_ref() == Some(value) {
            return true;
        }
        match &self.within {
            None => !self.reverts,
            Some((least, most)) => {
                use std::cmp::Ordering::Less;
                let below = value.compare(least) == Some(Less);
                let above = most.compare(value) == Some(Less);
                !below && !above
            }
        }
    }

    /// Whether it moves a setting by itself from one value to another. Where it lets go, and stays away, somebody else sets it: there as
    /// well as away from there. `None` is absent, or not known.
    pub fn moves(&self, from: Option<&Value>, to: &Value) -> bool {
        let is_off = |value: Option<&Value>| value.is_some() && value == self.off_at.as_ref();
        self.within.is_some() && !is_off(from) && !is_off(Some(to)) && self.allows(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_an_owner_moves_what_is_within_its_bounds_and_nothing_to_or_from_where_it_lets_go() {
        let count = Value::Integer;
        let mut hpa = Owner {
            name: "hpa/edge".into(),
            settings: Vec::new(),
            within: Some((count(2), count(6))),
            off_at: Some(count(0)),
            reverts: true,
            soon: None,
            does: String::new(),
            instead: String::new(),
        };
        for (from, to, moves) in [(3, 4, true), (9, 6, true), (3, 7, false), (3, 0, false), (0, 3, false)] {
            assert_eq!(hpa.moves(Some(&count(from)), &count(to)), moves, "{from} to {to}");
        }
        assert!(hpa.moves(None, &count(4)) && hpa.allows(&count(0)));
        hpa.within = None;
        assert!(!hpa.moves(Some(&count(3)), &count(4)));
    }
}
