use std::collections::{BTreeMap, BTreeSet};

use aws_smithy_xml::decode::XmlDecodeError;
use opsctl_api::{Fault, Hop, Live, Owner, Preflight, Readiness, Value, Write, Written};

use super::answer::{Instance, Page, Status, instances, is_on, statuses};
use super::{MOST, batch, types};
use crate::call::{Failed, all_pages, few_at_once};
use crate::direct::{Direct, EC2, Fields};
use crate::kinds::{Calls, Told, edit};
use crate::owner::makers;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{switch, text};

/// A filter takes up to 200 values
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>).
pub(super) const IDS: usize = 200;
/// DescribeInstances gives up to 1,000 a page.
const PAGE: usize = 1000;
/// DescribeInstanceStatus takes up to 100 IDs
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html>).
const STATUSES: usize = 100;
/// One that was terminated is told for an hour, and never comes back; the other states are these.
const STATES: [&str; 4] = ["pending", "running", "stopped", "stopping"];

const KIND: &str = "ec2-instance";

pub(in crate::kinds) const CALLS: Calls = Calls {
    write: |site, batch| Box::pin(write(site, batch)),
    preflight: |site, hops| Box::pin(preflight(site, hops)),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

async fn client(site: Site<'_>) -> Result<Direct, Failed> {
    site.client.direct(&EC2).await
}

pub(super) fn field(name: impl Into<String>, value: impl Into<String>) -> (String, String) {
    (name.into(), value.into())
}

/// `InstanceId.1`, and so on.
fn ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Fields {
    ids.into_iter().zip(1..).map(|(id, nth)| field(format!("InstanceId.{nth}"), id)).collect()
}

/// A filter, and not an ID: of many, one that is missing would fail all.
async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = match client(site).await {
        Ok(client) => client,
        Err(failed) => return Found::nothing(need, failed),
    };
    let mut found = Found::default();
    let named: Vec<&str> = need.one.keys().copied().collect();
    let chosen: BTreeSet<&BTreeMap<String, String>> = need.many.iter().map(|(_, tags)| *tags).collect();
    let by_id = named.chunks(IDS).map(|ids| (ids, filters([("instance-id".to_owned(), owned(ids))])));
    let by_tags = chosen.into_iter().map(|tags| {
        let tags = tags.iter().map(|(name, value)| (format!("tag:{name}"), vec![literal(value)]));
        (&[][..], filters(tags))
    });
    let asks: Vec<(&[&str], Fields)> = by_id.chain(by_tags).collect();
    let read = few_at_once(asks.iter().map(|(_, fields)| described(&client, site, fields)).collect()).await;
    let mut all: BTreeMap<String, Instance> = BTreeMap::new();
    for ((ids, _), read) in asks.iter().zip(read) {
        match read {
            Ok(instances) => all.extend(instances.into_iter().map(|one| (one.id.clone(), one))),
            Err(failed) => found.unread(ids.iter().copied(), failed),
        }
    }
    all.retain(|id, one| need.asks(site, KIND, id, &one.tags));
    match checks(&client, site, all.values()).await {
        Ok(checks) => {
            for (id, instance) in all {
                if let Some(live) = live(site, &instance, checks.get(&id)) {
                    found.add(live, instance.tags);
                }
            }
        }
        Err(failed) => found.unread(all.keys().map(String::as_str), failed),
    }
    found
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A value in which nothing stands for something else.
pub(super) fn literal(value: &str) -> String {
    value.replace('\\', r"\\").replace('*', r"\*").replace('?', r"\?")
}

/// Instances that are so, and were not terminated.
fn filters(of: impl IntoIterator<Item = (String, Vec<String>)>) -> Fields {
    let there = ("instance-state-name".to_owned(), owned(&STATES));
    let mut fields = Fields::new();
    for ((name, values), nth) in of.into_iter().chain([there]).zip(1..) {
        fields.push(field(format!("Filter.{nth}.Name"), name));
        fields.extend(values.into_iter().zip(1..).map(|(value, of)| field(format!("Filter.{nth}.Value.{of}"), value)));
    }
    fields
}

/// All pages of a list.
pub(super) async fn pages<T>(
    client: &Direct,
    site: Site<'_>,
    action: &'static str,
    fields: &Fields,
    page: fn(&str) -> Result<Page<T>, XmlDecodeError>,
) -> Result<Vec<T>, Failed> {
    all_pages(async |next| {
        let token = next.map(|token| field("NextToken", token));
        let answer = client.form(site.cx, action, &fields.iter().cloned().chain(token).collect()).await?;
        page(&answer).map_err(unexpected)
    })
    .await
}

fn unexpected(error: XmlDecodeError) -> Failed {
    Failed::from_fault(Fault::Unexpected(error.to_string()))
}

async fn described(client: &Direct, site: Site<'_>, filters: &Fields) -> Result<Vec<Instance>, Failed> {
    let fields = filters.iter().cloned().chain([field("MaxResults", PAGE.to_string())]).collect();
    pages(client, site, "DescribeInstances", &fields, instances).await
}

/// The status checks of those that run.
async fn checks(
    client: &Direct,
    site: Site<'_>,
    all: impl Iterator<Item = &Instance>,
) -> Result<BTreeMap<String, Status>, Failed> {
    let running: Vec<&str> = all.filter(|one| one.state == "running").map(|one| one.id.as_str()).collect();
    let asks: Vec<Fields> = running.chunks(STATUSES).map(|chunk| ids(chunk.iter().copied())).collect();
    let read = few_at_once(
        asks.iter().map(|fields| pages(client, site, "DescribeInstanceStatus", fields, statuses)).collect(),
    );
    let mut checks = BTreeMap::new();
    for read in read.await {
        match read {
            Ok(found) => checks.extend(found.into_iter().map(|status| (status.id.clone(), status))),
            // One has gone since: none of this part is told, and all of it is asked again.
            Err(failed) if failed.is_missing() => {}
            Err(failed) => return Err(failed),
        }
    }
    Ok(checks)
}

fn live(site: Site<'_>, found: &Instance, status: Option<&Status>) -> Option<Live> {
    let mut live = Live::new(address(site, KIND, &found.id)?);
    live.settings.insert("instance_type".to_owned(), text(found.size.clone()));
    live.settings.insert("running".to_owned(), switch(matches!(found.state.as_str(), "pending" | "running")));
    live.readiness = readiness(found, status);
    let tag = |key: &str| found.tags.get(key).map(String::as_str);
    live.owners.extend(tag("aws:autoscaling:groupName").map(|group| keeper(format!("asg/{group}"))));
    live.owners.extend(tag("eks:nodegroup-name").map(|nodes| keeper(format!("EKS node group {nodes}"))));
    live.owners.extend(makers(&["instance_type"], tag));
    Some(live)
}

/// What keeps so many running: one that stops is replaced, and lost.
fn keeper(name: String) -> Owner {
    Owner {
        within: Some((Value::Bool(true), Value::Bool(true))),
        reverts: true,
        instead: "set how many it keeps".to_owned(),
        ..Owner::note(name, &["running"], "terminates one that stops, and starts another in its place")
    }
}

/// One that runs is ready once both checks are passed
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html>).
fn readiness(found: &Instance, status: Option<&Status>) -> Readiness {
    let waits = |what: &str| Readiness::Progressing { done: 0, total: 0, what: what.to_owned() };
    if found.state == "stopped" {
        return Readiness::Ready;
    }
    let Some(status) = status.filter(|_| found.state == "running") else { return waits(&found.state) };
    let of = |word: &str| status.checks.iter().position(|check| check == word);
    match of("impaired") {
        Some(0) => Readiness::Failed("its system is impaired".to_owned()),
        Some(_) => Readiness::Failed("the instance is impaired".to_owned()),
        None if status.checks.iter().all(|check| matches!(check.as_str(), "ok" | "not-applicable")) => Readiness::Ready,
        None => waits("status checks"),
    }
}

