use std::fmt::Write as _;

use opsctl_api::Value;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{Bound, Goal, Resource, State, Target};
use crate::check::{Check, Probe};

/// sha256 over what a state means, in hex: without its name, its summary and places, and with amounts by amount.
pub(super) fn of(state: &State) -> String {
    let mut hash = Sha256::new();
    let mut line = |json: &Json| {
        hash.update(json.to_string());
        hash.update("\n");
    };
    line(&json!({
        "rto": state.rto.map(|rto| rto.as_millis().to_string()),
        "confirm": state.confirm,
        "on_failure": state.on_failure.unwrap_or_default(),
        "tolerates_unreachable": sorted(state.tolerates_unreachable.iter()),
        "allow_one_way": sorted(state.allow_one_way.iter()),
    }));
    for (name, resource) in &state.resources {
        line(&json!([name, of_resource(resource)]));
    }
    for check in &state.checks {
        line(&of_check(check));
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn of_resource(resource: &Resource) -> Json {
    let declared = &resource.declared;
    let needs = declared.needs.iter().map(|need| sorted(need.any_of.iter())).collect::<Vec<_>>();
    let at = match &declared.at {
        Target::One(at) => json!(at),
        Target::Many { pattern, select, except } => {
            json!({ "pattern": pattern, "select": select, "except": sorted(except.iter()) })
        }
    };
    let wants: serde_json::Map<String, Json> =
        resource.wants.iter().map(|(key, want)| (key.clone(), of_goal(&want.goal))).collect();
    json!({
        "at": at,
        "needs": sorted(needs.iter()),
        "pool": declared.pool,
        "after": sorted(declared.after.iter().map(|after| &after.name)),
        "optional": declared.optional,
        "timeout": declared.timeout.map(|timeout| timeout.as_millis().to_string()),
        "drain_time": declared.drain_time.as_millis().to_string(),
        "enough": declared.enough,
        "wants": wants,
    })
}

/// In an order of its own: which one was written first says nothing.
fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}

fn of_goal(goal: &Goal) -> Json {
    match goal {
        Goal::Exact(value) => json!({ "exact": of_value(value) }),
        Goal::Bound(bound) => {
            let Bound { at_least, at_most, includes, excludes, absent, restore } = bound.as_ref();
            json!({
                "at_least": at_least.as_ref().map(of_value),
                "at_most": at_most.as_ref().map(of_value),
                "includes": includes,
                "excludes": excludes,
                "absent": absent,
                "restore": restore,
            })
        }
    }
}

fn of_value(value: &Value) -> Json {
    match value {
        // 0 and -0 are one number.
        Value::Number(number) => json!(number + 0.0),
        Value::Quantity(quantity) => json!({ "quantity": quantity.nano().to_string() }),
        other => json!(other),
    }
}

fn of_check(check: &Check) -> Json {
    let probe = match &check.probe {
        Probe::Setting { at, setting, is } => json!({ "at": at, "setting": setting, "is": of_goal(is) }),
        other => json!(other),
    };
    json!({
        "name": check.name,
        "probe": probe,
        "within": check.within.as_millis().to_string(),
        "hold": check.hold.as_millis().to_string(),
        "every": check.every.as_millis().to_string(),
        "gate": check.gate,
    })
}
