use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::Client;
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, ChangeStatus, ResourceRecord, ResourceRecordSet, RrType,
};
use futures_util::future::join_all;
use opsctl_api::{Fault, Live, Readiness, Receipt, Value, Write, Written};

use super::plain;
use crate::call::{Failed, call};
use crate::kinds::{Calls, edit};
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{integer, optional, set, switch, text};

/// ListResourceRecordSets gives up to 300 a page
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html>).
const PAGE: i32 = 300;
/// Up to so many records of a zone are asked for one by one; for more, the zone is listed.
const FEW: usize = 5;

/// Of record sets with values of their own. The old set is deleted exactly as it was and the new one created, in one atomic change
/// of the zone.
pub(in crate::kinds) const RECORD: Calls = Calls {
    reads_by_itself: true,
    write: |site, batch| Box::pin(write(site, batch)),
    ..Calls::reads(|site, need| Box::pin(read(site, need, false)))
};

/// The same of aliases.
pub(in crate::kinds) const ALIAS: Calls = Calls {
    reads_by_itself: true,
    write: |site, batch| Box::pin(write(site, batch)),
    ..Calls::reads(|site, need| Box::pin(read(site, need, true)))
};

/// What tells a record set from all others of its zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    name: String,
    of: String,
    set: String,
}

impl Key {
    fn of_path(path: &str) -> Option<(&str, Self)> {
        let mut parts = path.split('/');
        let zone = parts.next()?;
        let (name, of) = (parts.next()?, parts.next()?);
        Some((zone, Self { name: plain(name), of: of.to_owned(), set: parts.next().unwrap_or_default().to_owned() }))
    }

    fn of_set(found: &ResourceRecordSet) -> Self {
        let set = found.set_identifier().unwrap_or_default();
        Self { name: plain(found.name()), of: found.r#type().as_str().to_owned(), set: set.to_owned() }
    }

    fn path(&self, zone: &str) -> String {
        let set = if self.set.is_empty() { String::new() } else { format!("/{}", self.set) };
        format!("{zone}/{}/{}{set}", self.name, self.of)
    }
}

async fn read(site: Site<'_>, need: &Need<'_>, alias: bool) -> Found {
    let client = site.client.route53().await;
    let mut zones: BTreeMap<&str, BTreeMap<Key, &str>> = BTreeMap::new();
    let mut found = Found::default();
    for path in need.one.keys() {
        match Key::of_path(path) {
            Some((zone, key)) => drop(zones.entry(zone).or_default().insert(key, path)),
            None => found.failed([*path], &Fault::Invalid(format!("`{path}` is no ZONE/NAME/TYPE of Route 53"))),
        }
    }
    let whole = need.bound(0);
    for zone in whole.iter().flatten() {
        zones.entry(zone).or_default();
    }
    if whole.is_none() {
        found.partly = Some(need.too_wide("zone"));
    }
    let listed = |zone: &str| whole.as_ref().is_some_and(|zones| zones.contains(zone));
    let answers = join_all(zones.iter().map(|(zone, keys)| {
        let client = &client;
        let all = listed(zone) || keys.len() > FEW;
        async move { if all { list(client, site, zone).await } else { some(client, site, zone, keys.keys()).await } }
    }));
    let receipts: BTreeSet<&str> = need.one.values().flatten().copied().collect();
    let (answers, pending) = tokio::join!(answers, pending(&client, site, receipts));
    for ((zone, keys), sets) in zones.iter().zip(answers) {
        match sets {
            Ok(sets) => sets.iter().for_each(|set| {
                let key = Key::of_set(set);
                let asked = keys.get(&key);
                if set.alias_target().is_some() != alias {
                    found.failed(asked.copied(), &other_sort(set));
                    return;
                }
                let path = asked.map_or_else(|| key.path(zone), |path| (*path).to_owned());
                if let Some(mut live) = live(site, &path, set) {
                    let receipt = need.one.get(path.as_str()).copied().flatten();
                    if let Some(waits) = receipt.and_then(|receipt| pending.get(receipt)) {
                        live.readiness = waits.clone();
                    }
                    found.add(live, []);
                }
            }),
            Err(failed) => {
                found.failed(keys.values().copied(), &failed.fault);
                if listed(zone) {
                    found.partly = Some(failed.fault);
                }
            }
        }
    }
    found
}

/// The kind that a record set is of.
fn kind_of(found: &ResourceRecordSet) -> &'static str {
    if found.alias_target().is_some() { "route53-alias" } else { "route53-record" }
}

/// A record set is of the other sort than its kind.
fn other_sort(found: &ResourceRecordSet) -> Fault {
    let has = if found.alias_target().is_some() { "is an alias" } else { "has values of its own" };
    Fault::Invalid(format!("it {has}: it is a {}", kind_of(found)))
}

