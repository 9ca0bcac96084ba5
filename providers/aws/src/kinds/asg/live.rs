use std::collections::BTreeMap;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::AutoScalingGroup;
use futures_util::future::join_all;
use opsctl_api::{Live, Owner, Value, Write, Written};

use super::readiness::readiness;
use super::sizers::{Sizer, sizers};
use super::switched;
use crate::call::{Failed, all_pages, call};
use crate::kinds::{Calls, each, edit};
use crate::owner::{known, makers};
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{integer, set};

/// DescribeAutoScalingGroups takes up to 100 names, and gives up to 100 a page
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html>).
pub(super) const PAGE: usize = 100;
const KIND: &str = "asg";
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
    let read = join_all(chunks.iter().map(|names| groups(&client, site, *names))).await;
    let (mut found, mut all) = (Found::default(), Vec::new());
    for (asked, groups) in chunks.iter().zip(read) {
        match groups {
            Ok(groups) => all.extend(groups),
            Err(failed) => found.unread(asked.unwrap_or(&names).iter().map(String::as_str), failed),
        }
    }
    all.retain(|group| group.auto_scaling_group_name().is_some_and(|name| need.asks(site, KIND, name, &tags(group))));
    let sized = SIZES.iter().any(|setting| need.wants(setting));
    let there: Vec<&str> = all.iter().filter_map(AutoScalingGroup::auto_scaling_group_name).filter(|_| sized).collect();
    match known(sizers(&client, site, &there).await, "a scaling policy, if there is one", &["desired"]) {
        Ok(sizers) => {
            for group in &all {
                if let Some(live) = live(site, group, &sizers) {
                    found.add(live, tags(group));
                }
            }
        }
        Err(failed) => found.unread(all.iter().filter_map(AutoScalingGroup::auto_scaling_group_name), failed),
    }
    found
}

fn tags(group: &AutoScalingGroup) -> BTreeMap<String, String> {
    group.tags().iter().filter_map(|tag| Some((tag.key()?.into(), tag.value()?.into()))).collect()
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

fn live(site: Site<'_>, group: &AutoScalingGroup, sizers: &Result<Vec<Sizer>, Owner>) -> Option<Live> {
    let name = group.auto_scaling_group_name()?;
    let mut live = Live::new(address(site, KIND, name)?);
    live.settings.insert("min".to_owned(), integer(group.min_size().unwrap_or(0)));
    live.settings.insert("max".to_owned(), integer(group.max_size().unwrap_or(0)));
    live.settings.insert("desired".to_owned(), integer(group.desired_capacity().unwrap_or(0)));
    let suspended = group.suspended_processes().iter().filter_map(|process| process.process_name().map(str::to_owned));
    live.settings.insert("suspended".to_owned(), set(suspended));
    live.readiness = readiness(group);
    match sizers {
        Ok(sizers) => {
            let own = sizers.iter().filter(|sizer| sizer.group == name);
            live.owners.extend(own.flat_map(|sizer| sizer.owners(group, bounds(group))));
        }
        Err(unread) => live.owners.push(unread.clone()),
    }
    live.owners.extend(keepers(group));
    Some(live)
}

/// Within these others may size it.
fn bounds(group: &AutoScalingGroup) -> (Value, Value) {
    let of = |size: Option<i32>| Value::Integer(size.unwrap_or(0).into());
    (of(group.min_size()), of(group.max_size()))
}

/// What made the group and sizes it in its own way, by its tags.
fn keepers(group: &AutoScalingGroup) -> Vec<Owner> {
    let tag = |key: &str| group.tags().iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value());
    let mut keepers = Vec::new();
    if let Some(nodes) = tag("eks:nodegroup-name") {
        let name = format!("EKS node group {nodes}");
        let instead = "size the node group".to_owned();
        keepers.push(Owner { reverts: true, instead, ..Owner::note(name, &SIZES, "sizes it as the node group says") });
    }
    if tag("k8s.io/cluster-autoscaler/enabled").is_some() {
        keepers.push(Owner {
            within: Some(bounds(group)),
            reverts: true,
            instead: "set min and max".to_owned(),
            ..Owner::note("cluster autoscaler", &["desired"], "adds and removes nodes as pods need them")
        });
    }
    keepers.extend(makers(&SIZES, tag));
    keepers
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
