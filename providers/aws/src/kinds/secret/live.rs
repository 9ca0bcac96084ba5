use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::operation::update_secret_version_stage::builders::UpdateSecretVersionStageFluentBuilder;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};
use opsctl_api::{Fault, Hop, Live, LiveSetting, Owner, Plain, Preflight, Value, Write, Written};
use serde_json::Value as Json;

use super::versions::{Version, Versions, label, number, restores, version_id};
use crate::call::{Failed, all_pages, call, few_at_once};
use crate::fault::fault;
use crate::kinds::{Calls, Told, each};
use crate::owner::makers;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::write::holds;

/// The label of the version that is used.
const CURRENT: &str = "AWSCURRENT";
/// ListSecrets gives up to 100 a page, and takes up to ten values of a filter
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html>).
const PAGE: i32 = 100;
const VALUES: usize = 10;
/// BatchGetSecretValue takes up to 20
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html>).
const BATCH: usize = 20;

pub(in crate::kinds) const CALLS: Calls = Calls {
    // A new version comes into use only if the one that it was made from is the one in use: nobody is overwritten.
    reads_by_itself: true,
    write: |site, batch| Box::pin(each(batch, move |write, _| send(site, write))),
    // There is no dry run, but it can be told whether what shall be restored is still kept.
    preflight: |site, hops| Box::pin(preflight(site, hops)),
    ..Calls::reads(|site, need| Box::pin(read(site, need)))
};

/// A secret: what is told of it, and its versions.
struct Kept {
    about: DescribeSecretOutput,
    versions: Versions,
}

async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = site.client.secretsmanager().await;
    let mut found = Found::default();
    let mut names: BTreeSet<String> = need.one.keys().map(|name| (*name).to_owned()).collect();
    if !need.many.is_empty() {
        match list(&client, site, need).await {
            Ok(all) => {
                let is_member = |name: &String| address(site, "secret", name).is_some_and(|at| need.covers(&at));
                names.extend(all.into_iter().filter(is_member));
            }
            Err(failed) => found.partly = Some(failed.fault),
        }
    }
    let names: Vec<String> = names.into_iter().collect();
    for (name, secret) in names.iter().zip(look(&client, site, &names).await) {
        match secret {
            Ok(secret) => {
                if let Some(mut live) = secret.live(site, name) {
                    if secret.versions.keys().is_none() {
                        let hidden = LiveSetting::Hidden("its text is no JSON object".to_owned());
                        live.settings.extend(need.keys_of("json").map(|key| (key.to_owned(), hidden.clone())));
                    }
                    let tags =
                        secret.about.tags().iter().filter_map(|tag| Some((tag.key()?.into(), tag.value()?.into())));
                    found.add(live, tags);
                }
            }
            Err(failed) => found.unread([name.as_str()], failed),
        }
    }
    found
}

async fn list(client: &Client, site: Site<'_>, need: &Need<'_>) -> Result<Vec<String>, Failed> {
    let begin: Vec<String> = need.beginnings().into_iter().map(str::to_owned).collect();
    let named = begin.len() <= VALUES && begin.iter().all(|begin| !begin.is_empty());
    let filter = Filter::builder().key(FilterNameStringType::Name).set_values(Some(begin)).build();
    let filters = named.then(|| vec![filter]);
    all_pages(async |next| {
        let ask = client.list_secrets().set_filters(filters.clone()).max_results(PAGE).set_next_token(next);
        let page = call(site.cx, "secretsmanager:ListSecrets", ask.send()).await?;
        let secrets = page.secret_list.unwrap_or_default().into_iter();
        Ok((secrets.filter_map(|secret| secret.name), page.next_token))
    })
    .await
}

/// Secrets with the versions that are kept of each. The list of secrets tells of a version only minutes after it was made, so each is
/// described; what is in use comes in batches.
async fn look(client: &Client, site: Site<'_>, names: &[String]) -> Vec<Result<Kept, Failed>> {
    let about = few_at_once(names.iter().map(|name| describe(client, site, name)).collect());
    let current = few_at_once(names.chunks(BATCH).map(|names| current(client, site, names)).collect());
    let (about, current) = tokio::join!(about, current);
    let mut current: BTreeMap<String, Result<Version, Failed>> = current.into_iter().flatten().collect();
    let mut secrets = Vec::new();
    for (name, about) in names.iter().zip(about) {
        let none = || Failed::from_fault(Fault::Missing("it has no version in use".to_owned()));
        let current = current.remove(name).unwrap_or_else(|| Err(none()));
        secrets.push(match about {
            Ok(about) => match current {
                Ok(current) => with_older(client, site, name, about, current).await,
                Err(failed) => Err(failed),
            },
            Err(failed) => Err(failed),
        });
    }
    secrets
}

