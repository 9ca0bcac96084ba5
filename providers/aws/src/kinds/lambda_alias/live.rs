use std::collections::{BTreeMap, HashMap};

use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{AliasConfiguration, AliasRoutingConfiguration};
use opsctl_api::{Address, Edit, Fault, Live, LiveSetting, Value, Write, Written};

use super::versions::preflight;
use crate::call::{Failed, all_pages, call, few_at_once};
use crate::kinds::{Calls, each, edit};
use crate::owner::makers;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{number, optional, text};

/// ListFunctions gives up to 50 a page (<https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html>).
const PAGE: i32 = 50;

pub(in crate::kinds) const CALLS: Calls = Calls {
    // It is read right before, and updated only from the revision that was read then: nobody is overwritten.
    write: |site, batch| Box::pin(each(batch, move |write, live| send(site, write, live))),
    preflight: |site, hops| Box::pin(preflight(site, hops)),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

/// A function's aliases come in one list.
async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.lambda().await;
    let mut found = Found::default();
    let mut functions: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, (function, _)) in need.one.keys().filter_map(|path| Some((path, path.split_once('/')?))) {
        functions.entry(function.to_owned()).or_default().push(path);
    }
    let listed = match need.bound(0) {
        Some(named) => Ok(named.into_iter().map(str::to_owned).collect()),
        None => all_functions(&client, site).await,
    };
    match listed {
        Ok(all) => all.into_iter().filter(|function| need.opens(function)).for_each(|function| {
            functions.entry(function).or_default();
        }),
        Err(failed) => found.partly = Some(failed.fault),
    }
    let read = few_at_once(
        functions
            .keys()
            .map(async |function| {
                let aliases = aliases(&client, site, function).await?;
                let tags = match aliases.first().and_then(function_arn) {
                    Some(arn) if need.by_tags() => tags(&client, site, arn).await?,
                    _ => BTreeMap::new(),
                };
                Ok::<_, Failed>((aliases, tags))
            })
            .collect(),
    );
    for ((function, paths), read) in functions.iter().zip(read.await) {
        match read {
            Ok((aliases, tags)) => aliases.iter().for_each(|alias| {
                if let Some(live) = live(site, function, alias, &tags) {
                    found.add(live, tags.clone());
                }
            }),
            // A function that is not there has no aliases.
            Err(failed) if failed.is_missing() => {}
            Err(failed) => found.unread(paths.iter().copied(), failed),
        }
    }
    found
}

async fn all_functions(client: &Client, site: Site<'_>) -> Result<Vec<String>, Failed> {
    all_pages(async |next| {
        let ask = client.list_functions().max_items(PAGE).set_marker(next);
        let page = call(site.cx, "lambda:ListFunctions", ask.send()).await?;
        let functions = page.functions.unwrap_or_default().into_iter();
        Ok((functions.filter_map(|function| function.function_name), page.next_marker))
    })
    .await
}

async fn aliases(client: &Client, site: Site<'_>, function: &str) -> Result<Vec<AliasConfiguration>, Failed> {
    all_pages(async |next| {
        let ask = client.list_aliases().function_name(function).set_marker(next);
        let page = call(site.cx, "lambda:ListAliases", ask.send()).await?;
        Ok((page.aliases.unwrap_or_default(), page.next_marker))
    })
    .await
}

/// Tags are the function's: an alias has none.
async fn tags(client: &Client, site: Site<'_>, function: &str) -> Result<BTreeMap<String, String>, Failed> {
    let answer = call(site.cx, "lambda:ListTags", client.list_tags().resource(function).send()).await?;
    Ok(answer.tags.unwrap_or_default().into_iter().collect())
}

/// The ARN of an alias' function, which that of the alias begins with.
fn function_arn(alias: &AliasConfiguration) -> Option<&str> {
    alias.alias_arn()?.rsplit_once(':').map(|(function, _)| function)
}

fn alias_at(site: Site<'_>, function: &str, name: &str) -> Option<Address> {
    address(site, "lambda-alias", &format!("{function}/{name}"))
}

fn live(site: Site<'_>, function: &str, found: &AliasConfiguration, tags: &BTreeMap<String, String>) -> Option<Live> {
    let mut live = Live::new(alias_at(site, function, found.name()?)?);
    live.settings.insert("version".to_owned(), optional(found.function_version().map(text)));
    let weights = found.routing_config().and_then(AliasRoutingConfiguration::additional_version_weights);
    for (version, weight) in weights.into_iter().flatten() {
        live.settings.insert(format!("weights.{version}"), number(*weight));
    }
    live.version = found.revision_id().map(str::to_owned);
    live.owners = makers(&[], |tag| tags.get(tag).map(String::as_str));
    Some(live)
}

async fn send(site: Site<'_>, write: &Write, live: &Live) -> Written {
    let client = site.client.lambda().await;
    let path = write.hop.at.path();
    let Some((function, alias)) = path.split_once('/') else {
        return Written::Refused(Fault::Invalid(format!("`{path}` is no FUNCTION/ALIAS")));
    };
    let version = match edit(&write.hop.edits, "version") {
        Some(edit) => edit.to.as_ref(),
        None => live.value("version"),
    };
    let ask = client
        .update_alias()
        .function_name(function)
        .name(alias)
        .set_function_version(version.and_then(Value::as_str).map(str::to_owned))
        .routing_config(routing(live, &write.hop.edits))
        .set_revision_id(live.version.clone());
    match call(site.cx, "lambda:UpdateAlias", ask.send()).await {
        Ok(answer) => Written::Sent { receipt: None, version: answer.revision_id },
        // Somebody was faster, after it was read: what is there now tells what became of it.
        Err(failed) if failed.code == "PreconditionFailedException" => {
            let found = read(site, &Need::of(std::slice::from_ref(write))).await;
            found.one(path).map_or_else(Written::Refused, |live| Written::Conflict(Box::new(live.clone())))
        }
        Err(failed) => failed.written(),
    }
}

/// All weights as they shall be: the call replaces them as a whole, and an empty map takes them away.
fn routing(live: &Live, edits: &[Edit]) -> AliasRoutingConfiguration {
    let weight = |value: Option<&Value>| match value {
        Some(Value::Number(weight)) => Some(*weight),
        Some(Value::Integer(weight)) => Some(*weight as f64),
        _ => None,
    };
    let version = |key: &str| key.strip_prefix("weights.").map(str::to_owned);
    let there = live.settings.iter().filter_map(|(key, setting)| {
        let value = LiveSetting::value(setting);
        Some((version(key)?, weight(value)))
    });
    let moved = edits.iter().filter_map(|edit| Some((version(&edit.setting)?, weight(edit.to.as_ref()))));
    let all: HashMap<String, Option<f64>> = there.chain(moved).collect();
    let weights = all.into_iter().filter_map(|(version, weight)| Some((version, weight?))).collect();
    AliasRoutingConfiguration::builder().set_additional_version_weights(Some(weights)).build()
}
