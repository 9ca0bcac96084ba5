use std::time::Duration;

use opsctl_api::{Pattern, Value};
use serde::{Serialize, Serializer};
use serde_json::json;

use super::{Bound, Goal, OnFailure, Resource, State, Target};
use crate::action::{Action, Beside, Call, Member, When};
use crate::check::{Check, File, Gate, Probe};
use crate::digest::Digest;

/// sha256 over what a state means, in hex: without its name, its summary and places, and with amounts by amount.
pub(super) fn of(state: &State) -> String {
    let mut digest = Digest::new();
    digest.add(&Head {
        allow_one_way: sorted(state.allow_one_way.iter()),
        confirm: state.confirm,
        on_failure: state.on_failure.unwrap_or_default(),
        rto: state.rto.map(millis),
        tolerates_unreachable: sorted(state.tolerates_unreachable.iter()),
    });
    for (name, resource) in &state.resources {
        digest.add(&(name, meaning(resource)));
    }
    for check in &state.checks {
        digest.add(&of_check(check));
    }
    for action in &state.actions {
        digest.add(&of_action(action));
    }
    digest.hex()
}

/// What a state says of itself. All fields here stand in the order of their names, as in any canonical JSON.
#[derive(Serialize)]
struct Head<'a> {
    allow_one_way: Vec<&'a Pattern>,
    confirm: bool,
    on_failure: OnFailure,
    rto: Option<String>,
    tolerates_unreachable: Vec<&'a Pattern>,
}

#[derive(Serialize)]
struct Meaning<'a> {
    after: Vec<&'a str>,
    at: At<'a>,
    drain_time: String,
    enough: Option<u64>,
    needs: Vec<Vec<&'a str>>,
    optional: bool,
    pool: Option<&'a str>,
    restarts_with: Vec<&'a str>,
    timeout: Option<String>,
    #[serde(serialize_with = "of_wants")]
    wants: &'a Resource,
}

#[derive(Serialize)]
#[serde(untagged)]
enum At<'a> {
    One(&'a opsctl_api::Address),
    Many { except: Vec<&'a Pattern>, pattern: &'a Pattern, select: &'a std::collections::BTreeMap<String, String> },
}

fn meaning(resource: &Resource) -> Meaning<'_> {
    let declared = resource.declared.as_ref();
    Meaning {
        after: sorted(declared.after.iter().map(|after| after.name.as_str())),
        at: at(&declared.at),
        drain_time: millis(declared.drain_time),
        enough: declared.enough,
        needs: sorted(declared.needs.iter().map(|need| sorted(need.any_of.iter().map(String::as_str)))),
        optional: declared.optional,
        pool: declared.pool.as_deref(),
        restarts_with: sorted(declared.restarts_with.iter().flat_map(|with| &with.names).map(String::as_str)),
        timeout: declared.timeout.map(millis),
        wants: resource,
    }
}

fn at(target: &Target) -> At<'_> {
    match target {
        Target::One(at) => At::One(at),
        Target::Many { pattern, select, except } => At::Many { except: sorted(except.iter()), pattern, select },
    }
}

fn of_wants<S: Serializer>(resource: &&Resource, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(resource.wants.iter().map(|(key, want)| (key, Of(&want.goal))))
}

/// In an order of its own: which one was written first says nothing.
fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}

/// A value as digests take it: amounts by amount.
pub(crate) fn by_amount(value: &Value) -> impl Serialize + '_ {
    Of(value)
}

/// A goal or a value by its amount.
struct Of<'a, T>(&'a T);

#[derive(Serialize)]
struct Exact<'a> {
    exact: Of<'a, Value>,
}

#[derive(Serialize)]
struct Bounds<'a> {
    absent: bool,
    at_least: Option<Of<'a, Value>>,
    at_most: Option<Of<'a, Value>>,
    excludes: &'a [String],
    includes: &'a [String],
    restore: bool,
}

#[derive(Serialize)]
struct Amount {
    quantity: String,
}

impl Serialize for Of<'_, Goal> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Goal::Exact(value) => Exact { exact: Of(value) }.serialize(serializer),
            Goal::Bound(bound) => {
                let Bound { at_least, at_most, includes, excludes, absent, restore } = bound.as_ref();
                let bounds = Bounds {
                    absent: *absent,
                    at_least: at_least.as_ref().map(Of),
                    at_most: at_most.as_ref().map(Of),
                    excludes,
                    includes,
                    restore: *restore,
                };
                bounds.serialize(serializer)
            }
        }
    }
}

impl Serialize for Of<'_, Value> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            // 0 and -0 are one number.
            Value::Number(number) => (number + 0.0).serialize(serializer),
            Value::Quantity(quantity) => Amount { quantity: quantity.nano().to_string() }.serialize(serializer),
            other => other.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
struct Checked<'a> {
    every: String,
    gate: &'a Gate,
    hold: String,
    name: &'a str,
    probe: serde_json::Value,
    within: String,
}

fn of_check(check: &Check) -> Checked<'_> {
    let probe = match &check.probe {
        Probe::Setting { at: of, setting, is } => json!({ "at": at(of), "setting": setting, "is": Of(is) }),
        Probe::File(File { path, age, size }) => {
            json!({ "file": { "path": path, "age": age.as_ref().map(Of), "size": size.as_ref().map(Of) } })
        }
        other => json!(other),
    };
    Checked {
        every: millis(check.every),
        gate: &check.gate,
        hold: millis(check.hold),
        name: &check.name,
        probe,
        within: millis(check.within),
    }
}

#[derive(Serialize)]
struct Acting<'a> {
    after: Vec<&'a str>,
    before: Vec<&'a str>,
    members: Vec<Calling<'a>>,
    name: &'a str,
    timeout: String,
    when: When,
}

fn names(beside: &[Beside]) -> Vec<&str> {
    sorted(beside.iter().map(|beside| beside.name.as_str()))
}

/// A member's name, its call, and what is measured around it.
type Calling<'a> = (&'a Option<String>, &'a Call, [Option<Checked<'a>>; 5]);

fn of_member(member: &Member) -> Calling<'_> {
    let Member { name, call, unless, until, first, last, between, done: _ } = member;
    (name, call, [unless, until, first, last, between].map(|check| check.as_ref().map(of_check)))
}

fn of_action(action: &Action) -> Acting<'_> {
    Acting {
        after: names(&action.after),
        before: names(&action.before),
        members: action.members.iter().map(of_member).collect(),
        name: &action.name,
        timeout: millis(action.timeout),
        when: action.when,
    }
}
