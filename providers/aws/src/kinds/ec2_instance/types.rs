//! Which instance types a region has.

use std::collections::BTreeMap;

use opsctl_api::{Hop, Value};

use super::answer::types;
use super::live::{IDS, field, literal, pages};
use crate::call::{Failed, few_at_once};
use crate::direct::Direct;
use crate::kinds::{Told, edit};
use crate::preflight::{not_there, unread};
use crate::provider::Site;

/// How many are told of those that there are.
const TOLD: usize = 12;

/// The type that a hop sets.
fn named(hop: &Hop) -> Option<&str> {
    edit(&hop.edits, "instance_type")?.to.as_ref().and_then(Value::as_str)
}

/// What is told of the types that hops set: asked about in one call, and for each that is not there once more.
pub(super) async fn told(client: &Direct, site: Site<'_>, hops: &[&Hop]) -> Vec<Told> {
    let mut told: BTreeMap<&str, Told> = hops.iter().filter_map(|hop| Some((named(hop)?, None))).collect();
    let all: Vec<&str> = told.keys().copied().collect();
    for chunk in all.chunks(IDS) {
        let there = described(client, site, chunk.iter().map(|name| literal(name)).collect()).await;
        let missing =
            chunk.iter().filter(|name| there.as_ref().is_ok_and(|there| !there.iter().any(|one| one == **name)));
        let missing: Vec<&str> = missing.copied().collect();
        let found = few_at_once(missing.iter().map(|name| family(client, site, name)).collect()).await;
        told.extend(missing.into_iter().zip(found));
        if let Err(failed) = there {
            told.extend(chunk.iter().map(|name| (*name, unread(&format!("an instance type {name}"), failed.clone()))));
        }
    }
    hops.iter().map(|hop| told.get(named(hop)?)?.clone()).collect()
}

/// That one is not there, and which others of its family are.
async fn family(client: &Direct, site: Site<'_>, name: &str) -> Told {
    let family = name.split('.').next().unwrap_or_default();
    let mut others = described(client, site, vec![format!("{}.*", literal(family))]).await.unwrap_or_default();
    others.sort();
    others.truncate(TOLD);
    let others = if others.is_empty() { String::new() } else { format!("; there are {}", others.join(", ")) };
    not_there(format!("no instance type {name} in {}{others}", site.client.options().region))
}

/// The types of the region that are called so (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html>).
async fn described(client: &Direct, site: Site<'_>, names: Vec<String>) -> Result<Vec<String>, Failed> {
    let values = names.into_iter().zip(1..).map(|(name, nth)| field(format!("Filter.1.Value.{nth}"), name));
    let fields = [field("Filter.1.Name", "instance-type")].into_iter().chain(values).collect();
    pages(client, site, "DescribeInstanceTypes", &fields, types).await
}
