use std::collections::BTreeMap;

use jiff::Timestamp;
use opsctl_api::{Change, Edit, Fault, Hop, Kind, Preflight, Receipt, Secret, Value, Wanted, Write, Written};

use crate::entry::{Entry, Spent, Wrote};
use crate::knobs::{Chance, Deny, Preflights};
use crate::luck::Luck;
use crate::resource::Resource;
use crate::validity::{another, holds, valid};
use crate::world::World;

/// Who a write of the engine is by.
const OPSCTL: &str = "opsctl";

/// What the simulated API makes of one write.
enum Verdict {
    /// It was done before, under the same token, and left this version.
    Before(u64),
    /// It is not done.
    Not(Written),
    /// It shall be done: this is set.
    Take { set: BTreeMap<String, Option<Value>>, lost: Option<Chance> },
}

/// One call with one or more writes: all of them are done, or none. Returns an answer each, and what has happened, which the
/// world has already taken in.
pub(crate) fn write(world: &mut World, luck: &mut Luck, now: Timestamp, batch: &[Write]) -> (Vec<Written>, Vec<Entry>) {
    let mut happened = Vec::new();
    let verdicts: Vec<Verdict> =
        batch.iter().map(|write| judge(world, luck, now, write, &mut happened).unwrap_or_else(Verdict::Not)).collect();
    let all_well = !verdicts.iter().any(|verdict| matches!(verdict, Verdict::Not(_)));
    let answers = verdicts.into_iter().zip(batch).map(|(verdict, write)| match verdict {
        Verdict::Before(version) => sent(version, world.resources.get(&write.hop.at).map(|resource| resource.version)),
        Verdict::Not(answer) => answer,
        Verdict::Take { .. } if !all_well => Written::Refused(Fault::Invalid(
            "another change of the same call was not taken, so nothing of it was done".to_owned(),
        )),
        Verdict::Take { set, lost } => take(world, now, write, set, lost, &mut happened),
    });
    (answers.collect(), happened)
}

fn judge(
    world: &mut World,
    luck: &mut Luck,
    now: Timestamp,
    write: &Write,
    happened: &mut Vec<Entry>,
) -> Result<Verdict, Written> {
    let hop = &write.hop;
    if let Some(before) = world.tokens.get(&write.idempotency_token) {
        let other = || Fault::Invalid("its idempotency token was used for another write".to_owned());
        return if before.was(hop) { Ok(Verdict::Before(before.version)) } else { Err(Written::Refused(other())) };
    }
    let (kind, resource) = reach(world, now, hop).map_err(Written::Refused)?;
    let seed = world.knob(None, |knobs| knobs.seed).unwrap_or(0);
    let chance = |get: fn(&crate::knobs::Knobs) -> Option<Chance>| world.knob(Some(&resource), get);
    let (throttle, conflict, lose) =
        (chance(|knobs| knobs.throttle), chance(|knobs| knobs.conflict), chance(|knobs| knobs.lose_answer));
    if luck.of(seed, throttle, "throttle a write", &hop.at) {
        return Err(Written::Refused(Fault::throttled(format!("PATCH {}", hop.at.kind()), None)));
    }
    if luck.of(seed, chance(|knobs| knobs.busy), "busy", &hop.at) {
        return Err(Written::Refused(Fault::Busy(format!("{} is in the middle of another change", hop.at.local()))));
    }
    refused(world, kind, &resource, hop).map_err(Written::Refused)?;
    if luck.of(seed, conflict, "conflict", &hop.at)
        && let Some(entry) = interference(kind, &resource, now, hop, conflict)
    {
        world.fold(entry.clone());
        happened.push(entry);
    }
    let moment = world.at(now);
    let unreachable = || Written::Refused(Fault::Missing(format!("{} is gone", hop.at)));
    let resource = moment.resource(&hop.at).ok_or_else(unreachable)?;
    let live = moment.live(&hop.at, &Wanted::All).ok_or_else(unreachable)?;
    if !holds(&resource, hop) {
        return Err(Written::Conflict(Box::new(live)));
    }
    let invalid = |why: String| Written::Refused(Fault::Invalid(why));
    let change = Change { at: hop.at.clone(), edits: hop.edits.clone() };
    let ways = world.catalogue.hops(&change, &live).map_err(|no_way| invalid(no_way.why))?;
    // An emulated API is as strict as the catalogue that knows it: what takes two calls there is not taken in one here.
    let [way] = &ways[..] else { return Err(invalid(format!("this takes {} calls, not one", ways.len()))) };
    let mut set = BTreeMap::new();
    for edit in hop.edits.iter().chain(&way.coupled).filter(|edit| edit.from != edit.to) {
        let kept = |value| stored(&resource, &edit.setting, value);
        let to = edit.to.clone().map(kept).transpose().map_err(Written::Refused)?;
        set.insert(edit.setting.clone(), to);
    }
    let lost = lose.filter(|_| luck.of(seed, lose, "lose an answer", &hop.at));
    Ok(Verdict::Take { set, lost })
}