/// The call that makes hops: one of many, or of one where the type changes.
fn asked(hops: &[&Hop]) -> Result<(&'static str, Fields), Failed> {
    let ids = ids(hops.iter().map(|hop| hop.at.path()));
    match hops {
        [hop] if edit(&hop.edits, "instance_type").is_some() => {
            let size = edit(&hop.edits, "instance_type").and_then(|edit| edit.to.as_ref()).and_then(Value::as_str);
            let fields = [field("InstanceId", hop.at.path()), field("InstanceType.Value", size.unwrap_or_default())];
            Ok(("ModifyInstanceAttribute", fields.into()))
        }
        [hop, ..] => match edit(&hop.edits, "running").and_then(|edit| edit.to.as_ref()) {
            Some(Value::Bool(true)) => Ok(("StartInstances", ids)),
            Some(Value::Bool(false)) => Ok(("StopInstances", ids)),
            _ => Err(Failed::from_fault(Fault::Invalid("an instance runs, or it is stopped".to_owned()))),
        },
        [] => Err(Failed::from_fault(Fault::Invalid("nothing is asked for".to_owned()))),
    }
}

async fn send(client: &Direct, site: Site<'_>, hops: &[&Hop], dry: bool) -> Result<(), Failed> {
    let (action, mut fields) = asked(hops)?;
    fields.extend(dry.then(|| field("DryRun", "true")));
    client.form(site.cx, action, &fields).await.map(drop)
}

