//! How long a plan takes, how sure that is, and whether it is soon enough.

use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::format_duration;

use super::super::time::roughly;
use super::super::words::count;
use crate::plan::{Estimate, Plan};

/// `about 6m (3 runs: 5m to 8m); RTO 15m`.
pub(super) fn time(plan: &Plan, at: Timestamp) -> String {
    let mut text = match &plan.estimate {
        Some(estimate) => {
            let steps = plan.work().count();
            let of =
                |some: usize| if some == steps { count(steps, "step") } else { format!("{some} of {steps} steps") };
            let mut text = format!("{} ({})", about(estimate), runs(estimate));
            if estimate.alike > 0 {
                text.push_str(&format!("; {} told by others of their kind", of(estimate.alike)));
            }
            if estimate.unknown > 0 {
                text.push_str(&format!("; nothing tells of {}", of(estimate.unknown)));
            }
            text
        }
        None => "unknown: no earlier operation tells".to_owned(),
    };
    if let Some(rto) = plan.intent.rto {
        text.push_str(&format!("; RTO {}", format_duration(rto)));
        if plan.intent.since.is_some() {
            text.push_str(&format!(", of which {} are gone", roughly(gone(plan, at))));
        }
    }
    text
}

/// `about 6m`; where a part of it is not known, `at least 6m`.
pub(super) fn about(estimate: &Estimate) -> String {
    let word = if estimate.unknown > 0 { "at least" } else { "about" };
    format!("{word} {}", roughly(estimate.about))
}

/// `3 runs: 5m to 8m`.
fn runs(estimate: &Estimate) -> String {
    let runs = count(estimate.runs, "run");
    let (least, most) = (roughly(estimate.least), roughly(estimate.most));
    if least == most { runs } else { format!("{runs}: {least} to {most}") }
}

/// What is gone already of the time that it may take: the rest of an operation began with that one.
fn gone(plan: &Plan, at: Timestamp) -> Duration {
    plan.intent.since.and_then(|since| at.duration_since(since).try_into().ok()).unwrap_or_default()
}

/// That it takes, or may take, longer than it is allowed to.
pub(super) fn over(plan: &Plan, at: Timestamp) -> Option<String> {
    let (estimate, rto) = (plan.estimate.as_ref()?, plan.intent.rto?);
    let (allowed, left) = (format_duration(rto), rto.saturating_sub(gone(plan, at)));
    if estimate.about > left {
        Some(format!("{}, {} over the RTO of {allowed}", about(estimate), roughly(estimate.about - left)))
    } else if estimate.most > left {
        Some(format!("up to {} where all is as slow as it once was: over the RTO of {allowed}", roughly(estimate.most)))
    } else {
        None
    }
}
