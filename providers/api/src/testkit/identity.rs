//! What an instance says that it talks to, and how fast one may go.

use super::case::{Case, Duty, Proof, duty, hold};
use crate::Fault;

pub(super) const OF_ALL: &[Duty] = &[
    duty!(identity_is_one_call_and_the_same_each_time),
    duty!(identity_is_the_targets_not_the_names, |case| case.harness.other_name().is_some()),
    duty!(identity_of_what_is_unreachable_is_unreachable, |case| case.harness.unreachable().is_some()),
    duty!(something_may_be_written_at_once),
];

/// `identity`: one call at most; the same answer for the same target.
async fn identity_is_one_call_and_the_same_each_time(case: &Case) -> Proof {
    let desk = case.desk();
    let first = desk.provider.identity(&desk.cx).await?;
    hold!(desk.cx.calls.total() <= 1, "it took {:?}", desk.cx.calls.by_verb());
    hold!(!first.id.is_empty() && !first.shown.is_empty(), "it is empty: {first:?}");
    let second = desk.provider.identity(&desk.cx).await?;
    hold!(first == second, "{first:?}, and then {second:?}");
    Ok(())
}

/// `identity`: the same answer for the same target, whatever it is called in a configuration file.
async fn identity_is_the_targets_not_the_names(case: &Case) -> Proof {
    let Some(other) = case.harness.other_name() else { return Err("the harness has no other name".into()) };
    let (desk, other) = (case.desk(), case.desk_of(other));
    let (one, other) = (desk.provider.identity(&desk.cx).await?, other.provider.identity(&other.cx).await?);
    hold!(one.id == other.id, "{one:?} and {other:?}");
    Ok(())
}

/// `Fault::Unreachable`: nobody answered.
async fn identity_of_what_is_unreachable_is_unreachable(case: &Case) -> Proof {
    let Some(provider) = case.harness.unreachable() else { return Err("the harness reaches everything".into()) };
    let desk = case.desk_of(provider);
    let identity = desk.provider.identity(&desk.cx).await;
    hold!(matches!(identity, Err(Fault::Unreachable(_))), "{identity:?}");
    Ok(())
}

/// `limits`: how fast the engine may go; not at all would be no answer.
async fn something_may_be_written_at_once(case: &Case) -> Proof {
    let limits = case.harness.provider().limits();
    hold!(limits.writes_at_once > 0, "{limits:?}");
    hold!(limits.writes_per_second.is_none_or(|rate| rate > 0.0), "{limits:?}");
    Ok(())
}
