use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Quantity, Secret, format_duration, parse_duration};

/// What a setting has. Equal by meaning: `1000m` and `1` are one quantity.
///
/// As JSON a boolean, number, string or list is itself; the rest is an object with its type as only key:
/// `{"quantity": "500m"}`, `{"duration": "90s"}`, `{"set": […]}`, `{"secret": {…}}`.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A switch.
    Bool(bool),
    /// A count.
    Integer(i64),
    /// A finite number.
    Number(f64),
    /// A word or a whole text.
    String(String),
    /// An amount with a unit.
    Quantity(Quantity),
    /// A length of time.
    Duration(Duration),
    /// Strings in an order.
    List(Vec<String>),
    /// Strings without one.
    Set(BTreeSet<String>),
    /// A secret, by reference.
    Secret(Box<Secret>),
}

impl Eq for Value {}

impl From<Secret> for Value {
    fn from(secret: Secret) -> Self {
        Self::Secret(Box::new(secret))
    }
}

impl Value {
    /// Which is more, where the type has an order.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Quantity(a), Self::Quantity(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The count, of an integer.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether nothing of this may be shown.
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &mut dyn Iterator<Item = &String>| {
            let items: Vec<String> = items.map(|item| format!("{item:?}")).collect();
            format!("[{}]", items.join(", "))
        };
        match self {
            Self::Bool(value) => f.pad(if *value { "true" } else { "false" }),
            Self::Integer(value) => f.pad(&value.to_string()),
            Self::Number(value) => f.pad(&value.to_string()),
            Self::String(value) => f.pad(&format!("{value:?}")),
            Self::Quantity(value) => f.pad(value.as_str()),
            Self::Duration(value) => f.pad(&format_duration(*value)),
            Self::List(items) => f.pad(&list(&mut items.iter())),
            Self::Set(items) => f.pad(&list(&mut items.iter())),
            Self::Secret(secret) => secret.fmt(f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn tagged<S: Serializer>(serializer: S, key: &str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(key, value)?;
            map.end()
        }
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::String(value) => serializer.serialize_str(value),
            Self::List(items) => items.serialize(serializer),
            Self::Quantity(value) => tagged(serializer, "quantity", &value.as_str()),
            Self::Duration(value) => tagged(serializer, "duration", &format_duration(*value)),
            Self::Set(items) => tagged(serializer, "set", items),
            Self::Secret(secret) => tagged(serializer, "secret", secret),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Read)
    }
}

struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean, number, string, list, or an object with one of quantity, duration, set, secret")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map(Value::Integer).map_err(|_| E::custom("an integer above 2^63"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let key: String = map.next_key()?.ok_or_else(|| de::Error::custom("an empty object is no value"))?;
        let value = match key.as_str() {
            "quantity" => map.next_value::<String>()?.parse().map(Value::Quantity).map_err(de::Error::custom)?,
            "duration" => {
                parse_duration(&map.next_value::<String>()?).map(Value::Duration).map_err(de::Error::custom)?
            }
            "set" => Value::Set(map.next_value()?),
            "secret" => Value::Secret(map.next_value()?),
            other => return Err(de::Error::unknown_field(other, &["quantity", "duration", "set", "secret"])),
        };
        match map.next_key::<String>()? {
            None => Ok(value),
            Some(more) => Err(de::Error::custom(format!("`{more}` beside `{key}` in one value"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            (-1e9..1e9_f64).prop_map(Value::Number),
            ".{0,12}".prop_map(Value::String),
            (0_u32..100_000).prop_map(|n| Value::Quantity(format!("{n}m").parse().unwrap())),
            (0_u64..1_000_000).prop_map(|n| Value::Duration(Duration::from_millis(n))),
            proptest::collection::vec(".{0,5}", 0..4).prop_map(Value::List),
            proptest::collection::btree_set(".{0,5}", 0..4).prop_map(Value::Set),
        ]
    }

    proptest! {
        #[test]
        fn test_json_round_trip(value in any_value()) {
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
        }
    }

    #[test]
    fn test_two_tags_are_refused() {
        assert!(serde_json::from_str::<Value>(r#"{"quantity":"1","duration":"1s"}"#).is_err());
        assert!(serde_json::from_str::<Value>("{}").is_err());
    }
}
