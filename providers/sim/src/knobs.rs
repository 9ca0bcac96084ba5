use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use opsctl_api::{Address, format_duration, parse_duration};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How a simulated world behaves: what a `[sim]` table, a `[sim.instance.NAME]` table or a resource's key `sim` may say.
/// What a resource does not say its instance says, and what that does not the whole world.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// From what chances are drawn; 0 where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How long each call takes. A write is done after half of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Time>,
    /// How long a change takes until the resource is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle: Option<Time>,
    /// A changed resource ends as failed, with this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail: Option<Trouble>,
    /// Writes are refused as invalid, in the preflight too, with this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuse: Option<Trouble>,
    /// What the credentials do not allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny: Option<Deny>,
    /// How likely a call is turned away because of too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Chance>,
    /// How likely a write is turned away because the resource is in the middle of another change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy: Option<Chance>,
    /// How likely a write is done and its answer lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lose_answer: Option<Chance>,
    /// How likely somebody else changes a setting right before a write of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Chance>,
    /// Nobody answers, for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<Trouble>,
    /// What the preflight answers for what it would not refuse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preflight: Option<Preflights>,
    /// How soon a scaler moves what it confines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync: Option<Time>,
    /// Settings that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Vec<String>>,
    /// As if the resource were not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<bool>,
    /// Of a resource alone: who else holds its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owners: Option<Vec<Keeper>>,
    /// Of a resource alone: what `select` goes by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Of a resource alone: what the provider knows that it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<Address>>,
    /// Of an instance alone: wildcards answer that there are more which could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<bool>,
    /// Of an instance alone: what it says that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Of an instance alone: calls to write under way at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writes_at_once: Option<usize>,
    /// Of an instance alone: calls to write in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writes_per_second: Option<f64>,
}

/// What a table of knobs is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    World,
    Instance,
    Resource,
}

/// Knobs that only an instance, and such that only a resource can have.
const OF_INSTANCES: &[&str] = &["seed", "incomplete", "identity", "writes_at_once", "writes_per_second"];
const OF_RESOURCES: &[&str] = &["missing", "owners", "labels", "needs"];

impl Knobs {
    /// One knob, as written in a file or at a prompt; `null` turns it back to what was never said.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the name or the value.
    pub(crate) fn turn(&mut self, scope: Scope, name: &str, to: serde_json::Value) -> Result<(), String> {
        let misplaced = match scope {
            Scope::Resource => OF_INSTANCES.contains(&name).then_some("an instance"),
            Scope::World | Scope::Instance => OF_RESOURCES.contains(&name).then_some("a resource"),
        };
        if let Some(of) = misplaced {
            return Err(format!("`{name}` is said of {of}"));
        }
        if scope == Scope::World && name == "identity" {
            return Err("`identity` is said of one instance, in [sim.instance.NAME]".to_owned());
        }
        let mut all = match serde_json::to_value(&*self) {
            Ok(serde_json::Value::Object(all)) => all,
            _ => serde_json::Map::new(),
        };
        all.insert(name.to_owned(), to);
        *self = serde_json::from_value(serde_json::Value::Object(all)).map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Each knob that something is said of, as name and JSON.
    pub(crate) fn said(&self) -> Vec<(String, serde_json::Value)> {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(all)) => all.into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// A length of time, written `5s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Duration);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_duration(self.0))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse_duration(&String::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

/// Something that goes wrong: `false`, `true`, or the reason as a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It does not.
    Off,
    /// It does, and this is why; empty where nothing was said.
    On(String),
}

impl Trouble {
    /// The reason, where something goes wrong.
    pub(crate) fn why(self, otherwise: &str) -> Option<String> {
        match self {
            Self::Off => None,
            Self::On(why) if why.is_empty() => Some(otherwise.to_owned()),
            Self::On(why) => Some(why),
        }
    }
}

impl Serialize for Trouble {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_bool(false),
            Self::On(why) if why.is_empty() => serializer.serialize_bool(true),
            Self::On(why) => serializer.serialize_str(why),
        }
    }
}

