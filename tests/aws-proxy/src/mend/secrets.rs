//! Secrets: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>.

use serde_json::{Value as Json, json};

use super::{Outcome, ask, text};
use crate::answer::{Answer, Refusal};
use crate::call::Call;
use crate::moto::{Fault, Moto};

const CURRENT: &str = "AWSCURRENT";

/// A batch has so many.
const MOST: usize = 20;

/// - Without a stage or a version the value is the one of AWSCURRENT, also after that label was moved.
/// - A label that another version has is moved only if that version is named.
/// - A new version that is put for all to see takes AWSCURRENT from the one before, also after that label was moved.
pub(super) async fn answer(call: &Call, moto: &Moto) -> Outcome {
    let mut body = call.as_json();
    match call.operation.as_str() {
        "GetSecretValue" if body["VersionId"].is_null() && body["VersionStage"].is_null() => {
            body["VersionStage"] = json!(CURRENT);
            moto.send(&call.with_body(body.to_string())).await
        }
        "BatchGetSecretValue" if body["SecretIdList"].is_array() => batch(call, moto, &body).await,
        "UpdateSecretVersionStage" => {
            check(call, moto, &body).await?;
            moto.send(call).await
        }
        "PutSecretValue" if body["VersionStages"].is_null() => put(call, moto, body).await,
        _ => moto.send(call).await,
    }
}

/// Puts the version beside the one in use, and moves the label then.
async fn put(call: &Call, moto: &Moto, mut body: Json) -> Outcome {
    const BESIDE: &str = "put";
    let read = ask(call, moto, "DescribeSecret", &json!({ "SecretId": body["SecretId"] })).await?;
    let Some(holder) = holder(&read, CURRENT) else { return moto.send(call).await };
    body["VersionStages"] = json!([BESIDE]);
    let answer = moto.send(&call.with_body(body.to_string())).await?;
    let mut said = answer.as_json();
    if !answer.ok() || said["VersionId"] == *holder {
        return Ok(answer);
    }
    let new = said["VersionId"].clone();
    let moves = [
        json!({ "VersionStage": CURRENT, "MoveToVersionId": new, "RemoveFromVersionId": holder }),
        json!({ "VersionStage": BESIDE, "RemoveFromVersionId": new }),
    ];
    for mut label in moves {
        label["SecretId"] = body["SecretId"].clone();
        ask(call, moto, "UpdateSecretVersionStage", &label).await?;
    }
    said["VersionStages"] = json!([CURRENT]);
    Ok(Answer::json(&said))
}

/// The version that has a label.
fn holder<'a>(described: &'a Json, stage: &str) -> Option<&'a String> {
    described["VersionIdsToStages"].as_object().into_iter().flatten().find_map(|(version, stages)| {
        stages.as_array().is_some_and(|stages| stages.iter().any(|found| found == stage)).then_some(version)
    })
}

async fn batch(call: &Call, moto: &Moto, body: &Json) -> Outcome {
    let ids = body["SecretIdList"].as_array().into_iter().flatten();
    if ids.clone().count() > MOST {
        return Refusal::new("InvalidParameterException", format!("SecretIdList has more than {MOST} members.")).into();
    }
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        let asked = json!({ "SecretId": id, "VersionStage": CURRENT });
        let answer = moto.send(&Call::json(&call.service, &call.region, "GetSecretValue", &asked)).await?;
        let mut value = answer.as_json();
        if answer.ok() {
            values.push(value);
        } else {
            let code = text(&value, "__type").rsplit('#').next().unwrap_or_default();
            errors.push(json!({ "SecretId": id, "ErrorCode": code, "Message": value["message"].take() }));
        }
    }
    Ok(Answer::json(&json!({ "SecretValues": values, "Errors": errors })))
}

async fn check(call: &Call, moto: &Moto, body: &Json) -> Result<(), Fault> {
    let read = ask(call, moto, "DescribeSecret", &json!({ "SecretId": body["SecretId"] })).await?;
    let stage = text(body, "VersionStage");
    let holder = holder(&read, stage);
    let moves = text(body, "MoveToVersionId");
    match holder {
        Some(holder) if text(body, "RemoveFromVersionId").is_empty() && holder != moves => {
            let why = format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version \
                 {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            );
            Err(Refusal::new("InvalidParameterException", why).into())
        }
        _ => Ok(()),
    }
}
