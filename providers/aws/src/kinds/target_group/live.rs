use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{TargetGroup, TargetHealthStateEnum};
use opsctl_api::Live;

use crate::call::{Failed, all_pages, call, few_at_once};
use crate::kinds::Calls;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::integer;

/// DescribeTargetGroups gives up to 400 a page
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html>).
const PAGE: i32 = 400;
/// So many are asked for by name in one call; of more, all are listed, which are 3,000 at most.
const NAMES: usize = 20;
/// DescribeTags takes up to 20 ARNs
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html>).
const ARNS: usize = 20;

const KIND: &str = "target-group";

pub(in crate::kinds) const CALLS: Calls = Calls::reads(|site, need| Box::pin(read(site, need)));

/// A group's name and ARN.
type Group = (String, String);
type Tags = BTreeMap<String, String>;

async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.elasticloadbalancing().await;
    let groups = match groups(&client, site, need).await {
        Ok(groups) => groups,
        Err(failed) => return Found::nothing(need, failed),
    };
    let mut found = Found::default();
    let tags = if need.by_tags() { tags(&client, site, &groups).await } else { Ok(BTreeMap::new()) };
    let none = Tags::new();
    let tags_of = |arn: &str| tags.as_ref().ok().and_then(|tags| tags.get(arn)).unwrap_or(&none);
    let asked = |(name, arn): &&Group| need.asks(site, KIND, name, tags_of(arn));
    let groups: Vec<&Group> = groups.iter().filter(asked).collect();
    let health = few_at_once(groups.iter().map(|(_, arn)| health(&client, site, arn)).collect()).await;
    for ((name, arn), health) in groups.into_iter().zip(health) {
        match health {
            Ok(health) => {
                if let Some(live) = live(site, name, health) {
                    found.add(live, tags_of(arn).clone());
                }
            }
            // It has gone since.
            Err(failed) if failed.is_missing() => {}
            Err(failed) => found.unread([name.as_str()], failed),
        }
    }
    // Which ones a selection has cannot be told then.
    if let Err(failed) = tags {
        found.partly = Some(failed.fault);
    }
    found
}

/// Those that are asked for among others.
async fn groups(client: &Client, site: Site<'_>, need: &Need<'_>) -> Result<Vec<Group>, Failed> {
    let names: Vec<String> = need.one.keys().map(|name| (*name).to_owned()).collect();
    if !need.many.is_empty() || names.len() > NAMES {
        return described(client, site, None).await;
    }
    match described(client, site, Some(&names)).await {
        // One that is missing fails all.
        Err(failed) if failed.is_missing() && names.len() > 1 => described(client, site, None).await,
        Err(failed) if failed.is_missing() => Ok(Vec::new()),
        read => read,
    }
}

async fn described(client: &Client, site: Site<'_>, names: Option<&[String]>) -> Result<Vec<Group>, Failed> {
    all_pages(async |next| {
        // With names there are no pages.
        let ask = client
            .describe_target_groups()
            .set_names(names.map(<[String]>::to_vec))
            .set_page_size(names.is_none().then_some(PAGE))
            .set_marker(next);
        let page = call(site.cx, "elasticloadbalancing:DescribeTargetGroups", ask.send()).await?;
        let groups = page.target_groups.unwrap_or_default().into_iter();
        let named = groups.filter_map(|TargetGroup { target_group_name, target_group_arn, .. }| {
            Some((target_group_name?, target_group_arn?))
        });
        Ok((named, page.next_marker))
    })
    .await
}

/// Tags by ARN.
async fn tags(client: &Client, site: Site<'_>, groups: &[Group]) -> Result<BTreeMap<String, Tags>, Failed> {
    let arns: Vec<String> = groups.iter().map(|(_, arn)| arn.clone()).collect();
    let pages = few_at_once(
        arns.chunks(ARNS)
            .map(async |arns| {
                let ask = client.describe_tags().set_resource_arns(Some(arns.to_vec()));
                call(site.cx, "elasticloadbalancing:DescribeTags", ask.send()).await
            })
            .collect(),
    );
    let mut all = BTreeMap::new();
    for page in pages.await {
        for described in page?.tag_descriptions.unwrap_or_default() {
            let tags = described.tags.unwrap_or_default().into_iter();
            let tags = tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect();
            all.extend(described.resource_arn.map(|arn| (arn, tags)));
        }
    }
    Ok(all)
}

/// How many are healthy, and how many are not.
async fn health(client: &Client, site: Site<'_>, arn: &str) -> Result<(i64, i64), Failed> {
    let ask = client.describe_target_health().target_group_arn(arn);
    let answer = call(site.cx, "elasticloadbalancing:DescribeTargetHealth", ask.send()).await?;
    let mut counts = (0, 0);
    for target in answer.target_health_descriptions.unwrap_or_default() {
        match target.target_health.and_then(|health| health.state) {
            Some(TargetHealthStateEnum::Healthy) => counts.0 += 1,
            Some(TargetHealthStateEnum::Draining) => {}
            _ => counts.1 += 1,
        }
    }
    Ok(counts)
}

fn live(site: Site<'_>, name: &str, (healthy, unhealthy): (i64, i64)) -> Option<Live> {
    let mut live = Live::new(address(site, KIND, name)?);
    live.settings.insert("healthy".to_owned(), integer(healthy));
    live.settings.insert("unhealthy".to_owned(), integer(unhealthy));
    Some(live)
}
