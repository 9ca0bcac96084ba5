//! Which versions a function has: an alias stands for no other.

use aws_sdk_lambda::Client;
use opsctl_api::{Hop, Value};

use crate::call::{Failed, all_pages, call};
use crate::kinds::Told;
use crate::preflight::{each_thing, not_there, unread};
use crate::provider::Site;

/// How many are told of those that there are.
const NEWEST: usize = 3;

pub(super) async fn preflight(site: Site<'_>, hops: &[&Hop]) -> Vec<Told> {
    let client = &site.client.lambda().await;
    each_thing(hops, named, async |(function, version): (String, String)| told(client, site, &function, &version).await)
        .await
}

/// The function, with each version that it shall stand for or give a share to.
fn named(hop: &Hop) -> Vec<(String, String)> {
    let function = hop.at.path().split('/').next().unwrap_or_default();
    let versions = hop.edits.iter().filter_map(|edit| match edit.setting.strip_prefix("weights.") {
        Some(version) => edit.to.as_ref().map(|_| version),
        None => edit.to.as_ref().and_then(Value::as_str),
    });
    versions.map(|version| (function.to_owned(), version.to_owned())).collect()
}

async fn told(client: &Client, site: Site<'_>, function: &str, version: &str) -> Told {
    let ask = client.get_function_configuration().function_name(function).qualifier(version);
    let what = format!("version {version} of function {function}");
    match call(site.cx, "lambda:GetFunctionConfiguration", ask.send()).await {
        Ok(found) if found.version() == Some(version) => None,
        // By an alias the API tells the version that it stands for, and takes no alias of an alias.
        Ok(found) => not_there(format!("no {what}: that is an alias of {}", found.version().unwrap_or_default())),
        Err(failed) if failed.is_missing() => {
            let newest = newest(client, site, function).await.unwrap_or_default();
            let others =
                if newest.is_empty() { String::new() } else { format!("; its newest are {}", newest.join(", ")) };
            not_there(format!("no {what}{others}"))
        }
        Err(failed) => unread(&what, failed),
    }
}

/// They are listed from the oldest on.
async fn newest(client: &Client, site: Site<'_>, function: &str) -> Result<Vec<String>, Failed> {
    let all = all_pages(async |next| {
        let ask = client.list_versions_by_function().function_name(function).set_marker(next);
        let page = call(site.cx, "lambda:ListVersionsByFunction", ask.send()).await?;
        let versions = page.versions.unwrap_or_default().into_iter();
        Ok((versions.filter_map(|found| found.version?.parse::<u64>().ok()), page.next_marker))
    });
    let mut all = all.await?;
    all.sort_unstable_by(|a, b| b.cmp(a));
    Ok(all.iter().take(NEWEST).map(ToString::to_string).collect())
}
