use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::MetadataDirective;
use opsctl_api::{Edit, Fault, Hop, Live, LiveSetting, Preflight, Value, Write, Written};

use super::attributes::{Attributes, said_again};
use super::list::each_page;
use super::{MOST, encoded, version_of};
use crate::call::{Failed, call, few_at_once};
use crate::fault::{ARCHIVED, is_archived};
use crate::kinds::{Calls, Told, each, edit};
use crate::owner::makers;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{optional, text};
use crate::write::holds;

pub(in crate::kinds) const CALLS: Calls = Calls {
    // It is replaced only as it was read (`If-Match`): nobody is overwritten.
    reads_by_itself: true,
    write: |site, batch| Box::pin(each(batch, move |write, _| send(site, write))),
    // There is no dry run, but it can be told whether the version that shall come back is there.
    preflight: |site, hops| Box::pin(preflight(site, hops)),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

/// An object as it is.
struct Object {
    attributes: Attributes,
    /// Nothing where it was not asked for.
    content: Option<LiveSetting>,
}

/// The API reads one object a call.
async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.s3().await;
    let mut found = Found::default();
    let mut paths: BTreeSet<String> = need.one.keys().map(|path| (*path).to_owned()).collect();
    for begin in need.beginnings() {
        match begin.split_once('/') {
            Some((bucket, prefix)) => match list(&client, site, bucket, prefix).await {
                Ok(all) => {
                    let is_member = |path: &String| object(site, path).is_some_and(|at| need.covers(&at));
                    paths.extend(all.into_iter().filter(is_member));
                }
                // A bucket that is not there has no objects.
                Err(failed) if failed.is_missing() => {}
                Err(failed) => found.partly = Some(failed.fault),
            },
            None => found.partly = Some(need.too_wide("bucket")),
        }
    }
    let content = need.wants("content");
    let read = few_at_once(
        paths
            .iter()
            .map(async |path| {
                let object = get(&client, site, path, content).await?;
                let tags = if need.by_tags() { tags(&client, site, path).await? } else { BTreeMap::new() };
                Ok::<_, Failed>((object, tags))
            })
            .collect(),
    );
    for (path, read) in paths.iter().zip(read.await) {
        match read {
            Ok((object, tags)) => {
                if let Some(mut live) = object.live(site, path) {
                    live.owners = makers(&[], |tag| tags.get(tag).map(String::as_str));
                    found.add(live, tags);
                }
            }
            Err(failed) => found.unread([path.as_str()], failed),
        }
    }
    found
}

fn object(site: Site<'_>, path: &str) -> Option<opsctl_api::Address> {
    address(site, "s3-object", path)
}

async fn list(client: &Client, site: Site<'_>, bucket: &str, prefix: &str) -> Result<Vec<String>, Failed> {
    let mut paths = Vec::new();
    let named = |key: String| format!("{bucket}/{key}");
    let take = |page: aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output| {
        paths.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key.map(named)));
    };
    each_page(client, site, bucket, prefix, false, take).await?;
    Ok(paths)
}

/// Bucket and key.
fn parts(path: &str) -> Result<(&str, &str), Failed> {
    let wrong = || Failed::from_fault(Fault::Invalid(format!("`{path}` is no BUCKET/KEY")));
    path.split_once('/').ok_or_else(wrong)
}

async fn get(client: &Client, site: Site<'_>, path: &str, content: bool) -> Result<Object, Failed> {
    let (bucket, key) = parts(path)?;
    if !content {
        return Ok(Object { attributes: head(client, site, path, None).await?, content: None });
    }
    let answer = match call(site.cx, "s3:GetObject", client.get_object().bucket(bucket).key(key).send()).await {
        // What else it has is told all the same.
        Err(failed) if is_archived(&failed.code) => {
            let content = Some(LiveSetting::Hidden(ARCHIVED.to_owned()));
            return Ok(Object { attributes: head(client, site, path, None).await?, content });
        }
        answer => answer?,
    };
    let attributes = Attributes::from(&answer);
    let small = answer.content_length().and_then(|length| usize::try_from(length).ok()).is_some_and(|it| it <= MOST);
    let content = if small {
        content_of(site, answer.body).await?
    } else {
        LiveSetting::Hidden("it is larger than 256 KiB".to_owned())
    };
    Ok(Object { attributes, content: Some(content) })
}

async fn content_of(site: Site<'_>, body: ByteStream) -> Result<LiveSetting, Failed> {
    let broken = |why: String| Failed::from_fault(Fault::Unreachable(format!("its content did not come: {why}")));
    let bytes = match tokio::time::timeout(site.cx.timeout, body.collect()).await {
        Ok(Ok(bytes)) => bytes.to_vec(),
        Ok(Err(error)) => return Err(broken(error.to_string())),
        Err(late) => return Err(broken(late.to_string())),
    };
    Ok(match String::from_utf8(bytes) {
        Ok(content) => text(content),
        Err(_) => LiveSetting::Hidden("it is no text".to_owned()),
    })
}

async fn head(client: &Client, site: Site<'_>, path: &str, version: Option<&str>) -> Result<Attributes, Failed> {
    let (bucket, key) = parts(path)?;
    let ask = client.head_object().bucket(bucket).key(key).set_version_id(version.map(str::to_owned));
    Ok(Attributes::from(&call(site.cx, "s3:HeadObject", ask.send()).await?))
}

