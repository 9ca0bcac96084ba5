use std::time::Duration;

use jiff::Timestamp;

/// How long something took, as short as it is still useful: `0.2s`, `21s`, `5m 52s`, `2h 4m`, `3d 2h`.
pub(crate) fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 && (1..100).contains(&duration.subsec_millis()) {
        return "<0.1s".to_owned();
    }
    if seconds < 10 && !duration.subsec_millis().is_multiple_of(1000) {
        // Rounded down, so that nothing seems slower than it was.
        return format!("{}.{}s", seconds, duration.subsec_millis() / 100);
    }
    let two = |whole: u64, unit: &str, rest: u64, small: &str| match rest {
        0 => format!("{whole}{unit}"),
        rest => format!("{whole}{unit} {rest}{small}"),
    };
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => two(seconds / 60, "m", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds / 60 % 60, "m"),
        _ => two(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

/// How long something should take, no finer than anybody can tell: `9s`, `40s`, `3m 30s`, `6m`, `2h 4m`.
pub(crate) fn roughly(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().ceil();
    let grain = match seconds {
        ..20.0 => 1.0,
        ..60.0 => 5.0,
        ..300.0 => 30.0,
        _ => 60.0,
    };
    length(Duration::from_secs(((seconds / grain).round() * grain) as u64))
}

/// How long ago something was: `40s ago`, `6m ago`, `2h ago`, `3 days ago`. What is yet to come was just now: clocks differ.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second());
    match seconds {
        ..1 => "just now".to_owned(),
        1..60 => format!("{seconds}s ago"),
        60..3_600 => format!("{}m ago", seconds / 60),
        3_600..86_400 => format!("{}h ago", seconds / 3_600),
        86_400..172_800 => "1 day ago".to_owned(),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// A moment to the minute, in UTC: `2026-11-22 04:12`.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_length() {
        for (millis, shown) in [
            (0, "0s"),
            (24, "<0.1s"),
            (240, "0.2s"),
            (9_950, "9.9s"),
            (21_400, "21s"),
            (60_000, "1m"),
            (352_000, "5m 52s"),
            (7_440_000, "2h 4m"),
            (266_400_000, "3d 2h"),
        ] {
            assert_eq!(length(Duration::from_millis(millis)), shown);
        }
    }

    #[test]
    fn test_roughly() {
        for (millis, shown) in [
            (0, "0s"),
            (240, "1s"),
            (8_600, "9s"),
            (42_000, "40s"),
            (59_000, "1m"),
            (200_000, "3m 30s"),
            (352_000, "6m"),
            (7_470_000, "2h 5m"),
        ] {
            assert_eq!(roughly(Duration::from_millis(millis)), shown);
        }
    }

    #[test]
    fn test_ago() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (seconds, shown) in [(-5, "just now"), (40, "40s ago"), (7_300, "2h ago"), (90_000, "1 day ago")] {
            assert_eq!(ago(Timestamp::from_second(1_000_000 - seconds).unwrap(), now), shown);
        }
        assert_eq!(ago(Timestamp::from_second(1_000_000 - 260_000).unwrap(), now), "3 days ago");
    }
}
