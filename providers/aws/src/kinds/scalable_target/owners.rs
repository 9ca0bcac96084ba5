//! What Application Auto Scaling holds of what it scales.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::ScalableTarget;
use opsctl_api::{Owner, Value};

use super::live::targets;
use crate::call::{Failed, all_pages, call, few_at_once};
use crate::provider::Site;

/// Up to so many resources are asked for by name in one call; for more, the namespace is listed.
const FEW: usize = 50;
/// The policies of up to so many targets are read and named. DescribeScalingPolicies takes one resource, or gives ten policies a
/// page of a whole namespace (<https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html>).
const NAMED: usize = 3;

/// The owners of a setting of these resources, by resource: the bounds of each one's target, and the policies that move it
/// between them, where they are few.
pub(in crate::kinds) async fn owners(
    site: Site<'_>,
    (namespace, dimension): (&str, &str),
    setting: &str,
    resources: &[String],
) -> Result<BTreeMap<String, Owner>, Failed> {
    let client = site.client.applicationautoscaling().await;
    let some = (resources.len() <= FEW).then_some(resources);
    let targets = targets(&client, site, namespace, some).await?;
    let asked: BTreeSet<&str> = resources.iter().map(String::as_str).collect();
    let mut scaled: Vec<&ScalableTarget> = targets.iter().collect();
    scaled.retain(|target| target.scalable_dimension().as_str() == dimension && asked.contains(target.resource_id()));
    let named = if scaled.len() <= NAMED { &scaled[..] } else { &[] };
    let named = few_at_once(named.iter().map(|target| policies(&client, site, target)).collect()).await;
    let mut named = named.into_iter();
    let owners =
        scaled.into_iter().map(|target| (target.resource_id().to_owned(), owner(target, setting, named.next())));
    Ok(owners.collect())
}

/// The names of a target's policies.
async fn policies(client: &Client, site: Site<'_>, target: &ScalableTarget) -> Result<Vec<String>, Failed> {
    all_pages(async |next| {
        let ask = client
            .describe_scaling_policies()
            .service_namespace(target.service_namespace().clone())
            .resource_id(target.resource_id())
            .scalable_dimension(target.scalable_dimension().clone())
            .set_next_token(next);
        let page = call(site.cx, "application-autoscaling:DescribeScalingPolicies", ask.send()).await?;
        let policies = page.scaling_policies.unwrap_or_default().into_iter();
        Ok((policies.map(|policy| policy.policy_name), page.next_token))
    })
    .await
}

fn owner(target: &ScalableTarget, setting: &str, policies: Option<Result<Vec<String>, Failed>>) -> Owner {
    let state = target.suspended_state();
    let suspended = state.is_some_and(|state| {
        let ways = [
            state.dynamic_scaling_in_suspended(),
            state.dynamic_scaling_out_suspended(),
            state.scheduled_scaling_suspended(),
        ];
        ways.iter().all(|way| *way == Some(true))
    });
    let bounds = "moves it into its bounds";
    let does = match policies {
        _ if suspended => format!("{bounds} when it is resumed or registered anew"),
        None => format!("{bounds}, and between them by its policies"),
        Some(Err(failed)) => format!("{bounds}, and its policies could not be read: {}", failed.fault),
        Some(Ok(policies)) => match &policies[..] {
            [] => bounds.to_owned(),
            [policy] => format!("{bounds}, and between them by the policy {policy}"),
            policies => format!("{bounds}, and between them by the policies {}", policies.join(", ")),
        },
    };
    let (namespace, dimension) = (target.service_namespace().as_str(), target.scalable_dimension().as_str());
    let (min, max) = (target.min_capacity(), target.max_capacity());
    let name = format!("scalable-target/{namespace}/{}/{dimension}", target.resource_id());
    Owner {
        within: Some((Value::Integer(min.into()), Value::Integer(max.into()))),
        reverts: !suspended,
        instead: "set its min and max".to_owned(),
        ..Owner::note(name, &[setting], does)
    }
}