async fn write(site: Site<'_>, batch: &[(&Write, &Live)]) -> Vec<Written> {
    let hops: Vec<&Hop> = batch.iter().map(|(write, _)| &write.hop).collect();
    let sent = match client(site).await {
        Ok(client) => send(&client, site, &hops, false).await,
        Err(failed) => Err(failed),
    };
    batch.iter().map(|(_, live)| written(sent.clone(), live)).collect()
}

fn written(sent: Result<(), Failed>, live: &Live) -> Written {
    match sent {
        Ok(()) => Written::Sent { receipt: None, version: None },
        // On its way to another state it takes nothing, and will.
        Err(failed)
            if failed.code == "IncorrectInstanceState" && matches!(live.readiness, Readiness::Progressing { .. }) =>
        {
            failed.busy()
        }
        Err(failed) => failed.written(),
    }
}

/// EC2 has a dry run, which asks for the permission; what else keeps an instance from being stopped, and whether there is a type, is read.
async fn preflight(site: Site<'_>, hops: &[&Hop]) -> Vec<Told> {
    let client = match client(site).await {
        Ok(client) => client,
        Err(failed) => return hops.iter().map(|_| Some(told(Err(failed.clone())))).collect(),
    };
    let (tried, types) = tokio::join!(tried(&client, site, hops), types::told(&client, site, hops));
    let told = hops.iter().zip(tried).zip(types).map(async |((hop, tried), of_type)| {
        let stops = edit(&hop.edits, "running").is_some_and(|edit| edit.to == Some(Value::Bool(false)));
        Some(match (tried, of_type) {
            (tried @ Preflight::Refused(_), _) => tried,
            (_, Some(of_type)) => of_type,
            (Preflight::Accepted, None) if stops => held(&client, site, hop.at.path()).await,
            (tried, None) => tried,
        })
    });
    few_at_once(told.collect()).await
}

