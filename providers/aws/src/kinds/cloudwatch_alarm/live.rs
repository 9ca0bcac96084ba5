use std::collections::BTreeMap;

use opsctl_api::{Live, Owner, Write, Written};
use serde_json::{Value as Json, json};

use super::{NAMES, verb};
use crate::call::{Failed, few_at_once};
use crate::direct::{CLOUDWATCH, Direct};
use crate::kinds::Calls;
use crate::owner::makers;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{optional, switch, text};

const KIND: &str = "cloudwatch-alarm";

pub(in crate::kinds) const CALLS: Calls = Calls {
    write: |site, batch| Box::pin(write(site, batch)),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

/// Which ones are asked for.
enum Ask<'a> {
    Names(&'a [String]),
    Prefix(&'a str),
}

async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = match site.client.direct(&CLOUDWATCH).await {
        Ok(client) => client,
        Err(failed) => return Found::nothing(need, failed),
    };
    let mut found = Found::default();
    let names: Vec<String> = need.one.keys().map(|name| (*name).to_owned()).collect();
    let prefixes = need.many.iter().map(|(pattern, _)| pattern.path().split('*').next().unwrap_or_default());
    let asks: Vec<Ask<'_>> = names.chunks(NAMES).map(Ask::Names).chain(prefixes.map(Ask::Prefix)).collect();
    let read = few_at_once(asks.iter().map(|ask| alarms(&client, site, ask)).collect()).await;
    let mut all: BTreeMap<String, Json> = BTreeMap::new();
    for (ask, read) in asks.iter().zip(read) {
        match (read, ask) {
            (Ok(alarms), _) => all
                .extend(alarms.into_iter().filter_map(|alarm| Some((alarm["AlarmName"].as_str()?.to_owned(), alarm)))),
            (Err(failed), Ask::Names(names)) => found.failed(names.iter().map(String::as_str), &failed.fault),
            (Err(failed), Ask::Prefix(_)) => found.partly = Some(failed.fault),
        }
    }
    let asked =
        |name: &str| need.one.contains_key(name) || address(site, KIND, name).is_some_and(|at| need.covers(&at));
    let all: Vec<(String, Json)> = all.into_iter().filter(|(name, _)| asked(name)).collect();
    let tagged = need.by_tags();
    let tags = few_at_once(
        all.iter()
            .map(async |(_, alarm)| match alarm["AlarmArn"].as_str() {
                Some(arn) if tagged => tags(&client, site, arn).await,
                _ => Ok(BTreeMap::new()),
            })
            .collect(),
    );
    for ((name, alarm), tags) in all.iter().zip(tags.await) {
        match tags {
            Ok(tags) => {
                if let Some(live) = live(site, name, alarm, &tags) {
                    found.add(live, tags);
                }
            }
            // Which ones a selection has cannot be told then.
            Err(failed) => found.unread([name.as_str()], failed),
        }
    }
    found
}

/// Without a word for it the API leaves out the alarms of alarms.
async fn alarms(client: &Direct, site: Site<'_>, ask: &Ask<'_>) -> Result<Vec<Json>, Failed> {
    let mut body = json!({ "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": NAMES });
    match ask {
        Ask::Names(names) => body["AlarmNames"] = json!(names),
        Ask::Prefix("") => {}
        Ask::Prefix(prefix) => body["AlarmNamePrefix"] = json!(prefix),
    }
    let mut all = Vec::new();
    loop {
        let mut page = client.json(site.cx, "DescribeAlarms", &body).await?;
        for sort in ["MetricAlarms", "CompositeAlarms"] {
            all.extend(page[sort].as_array_mut().map(std::mem::take).unwrap_or_default());
        }
        match page["NextToken"].take() {
            Json::String(token) if !token.is_empty() => body["NextToken"] = Json::String(token),
            _ => return Ok(all),
        }
    }
}

async fn tags(client: &Direct, site: Site<'_>, arn: &str) -> Result<BTreeMap<String, String>, Failed> {
    let answer = client.json(site.cx, "ListTagsForResource", &json!({ "ResourceARN": arn })).await?;
    let tag = |tag: &Json| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str()?.to_owned()));
    Ok(answer["Tags"].as_array().into_iter().flatten().filter_map(tag).collect())
}

fn live(site: Site<'_>, name: &str, alarm: &Json, tags: &BTreeMap<String, String>) -> Option<Live> {
    let mut live = Live::new(address(site, KIND, name)?);
    let settings = [
        ("actions_enabled", optional(alarm["ActionsEnabled"].as_bool().map(switch))),
        ("state", optional(alarm["StateValue"].as_str().map(text))),
    ];
    live.settings = settings.into_iter().map(|(name, setting)| (name.to_owned(), setting)).collect();
    live.owners.extend(scaling(name));
    live.owners.extend(makers(&["actions_enabled"], |tag| tags.get(tag).map(String::as_str)));
    Some(live)
}

/// A policy that tracks a target has alarms of its own, whose actions are how it scales
/// (<https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html>).
fn scaling(name: &str) -> Option<Owner> {
    let does = "scales by this alarm's actions, and makes it anew when the policy changes";
    name.starts_with("TargetTracking-").then(|| Owner {
        instead: "suspend its scaling".to_owned(),
        ..Owner::note("a target tracking policy", &["actions_enabled"], does)
    })
}

/// What shares a call has one verb.
async fn write(site: Site<'_>, batch: &[(&Write, &Live)]) -> Vec<Written> {
    let action = match batch.first().map(|(write, _)| verb(&write.hop)) {
        Some("enable") => "EnableAlarmActions",
        _ => "DisableAlarmActions",
    };
    let names: Vec<&str> = batch.iter().map(|(write, _)| write.hop.at.path()).collect();
    let sent = async {
        let client = site.client.direct(&CLOUDWATCH).await?;
        client.json(site.cx, action, &json!({ "AlarmNames": names })).await
    };
    let written = sent.await.map_or_else(Failed::written, |_| Written::Sent { receipt: None, version: None });
    batch.iter().map(|_| written.clone()).collect()
}
