use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationOutput;
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus, LifecycleRule, VersioningConfiguration,
};
use opsctl_api::{Edit, Fault, Live, Value, Write, Written};

use crate::call::{Failed, all_pages, call, few_at_once};
use crate::kinds::{Calls, each};
use crate::owner::makers;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::switch;

/// ListBuckets gives up to 10,000 a page (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>).
const PAGE: i32 = 1000;

pub(in crate::kinds) const CALLS: Calls = Calls {
    write: |site, batch| Box::pin(each(batch, move |write, _| send(site, write))),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

/// A bucket's documents are one call each.
async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.s3().await;
    let mut found = Found::default();
    let mut names: BTreeSet<String> = need.one.keys().map(|name| (*name).to_owned()).collect();
    if !need.many.is_empty() {
        match list(&client, site).await {
            Ok(all) => {
                names.extend(all.into_iter().filter(|name| bucket(site, name).is_some_and(|at| need.covers(&at))))
            }
            Err(failed) => found.partly = Some(failed.fault),
        }
    }
    let read = few_at_once(names.iter().map(|name| one(&client, site, name, need)).collect());
    for (name, read) in names.iter().zip(read.await) {
        match read {
            Ok(Some((live, tags))) => found.add(live, tags),
            Ok(None) => {}
            Err(failed) => found.unread([name.as_str()], failed),
        }
    }
    found
}

fn bucket(site: Site<'_>, name: &str) -> Option<opsctl_api::Address> {
    address(site, "s3-bucket", name)
}

/// The buckets of the region.
async fn list(client: &Client, site: Site<'_>) -> Result<Vec<String>, Failed> {
    let region = &site.client.options().region;
    all_pages(async |next| {
        let ask = client.list_buckets().bucket_region(region).max_buckets(PAGE).set_continuation_token(next);
        let page = call(site.cx, "s3:ListBuckets", ask.send()).await?;
        let buckets = page.buckets.unwrap_or_default().into_iter();
        Ok((buckets.filter_map(|bucket| bucket.name), page.continuation_token))
    })
    .await
}

async fn one(
    client: &Client,
    site: Site<'_>,
    name: &str,
    need: &Need<'_>,
) -> Result<Option<(Live, BTreeMap<String, String>)>, Failed> {
    let Some(at) = bucket(site, name) else { return Ok(None) };
    let mut live = Live::new(at);
    // One of the two is always read, for it tells whether there is such a bucket.
    if need.wants("versioning") || !need.wants("lifecycle") {
        live.settings.insert("versioning".to_owned(), switch(versioned(client, site, name).await?));
    }
    if need.wants("lifecycle") {
        for rule in rules(client, site, name).await?.iter().flat_map(|document| document.rules()) {
            let enabled = switch(*rule.status() == ExpirationStatus::Enabled);
            live.settings.extend(rule.id().map(|id| (format!("lifecycle.{id}"), enabled)));
        }
    }
    let tags = match tags(client, site, name).await {
        Ok(tags) => tags,
        Err(failed) if need.by_tags() => return Err(failed),
        // Then nobody tells who made it.
        Err(_) => BTreeMap::new(),
    };
    live.owners = makers(&[], |tag| tags.get(tag).map(String::as_str));
    Ok(Some((live, tags)))
}

async fn versioned(client: &Client, site: Site<'_>, name: &str) -> Result<bool, Failed> {
    let ask = client.get_bucket_versioning().bucket(name);
    let answer = call(site.cx, "s3:GetBucketVersioning", ask.send()).await?;
    Ok(answer.status == Some(BucketVersioningStatus::Enabled))
}

/// What there is, where there is anything.
fn there<T>(answer: Result<T, Failed>, none: &str) -> Result<Option<T>, Failed> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failed) if failed.code == none => Ok(None),
        Err(failed) => Err(failed),
    }
}

async fn rules(
    client: &Client,
    site: Site<'_>,
    name: &str,
) -> Result<Option<GetBucketLifecycleConfigurationOutput>, Failed> {
    let ask = client.get_bucket_lifecycle_configuration().bucket(name);
    let answer = call(site.cx, "s3:GetBucketLifecycleConfiguration", ask.send()).await;
    there(answer, "NoSuchLifecycleConfiguration")
}

async fn tags(client: &Client, site: Site<'_>, name: &str) -> Result<BTreeMap<String, String>, Failed> {
    let ask = client.get_bucket_tagging().bucket(name);
    let answer = there(call(site.cx, "s3:GetBucketTagging", ask.send()).await, "NoSuchTagSet")?;
    Ok(answer.into_iter().flat_map(|answer| answer.tag_set).map(|tag| (tag.key, tag.value)).collect())
}

async fn send(site: Site<'_>, write: &Write) -> Written {
    let client = site.client.s3().await;
    let (name, edits) = (write.hop.at.path(), &write.hop.edits);
    let sent = match &edits[..] {
        [edit] if edit.setting == "versioning" => version(&client, site, name, edit).await,
        _ => switch_rules(&client, site, name, edits).await,
    };
    sent.map_or_else(Failed::written, |()| Written::Sent { receipt: None, version: None })
}

async fn version(client: &Client, site: Site<'_>, name: &str, edit: &Edit) -> Result<(), Failed> {
    let on = edit.to == Some(Value::Bool(true));
    let status = if on { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
    let configuration = VersioningConfiguration::builder().status(status).build();
    let ask = client.put_bucket_versioning().bucket(name).versioning_configuration(configuration);
    call(site.cx, "s3:PutBucketVersioning", ask.send()).await.map(drop)
}

/// All rules go in one call, each as it is but for those that are switched.
async fn switch_rules(client: &Client, site: Site<'_>, name: &str, edits: &[Edit]) -> Result<(), Failed> {
    let refused = |why: String| Failed::from_fault(Fault::Invalid(why));
    let document = rules(client, site, name).await.map_err(|failed| Failed { maybe_done: false, ..failed })?;
    let document = document.ok_or_else(|| refused("it has no lifecycle rules".to_owned()))?;
    let minimum = document.transition_default_minimum_object_size().cloned();
    let mut rules: Vec<LifecycleRule> = document.rules.unwrap_or_default();
    for edit in edits {
        let id = edit.setting.strip_prefix("lifecycle.").unwrap_or_default();
        let rule = rules.iter_mut().find(|rule| rule.id() == Some(id));
        let rule = rule.ok_or_else(|| refused(format!("it has no lifecycle rule {id}")))?;
        rule.status = match edit.to {
            Some(Value::Bool(true)) => ExpirationStatus::Enabled,
            Some(Value::Bool(false)) => ExpirationStatus::Disabled,
            _ => return Err(refused(format!("the lifecycle rule {id} is switched, and not taken away"))),
        };
    }
    let document = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build();
    let document = document.map_err(|error| refused(error.to_string()))?;
    let ask = client.put_bucket_lifecycle_configuration().bucket(name).lifecycle_configuration(document);
    let ask = ask.set_transition_default_minimum_object_size(minimum);
    call(site.cx, "s3:PutBucketLifecycleConfiguration", ask.send()).await.map(drop)
}
