use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// An amount as Kubernetes writes it: `8`, `500m`, `16Gi`. Compared by amount: `1000m` equals `1`.
///
/// Suffixes and exponents are those of
/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>. It keeps the text it was read from.
#[derive(Clone)]
pub struct Quantity(Arc<Amount>);

struct Amount {
    text: String,
    /// In units of 10⁻⁹, the finest that Kubernetes keeps.
    nano: i128,
}

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// The number in front is missing or malformed.
    #[error("`{0}` is no quantity: write an amount such as 8, 500m or 16Gi")]
    Number(String),
    /// The suffix is none of n u m k M G T P E Ki Mi Gi Ti Pi Ei.
    #[error("`{1}` in `{0}` is no suffix of a quantity: use n u m k M G T P E, or Ki Mi Gi Ti Pi Ei")]
    Suffix(String, String),
    /// Too large to be kept exactly.
    #[error("`{0}` is larger than any quantity")]
    Range(String),
}

const NANO: i128 = 1_000_000_000;

impl Quantity {
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The amount in units of 10⁻⁹.
    pub fn nano(&self) -> i128 {
        self.0.nano
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || QuantityError::Number(text.to_owned());
        let range = || QuantityError::Range(text.to_owned());
        let split = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-'))).unwrap_or(text.len());
        let (number, suffix) = text.split_at(split);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let (negative, whole) = match whole.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, whole.strip_prefix('+').unwrap_or(whole)),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) || fraction.len() > 18 {
            return Err(bad());
        }
        let (multiplier, divisor) = scale(text, suffix)?;
        let parse = |part: &str| if part.is_empty() { Ok(0) } else { part.parse::<i128>().map_err(|_| range()) };
        let unit = 10_i128.pow(fraction.len() as u32);
        let mantissa = parse(whole)?
            .checked_mul(unit)
            .and_then(|whole| whole.checked_add(parse(fraction).ok()?))
            .ok_or_else(range)?;
        let scaled = mantissa.checked_mul(multiplier).and_then(|amount| amount.checked_mul(NANO)).ok_or_else(range)?;
        // Kubernetes rounds what is finer than a nano up; so does this.
        let divisor = divisor.checked_mul(unit).ok_or_else(range)?;
        let nano = scaled / divisor + i128::from(scaled % divisor != 0);
        Ok(Self(Arc::new(Amount { text: text.to_owned(), nano: if negative { -nano } else { nano } })))
    }
}

/// What a suffix multiplies and divides by.
fn scale(text: &str, suffix: &str) -> Result<(i128, i128), QuantityError> {
    let unknown = || QuantityError::Suffix(text.to_owned(), suffix.to_owned());
    Ok(match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E']).ok_or_else(unknown)?;
            let exponent: i32 = exponent.parse().map_err(|_| unknown())?;
            let power = 10_i128
                .checked_pow(exponent.unsigned_abs())
                .filter(|_| exponent.abs() <= 18)
                .ok_or_else(|| QuantityError::Range(text.to_owned()))?;
            if exponent < 0 { (1, power) } else { (power, 1) }
        }
    })
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.0.nano == other.0.nano
    }
}

impl Eq for Quantity {}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.nano.hash(state);
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.nano.cmp(&other.0.nano)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.text)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn test_equal_by_amount() {
        for (a, b) in [
            ("1", "1000m"),
            ("0.1", "100m"),
            ("1Ki", "1024"),
            ("1e3", "1k"),
            ("1.5Gi", "1536Mi"),
            ("1E3", "1000"),
            (".5", "500m"),
            ("5.", "5"),
        ] {
            assert_eq!(quantity(a), quantity(b), "{a} {b}");
        }
        assert!(quantity("1G") < quantity("1Gi"));
        assert!(quantity("-1") < quantity("0"));
    }

    #[test]
    fn test_what_is_no_quantity() {
        for text in ["", "Gi", "1.2.3", "1X", "--1", "1e", "1e99", "9999999999999999999999999999999999E", "1 Gi", "+"] {
            assert!(text.parse::<Quantity>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn test_any_text_is_answered(text in ".{0,24}") {
            let _ = text.parse::<Quantity>();
        }

        #[test]
        fn test_milli_is_a_thousandth(n in 0_i64..1_000_000_000) {
            prop_assert_eq!(quantity(&format!("{n}")), quantity(&format!("{n}000m")));
        }
    }
}
