use std::collections::BTreeMap;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{AutoScalingGroup, LifecycleState};
use futures_util::future::join_all;
use opsctl_api::{Live, Owner, Readiness, Value, Write, Written};

use super::switched;
use crate::call::{Failed, all_pages, call};
use crate::kinds::{Calls, each, edit};
use crate::owner::makers;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{integer, set};

/// DescribeAutoScalingGroups takes up to 100 names, and gives up to 100 a page
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html>).
const PAGE: usize = 100;
const SIZES: [&str; 3] = ["desired", "max", "min"];

pub(in crate::kinds) const CALLS: Calls = Calls {
    write: |site, batch| Box::pin(each(batch, move |write, _| send(site, write))),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.autoscaling().await;
    let names: Vec<String> = need.one.keys().map(|name| (*name).to_owned()).collect();
    let chunks: Vec<Option<&[String]>> =
        if need.many.is_empty() { names.chunks(PAGE).map(Some).collect() } else { vec![None] };
    let sized = SIZES.iter().any(|setting| need.wants(setting));
    let (groups, owners) = tokio::join!(join_all(chunks.iter().map(|names| groups(&client, site, *names))), async {
        if sized { owners(&client, site).await } else { Ok(BTreeMap::new()) }
    },);
    let mut found = Found::default();
    for (asked, groups) in chunks.iter().zip(groups) {
        match groups {
            Ok(groups) => groups.iter().for_each(|group| {
                if let Some(live) = live(site, group, &owners) {
                    let tags = group.tags().iter().filter_map(|tag| Some((tag.key()?.into(), tag.value()?.into())));
                    found.add(live, tags);
                }
            }),
            Err(failed) => found.unread(asked.unwrap_or(&names).iter().map(String::as_str), failed),
        }
    }
    found
}

async fn groups(client: &Client, site: Site<'_>, names: Option<&[String]>) -> Result<Vec<AutoScalingGroup>, Failed> {
    all_pages(async |next| {
        let ask = client
            .describe_auto_scaling_groups()
            .set_auto_scaling_group_names(names.map(<[String]>::to_vec))
            .max_records(PAGE as i32)
            .set_next_token(next);
        let page = call(site.cx, "autoscaling:DescribeAutoScalingGroups", ask.send()).await?;
        Ok((page.auto_scaling_groups.unwrap_or_default(), page.next_token))
    })
    .await
}

/// What else sizes groups, by group: policies and scheduled actions, all of the region in one list each.
async fn owners(client: &Client, site: Site<'_>) -> Result<BTreeMap<String, Vec<Owner>>, Failed> {
    let mut owners: BTreeMap<String, Vec<Owner>> = BTreeMap::new();
    let (policies, scheduled) = tokio::join!(policies(client, site), scheduled(client, site));
    for (group, name) in policies? {
        owners.entry(group).or_default().push(owner(&name, "scales it by its own measure", None));
    }
    for (group, name) in scheduled? {
        owners.entry(group).or_default().push(owner(&name, "sets its own size when its time comes", None));
    }
    Ok(owners)
}

async fn policies(client: &Client, site: Site<'_>) -> Result<Vec<(String, String)>, Failed> {
    all_pages(async |next| {
        let ask = client.describe_policies().max_records(PAGE as i32).set_next_token(next);
        let page = call(site.cx, "autoscaling:DescribePolicies", ask.send()).await?;
        let policies = page.scaling_policies.unwrap_or_default().into_iter();
        let on = policies.filter(|policy| policy.enabled != Some(false));
        let named = on.filter_map(|policy| {
            Some((policy.auto_scaling_group_name?, format!("scaling policy {}", policy.policy_name?)))
        });
        Ok((named, page.next_token))
    })
    .await
}

async fn scheduled(client: &Client, site: Site<'_>) -> Result<Vec<(String, String)>, Failed> {
    all_pages(async |next| {
        let ask = client.describe_scheduled_actions().max_records(PAGE as i32).set_next_token(next);
        let page = call(site.cx, "autoscaling:DescribeScheduledActions", ask.send()).await?;
        let actions = page.scheduled_update_group_actions.unwrap_or_default().into_iter();
        let named = actions.filter_map(|action| {
            Some((action.auto_scaling_group_name?, format!("scheduled action {}", action.scheduled_action_name?)))
        });
        Ok((named, page.next_token))
    })
    .await
}

fn owner(name: &str, does: &str, within: Option<(Value, Value)>) -> Owner {
    Owner {
        name: name.to_owned(),
        settings: vec!["desired".to_owned()],
        within,
        off_at: None,
        reverts: true,
        soon: None,
        does: does.to_owned(),
        instead: "set min and max".to_owned(),
    }
}

