use std::collections::BTreeSet;
use std::fmt;

use crate::{Value, parse_duration};

/// The type of a setting, with its range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Type {
    /// true or false.
    Bool,
    /// A whole number within these, both included.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A finite number within these, both included.
    Number {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// A word on one line.
    String,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A text of many lines, shown as a unified diff.
    Text,
    /// An amount such as `500m` or `16Gi`.
    Quantity,
    /// A length of time such as `90s`.
    Duration,
    /// Strings in an order.
    List,
    /// Strings without one.
    Set,
    /// A secret, by reference.
    Secret,
}

/// A value as it was written or read, before a type is put on it.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// true or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Number(f64),
    /// A string.
    String(String),
    /// A list.
    List(Vec<Given>),
}

/// Why a value is not of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Another type was given.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What the setting takes.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The type is right and the value out of its range.
    #[error("{found} is out of range: {expected}")]
    Range {
        /// The range.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The text cannot be read as the type.
    #[error("{0}")]
    Text(String),
}

impl Type {
    /// Puts the type on a value.
    ///
    /// An integer passes as a number and as a quantity; nothing else is converted.
    ///
    /// # Errors
    /// The value is of another type, out of range, or cannot be read.
    pub fn accept(&self, given: Given) -> Result<Value, Mismatch> {
        let value = match (self, given) {
            (Self::Bool, Given::Bool(value)) => Value::Bool(value),
            (Self::Integer { .. }, Given::Integer(value)) => Value::Integer(value),
            (Self::Number { .. }, Given::Integer(value)) => Value::Number(value as f64),
            (Self::Number { .. }, Given::Number(value)) => Value::Number(value),
            (Self::String | Self::Text | Self::OneOf(_), Given::String(value)) => Value::String(value),
            (Self::Quantity, Given::String(text)) => {
                Value::Quantity(text.parse().map_err(|error| Mismatch::Text(format!("{error}")))?)
            }
            (Self::Quantity, Given::Integer(number)) => {
                Value::Quantity(number.to_string().parse().map_err(|error| Mismatch::Text(format!("{error}")))?)
            }
            (Self::Duration, Given::String(text)) => Value::Duration(parse_duration(&text).map_err(Mismatch::Text)?),
            (Self::List, Given::List(items)) => Value::List(self.strings(items)?),
            (Self::Set, Given::List(items)) => Value::Set(self.strings(items)?.into_iter().collect::<BTreeSet<_>>()),
            // What stands where a secret belongs is likely the secret: it is not repeated.
            (Self::Secret, _) => return Err(self.mismatch("a value written in the open".to_owned())),
            (_, given) => return Err(self.mismatch(given.found())),
        };
        self.within(&value)?;
        Ok(value)
    }

    /// Reads a text, such as what a template gave, as the type.
    ///
    /// # Errors
    /// The text cannot be read so, or the value is out of range.
    pub fn parse(&self, text: &str) -> Result<Value, Mismatch> {
        let trimmed = text.trim();
        let wrong = || self.mismatch(format!("the text {text:?}"));
        let given = match self {
            Self::Bool => Given::Bool(trimmed.parse().map_err(|_| wrong())?),
            Self::Integer { .. } => Given::Integer(trimmed.parse().map_err(|_| wrong())?),
            Self::Number { .. } => Given::Number(trimmed.parse().map_err(|_| wrong())?),
            Self::Quantity | Self::Duration => Given::String(trimmed.to_owned()),
            Self::List | Self::Set | Self::Secret => return Err(wrong()),
            Self::String | Self::Text | Self::OneOf(_) => Given::String(text.to_owned()),
        };
        self.accept(given)
    }

