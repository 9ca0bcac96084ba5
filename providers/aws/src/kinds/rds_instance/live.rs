use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbInstance, Filter};
use aws_smithy_types::DateTime;
use opsctl_api::{Edit, Fault, Hop, Live, LiveSetting, Owner, Preflight, Readiness, Value, Write, Written};

use super::classes::{Order, told};
use super::pending;
use super::snapshots::ages;
use crate::call::{Failed, all_pages, call, few_at_once};
use crate::kinds::{Calls, Told, each, edit};
use crate::owner::makers;
use crate::preflight::each_thing;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{optional, switch, text};

/// DescribeDBInstances gives up to 100 a page
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html>).
const PAGE: usize = 100;
/// How long an instance stays stopped.
const STOPPED: Duration = Duration::from_secs(7 * 24 * 3600);

const KIND: &str = "rds-instance";

pub(in crate::kinds) const CALLS: Calls = Calls {
    write: |site, batch| Box::pin(each(batch, move |write, _| send(site, write))),
    // There is no dry run, but it can be told what keeps an instance from a change.
    preflight: |site, hops| Box::pin(preflight(site, hops)),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

/// A filter, and not an identifier: of many, one that is missing would fail all.
async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.rds().await;
    let ids: Vec<String> = need.one.keys().map(|id| (*id).to_owned()).collect();
    let chunks: Vec<&[String]> = if need.many.is_empty() { ids.chunks(PAGE).collect() } else { vec![&[]] };
    let read = few_at_once(chunks.iter().map(|ids| instances(&client, site, ids)).collect()).await;
    let (mut found, mut all) = (Found::default(), Vec::new());
    for (chunk, read) in chunks.iter().zip(read) {
        match read {
            Ok(instances) => all.extend(instances),
            Err(failed) => {
                let asked = if chunk.is_empty() { &ids } else { *chunk };
                found.unread(asked.iter().map(String::as_str), failed);
            }
        }
    }
    all.retain(|one| one.db_instance_identifier().is_some_and(|id| need.asks(site, KIND, id, &tags(one))));
    let ages = if need.wants("snapshot_age") { ages(&client, site, &all).await } else { Ok(BTreeMap::new()) };
    match ages {
        Ok(ages) => {
            for one in &all {
                if let Some(live) = live(site, one, &ages) {
                    found.add(live, tags(one));
                }
            }
        }
        Err(failed) => found.unread(all.iter().filter_map(DbInstance::db_instance_identifier), failed),
    }
    found
}

/// These instances; all of the region, where none are named.
async fn instances(client: &Client, site: Site<'_>, ids: &[String]) -> Result<Vec<DbInstance>, Failed> {
    let named = Filter::builder().name("db-instance-id").set_values(Some(ids.to_vec())).build();
    let named = (!ids.is_empty()).then(|| vec![named]);
    all_pages(async |next| {
        let ask = client.describe_db_instances().set_filters(named.clone()).max_records(PAGE as i32).set_marker(next);
        let page = call(site.cx, "rds:DescribeDBInstances", ask.send()).await?;
        Ok((page.db_instances.unwrap_or_default(), page.marker))
    })
    .await
}

fn tags(found: &DbInstance) -> BTreeMap<String, String> {
    found.tag_list().iter().filter_map(|tag| Some((tag.key()?.into(), tag.value()?.into()))).collect()
}

