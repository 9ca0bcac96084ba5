use std::collections::BTreeMap;
use std::fmt;

use opsctl_api::Value;

use super::Verdict;
use crate::state::Goal;

/// How many samples that do not fit are told of.
const TOLD: usize = 2;

/// One number with what it is of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

/// Whether a number meets a bound. What is no number meets none.
pub(super) fn meets(value: f64, is: &Goal) -> bool {
    !value.is_nan() && is.holds(Some(&Value::Number(value)))
}

/// Holds all samples against one bound, which each of them must meet.
pub(super) fn judge(samples: &[Sample], is: &Goal) -> Verdict {
    let misses: Vec<&Sample> = samples.iter().filter(|sample| !meets(sample.value, is)).collect();
    match (samples, misses.as_slice()) {
        ([], _) => Verdict::no("nothing found"),
        ([one], []) => Verdict::yes(one.value.to_string()),
        ([_], [one]) => Verdict::no(one.to_string()),
        (all, []) => {
            let least = all.iter().map(|sample| sample.value).fold(f64::INFINITY, f64::min);
            let most = all.iter().map(|sample| sample.value).fold(f64::NEG_INFINITY, f64::max);
            let range = if least == most { least.to_string() } else { format!("{least} to {most}") };
            Verdict::yes(format!("{range}, {} series", all.len()))
        }
        (all, misses) => {
            let told: Vec<String> = misses.iter().take(TOLD).map(ToString::to_string).collect();
            let more = if misses.len() > TOLD { ", …" } else { "" };
            Verdict::no(format!("{}{more} ({} of {} series)", told.join(", "), misses.len(), all.len()))
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 120;
        write!(f, "{}", self.value)?;
        if self.labels.is_empty() {
            return Ok(());
        }
        let labels: Vec<String> = self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let labels = labels.join(", ");
        match labels.char_indices().nth(MOST) {
            Some((end, _)) => write!(f, " of {{{}…}}", &labels[..end]),
            None => write!(f, " of {{{labels}}}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Bound;

    fn sample(host: &str, value: f64) -> Sample {
        let labels = [("host", host)].into_iter().filter(|(_, host)| !host.is_empty());
        Sample { labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), value }
    }

    fn at_most(most: f64) -> Goal {
        Bound { at_most: Some(Value::Number(most)), ..Bound::default() }.into()
    }

    #[test]
    fn test_each_must_meet_it() {
        let is = at_most(4.0);
        assert_eq!(judge(&[sample("", 0.5)], &is), Verdict::yes("0.5"));
        assert_eq!(judge(&[sample("", 7.0)], &is), Verdict::no("7"));
        assert_eq!(judge(&[sample("a", 7.0)], &is), Verdict::no(r#"7 of {host="a"}"#));
        assert_eq!(judge(&[sample("a", 1.0), sample("b", 2.5)], &is), Verdict::yes("1 to 2.5, 2 series"));
        assert_eq!(judge(&[sample("a", 1.0), sample("b", 1.0)], &is), Verdict::yes("1, 2 series"));
        let one = judge(&[sample("a", 1.0), sample("b", 9.0)], &is);
        assert_eq!(one, Verdict::no(r#"9 of {host="b"} (1 of 2 series)"#));
        let all = ["a", "b", "c"].map(|host| sample(host, 9.0));
        assert_eq!(judge(&all, &is), Verdict::no(r#"9 of {host="a"}, 9 of {host="b"}, … (3 of 3 series)"#));
    }

    #[test]
    fn test_nothing_is_not_healthy() {
        assert_eq!(judge(&[], &at_most(4.0)), Verdict::no("nothing found"));
    }

    #[test]
    fn test_what_is_no_number_meets_nothing() {
        assert_eq!(judge(&[sample("", f64::NAN)], &at_most(4.0)), Verdict::no("NaN"));
        assert!(!meets(f64::NAN, &Goal::Exact(Value::Number(0.0))));
        assert!(!meets(f64::INFINITY, &at_most(4.0)));
        assert!(meets(f64::NEG_INFINITY, &at_most(4.0)));
        assert!(meets(-0.0, &Goal::Exact(Value::Number(0.0))));
    }
}