/// Their count, which comes with an object, is told only to who may read them: without it there may be some all the same.
async fn tags(client: &Client, site: Site<'_>, path: &str) -> Result<BTreeMap<String, String>, Failed> {
    let (bucket, key) = parts(path)?;
    let ask = client.get_object_tagging().bucket(bucket).key(key);
    let answer = call(site.cx, "s3:GetObjectTagging", ask.send()).await?;
    Ok(answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

impl Object {
    fn live(&self, site: Site<'_>, path: &str) -> Option<Live> {
        let mut live = Live::new(object(site, path)?);
        live.settings.extend(self.content.clone().map(|content| ("content".to_owned(), content)));
        let version = optional(self.attributes.version_of_content(path).map(text));
        live.settings.insert("version".to_owned(), version);
        live.version.clone_from(&self.attributes.etag);
        Some(live)
    }
}

async fn preflight(site: Site<'_>, hops: &[&Hop]) -> Vec<Told> {
    let client = site.client.s3().await;
    few_at_once(hops.iter().map(|hop| told(&client, site, hop)).collect()).await
}

async fn told(client: &Client, site: Site<'_>, hop: &Hop) -> Option<Preflight> {
    let version = edit(&hop.edits, "version")?.to.as_ref()?.as_str()?;
    match earlier(client, site, hop.at.path(), version).await {
        Err(Failed { fault: fault @ (Fault::Invalid(_) | Fault::Missing(_)), .. }) => Some(Preflight::Refused(fault)),
        _ => None,
    }
}

/// What an earlier version has beside its content.
async fn earlier(client: &Client, site: Site<'_>, path: &str, version: &str) -> Result<Attributes, Failed> {
    let refused = |why: String| Err(Failed::from_fault(Fault::Invalid(why)));
    match head(client, site, path, Some(version)).await {
        Ok(attributes) if attributes.archived => refused(format!("of the version {version}: {ARCHIVED}")),
        Err(failed) if failed.is_missing() => {
            Err(Failed::from_fault(Fault::Missing(format!("no version {version} of it"))))
        }
        found => found,
    }
}

async fn send(site: Site<'_>, write: &Write) -> Written {
    let client = site.client.s3().await;
    let path = write.hop.at.path();
    let [edit] = &write.hop.edits[..] else {
        return Written::Refused(Fault::Invalid("a call sets one thing of an object".to_owned()));
    };
    let now = async || get(&client, site, path, edit.setting == "content").await;
    let conflict = |object: &Object| match object.live(site, path) {
        Some(live) => Written::Conflict(Box::new(live)),
        None => Written::Refused(Fault::Invalid(format!("`{path}` is no BUCKET/KEY"))),
    };
    let object = match now().await {
        Ok(object) => object,
        Err(failed) => return Written::Refused(failed.fault),
    };
    if !object.live(site, path).is_some_and(|live| holds(write, &live)) {
        return conflict(&object);
    }
    match set(&client, site, path, edit, &object).await {
        Ok(etag) => Written::Sent { receipt: None, version: etag },
        // Somebody was faster, after it was read: what is there now tells what became of it.
        Err(failed) if failed.code == "PreconditionFailed" => match now().await {
            Ok(object) => conflict(&object),
            Err(failed) => Written::Refused(failed.fault),
        },
        Err(failed) => failed.written(),
    }
}

/// Sets it where it is as it was read, and tells the ETag of what is there then.
async fn set(
    client: &Client,
    site: Site<'_>,
    path: &str,
    edit: &Edit,
    object: &Object,
) -> Result<Option<String>, Failed> {
    let refused = |why: String| Failed::from_fault(Fault::Invalid(why));
    let Some(Value::String(to)) = &edit.to else { return Err(refused(format!("{} is not taken away", edit.setting))) };
    match edit.setting.as_str() {
        "content" => put(client, site, path, to, object).await,
        "version" => {
            let source = earlier(client, site, path, to).await.map_err(before)?;
            copy(client, site, path, to, &source, object).await
        }
        setting => Err(refused(format!("{setting} is not set so"))),
    }
}

async fn put(
    client: &Client,
    site: Site<'_>,
    path: &str,
    content: &str,
    object: &Object,
) -> Result<Option<String>, Failed> {
    let (bucket, key) = parts(path)?;
    let tags = tags(client, site, path).await.map_err(before)?;
    let tagging = tags.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value)));
    let tagging = (!tags.is_empty()).then(|| tagging.collect::<Vec<_>>().join("&"));
    let body = ByteStream::from(content.as_bytes().to_vec());
    let ask = client.put_object().bucket(bucket).key(key).body(body).set_tagging(tagging);
    let ask = said_again!(ask, &object.attributes, None).set_if_match(object.attributes.etag.clone());
    Ok(call(site.cx, "s3:PutObject", ask.send()).await?.e_tag)
}

/// The earlier version becomes the newest, as it was: with its own attributes and tags.
async fn copy(
    client: &Client,
    site: Site<'_>,
    path: &str,
    version: &str,
    source: &Attributes,
    object: &Object,
) -> Result<Option<String>, Failed> {
    let (bucket, key) = parts(path)?;
    let from = version_of(path, version);
    let ask = client.copy_object().bucket(bucket).key(key).copy_source(&from);
    let ask = ask.metadata_directive(MetadataDirective::Replace);
    let ask = said_again!(ask, source, Some(&from)).set_if_match(object.attributes.etag.clone());
    let answer = call(site.cx, "s3:CopyObject", ask.send()).await?;
    Ok(answer.copy_object_result.and_then(|result| result.e_tag))
}

/// A read that failed before a write: nothing was done.
fn before(failed: Failed) -> Failed {
    Failed { maybe_done: false, ..failed }
}
