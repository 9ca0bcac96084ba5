use std::time::Duration;

use jiff::SignedDuration;

/// Reads a duration as an operator writes it: `90s`, `2m`, `1h30m`, `500ms`.
///
/// # Errors
/// A sentence that says what is wrong with the text; negative durations are refused, and such that are finer than a millisecond,
/// for [`format_duration`] could not write them.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration: write 90s, 2m or 1h30m");
    let signed: SignedDuration = text.parse().map_err(|_| wrong())?;
    let duration = Duration::try_from(signed).map_err(|_| format!("`{text}` is negative; a duration is not"))?;
    if duration.subsec_nanos() % 1_000_000 == 0 {
        Ok(duration)
    } else {
        Err(format!("`{text}` is finer than a millisecond, the finest that there is here"))
    }
}

/// Writes a duration so that [`parse_duration`] reads the same: `1h30m`, `90s` as `1m30s`, `1.5s` as `1s500ms`.
/// What is finer than a millisecond is left out.
pub fn format_duration(duration: Duration) -> String {
    let total = duration.as_millis();
    let parts =
        [(total / 3_600_000, "h"), (total / 60_000 % 60, "m"), (total / 1_000 % 60, "s"), (total % 1_000, "ms")];
    let text: String =
        parts.iter().filter(|(amount, _)| *amount > 0).map(|(amount, unit)| format!("{amount}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn test_parse() {
        for (text, millis) in [("90s", 90_000), ("2m", 120_000), ("1h30m", 5_400_000), ("500ms", 500), ("0s", 0)] {
            assert_eq!(parse_duration(text).unwrap().as_millis(), millis, "{text}");
        }
        for text in ["", "5", "abc", "-5s", "5 parsecs", "1us", "0.0005s"] {
            assert!(parse_duration(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn test_round_trip(millis in 0_u64..1_000_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&format_duration(duration)).unwrap(), duration);
        }
    }
}