fn take(
    world: &mut World,
    now: Timestamp,
    write: &Write,
    set: BTreeMap<String, Option<Value>>,
    lost: Option<Chance>,
    happened: &mut Vec<Entry>,
) -> Written {
    let at = &write.hop.at;
    if !set.is_empty() {
        let token = Some(write.idempotency_token.clone()).filter(|token| !token.is_empty());
        let spent = (lost == Some(Chance::Once)).then_some(Spent::LoseAnswer).into_iter().collect();
        let entry = Entry::Wrote(Wrote { at: now, on: at.clone(), by: OPSCTL.to_owned(), set, token, spent });
        world.fold(entry.clone());
        happened.push(entry);
    }
    if lost.is_some() {
        return Written::Unknown(Fault::Unreachable("the connection broke before the answer came".to_owned()));
    }
    let version = world.resources.get(at).map_or(0, |resource| resource.version);
    sent(version, Some(version))
}

fn sent(receipt: u64, version: Option<u64>) -> Written {
    Written::Sent { receipt: Some(Receipt(receipt.to_string())), version: version.map(|version| version.to_string()) }
}

/// What the simulated API says of a hop without doing it; of a later one of a change, what it can say before the earlier ones are made.
pub(crate) fn preflight(world: &World, now: Timestamp, hop: &Hop, later: bool) -> Preflight {
    let asked = reach(world, now, hop).and_then(|(kind, resource)| {
        refused(world, kind, &resource, hop)?;
        Ok(resource)
    });
    let resource = match asked {
        Ok(resource) => resource,
        Err(fault) => return Preflight::Refused(fault),
    };
    if world.knob(Some(&resource), |knobs| knobs.preflight) == Some(Preflights::CannotTell) {
        return Preflight::CannotTell("this world has no dry run".to_owned());
    }
    if later {
        return Preflight::Accepted;
    }
    if !holds(&resource, hop) {
        return Preflight::CannotTell("it starts from a value that is not there yet".to_owned());
    }
    let change = Change { at: hop.at.clone(), edits: hop.edits.clone() };
    let Some(live) = world.at(now).live(&hop.at, &Wanted::All) else {
        return Preflight::Refused(Fault::Missing(format!("there is no {}", hop.at)));
    };
    match world.catalogue.hops(&change, &live) {
        Err(no_way) => Preflight::Refused(Fault::Invalid(no_way.why)),
        Ok(ways) if ways.len() != 1 => {
            Preflight::Refused(Fault::Invalid(format!("this takes {} calls, not one", ways.len())))
        }
        Ok(_) => Preflight::Accepted,
    }
}

/// The resource of a hop as it is now, where it can be reached.
fn reach(world: &World, now: Timestamp, hop: &Hop) -> Result<(&'static Kind, Resource), Fault> {
    let missing = || Fault::Missing(format!("there is no {}", hop.at));
    let known = world.resources.get(&hop.at);
    if let Some(why) = world.knob(known, |knobs| knobs.unreachable.clone()).and_then(|it| it.why("nobody answers")) {
        return Err(Fault::Unreachable(why));
    }
    let kind = world.kind(&hop.at).ok_or_else(missing)?;
    let resource = world.at(now).resource(&hop.at).ok_or_else(missing)?;
    Ok((kind, resource.into_owned()))
}

/// What speaks against a hop whatever is there now.
fn refused(world: &World, kind: &Kind, resource: &Resource, hop: &Hop) -> Result<(), Fault> {
    if matches!(world.knob(Some(resource), |knobs| knobs.deny), Some(Deny::Write | Deny::All)) {
        return Err(Fault::Denied(format!("may not write {}", hop.at.local())));
    }
    if let Some(why) = world.knob(Some(resource), |knobs| knobs.refuse.clone()).and_then(|it| it.why("it is refused")) {
        return Err(Fault::Invalid(why));
    }
    let is_observed = |edit: &&Edit| kind.setting(&edit.setting).is_some_and(|setting| setting.observed);
    if let Some(edit) = hop.edits.iter().find(is_observed) {
        return Err(Fault::Invalid(format!("{} is only read", edit.setting)));
    }
    valid(kind, resource, &hop.edits)
}

/// Somebody else, right before a write.
fn interference(
    kind: &'static Kind,
    resource: &Resource,
    now: Timestamp,
    hop: &Hop,
    conflict: Option<Chance>,
) -> Option<Entry> {
    let theirs = hop.edits.iter().find_map(|edit| another(kind, resource, edit))?;
    Some(Entry::Wrote(Wrote {
        at: now,
        on: hop.at.clone(),
        by: "somebody else".to_owned(),
        set: BTreeMap::from([(theirs.setting, theirs.to)]),
        token: None,
        spent: (conflict == Some(Chance::Once)).then_some(Spent::Conflict).into_iter().collect(),
    }))
}

/// A value as the world keeps it: of a secret a version, new or one that it had.
pub(crate) fn stored(resource: &Resource, key: &str, value: Value) -> Result<Value, Fault> {
    let Value::Secret(secret) = value else { return Ok(value) };
    if secret.plain.is_some() {
        let reference = Some(format!("v{}", resource.version + 1));
        return Ok(Secret { reference, ..*secret }.into());
    }
    let kept = secret.reference.as_deref().and_then(|reference| resource.version_of(key, Some(reference)));
    match (kept, &secret.reference) {
        (Some(kept), _) => Ok(kept.clone().into()),
        (None, Some(reference)) => Err(Fault::Invalid(format!("there is no version {reference} of the secret"))),
        (None, None) => Err(Fault::Invalid("the secret's text was not given".to_owned())),
    }
}