    /// Whether a value, from wherever it came, is of the type and within its range.
    ///
    /// # Errors
    /// It is of another type, or out of range.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        let fits = matches!(
            (self, value),
            (Self::Bool, Value::Bool(_))
                | (Self::Integer { .. }, Value::Integer(_))
                | (Self::Number { .. }, Value::Number(_))
                | (Self::String | Self::Text | Self::OneOf(_), Value::String(_))
                | (Self::Quantity, Value::Quantity(_))
                | (Self::Duration, Value::Duration(_))
                | (Self::List, Value::List(_))
                | (Self::Set, Value::Set(_))
                | (Self::Secret, Value::Secret(_))
        );
        if fits { self.within(value) } else { Err(self.mismatch(value.to_string())) }
    }

    fn strings(&self, items: Vec<Given>) -> Result<Vec<String>, Mismatch> {
        items
            .into_iter()
            .map(|item| match item {
                Given::String(text) => Ok(text),
                other => Err(self.mismatch(format!("a list with {} in it", other.found()))),
            })
            .collect()
    }

    fn within(&self, value: &Value) -> Result<(), Mismatch> {
        let fits = match (self, value) {
            (Self::Integer { min, max }, Value::Integer(value)) => min <= value && value <= max,
            (Self::Number { min, max }, Value::Number(value)) => value.is_finite() && min <= value && value <= max,
            (Self::OneOf(words), Value::String(value)) => words.contains(&value.as_str()),
            _ => true,
        };
        if fits { Ok(()) } else { Err(Mismatch::Range { expected: self.to_string(), found: value.to_string() }) }
    }

    fn mismatch(&self, found: String) -> Mismatch {
        Mismatch::Type { expected: self.to_string(), found }
    }
}

impl Given {
    fn found(&self) -> String {
        match self {
            Self::Bool(value) => format!("the boolean {value}"),
            Self::Integer(value) => format!("the integer {value}"),
            Self::Number(value) => format!("the number {value}"),
            Self::String(value) => format!("the string {value:?}"),
            Self::List(_) => "a list".to_owned(),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Integer { min: i64::MIN, max: i64::MAX } => f.write_str("an integer"),
            Self::Integer { min, max: i64::MAX } => write!(f, "an integer of at least {min}"),
            Self::Integer { min, max } => write!(f, "an integer from {min} to {max}"),
            Self::Number { min, max } if min.is_finite() && max.is_finite() => {
                write!(f, "a number from {min} to {max}")
            }
            Self::Number { .. } => f.write_str("a number"),
            Self::String => f.write_str("a string"),
            Self::OneOf(words) => write!(f, "one of {}", words.join(", ")),
            Self::Text => f.write_str("a text"),
            Self::Quantity => f.write_str("a quantity such as 500m or 16Gi"),
            Self::Duration => f.write_str("a duration such as 90s or 2m"),
            Self::List => f.write_str("a list of strings"),
            Self::Set => f.write_str("a set of strings, written as a list"),
            Self::Secret => f.write_str("a secret: { env = \"NAME\" } or { file = \"PATH\" }"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_accept() {
        let count = Type::Integer { min: 0, max: 10 };
        assert_eq!(count.accept(Given::Integer(3)).unwrap(), Value::Integer(3));
        assert_eq!(
            count.accept(Given::Integer(11)).unwrap_err().to_string(),
            "11 is out of range: an integer from 0 to 10"
        );
        assert_eq!(
            count.accept(Given::String("3".into())).unwrap_err().to_string(),
            "expected an integer from 0 to 10, found the string \"3\""
        );
        assert_eq!(Type::Quantity.accept(Given::Integer(2)).unwrap(), Type::Quantity.parse("2000m").unwrap());
        assert!(Type::Number { min: 0.0, max: 1.0 }.accept(Given::Number(f64::NAN)).is_err());
        assert!(Type::Set.accept(Given::List(vec![Given::Integer(1)])).is_err());
        assert!(Type::Secret.accept(Given::String("hunter2".into())).is_err());
    }

    #[test]
    fn test_check() {
        let count = Type::Integer { min: 0, max: 10 };
        assert!(count.check(&Value::Integer(10)).is_ok());
        assert!(count.check(&Value::Integer(11)).is_err());
        assert!(count.check(&Value::Bool(true)).is_err());
        assert!(Type::OneOf(&["a", "b"]).check(&Value::String("c".into())).is_err());
    }

    #[test]
    fn test_parse_what_a_template_gave() {
        assert_eq!(Type::Integer { min: 0, max: 9 }.parse(" 4 ").unwrap(), Value::Integer(4));
        assert!(Type::Integer { min: 0, max: 9 }.parse("2.5").is_err());
        assert_eq!(Type::Bool.parse("true").unwrap(), Value::Bool(true));
    }
}