/// Those of these changes that are not yet on all name servers.
async fn pending(client: &Client, site: Site<'_>, receipts: BTreeSet<&str>) -> BTreeMap<String, Readiness> {
    let asked = join_all(receipts.into_iter().map(async |receipt| {
        site.client.records.turn().await;
        let answer = call(site.cx, "route53:GetChange", client.get_change().id(receipt).send()).await;
        let readiness = match answer {
            Ok(answer) => {
                let insync = answer.change_info().is_some_and(|info| *info.status() == ChangeStatus::Insync);
                let what = "not on all name servers yet".to_owned();
                if insync { Readiness::Ready } else { Readiness::Progressing { done: 0, total: 0, what } }
            }
            // Old changes are forgotten.
            Err(failed) if failed.is_missing() => Readiness::Ready,
            Err(failed) => {
                let what = format!("whether it is on all name servers is not known: {}", failed.fault);
                Readiness::Progressing { done: 0, total: 0, what }
            }
        };
        (receipt.to_owned(), readiness)
    }));
    asked.await.into_iter().collect()
}

/// All record sets of a zone.
async fn list(client: &Client, site: Site<'_>, zone: &str) -> Result<Vec<ResourceRecordSet>, Failed> {
    let mut sets = Vec::new();
    let (mut name, mut of, mut set) = (None, None, None);
    loop {
        let ask = client
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .max_items(PAGE)
            .set_start_record_name(name)
            .set_start_record_type(of)
            .set_start_record_identifier(set);
        site.client.records.turn().await;
        let page = call(site.cx, "route53:ListResourceRecordSets", ask.send()).await?;
        sets.extend(page.resource_record_sets);
        if !page.is_truncated {
            return Ok(sets);
        }
        (name, of, set) = (page.next_record_name, page.next_record_type, page.next_record_identifier);
    }
}

/// Some record sets of a zone, one by one: the list begins at each.
async fn some(
    client: &Client,
    site: Site<'_>,
    zone: &str,
    keys: impl Iterator<Item = &Key>,
) -> Result<Vec<ResourceRecordSet>, Failed> {
    let asked = join_all(keys.map(async |key| {
        let ask = client
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .max_items(1)
            .start_record_name(&key.name)
            .start_record_type(RrType::from(key.of.as_str()))
            .set_start_record_identifier((!key.set.is_empty()).then(|| key.set.clone()));
        site.client.records.turn().await;
        let page = call(site.cx, "route53:ListResourceRecordSets", ask.send()).await?;
        Ok::<_, Failed>(page.resource_record_sets.into_iter().find(|set| Key::of_set(set) == *key))
    }));
    asked.await.into_iter().filter_map(Result::transpose).collect()
}

fn live(site: Site<'_>, path: &str, found: &ResourceRecordSet) -> Option<Live> {
    let mut live = Live::new(address(site, kind_of(found), path)?);
    let alias = found.alias_target();
    let common = [
        ("weight", optional(found.weight().map(integer))),
        ("health_check", optional(found.health_check_id().map(text))),
    ];
    let own = match alias {
        Some(alias) => vec![
            ("target", text(plain(alias.dns_name()))),
            ("target_zone", text(alias.hosted_zone_id())),
            ("evaluate_health", switch(alias.evaluate_target_health())),
        ],
        None => vec![
            ("values", set(found.resource_records().iter().map(|record| record.value().to_owned()))),
            ("ttl", optional(found.ttl().map(integer))),
        ],
    };
    live.settings = common.into_iter().chain(own).map(|(name, setting)| (name.to_owned(), setting)).collect();
    Some(live)
}

/// Changes record sets of one zone, of either sort, in one atomic call.
async fn write(site: Site<'_>, batch: &[(&Write, &Live)]) -> Vec<Written> {
    let client = site.client.route53().await;
    let batch: Vec<&Write> = batch.iter().map(|(write, _)| *write).collect();
    let mut answers = vec![None; batch.len()];
    let mut changes = Vec::new();
    let zone = batch.first().and_then(|write| Key::of_path(write.hop.at.path())).map(|(zone, _)| zone.to_owned());
    let sets = match &zone {
        Some(zone) => now(&client, site, zone, &batch).await,
        None => Err(Failed::from_fault(Fault::Invalid("no hosted zone is named".to_owned()))),
    };
    let (Some(zone), Ok(sets)) = (&zone, &sets) else {
        let fault = sets.err().map_or_else(|| Fault::Unexpected("no zone".to_owned()), |failed| failed.fault);
        return batch.iter().map(|_| Written::Refused(fault.clone())).collect();
    };
    for (index, write) in batch.iter().enumerate() {
        match sets.get(write.hop.at.path()) {
            None => answers[index] = Some(Written::Refused(Fault::Missing(format!("there is no {}", write.hop.at)))),
            Some(old) if kind_of(old) != write.hop.at.kind() => {
                answers[index] = Some(Written::Refused(other_sort(old)))
            }
            Some(old) => match conflict(site, write, old) {
                Some(live) => answers[index] = Some(Written::Conflict(Box::new(live))),
                None => changes.push((index, old, changed(old, write))),
            },
        }
    }
    if changes.is_empty() {
        return answers.into_iter().flatten().collect();
    }
    let sent = send(&client, site, zone, &changes).await;
    let after = match &sent {
        // One of them is not as it was, and nothing was done: which one, live tells.
        Err(failed) if failed.code == "InvalidChangeBatch" => now(&client, site, zone, &batch).await.ok(),
        _ => None,
    };
    for (index, ..) in changes {
        let write = batch[index];
        answers[index] = Some(match &sent {
            Ok(id) => Written::Sent { receipt: id.clone().map(Receipt), version: None },
            Err(failed) => {
                let moved = after.as_ref().and_then(|sets| conflict(site, write, sets.get(write.hop.at.path())?));
                moved.map_or_else(|| failed.clone().written(), |live| Written::Conflict(Box::new(live)))
            }
        });
    }
    answers.into_iter().flatten().collect()
}

