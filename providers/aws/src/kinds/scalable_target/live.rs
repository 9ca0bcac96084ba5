use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace, SuspendedState};
use opsctl_api::{Address, Fault, Live, Owner, Relation, Value, Write, Written};

use super::parts;
use crate::call::{Failed, all_pages, call, few_at_once};
use crate::kinds::{Calls, each, edit};
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{integer, switch};

/// DescribeScalableTargets takes up to 50 resources of one namespace, and gives up to 50 targets a page
/// (<https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html>).
const PAGE: usize = 50;

/// What scales ECS services.
pub(in crate::kinds) const ECS: (&str, &str) = ("ecs", "ecs:service:DesiredCount");

pub(in crate::kinds) const CALLS: Calls = Calls {
    write: |site, batch| Box::pin(each(batch, move |write, live| send(site, write, live))),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.applicationautoscaling().await;
    let mut found = Found::default();
    let mut namespaces: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in need.one.keys() {
        match parts(path) {
            Some((namespace, resource, _)) => {
                namespaces.entry(namespace).or_default().push(resource.to_owned());
            }
            None => found.failed([*path], &Fault::Invalid(format!("`{path}` is no NAMESPACE/RESOURCE/DIMENSION"))),
        }
    }
    let whole = need.bound(0);
    for namespace in whole.iter().flatten() {
        namespaces.entry(namespace).or_default();
    }
    if whole.is_none() {
        found.partly = Some(need.too_wide("namespace"));
    }
    if need.by_tags() {
        found.partly = Some(Fault::Invalid("scalable targets are not read with tags: name them".to_owned()));
    }
    let bounds = ["max", "min"].iter().any(|bound| need.wants(bound));
    let read = few_at_once(
        namespaces
            .iter()
            .map(async |(namespace, resources)| {
                let all = whole.as_ref().is_some_and(|whole| whole.contains(namespace));
                let some = (!all).then_some(resources.as_slice());
                let scheduled =
                    async { if bounds { scheduled(&client, site, namespace).await } else { Ok(Vec::new()) } };
                tokio::join!(targets(&client, site, namespace, some), scheduled)
            })
            .collect(),
    );
    for (namespace, (targets, scheduled)) in namespaces.keys().zip(read.await) {
        match targets {
            Ok(targets) => targets.iter().for_each(|target| {
                if let Some(mut live) = live(site, target) {
                    live.owners = owners(live.at.path(), &scheduled);
                    found.add(live, []);
                }
            }),
            Err(failed) => {
                let of = |path: &&&str| parts(path).is_some_and(|(of, ..)| of == *namespace);
                found.unread(need.one.keys().filter(of).copied(), failed);
            }
        }
    }
    found
}

