use std::collections::BTreeSet;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_smithy_types::DateTime;
use opsctl_api::{Fault, Live};

use crate::call::{Failed, few_at_once};
use crate::kinds::Calls;
use crate::kinds::s3_object::each_page;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{age, optional};

pub(in crate::kinds) const CALLS: Calls = Calls::reads(|site, need| Box::pin(read(site, need)));

/// The API knows no order by time, so all objects of a prefix are listed.
async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.s3().await;
    let mut found = Found::default();
    let mut paths: BTreeSet<String> = need.one.keys().map(|path| (*path).to_owned()).collect();
    for (pattern, _) in &need.many {
        match folders(&client, site, pattern.path()).await {
            Ok(all) => paths.extend(all),
            // A bucket that is not there has no folders.
            Err(failed) if failed.is_missing() => {}
            Err(failed) => found.partly = Some(failed.fault),
        }
    }
    let read = few_at_once(paths.iter().map(|path| newest(&client, site, path)).collect());
    for (path, newest) in paths.iter().zip(read.await) {
        match newest {
            Ok(newest) => {
                if let Some(at) = address(site, "s3-prefix", path) {
                    let mut live = Live::new(at);
                    live.settings.insert("newest_age".to_owned(), optional(newest.as_ref().map(age)));
                    found.add(live, []);
                }
            }
            Err(failed) => found.unread([path.as_str()], failed),
        }
    }
    found
}

fn parts(path: &str) -> Result<(&str, &str), Failed> {
    let wrong = || Failed::from_fault(Fault::Invalid(format!("`{path}` is no BUCKET/PREFIX")));
    path.split_once('/').ok_or_else(wrong)
}

/// What a wildcard stands for: the folders that begin so.
async fn folders(client: &Client, site: Site<'_>, pattern: &str) -> Result<Vec<String>, Failed> {
    let (bucket, rest) = parts(pattern)?;
    let begin = rest.strip_suffix('*').filter(|begin| !begin.contains('*') && !bucket.contains('*'));
    let begin = begin.ok_or_else(|| {
        let why = "a wildcard stands for folders of one bucket: bucket/backups/*";
        Failed::from_fault(Fault::Invalid(why.to_owned()))
    })?;
    let mut all = Vec::new();
    let take = |page: ListObjectsV2Output| {
        let folders = page.common_prefixes.unwrap_or_default().into_iter().filter_map(|folder| folder.prefix);
        all.extend(folders.map(|folder| format!("{bucket}/{}", folder.trim_end_matches('/'))));
    };
    each_page(client, site, bucket, begin, true, take).await?;
    Ok(all)
}

/// When the newest object was written. The empty one that stands for a folder is none.
async fn newest(client: &Client, site: Site<'_>, path: &str) -> Result<Option<DateTime>, Failed> {
    let (bucket, prefix) = parts(path)?;
    let mut newest = None;
    let take = |page: ListObjectsV2Output| {
        let objects = page.contents.unwrap_or_default().into_iter();
        let real = objects.filter(|object| !object.key().is_some_and(|key| key.ends_with('/')));
        newest = newest.max(real.filter_map(|object| object.last_modified).max());
    };
    each_page(client, site, bucket, prefix, false, take).await?;
    Ok(newest)
}