/// The record sets that writes are about, by path.
async fn now(
    client: &Client,
    site: Site<'_>,
    zone: &str,
    batch: &[&Write],
) -> Result<BTreeMap<String, ResourceRecordSet>, Failed> {
    let keys: BTreeMap<Key, &str> =
        batch.iter().filter_map(|write| Some((Key::of_path(write.hop.at.path())?.1, write.hop.at.path()))).collect();
    let sets =
        if keys.len() > FEW { list(client, site, zone).await? } else { some(client, site, zone, keys.keys()).await? };
    let named = sets.into_iter().filter_map(|set| Some(((*keys.get(&Key::of_set(&set))?).to_owned(), set)));
    Ok(named.collect())
}

/// What is there, where it is not what a write starts from.
fn conflict(site: Site<'_>, write: &Write, old: &ResourceRecordSet) -> Option<Live> {
    let live = live(site, write.hop.at.path(), old)?;
    let holds = write.hop.edits.iter().all(|edit| live.value(&edit.setting) == edit.from.as_ref());
    (!holds).then_some(live)
}

/// The record set as it shall be; what opsctl does not know of it stays.
fn changed(old: &ResourceRecordSet, write: &Write) -> ResourceRecordSet {
    let mut new = old.clone();
    let to = |setting: &str| edit(&write.hop.edits, setting).map(|edit| edit.to.as_ref());
    let string = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    if let Some(weight) = to("weight") {
        new.weight = weight.and_then(Value::as_integer);
    }
    if let Some(ttl) = to("ttl") {
        new.ttl = ttl.and_then(Value::as_integer);
    }
    if let Some(check) = to("health_check") {
        new.health_check_id = string(check);
    }
    if let Some(Some(Value::Set(values))) = to("values") {
        let record = |value: &String| ResourceRecord::builder().value(value).build().ok();
        new.resource_records = Some(values.iter().filter_map(record).collect());
    }
    if let Some(alias) = &old.alias_target {
        let target = to("target").and_then(string).unwrap_or_else(|| alias.dns_name.clone());
        let zone = to("target_zone").and_then(string).unwrap_or_else(|| alias.hosted_zone_id.clone());
        let health = match to("evaluate_health") {
            Some(Some(Value::Bool(health))) => *health,
            _ => alias.evaluate_target_health,
        };
        let changed =
            AliasTarget::builder().dns_name(target).hosted_zone_id(zone).evaluate_target_health(health).build();
        new.alias_target = changed.ok().or_else(|| Some(alias.clone()));
    }
    new
}

async fn send(
    client: &Client,
    site: Site<'_>,
    zone: &str,
    changes: &[(usize, &ResourceRecordSet, ResourceRecordSet)],
) -> Result<Option<String>, Failed> {
    let change = |action: ChangeAction, set: &ResourceRecordSet| {
        Change::builder().action(action).resource_record_set(set.clone()).build().ok()
    };
    let (deleted, made): (Vec<_>, Vec<_>) = changes
        .iter()
        .map(|(_, old, new)| (change(ChangeAction::Delete, old), change(ChangeAction::Create, new)))
        .unzip();
    let all: Vec<Change> = deleted.into_iter().chain(made).flatten().collect();
    let built = ChangeBatch::builder().set_changes(Some(all)).comment("opsctl").build();
    let batch = built.map_err(|error| Failed::from_fault(Fault::Invalid(error.to_string())))?;
    let ask = client.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch);
    let answer = call(site.cx, "route53:ChangeResourceRecordSets", ask.send()).await?;
    Ok(answer.change_info().map(|info| info.id().to_owned()))
}
