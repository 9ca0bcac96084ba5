use std::collections::BTreeMap;

use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbInstance, DbSnapshot, Filter};
use aws_smithy_types::DateTime;
use opsctl_api::{Fault, LiveSetting};

use crate::call::{Failed, all_pages, call, few_at_once};
use crate::provider::Site;
use crate::value::age;

/// DescribeDBSnapshots gives up to 100 a page
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html>).
const PAGE: usize = 100;

/// How old the newest snapshot of each is, by resource ID: an earlier instance may have had the same name, and so may the one in
/// another region of which a snapshot was copied. A cluster's are not of its instances.
pub(super) async fn ages(
    client: &Client,
    site: Site<'_>,
    all: &[DbInstance],
) -> Result<BTreeMap<String, LiveSetting>, Failed> {
    let own = all.iter().filter(|one| one.db_cluster_identifier().is_none());
    let ids: Vec<String> = own.filter_map(|one| one.dbi_resource_id.clone()).collect();
    let chunks: Vec<&[String]> = ids.chunks(PAGE).collect();
    let read = few_at_once(chunks.iter().map(|ids| snapshots(client, site, ids)).collect()).await;
    let mut newest: BTreeMap<String, DateTime> = BTreeMap::new();
    let mut ages = BTreeMap::new();
    for (ids, read) in chunks.into_iter().zip(read) {
        match read {
            Ok(snapshots) => {
                for (id, made) in snapshots.into_iter().filter_map(made) {
                    let known = newest.entry(id).or_insert(made);
                    *known = made.max(*known);
                }
            }
            // What else there is of an instance is told all the same.
            Err(Failed { fault: fault @ Fault::Denied(_), .. }) => {
                ages.extend(ids.iter().map(|id| (id.clone(), LiveSetting::Hidden(fault.to_string()))));
            }
            Err(failed) => return Err(failed),
        }
    }
    ages.extend(newest.iter().map(|(id, made)| (id.clone(), age(made))));
    Ok(ages)
}

/// Of which instance one is that could be restored, and when it was made; the time of a copy is another one.
fn made(snapshot: DbSnapshot) -> Option<(String, DateTime)> {
    let made = snapshot.original_snapshot_create_time.or(snapshot.snapshot_create_time)?;
    (snapshot.status.as_deref() == Some("available")).then_some((snapshot.dbi_resource_id?, made))
}

async fn snapshots(client: &Client, site: Site<'_>, ids: &[String]) -> Result<Vec<DbSnapshot>, Failed> {
    let of = Filter::builder().name("dbi-resource-id").set_values(Some(ids.to_vec())).build();
    all_pages(async |next| {
        let ask = client.describe_db_snapshots().filters(of.clone()).max_records(PAGE as i32).set_marker(next);
        let page = call(site.cx, "rds:DescribeDBSnapshots", ask.send()).await?;
        Ok((page.db_snapshots.unwrap_or_default(), page.marker))
    })
    .await
}