async fn describe(client: &Client, site: Site<'_>, name: &str) -> Result<DescribeSecretOutput, Failed> {
    let ask = client.describe_secret().secret_id(name);
    let about = call(site.cx, "secretsmanager:DescribeSecret", ask.send()).await?;
    match about.deleted_date() {
        Some(_) => Err(Failed::from_fault(Fault::Missing("it is deleted, and waits to be gone for good".to_owned()))),
        None => Ok(about),
    }
}

/// The versions in use of some secrets.
async fn current(client: &Client, site: Site<'_>, names: &[String]) -> Vec<(String, Result<Version, Failed>)> {
    const VERB: &str = "secretsmanager:BatchGetSecretValue";
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let ask = client.batch_get_secret_value().set_secret_id_list(Some(names.to_vec())).set_next_token(next);
        let page = match call(site.cx, VERB, ask.send()).await {
            Ok(page) => page,
            Err(failed) => return names.iter().map(|name| (name.clone(), Err(failed.clone()))).collect(),
        };
        for value in page.secret_values.unwrap_or_default() {
            if let (Some(name), Some(id)) = (value.name, value.version_id) {
                let label = value.version_stages.iter().flatten().find_map(|stage| number(stage));
                all.push((name, Ok(Version { id, label, text: value.secret_string.map(Plain::new) })));
            }
        }
        for error in page.errors.unwrap_or_default() {
            let (code, said) = (error.error_code().unwrap_or_default(), error.message().unwrap_or_default());
            let failed = Failed::from_fault(fault(VERB, 400, code, said, None));
            all.extend(error.secret_id.clone().map(|name| (name, Err(failed))));
        }
        match page.next_token.filter(|token| !token.is_empty()) {
            Some(token) => next = Some(token),
            None => return all,
        }
    }
}

/// A secret with the other versions that have a label of opsctl's.
async fn with_older(
    client: &Client,
    site: Site<'_>,
    name: &str,
    about: DescribeSecretOutput,
    current: Version,
) -> Result<Kept, Failed> {
    let labelled = about.version_ids_to_stages().into_iter().flatten().filter_map(|(id, stages)| {
        let label = stages.iter().find_map(|stage| number(stage))?;
        (*id != current.id).then_some((id, label))
    });
    let asked = labelled.map(async |(id, label)| {
        let ask = client.get_secret_value().secret_id(name).version_id(id);
        let value = call(site.cx, "secretsmanager:GetSecretValue", ask.send()).await?;
        Ok::<_, Failed>(Version { id: id.clone(), label: Some(label), text: value.secret_string.map(Plain::new) })
    });
    let mut older = Vec::new();
    for version in few_at_once(asked.collect()).await {
        match version {
            Ok(version) => older.push(version),
            // It has just lost its label.
            Err(failed) if failed.is_missing() => {}
            Err(failed) => return Err(failed),
        }
    }
    Ok(Kept { versions: Versions::new(current, older), about })
}

impl Kept {
    fn live(&self, site: Site<'_>, name: &str) -> Option<Live> {
        let mut live = Live::new(address(site, "secret", name)?);
        for key in self.versions.keys().unwrap_or_default() {
            if let Some(secret) = self.versions.secret(&key) {
                live.settings.insert(format!("json.{key}"), LiveSetting::is(secret.into(), Json::Null));
            }
        }
        live.version = Some(self.versions.current().id.clone());
        live.owners.extend(self.about.owning_service().filter(|service| !service.is_empty()).map(service));
        live.owners.extend((self.about.rotation_enabled() == Some(true)).then(|| self.rotation()));
        let tags = self.about.tags();
        live.owners.extend(makers(&[], |key| tags.iter().find(|tag| tag.key() == Some(key))?.value()));
        Some(live)
    }

    /// Which keys a rotation sets only its function knows, so it is a note.
    fn rotation(&self) -> Owner {
        let next = self.about.next_rotation_date().and_then(|at| SystemTime::try_from(*at).ok());
        let soon = next.map(|at| at.duration_since(SystemTime::now()).unwrap_or_default());
        let soon = soon.map(|soon| Duration::from_secs(soon.as_secs()));
        Owner { soon, ..Owner::note("its rotation", &[], "puts keys of its own into a new version") }
    }
}

/// A service of AWS made the secret, and keeps it.
fn service(name: &str) -> Owner {
    let does = "manages it, and replaces what others put there";
    let instead = format!("change it by way of {name}");
    Owner { reverts: true, instead, ..Owner::note(format!("the service {name}"), &[], does) }
}

