use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{DeploymentControllerType, SchedulingStrategy, Service, ServiceField};
use opsctl_api::{Fault, Live, Owner, Receipt, Value, Write, Written};

use super::definitions::preflight;
use super::readiness::{primary, readiness};
use crate::call::{Failed, all_pages, call, few_at_once};
use crate::kinds::scalable_target::{ECS, owners};
use crate::kinds::{Calls, each, edit};
use crate::owner::{known, makers};
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{integer, optional, text};

/// DescribeServices takes up to 10 names of one cluster
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>).
const NAMES: usize = 10;
/// ListServices and ListClusters give up to 100 a page
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html>).
const PAGE: i32 = 100;

pub(in crate::kinds) const CALLS: Calls = Calls {
    write: |site, batch| Box::pin(each(batch, move |write, _| send(site, write))),
    preflight: |site, hops| Box::pin(preflight(site, hops)),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

/// Names of services, by cluster.
type Names = BTreeMap<String, BTreeSet<String>>;

async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.ecs().await;
    let mut found = Found::default();
    let mut names = Names::new();
    for (cluster, name) in need.one.keys().filter_map(|path| path.split_once('/')) {
        names.entry(cluster.to_owned()).or_default().insert(name.to_owned());
    }
    list(&client, site, need, &mut names, &mut found).await;
    let chunks: Vec<(&String, Vec<String>)> = names
        .iter()
        .flat_map(|(cluster, names)| {
            let names: Vec<String> = names.iter().cloned().collect();
            names.chunks(NAMES).map(|chunk| (cluster, chunk.to_vec())).collect::<Vec<_>>()
        })
        .collect();
    let resources: Vec<String> =
        names.iter().flat_map(|(cluster, names)| names.iter().map(move |name| resource(cluster, name))).collect();
    let scaled = need.wants("desired_count") && !resources.is_empty();
    let (services, owners) = tokio::join!(
        few_at_once(chunks.iter().map(|(cluster, names)| describe(&client, site, cluster, names)).collect()),
        async { if scaled { owners(site, ECS, "desired_count", &resources).await } else { Ok(BTreeMap::new()) } },
    );
    let owners = match known(owners, "a scalable target, if there is one", &["desired_count"]) {
        Ok(owners) => owners,
        Err(failed) => return Found::nothing(need, failed),
    };
    for ((cluster, names), services) in chunks.iter().zip(services) {
        match services {
            Ok(services) => services.iter().for_each(|service| {
                let receipt = service.service_name().and_then(|name| need.one.get(&*format!("{cluster}/{name}")));
                if let Some(live) = live(site, cluster, service, receipt.copied().flatten(), &owners) {
                    let tags = service.tags().iter().filter_map(|tag| Some((tag.key()?.into(), tag.value()?.into())));
                    found.add(live, tags);
                }
            }),
            // A cluster that is not there has no services.
            Err(failed) if failed.is_missing() => {}
            Err(failed) => {
                let paths: Vec<String> = names.iter().map(|name| format!("{cluster}/{name}")).collect();
                found.unread(paths.iter().map(String::as_str), failed);
            }
        }
    }
    found
}

/// Adds the services that patterns ask for.
async fn list(client: &Client, site: Site<'_>, need: &Need<'_>, names: &mut Names, found: &mut Found) {
    let listed = match need.bound(0) {
        Some(named) => Ok(named.into_iter().map(str::to_owned).collect()),
        None => clusters(client, site).await,
    };
    let clusters: Vec<String> = match listed {
        Ok(all) => all.into_iter().filter(|cluster| need.opens(cluster)).collect(),
        Err(failed) => {
            found.partly = Some(failed.fault);
            return;
        }
    };
    let listed = few_at_once(clusters.iter().map(|cluster| services(client, site, cluster)).collect()).await;
    for (cluster, listed) in clusters.iter().zip(listed) {
        match listed {
            Ok(all) => {
                let asked = |name: &String| service(site, cluster, name).is_some_and(|at| need.covers(&at));
                names.entry(cluster.clone()).or_default().extend(all.into_iter().filter(asked));
            }
            Err(failed) if failed.is_missing() => {}
            Err(failed) => found.partly = Some(failed.fault),
        }
    }
}

fn service(site: Site<'_>, cluster: &str, name: &str) -> Option<opsctl_api::Address> {
    address(site, "ecs-service", &format!("{cluster}/{name}"))
}

/// What Application Auto Scaling calls a service.
fn resource(cluster: &str, name: &str) -> String {
    format!("service/{cluster}/{name}")
}

/// The last part of an ARN: a name, or `FAMILY:REVISION`.
pub(super) fn last(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or_default().to_owned()
}