/// Asked together where a call takes many; one by one where that is refused, for it may be for one's sake.
async fn tried(client: &Direct, site: Site<'_>, hops: &[&Hop]) -> Vec<Preflight> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, hop) in hops.iter().enumerate() {
        let key = batch(hop).map_or_else(|| format!("alone {index}"), |batch| batch.key);
        groups.entry(key).or_default().push(index);
    }
    let groups: Vec<&[usize]> = groups.values().flat_map(|group| group.chunks(MOST)).collect();
    let asked = few_at_once(
        groups
            .iter()
            .map(async |group| {
                let of: Vec<&Hop> = group.iter().map(|&index| hops[index]).collect();
                match told(send(client, site, &of, true).await) {
                    Preflight::Accepted => vec![Preflight::Accepted; of.len()],
                    told if of.len() == 1 => vec![told],
                    _ => {
                        few_at_once(of.iter().map(async |hop| told(send(client, site, &[hop], true).await)).collect())
                            .await
                    }
                }
            })
            .collect(),
    );
    let asked = asked.await;
    let mut answers: Vec<(usize, Preflight)> =
        groups.iter().zip(asked).flat_map(|(group, told)| group.iter().copied().zip(told)).collect();
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, told)| told).collect()
}

/// What a dry run says: of one that would do, that it was one.
fn told(answer: Result<(), Failed>) -> Preflight {
    match answer {
        Err(failed) if failed.code == "DryRunOperation" => Preflight::Accepted,
        Err(Failed { fault: fault @ (Fault::Denied(_) | Fault::Missing(_)), .. }) => Preflight::Refused(fault),
        // On its way to another state it takes nothing, and will.
        Err(Failed { fault: fault @ Fault::Invalid(_), code, .. }) if code != "IncorrectInstanceState" => {
            Preflight::Refused(fault)
        }
        Err(failed) => Preflight::CannotTell(failed.fault.to_string()),
        Ok(()) => Preflight::CannotTell("the dry run had no answer of its own".to_owned()),
    }
}

/// Whether it is protected from being stopped (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html>).
async fn held(client: &Direct, site: Site<'_>, id: &str) -> Preflight {
    let fields = vec![field("InstanceId", id), field("Attribute", "disableApiStop")];
    let answer = client.form(site.cx, "DescribeInstanceAttribute", &fields).await;
    match answer.and_then(|answer| is_on(&answer, "disableApiStop").map_err(unexpected)) {
        Ok(false) => Preflight::Accepted,
        Ok(true) => {
            let why = "it is protected from being stopped: its attribute disableApiStop is on";
            Preflight::Refused(Fault::Invalid(why.to_owned()))
        }
        Err(failed) => Preflight::CannotTell(format!("whether it may be stopped could not be read: {}", failed.fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_a_tag_is_asked_for_to_the_letter() {
        let fields = filters([("tag:team".to_owned(), vec![literal(r"a*b?\c")])]);
        let told: Vec<String> = fields.iter().take(2).map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(told, ["Filter.1.Name=tag:team", r"Filter.1.Value.1=a\*b\?\\c"]);
        assert_eq!(fields[2], field("Filter.2.Name", "instance-state-name"));
    }

    #[test]
    fn test_one_that_runs_is_ready_once_its_checks_are_passed() {
        let of = |state: &str, checks: Option<[&str; 2]>| {
            let found = Instance { state: state.to_owned(), ..Instance::default() };
            let status = checks.map(|checks| Status { checks: checks.map(str::to_owned), ..Status::default() });
            readiness(&found, status.as_ref())
        };
        let waits = |what: &str| Readiness::Progressing { done: 0, total: 0, what: what.to_owned() };
        assert_eq!(of("running", Some(["ok", "ok"])), Readiness::Ready);
        assert_eq!(of("running", Some(["ok", "initializing"])), waits("status checks"));
        assert_eq!(of("running", Some(["impaired", "ok"])), Readiness::Failed("its system is impaired".to_owned()));
        assert_eq!(of("running", None), waits("running"));
        assert_eq!((of("stopping", None), of("stopped", None)), (waits("stopping"), Readiness::Ready));
    }
}
