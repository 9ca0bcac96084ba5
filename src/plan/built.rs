use super::Plan;
use crate::action::Call;
use crate::check::{unmeasurable, unsendable};

/// What an apply of a plan would measure and call, and this build cannot: what, and why.
pub fn unbuilt(plan: &Plan) -> Vec<String> {
    let checks = plan
        .checks
        .iter()
        .filter_map(|check| Some(format!("check {} cannot be measured: {}", check.name, unmeasurable(check)?)));
    let actions = plan.actions.iter().filter_map(|action| {
        let why = action.members.iter().find_map(|member| {
            let called = match &member.call {
                Call::Http { url, .. } => unsendable(url),
                Call::Run { .. } => None,
            };
            called.or_else(|| member.checks().find_map(unmeasurable))
        })?;
        Some(format!("action {} cannot be done: {why}", action.name))
    });
    checks.chain(actions).collect()
}