async fn preflight(site: Site<'_>, hops: &[&Hop]) -> Vec<Told> {
    let restoring = hops.iter().filter(|hop| hop.edits.iter().any(|edit| restores(edit).is_some()));
    let names: BTreeSet<String> = restoring.map(|hop| hop.at.path().to_owned()).collect();
    let names: Vec<String> = names.into_iter().collect();
    let client = site.client.secretsmanager().await;
    let secrets = look(&client, site, &names).await;
    let secrets: BTreeMap<&str, Kept> =
        names.iter().zip(secrets).filter_map(|(name, secret)| Some((name.as_str(), secret.ok()?))).collect();
    let lacks = |hop: &Hop| secrets.get(hop.at.path())?.versions.lacks(&hop.edits);
    hops.iter().map(|hop| lacks(hop).map(Preflight::Refused)).collect()
}

async fn send(site: Site<'_>, write: &Write) -> Written {
    let client = site.client.secretsmanager().await;
    let name = write.hop.at.path();
    let secret = match one(&client, site, name).await {
        Ok(secret) => secret,
        Err(failed) => return Written::Refused(failed.fault),
    };
    let Some(live) = secret.live(site, name).filter(|live| holds(write, live)) else {
        return conflict(site, name, &secret);
    };
    let text = match secret.versions.edited(&write.hop.edits) {
        Ok(text) => text,
        Err(fault) => return Written::Refused(fault),
    };
    let was = secret.versions.current().id.as_str();
    let version = match put(&client, site, write, &secret.versions, text).await {
        Ok(version) if version == was => return Written::Sent { receipt: None, version: live.version },
        Ok(version) => version,
        // What is in use is not touched before this.
        Err(failed) => return failed.written(),
    };
    let ask = stage(&client, name, CURRENT).move_to_version_id(&version).remove_from_version_id(was);
    match call(site.cx, STAGE, ask.send()).await {
        Ok(_) => Written::Sent { receipt: None, version: Some(version) },
        // Somebody was faster, after it was read: what is there now tells what became of it. Where that is this version, it was this call.
        Err(failed) if failed.code == "InvalidParameterException" => match one(&client, site, name).await {
            Ok(now) if now.versions.current().id == version => Written::Sent { receipt: None, version: Some(version) },
            Ok(now) if now.versions.current().id != was => conflict(site, name, &now),
            _ => failed.written(),
        },
        Err(failed) => failed.written(),
    }
}

const STAGE: &str = "secretsmanager:UpdateSecretVersionStage";

fn stage(client: &Client, name: &str, stage: impl Into<String>) -> UpdateSecretVersionStageFluentBuilder {
    client.update_secret_version_stage().secret_id(name).version_stage(stage)
}

async fn one(client: &Client, site: Site<'_>, name: &str) -> Result<Kept, Failed> {
    let none = || Err(Failed::from_fault(Fault::Missing(format!("there is no {name}"))));
    look(client, site, &[name.to_owned()]).await.pop().unwrap_or_else(none)
}

fn conflict(site: Site<'_>, name: &str, secret: &Kept) -> Written {
    match secret.live(site, name) {
        Some(live) => Written::Conflict(Box::new(live)),
        None => Written::Refused(Fault::Invalid(format!("`{name}` is no name of a secret"))),
    }
}

/// Puts a version with this text beside the one in use, both under a label so that they are kept, and tells its ID. One that has the
/// text already is taken as it is: AWS advises against more than one new version in ten minutes over a long time
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html>).
async fn put(
    client: &Client,
    site: Site<'_>,
    write: &Write,
    versions: &Versions,
    text: String,
) -> Result<String, Failed> {
    let name = write.hop.at.path();
    let (current, known) = (versions.current(), versions.with_text(&text));
    if known.is_some_and(|version| version.id == current.id) {
        return Ok(current.id.clone());
    }
    let more = usize::from(current.label.is_none()) + usize::from(known.is_none());
    // What the edits lead from and to is restored by those versions.
    let secrets = write.hop.edits.iter().flat_map(|edit| [&edit.from, &edit.to]).flatten();
    let references = secrets.filter_map(|value| match value {
        Value::Secret(secret) => secret.reference.as_deref(),
        _ => None,
    });
    let but: Vec<&str> = references.chain(known.map(|version| version.id.as_str())).collect();
    for old in versions.to_let_go(more, &but) {
        let ask = stage(client, name, label(old.label.unwrap_or_default())).remove_from_version_id(&old.id);
        call(site.cx, STAGE, ask.send()).await?;
    }
    let mut next = versions.next_label();
    if current.label.is_none() {
        call(site.cx, STAGE, stage(client, name, label(next)).move_to_version_id(&current.id).send()).await?;
        next += 1;
    }
    if let Some(version) = known {
        return Ok(version.id.clone());
    }
    let id = version_id(&write.idempotency_token, &current.id);
    let ask = client
        .put_secret_value()
        .secret_id(name)
        .client_request_token(&id)
        .secret_string(text)
        .version_stages(label(next));
    call(site.cx, "secretsmanager:PutSecretValue", ask.send()).await?;
    Ok(id)
}