fn live(site: Site<'_>, found: &DbInstance, ages: &BTreeMap<String, LiveSetting>) -> Option<Live> {
    let mut live = Live::new(address(site, KIND, found.db_instance_identifier()?)?);
    let named = |id: Option<&str>| id.is_some_and(|id| !id.is_empty());
    let replica = named(found.read_replica_source_db_instance_identifier())
        || named(found.read_replica_source_db_cluster_identifier());
    let status = found.db_instance_status().unwrap_or_default();
    let age = match found.db_cluster_identifier() {
        Some(id) => Some(LiveSetting::Hidden(format!("snapshots are made of its cluster {id}, and not of it"))),
        None => found.dbi_resource_id().and_then(|id| ages.get(id).cloned()),
    };
    let settings = [
        ("class", optional(found.db_instance_class().map(text))),
        ("promoted", switch(!replica)),
        ("running", switch(!matches!(status, "stopped" | "stopping"))),
        ("snapshot_age", optional(age)),
    ];
    live.settings = settings.into_iter().map(|(name, setting)| (name.to_owned(), setting)).collect();
    live.readiness = readiness(found, status);
    live.owners.push(match found.db_cluster_identifier() {
        Some(id) => cluster(id),
        None => restart(found.automatic_restart_time().filter(|_| status == "stopped")),
    });
    live.owners.extend(scheduled(found, status));
    let tags = tags(found);
    live.owners.extend(makers(&["class"], |key| tags.get(key).map(String::as_str)));
    Some(live)
}

/// An instance of a cluster is started and stopped with it alone.
fn cluster(id: &str) -> Owner {
    let does = "starts and stops its instances, and says which one writes";
    let instead = "start or stop the cluster".to_owned();
    Owner { reverts: true, instead, ..Owner::note(format!("DB cluster {id}"), &["promoted", "running"], does) }
}

/// A class that somebody has put off to the maintenance window. Until then it is ready as it is.
fn scheduled(found: &DbInstance, status: &str) -> Option<Owner> {
    let class = found.pending_modified_values()?.db_instance_class().filter(|_| settled(status))?;
    Some(Owner::note("a pending modification", &["class"], format!("makes it {class} in its next maintenance window")))
}

/// What is stopped is started again (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>), at this time
/// if it is stopped already.
fn restart(at: Option<&DateTime>) -> Owner {
    let at = at.and_then(|at| SystemTime::try_from(*at).ok());
    let soon = at.map_or(STOPPED, |at| at.duration_since(SystemTime::now()).unwrap_or_default());
    Owner {
        within: Some((Value::Bool(true), Value::Bool(true))),
        reverts: true,
        soon: Some(Duration::from_secs(soon.as_secs())),
        ..Owner::note("RDS", &["running"], "starts a stopped instance by itself after seven days")
    }
}

/// What an instance is in that does not go on by itself
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>).
fn stuck(status: &str) -> bool {
    status.starts_with("incompatible-")
        || status.starts_with("inaccessible-")
        || matches!(status, "deleting" | "failed" | "insufficient-capacity" | "restore-error" | "storage-full")
}

/// What an instance stays in until it is asked for something. In all others it takes nothing, and most of them pass.
fn settled(status: &str) -> bool {
    matches!(status, "available" | "stopped")
}

/// A replica says what ails it.
fn readiness(found: &DbInstance, status: &str) -> Readiness {
    let ill = found.status_infos().iter().find(|info| info.normal() == Some(false));
    let ill = ill.map(|info| info.message().or(info.status()).unwrap_or("its replication does not work"));
    let said = |status: &str| ill.map_or_else(|| status.to_owned(), |ill| format!("{status}: {ill}"));
    match status {
        status if stuck(status) => Readiness::Failed(said(status)),
        "available" if ill.is_some() => Readiness::Failed(said(status)),
        // These go on while it serves.
        "available" | "stopped" | "backing-up" | "storage-optimization" | "configuring-enhanced-monitoring" => {
            Readiness::Ready
        }
        status => Readiness::Progressing { done: 0, total: 0, what: said(status) },
    }
}