async fn clusters(client: &Client, site: Site<'_>) -> Result<Vec<String>, Failed> {
    all_pages(async |next| {
        let ask = client.list_clusters().max_results(PAGE).set_next_token(next);
        let page = call(site.cx, "ecs:ListClusters", ask.send()).await?;
        let arns = page.cluster_arns.unwrap_or_default().into_iter();
        Ok((arns.map(|arn| last(&arn)), page.next_token))
    })
    .await
}

async fn services(client: &Client, site: Site<'_>, cluster: &str) -> Result<Vec<String>, Failed> {
    all_pages(async |next| {
        let ask = client.list_services().cluster(cluster).max_results(PAGE).set_next_token(next);
        let page = call(site.cx, "ecs:ListServices", ask.send()).await?;
        let arns = page.service_arns.unwrap_or_default().into_iter();
        Ok((arns.map(|arn| last(&arn)), page.next_token))
    })
    .await
}

/// What is not there is left out, and so is what was deleted: the API remembers it for a while as inactive.
async fn describe(client: &Client, site: Site<'_>, cluster: &str, names: &[String]) -> Result<Vec<Service>, Failed> {
    site.client.services.turn().await;
    let ask = client.describe_services().cluster(cluster).set_services(Some(names.to_vec()));
    let answer = call(site.cx, "ecs:DescribeServices", ask.include(ServiceField::Tags).send()).await?;
    let mut failures = answer.failures.unwrap_or_default().into_iter();
    if let Some(failure) = failures.find(|failure| failure.reason() != Some("MISSING")) {
        let said = [failure.arn, failure.reason, failure.detail].into_iter().flatten().collect::<Vec<_>>().join(": ");
        return Err(Failed::from_fault(Fault::Unexpected(said)));
    }
    Ok(answer.services.unwrap_or_default().into_iter().filter(|one| one.status() != Some("INACTIVE")).collect())
}

fn live(
    site: Site<'_>,
    cluster: &str,
    found: &Service,
    receipt: Option<&str>,
    owners: &Result<BTreeMap<String, Owner>, Owner>,
) -> Option<Live> {
    let name = found.service_name()?;
    let mut live = Live::new(service(site, cluster, name)?);
    let daemon = found.scheduling_strategy() == Some(&SchedulingStrategy::Daemon);
    let settings = [
        ("desired_count", optional((!daemon).then(|| integer(found.desired_count())))),
        ("task_definition", optional(found.task_definition().map(|arn| text(last(arn))))),
    ];
    live.settings = settings.into_iter().map(|(name, setting)| (name.to_owned(), setting)).collect();
    live.readiness = readiness(found, receipt);
    match owners {
        Ok(owners) => live.owners.extend(owners.get(&resource(cluster, name)).cloned()),
        Err(unread) => live.owners.push(unread.clone()),
    }
    live.owners.extend(deployer(found));
    let tag = |key: &str| found.tags().iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value());
    live.owners.extend(makers(&["desired_count", "task_definition"], tag));
    Some(live)
}

/// What deploys the service where that is not ECS itself. The API then takes no task definition.
fn deployer(found: &Service) -> Option<Owner> {
    let name = match found.deployment_controller()?.r#type() {
        DeploymentControllerType::CodeDeploy => "CodeDeploy",
        DeploymentControllerType::External => "an external deployment controller",
        _ => return None,
    };
    let does = "deploys it, and ECS takes a task definition from nobody else";
    let instead = "deploy by it".to_owned();
    Some(Owner { reverts: true, instead, ..Owner::note(name, &["task_definition"], does) })
}

async fn send(site: Site<'_>, write: &Write) -> Written {
    let client = site.client.ecs().await;
    let path = write.hop.at.path();
    let Some((cluster, name)) = path.split_once('/') else {
        return Written::Refused(Fault::Invalid(format!("`{path}` is no CLUSTER/NAME")));
    };
    let to = |setting: &str| edit(&write.hop.edits, setting)?.to.as_ref();
    let count = to("desired_count").and_then(Value::as_integer).and_then(|count| i32::try_from(count).ok());
    let definition = to("task_definition").and_then(Value::as_str);
    let ask = client
        .update_service()
        .cluster(cluster)
        .service(name)
        .set_desired_count(count)
        .set_task_definition(definition.map(str::to_owned));
    match call(site.cx, "ecs:UpdateService", ask.send()).await {
        Ok(answer) => {
            let deployment = answer.service.as_ref().and_then(primary).and_then(|deployment| deployment.id());
            let receipt = deployment.filter(|_| definition.is_some()).map(|id| Receipt(id.to_owned()));
            Written::Sent { receipt, version: None }
        }
        Err(failed) => failed.written(),
    }
}