impl<'de> Deserialize<'de> for Trouble {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Trouble;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or the reason as a string")
            }
            fn visit_bool<E>(self, on: bool) -> Result<Trouble, E> {
                Ok(if on { Trouble::On(String::new()) } else { Trouble::Off })
            }
            fn visit_str<E>(self, why: &str) -> Result<Trouble, E> {
                Ok(Trouble::On(why.to_owned()))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// How likely something is: a number from 0 to 1, or `once` for the next time and never again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Chance {
    /// This often.
    Rate(f64),
    /// The next time.
    Once,
}

impl Serialize for Chance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Rate(rate) => serializer.serialize_f64(*rate),
            Self::Once => serializer.serialize_str("once"),
        }
    }
}

impl<'de> Deserialize<'de> for Chance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Chance;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0 to 1, or \"once\"")
            }
            fn visit_bool<E>(self, always: bool) -> Result<Chance, E> {
                Ok(Chance::Rate(if always { 1.0 } else { 0.0 }))
            }
            fn visit_f64<E: de::Error>(self, rate: f64) -> Result<Chance, E> {
                if (0.0..=1.0).contains(&rate) {
                    Ok(Chance::Rate(rate))
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(rate), &self))
                }
            }
            fn visit_u64<E: de::Error>(self, rate: u64) -> Result<Chance, E> {
                self.visit_f64(rate as f64)
            }
            fn visit_i64<E: de::Error>(self, rate: i64) -> Result<Chance, E> {
                self.visit_f64(rate as f64)
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Chance, E> {
                if word == "once" { Ok(Chance::Once) } else { Err(E::invalid_value(de::Unexpected::Str(word), &self)) }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// What the credentials do not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deny {
    /// Everything is allowed.
    Nothing,
    /// To write.
    Write,
    /// To read, and to write.
    All,
}

/// What the preflight answers for what it would not refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Preflights {
    /// That it would be taken.
    #[serde(rename = "accept")]
    Accept,
    /// That it has no means to tell.
    #[serde(rename = "cannot tell")]
    CannotTell,
}

/// Somebody else who holds settings of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keeper {
    /// As an operator names it: `Argo CD application streaming`.
    pub name: String,
    /// The settings that it holds; empty for all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
    /// Whether it puts back what others change.
    #[serde(default)]
    pub reverts: bool,
    /// How soon it does; one second where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soon: Option<Time>,
    /// What to set instead, as a clause.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instead: String,
}

impl Keeper {
    pub(crate) fn soon(&self) -> Duration {
        self.soon.map_or(Duration::from_secs(1), |soon| soon.0)
    }

    pub(crate) fn holds(&self, setting: &str) -> bool {
        self.settings.is_empty() || self.settings.iter().any(|held| held == setting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn test_turn() {
        let mut knobs = Knobs::default();
        knobs.turn(Scope::Resource, "settle", json!("5s")).unwrap();
        knobs.turn(Scope::Resource, "lose_answer", json!("once")).unwrap();
        knobs.turn(Scope::Resource, "throttle", json!(1)).unwrap();
        knobs.turn(Scope::Resource, "fail", json!("no quota")).unwrap();
        assert_eq!(knobs.settle, Some(Time(Duration::from_secs(5))));
        assert_eq!(knobs.lose_answer, Some(Chance::Once));
        assert_eq!(knobs.throttle, Some(Chance::Rate(1.0)));
        knobs.turn(Scope::Resource, "settle", json!(null)).unwrap();
        assert_eq!(knobs.settle, None);
    }

    #[test]
    fn test_what_is_no_knob() {
        let mut knobs = Knobs::default();
        for (scope, name, value) in [
            (Scope::Resource, "setle", json!("5s")),
            (Scope::Resource, "settle", json!("5 parsecs")),
            (Scope::Resource, "throttle", json!(2)),
            (Scope::Resource, "identity", json!("x")),
            (Scope::World, "identity", json!("x")),
            (Scope::Instance, "owners", json!([])),
        ] {
            assert!(knobs.turn(scope, name, value).is_err(), "{name}");
        }
        assert_eq!(knobs, Knobs::default());
    }
}
