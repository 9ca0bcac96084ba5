//! What Application Auto Scaling holds of what it scales.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::{ScalableTarget, ServiceNamespace};
use opsctl_api::{Owner, Value};

use super::live::targets;
use crate::call::{Failed, call};
use crate::provider::Site;

/// Up to so many resources are asked for by name in one call; for more, the namespace is listed.
const FEW: usize = 50;

/// The owners of a setting of these resources, by resource: the bounds of each one's target, and the policies that move it
/// between them. Policies are read only where there is a target.
pub(in crate::kinds) async fn owners(
    site: Site<'_>,
    (namespace, dimension): (&str, &str),
    setting: &str,
    resources: &[String],
) -> Result<BTreeMap<String, Owner>, Failed> {
    let client = site.client.applicationautoscaling().await;
    let some = (resources.len() <= FEW).then_some(resources);
    let targets = targets(&client, site, namespace, some).await?;
    let mut scaled: Vec<&ScalableTarget> = targets.iter().collect();
    scaled.retain(|target| {
        target.scalable_dimension().as_str() == dimension && resources.iter().any(|one| one == target.resource_id())
    });
    let policies = match &scaled[..] {
        [] => Vec::new(),
        [one] => policies(&client, site, namespace, Some(one.resource_id())).await?,
        _ => policies(&client, site, namespace, None).await?,
    };
    let owner = |target: &ScalableTarget| {
        let of = policies.iter().filter(|(resource, of, _)| resource == target.resource_id() && of == dimension);
        owner(target, dimension, setting, &of.map(|(.., name)| name.as_str()).collect::<Vec<_>>())
    };
    Ok(scaled.into_iter().map(|target| (target.resource_id().to_owned(), owner(target))).collect())
}

/// The policies of a namespace, or of one resource: resource, dimension and name.
async fn policies(
    client: &Client,
    site: Site<'_>,
    namespace: &str,
    resource: Option<&str>,
) -> Result<Vec<(String, String, String)>, Failed> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let ask = client
            .describe_scaling_policies()
            .service_namespace(ServiceNamespace::from(namespace))
            .set_resource_id(resource.map(str::to_owned))
            .set_next_token(next);
        let page = call(site.cx, "application-autoscaling:DescribeScalingPolicies", ask.send()).await?;
        let policies = page.scaling_policies.unwrap_or_default().into_iter();
        all.extend(policies.map(|one| (one.resource_id, one.scalable_dimension.as_str().to_owned(), one.policy_name)));
        match page.next_token.filter(|token| !token.is_empty()) {
            Some(token) => next = Some(token),
            None => return Ok(all),
        }
    }
}

fn owner(target: &ScalableTarget, dimension: &str, setting: &str, policies: &[&str]) -> Owner {
    let state = target.suspended_state();
    let suspended = state.is_some_and(|state| {
        let ways = [
            state.dynamic_scaling_in_suspended(),
            state.dynamic_scaling_out_suspended(),
            state.scheduled_scaling_suspended(),
        ];
        ways.iter().all(|way| *way == Some(true))
    });
    let does = match policies {
        _ if suspended => "moves it into its bounds when it is resumed or registered anew".to_owned(),
        [] => "moves it into its bounds".to_owned(),
        [policy] => format!("moves it into its bounds, and between them by the policy {policy}"),
        policies => format!("moves it into its bounds, and between them by the policies {}", policies.join(", ")),
    };
    let (min, max) = (target.min_capacity(), target.max_capacity());
    Owner {
        name: format!("scalable-target/{}/{}/{dimension}", target.service_namespace().as_str(), target.resource_id()),
        settings: vec![setting.to_owned()],
        within: Some((Value::Integer(min.into()), Value::Integer(max.into()))),
        off_at: None,
        reverts: !suspended,
        soon: None,
        does,
        instead: "set its min and max".to_owned(),
    }
}