/// The targets of a namespace: those of some resources, or all of them.
pub(in crate::kinds) async fn targets(
    client: &Client,
    site: Site<'_>,
    namespace: &str,
    resources: Option<&[String]>,
) -> Result<Vec<ScalableTarget>, Failed> {
    let chunks: Vec<Option<&[String]>> =
        resources.map_or_else(|| vec![None], |some| some.chunks(PAGE).map(Some).collect());
    let read = few_at_once(
        chunks
            .into_iter()
            .map(async |chunk| {
                all_pages(async |next| {
                    let ask = client
                        .describe_scalable_targets()
                        .service_namespace(ServiceNamespace::from(namespace))
                        .set_resource_ids(chunk.map(<[String]>::to_vec))
                        .max_results(PAGE as i32)
                        .set_next_token(next);
                    let page = call(site.cx, "application-autoscaling:DescribeScalableTargets", ask.send()).await?;
                    Ok((page.scalable_targets.unwrap_or_default(), page.next_token))
                })
                .await
            })
            .collect(),
    );
    Ok(read.await.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The scheduled actions of a namespace that set bounds: the path of each one's target, and its name.
async fn scheduled(client: &Client, site: Site<'_>, namespace: &str) -> Result<Vec<(String, String)>, Failed> {
    all_pages(async |next| {
        let ask = client
            .describe_scheduled_actions()
            .service_namespace(ServiceNamespace::from(namespace))
            .max_results(PAGE as i32)
            .set_next_token(next);
        let page = call(site.cx, "application-autoscaling:DescribeScheduledActions", ask.send()).await?;
        let actions = page.scheduled_actions.unwrap_or_default().into_iter().filter_map(|action| {
            let dimension = action.scalable_dimension?;
            let path = format!("{namespace}/{}/{}", action.resource_id, dimension.as_str());
            Some((path, action.scheduled_action_name))
        });
        Ok((actions, page.next_token))
    })
    .await
}

fn owners(path: &str, scheduled: &Result<Vec<(String, String)>, Failed>) -> Vec<Owner> {
    let note = |name: String, does: String| Owner::note(name, &["max", "min"], does);
    match scheduled {
        Ok(scheduled) => {
            let own = scheduled.iter().filter(|(of, _)| of == path);
            let does = "sets its own bounds when its time comes";
            own.map(|(_, name)| note(format!("scheduled action {name}"), does.to_owned())).collect()
        }
        Err(failed) => {
            let does = format!("could not be read: {}", failed.fault);
            vec![note("a scheduled action, if there is one".to_owned(), does)]
        }
    }
}

fn live(site: Site<'_>, target: &ScalableTarget) -> Option<Live> {
    let (namespace, dimension) = (target.service_namespace().as_str(), target.scalable_dimension().as_str());
    let path = format!("{namespace}/{}/{dimension}", target.resource_id());
    let mut live = Live::new(address(site, "scalable-target", &path)?);
    let suspended = target.suspended_state();
    let is = |of: fn(&SuspendedState) -> Option<bool>| switch(suspended.and_then(of).unwrap_or_default());
    let settings = [
        ("max", integer(target.max_capacity())),
        ("min", integer(target.min_capacity())),
        ("suspend_in", is(SuspendedState::dynamic_scaling_in_suspended)),
        ("suspend_out", is(SuspendedState::dynamic_scaling_out_suspended)),
        ("suspend_scheduled", is(SuspendedState::scheduled_scaling_suspended)),
    ];
    live.settings = settings.into_iter().map(|(name, setting)| (name.to_owned(), setting)).collect();
    if (namespace, dimension) == ECS {
        live.relations.extend(service(site, target).map(Relation::Confines));
    }
    Some(live)
}

/// The ECS service that a target of one scales: `service/CLUSTER/NAME`.
fn service(site: Site<'_>, target: &ScalableTarget) -> Option<Address> {
    address(site, "ecs-service", target.resource_id().strip_prefix("service/")?)
}

async fn send(site: Site<'_>, write: &Write, live: &Live) -> Written {
    let client = site.client.applicationautoscaling().await;
    let path = write.hop.at.path();
    let Some((namespace, resource, dimension)) = parts(path) else {
        return Written::Refused(Fault::Invalid(format!("`{path}` is no NAMESPACE/RESOURCE/DIMENSION")));
    };
    let to = |setting: &str| edit(&write.hop.edits, setting)?.to.as_ref();
    let count = |setting| to(setting).and_then(Value::as_integer).and_then(|count| i32::try_from(count).ok());
    let switch = |setting: &str| match to(setting).or_else(|| live.value(setting)) {
        Some(Value::Bool(on)) => *on,
        _ => false,
    };
    // What is suspended goes as a whole: what is left out of it would be resumed.
    let moved = write.hop.edits.iter().any(|edit| edit.setting.starts_with("suspend_"));
    let suspended = SuspendedState::builder()
        .dynamic_scaling_in_suspended(switch("suspend_in"))
        .dynamic_scaling_out_suspended(switch("suspend_out"))
        .scheduled_scaling_suspended(switch("suspend_scheduled"))
        .build();
    let ask = client
        .register_scalable_target()
        .service_namespace(ServiceNamespace::from(namespace))
        .resource_id(resource)
        .scalable_dimension(ScalableDimension::from(dimension))
        .set_min_capacity(count("min"))
        .set_max_capacity(count("max"))
        .set_suspended_state(moved.then_some(suspended));
    match call(site.cx, "application-autoscaling:RegisterScalableTarget", ask.send()).await {
        Ok(_) => Written::Sent { receipt: None, version: None },
        Err(failed) => failed.written(),
    }
}