fn live(
    site: Site<'_>,
    group: &AutoScalingGroup,
    owners: &Result<BTreeMap<String, Vec<Owner>>, Failed>,
) -> Option<Live> {
    let name = group.auto_scaling_group_name()?;
    let mut live = Live::new(address(site, "asg", name)?);
    let (min, max) = (group.min_size().unwrap_or(0), group.max_size().unwrap_or(0));
    let bounds = (Value::Integer(min.into()), Value::Integer(max.into()));
    live.settings.insert("min".to_owned(), integer(min));
    live.settings.insert("max".to_owned(), integer(max));
    live.settings.insert("desired".to_owned(), integer(group.desired_capacity().unwrap_or(0)));
    let suspended = group.suspended_processes().iter().filter_map(|process| process.process_name().map(str::to_owned));
    live.settings.insert("suspended".to_owned(), set(suspended));
    live.readiness = readiness(group);
    match owners {
        Ok(owners) => {
            let own = owners.get(name).into_iter().flatten();
            live.owners.extend(own.map(|owner| Owner { within: Some(bounds.clone()), ..owner.clone() }));
        }
        Err(failed) => live.owners.push(Owner {
            reverts: false,
            instead: String::new(),
            ..owner("a scaling policy, if there is one", &format!("could not be read: {}", failed.fault), None)
        }),
    }
    live.owners.extend(keepers(group));
    Some(live)
}

/// What made the group and sizes it in its own way, by its tags.
fn keepers(group: &AutoScalingGroup) -> Vec<Owner> {
    let tag = |key: &str| group.tags().iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value());
    let mut keepers = Vec::new();
    if let Some(nodes) = tag("eks:nodegroup-name") {
        keepers.push(Owner {
            name: format!("EKS node group {nodes}"),
            settings: SIZES.map(str::to_owned).to_vec(),
            within: None,
            off_at: None,
            reverts: true,
            soon: None,
            does: "sizes it as the node group says".to_owned(),
            instead: "size the node group".to_owned(),
        });
    }
    if tag("k8s.io/cluster-autoscaler/enabled").is_some() {
        let (min, max) = (group.min_size().unwrap_or(0), group.max_size().unwrap_or(0));
        let within = Some((Value::Integer(min.into()), Value::Integer(max.into())));
        keepers.push(owner("cluster autoscaler", "adds and removes nodes as pods need them", within));
    }
    keepers.extend(makers(&SIZES, tag));
    keepers
}

/// All that are desired are in service, and no others are on their way out.
fn readiness(group: &AutoScalingGroup) -> Readiness {
    let desired = u64::try_from(group.desired_capacity().unwrap_or(0)).unwrap_or(0);
    let instances = group.instances();
    let serving =
        instances.iter().filter(|one| one.lifecycle_state() == Some(&LifecycleState::InService)).count() as u64;
    if serving == desired && instances.len() as u64 == desired {
        return Readiness::Ready;
    }
    let launches_not =
        |process: &aws_sdk_autoscaling::types::SuspendedProcess| process.process_name() == Some("Launch");
    if serving < desired && group.suspended_processes().iter().any(launches_not) {
        return Readiness::Failed("Launch is suspended, so no instance is added".to_owned());
    }
    let leaving = (instances.len() as u64).saturating_sub(desired);
    let what = if leaving > 0 { format!("{leaving} still to leave") } else { String::new() };
    Readiness::Progressing { done: serving.min(desired), total: desired, what }
}

async fn send(site: Site<'_>, write: &Write) -> Written {
    let client = site.client.autoscaling().await;
    let name = write.hop.at.path();
    let sent = match edit(&write.hop.edits, "suspended") {
        Some(edit) => {
            let (verb, processes) = switched(edit);
            let processes: Vec<String> = processes.into_iter().cloned().collect();
            if verb == "suspend" {
                let ask =
                    client.suspend_processes().auto_scaling_group_name(name).set_scaling_processes(Some(processes));
                call(site.cx, "autoscaling:SuspendProcesses", ask.send()).await.map(drop)
            } else {
                let ask =
                    client.resume_processes().auto_scaling_group_name(name).set_scaling_processes(Some(processes));
                call(site.cx, "autoscaling:ResumeProcesses", ask.send()).await.map(drop)
            }
        }
        None => {
            let to = |setting: &str| {
                let value = edit(&write.hop.edits, setting)?.to.as_ref()?.as_integer()?;
                i32::try_from(value).ok()
            };
            let ask = client
                .update_auto_scaling_group()
                .auto_scaling_group_name(name)
                .set_min_size(to("min"))
                .set_max_size(to("max"))
                .set_desired_capacity(to("desired"));
            call(site.cx, "autoscaling:UpdateAutoScalingGroup", ask.send()).await.map(drop)
        }
    };
    match sent {
        Ok(()) => Written::Sent { receipt: None, version: None },
        Err(failed) => failed.written(),
    }
}
