//! What moto does not do as AWS does, a file a service. Each of them does one call at a time, so that what it has
//! checked still holds when it goes on.

mod autoscaling;
mod ec2;
mod ecs;
mod iam;
mod kinesis;
mod lambda;
mod rds;
mod route53;
mod s3;
mod scalable_target;
mod secrets;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tokio::sync::Mutex;

use crate::answer::Answer;
use crate::call::Call;
use crate::moto::{Fault, Moto};
use crate::xml::Xml;

type Outcome = Result<Answer, Fault>;

/// What is remembered of resources: by region, and by name or ARN.
type Kept<T> = BTreeMap<(String, String), T>;

#[derive(Default)]
pub(crate) struct Mends {
    groups: Mutex<autoscaling::Groups>,
    instances: Mutex<()>,
    services: Mutex<ecs::Services>,
    streams: Mutex<kinesis::Streams>,
    aliases: Mutex<lambda::Aliases>,
    databases: Mutex<rds::Databases>,
    zones: Mutex<route53::Zones>,
    documents: Mutex<s3::Documents>,
    targets: Mutex<()>,
    secrets: Mutex<()>,
}

impl Mends {
    pub(crate) async fn answer(&self, call: &Call, moto: &Moto) -> Outcome {
        match call.service.as_str() {
            "application-autoscaling" => {
                let _one = self.targets.lock().await;
                scalable_target::answer(call, moto, &self.services).await
            }
            "autoscaling" => self.groups.lock().await.answer(call, moto).await,
            "ec2" => {
                let _one = self.instances.lock().await;
                ec2::answer(call, moto).await
            }
            "ecs" => self.services.lock().await.answer(call, moto).await,
            "iam" => iam::answer(call, moto).await,
            "kinesis" => self.streams.lock().await.answer(call, moto).await,
            "lambda" => self.aliases.lock().await.answer(call, moto).await,
            "rds" => self.databases.lock().await.answer(call, moto).await,
            "route53" => self.zones.lock().await.answer(call, moto).await,
            "s3" => self.documents.lock().await.answer(call, moto).await,
            "secretsmanager" => {
                let _one = self.secrets.lock().await;
                secrets::answer(call, moto).await
            }
            _ => moto.send(call).await,
        }
    }
}

/// Asks a service that speaks JSON for what a call is about; null if it is refused.
async fn ask(call: &Call, moto: &Moto, operation: &str, body: &Json) -> Result<Json, Fault> {
    let answer = moto.send(&Call::json(&call.service, &call.region, operation, body)).await?;
    Ok(if answer.ok() { answer.as_json() } else { Json::Null })
}

/// Asks a service that takes forms; empty if it is refused.
async fn ask_form(call: &Call, moto: &Moto, operation: &str, fields: &[(&str, &str)]) -> Result<Xml, Fault> {
    let answer = moto.send(&Call::form(&call.service, &call.region, operation, fields)).await?;
    Ok(if answer.ok() { answer.as_xml() } else { Xml::default() })
}

/// A whole number that a call's body has.
fn whole(body: &Json, name: &str) -> Option<i64> {
    body[name].as_i64()
}

/// The text that a call's body has.
fn text<'a>(body: &'a Json, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

fn key(call: &Call, name: &str) -> (String, String) {
    (call.region.clone(), name.to_owned())
}
