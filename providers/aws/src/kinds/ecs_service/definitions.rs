//! Which task definitions there are: a service takes an active one alone.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{SortOrder, TaskDefinitionStatus};
use opsctl_api::{Hop, Value};

use super::live::last;
use crate::call::{Failed, call};
use crate::kinds::{Told, edit};
use crate::preflight::{each_thing, not_there, unread};
use crate::provider::Site;

/// How many are told of those that there are.
const NEWEST: i32 = 3;

pub(super) async fn preflight(site: Site<'_>, hops: &[&Hop]) -> Vec<Told> {
    let client = &site.client.ecs().await;
    each_thing(hops, named, async |definition: String| told(client, site, &definition).await).await
}

fn named(hop: &Hop) -> Vec<String> {
    let definition = edit(&hop.edits, "task_definition").and_then(|edit| edit.to.as_ref()).and_then(Value::as_str);
    definition.map(str::to_owned).into_iter().collect()
}

async fn told(client: &Client, site: Site<'_>, definition: &str) -> Told {
    let what = format!("active task definition {definition}");
    let ask = client.describe_task_definition().task_definition(definition);
    let inactive = match call(site.cx, "ecs:DescribeTaskDefinition", ask.send()).await {
        Ok(found) => match found.task_definition.and_then(|found| found.status) {
            Some(TaskDefinitionStatus::Active) => return None,
            _ => ": it was deregistered",
        },
        // "Unable to describe task definition." has no code of its own.
        Err(failed) if failed.code == "ClientException" => "",
        Err(failed) => return unread(&format!("an {what}"), failed),
    };
    let family = definition.rsplit_once(':').map_or(definition, |(family, _)| family);
    let others = match newest(client, site, family).await.unwrap_or_default().as_slice() {
        [] => String::new(),
        newest => format!("; the newest are {}", newest.join(", ")),
    };
    not_there(format!("no {what}{inactive}{others}"))
}

/// Of a family, those that are active.
async fn newest(client: &Client, site: Site<'_>, family: &str) -> Result<Vec<String>, Failed> {
    let ask = client.list_task_definitions().family_prefix(family).sort(SortOrder::Desc).max_results(NEWEST);
    let found = call(site.cx, "ecs:ListTaskDefinitions", ask.send()).await?;
    Ok(found.task_definition_arns().iter().map(|arn| last(arn)).collect())
}
