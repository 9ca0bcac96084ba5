use std::cmp::Ordering;
use std::collections::BTreeSet;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::{EncryptionType, ScalingType, StreamDescriptionSummary, StreamMode, StreamStatus};
use opsctl_api::{Edit, Fault, Live, Readiness, Value, Write, Written};

use crate::call::{Failed, call, few_at_once};
use crate::kinds::{Calls, each};
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{integer, optional, text};

/// ListStreams gives up to 100 a page (<https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreams.html>).
const PAGE: i32 = 100;

pub(in crate::kinds) const CALLS: Calls = Calls {
    write: |site, batch| Box::pin(each(batch, move |write, _| send(site, write))),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

/// The API describes one stream a call, and its list has names alone.
async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.kinesis().await;
    let mut found = Found::default();
    let mut names: BTreeSet<String> = need.one.keys().map(|name| (*name).to_owned()).collect();
    if !need.many.is_empty() {
        match list(&client, site).await {
            Ok(all) => {
                names.extend(all.into_iter().filter(|name| stream(site, name).is_some_and(|at| need.covers(&at))));
            }
            Err(failed) => found.partly = Some(failed.fault),
        }
    }
    let read = few_at_once(
        names
            .iter()
            .map(async |name| {
                let stream = describe(&client, site, name).await?;
                let tags = if need.by_tags() { tags(&client, site, name).await? } else { Vec::new() };
                Ok::<_, Failed>((stream, tags))
            })
            .collect(),
    );
    for (name, read) in names.iter().zip(read.await) {
        match read {
            Ok((stream, tags)) => {
                if let Some(live) = stream.and_then(|stream| live(site, &stream)) {
                    found.add(live, tags);
                }
            }
            // What is gone since it was listed is no member.
            Err(failed) if failed.is_missing() => {}
            Err(failed) => found.unread([name.as_str()], failed),
        }
    }
    found
}

fn stream(site: Site<'_>, name: &str) -> Option<opsctl_api::Address> {
    address(site, "kinesis-stream", name)
}

async fn list(client: &Client, site: Site<'_>) -> Result<Vec<String>, Failed> {
    let mut names: Vec<String> = Vec::new();
    loop {
        let ask = client.list_streams().limit(PAGE).set_exclusive_start_stream_name(names.last().cloned());
        let page = call(site.cx, "kinesis:ListStreams", ask.send()).await?;
        let more = page.has_more_streams && !page.stream_names.is_empty();
        names.extend(page.stream_names);
        if !more {
            return Ok(names);
        }
    }
}

async fn describe(client: &Client, site: Site<'_>, name: &str) -> Result<Option<StreamDescriptionSummary>, Failed> {
    site.client.streams.turn().await;
    let ask = client.describe_stream_summary().stream_name(name);
    Ok(call(site.cx, "kinesis:DescribeStreamSummary", ask.send()).await?.stream_description_summary)
}

/// A stream has up to 50 tags, which is one page.
async fn tags(client: &Client, site: Site<'_>, name: &str) -> Result<Vec<(String, String)>, Failed> {
    site.client.stream_tags.turn().await;
    let answer = call(site.cx, "kinesis:ListTagsForStream", client.list_tags_for_stream().stream_name(name).send());
    Ok(answer.await?.tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect())
}

fn live(site: Site<'_>, found: &StreamDescriptionSummary) -> Option<Live> {
    let mut live = Live::new(stream(site, found.stream_name())?);
    let on_demand = found.stream_mode_details().is_some_and(|mode| *mode.stream_mode() == StreamMode::OnDemand);
    let encrypted = found.encryption_type() == Some(&EncryptionType::Kms);
    let settings = [
        ("encryption", optional(found.key_id().filter(|_| encrypted).map(text))),
        ("retention_hours", integer(found.retention_period_hours())),
        ("shards", optional((!on_demand).then(|| integer(found.open_shard_count())))),
    ];
    live.settings = settings.into_iter().map(|(name, setting)| (name.to_owned(), setting)).collect();
    live.readiness = match found.stream_status() {
        StreamStatus::Active => Readiness::Ready,
        StreamStatus::Deleting => Readiness::Failed("it is being deleted".to_owned()),
        status => Readiness::Progressing { done: 0, total: 0, what: status.as_str().to_owned() },
    };
    Some(live)
}

async fn send(site: Site<'_>, write: &Write) -> Written {
    let client = site.client.kinesis().await;
    let [edit] = &write.hop.edits[..] else {
        return Written::Refused(Fault::Invalid("a call sets one thing of a stream".to_owned()));
    };
    match set(&client, site, write.hop.at.path(), edit).await {
        Ok(()) => Written::Sent { receipt: None, version: None },
        Err(failed) => failed.written(),
    }
}

async fn set(client: &Client, site: Site<'_>, name: &str, edit: &Edit) -> Result<(), Failed> {
    let cx = site.cx;
    let number = |value: &Value| value.as_integer().and_then(|number| i32::try_from(number).ok());
    let key = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match (edit.setting.as_str(), &edit.from, &edit.to) {
        ("encryption", _, Some(to)) => {
            let ask = client.start_stream_encryption().stream_name(name).encryption_type(EncryptionType::Kms);
            call(cx, "kinesis:StartStreamEncryption", ask.key_id(key(to)).send()).await.map(drop)
        }
        ("encryption", Some(from), None) => {
            let ask = client.stop_stream_encryption().stream_name(name).encryption_type(EncryptionType::Kms);
            call(cx, "kinesis:StopStreamEncryption", ask.key_id(key(from)).send()).await.map(drop)
        }
        ("retention_hours", Some(from), Some(to)) if to.compare(from) == Some(Ordering::Greater) => {
            let ask = client.increase_stream_retention_period().stream_name(name);
            let ask = ask.set_retention_period_hours(number(to));
            call(cx, "kinesis:IncreaseStreamRetentionPeriod", ask.send()).await.map(drop)
        }
        ("retention_hours", _, Some(to)) => {
            let ask = client.decrease_stream_retention_period().stream_name(name);
            let ask = ask.set_retention_period_hours(number(to));
            call(cx, "kinesis:DecreaseStreamRetentionPeriod", ask.send()).await.map(drop)
        }
        ("shards", _, Some(to)) => {
            let ask = client.update_shard_count().stream_name(name).scaling_type(ScalingType::UniformScaling);
            call(cx, "kinesis:UpdateShardCount", ask.set_target_shard_count(number(to)).send()).await.map(drop)
        }
        (setting, ..) => {
            let why = format!("{setting} is not set so");
            Err(Failed::from_fault(Fault::Invalid(why)))
        }
    }
}