async fn preflight(site: Site<'_>, hops: &[&Hop]) -> Vec<Told> {
    let client = &site.client.rds().await;
    let ids: BTreeSet<String> = hops.iter().map(|hop| hop.at.path().to_owned()).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let read = few_at_once(ids.chunks(PAGE).map(|ids| instances(client, site, ids)).collect()).await;
    let found: Vec<DbInstance> = read.into_iter().flatten().flatten().collect();
    let instance = |hop: &Hop| found.iter().find(|one| one.db_instance_identifier() == Some(hop.at.path()));
    let order = |hop: &Hop| {
        let class = edit(&hop.edits, "class").and_then(|edit| edit.to.as_ref()).and_then(Value::as_str);
        class.and_then(|class| Order::of(instance(hop)?, class)).into_iter().collect()
    };
    let ordered = each_thing(hops, order, async |order: Order| told(client, site, &order).await).await;
    let kept = |hop: &Hop| hop.edits.iter().find_map(|edit| hindrance(instance(hop)?, edit));
    let refused = |hop: &Hop| kept(hop).map(|why| Preflight::Refused(Fault::Invalid(why)));
    hops.iter().zip(ordered).map(|(hop, ordered)| refused(hop).or(ordered)).collect()
}

/// What keeps an instance from a change, or the change from being that one alone.
fn hindrance(found: &DbInstance, edit: &Edit) -> Option<String> {
    match (edit.setting.as_str(), &edit.to) {
        ("running", Some(Value::Bool(false))) => {
            let replicas = found.read_replica_db_instance_identifiers();
            (!replicas.is_empty()).then(|| format!("AWS stops none that has read replicas: {}", replicas.join(", ")))
        }
        // What applies immediately takes along all that is pending
        // (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html>).
        ("class", _) => {
            let others = found.pending_modified_values().map(pending::others).unwrap_or_default();
            (!others.is_empty()).then(|| {
                format!(
                    "the same call would also make what is pending for its maintenance window: {}",
                    others.join(", ")
                )
            })
        }
        _ => None,
    }
}

async fn send(site: Site<'_>, write: &Write) -> Written {
    let client = site.client.rds().await;
    let [edit] = &write.hop.edits[..] else {
        return Written::Refused(Fault::Invalid("a call sets one thing of an instance".to_owned()));
    };
    let id = write.hop.at.path();
    let found = match instances(&client, site, &[id.to_owned()]).await {
        Ok(found) => found.into_iter().next(),
        Err(failed) => return Written::Refused(failed.fault),
    };
    if let Some(why) = found.as_ref().and_then(|found| hindrance(found, edit)) {
        return Written::Refused(Fault::Invalid(why));
    }
    let status = found.as_ref().and_then(DbInstance::db_instance_status).unwrap_or_default();
    match set(&client, site, id, edit).await {
        Ok(()) => Written::Sent { receipt: None, version: None },
        // It is not in a state for this, and on its way to another one: to be asked again. Otherwise it never takes it.
        Err(failed) if failed.code.starts_with("InvalidDBInstanceState") && !settled(status) && !stuck(status) => {
            failed.busy()
        }
        Err(failed) => failed.written(),
    }
}

async fn set(client: &Client, site: Site<'_>, id: &str, edit: &Edit) -> Result<(), Failed> {
    match (edit.setting.as_str(), &edit.to) {
        ("running", Some(Value::Bool(true))) => {
            let ask = client.start_db_instance().db_instance_identifier(id);
            call(site.cx, "rds:StartDBInstance", ask.send()).await.map(drop)
        }
        ("running", Some(Value::Bool(false))) => {
            let ask = client.stop_db_instance().db_instance_identifier(id);
            call(site.cx, "rds:StopDBInstance", ask.send()).await.map(drop)
        }
        ("promoted", Some(Value::Bool(true))) => {
            let ask = client.promote_read_replica().db_instance_identifier(id);
            call(site.cx, "rds:PromoteReadReplica", ask.send()).await.map(drop)
        }
        ("class", Some(Value::String(class))) => {
            let ask = client.modify_db_instance().db_instance_identifier(id).db_instance_class(class);
            call(site.cx, "rds:ModifyDBInstance", ask.apply_immediately(true).send()).await.map(drop)
        }
        (setting, _) => Err(Failed::from_fault(Fault::Invalid(format!("{setting} is not set so")))),
    }
}
