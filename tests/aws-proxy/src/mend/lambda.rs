//! Aliases of Lambda functions: <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html>.

use serde_json::{Value as Json, json};

use super::{Kept, Outcome, key, text};
use crate::answer::Refusal;
use crate::call::Call;
use crate::moto::Moto;

/// The revision of each alias, by its ARN.
#[derive(Default)]
pub(super) struct Aliases {
    revisions: Kept<String>,
    made: u64,
}

impl Aliases {
    /// - An alias has another revision after each update, and an update that names an older one is refused.
    /// - Beside its version it has at most one more, with a weight from 0 to 1, and not that version itself.
    ///
    /// moto checks neither, keeps one revision for ever, and answers 201 also where nothing was created.
    pub(super) async fn answer(&mut self, call: &Call, moto: &Moto) -> Outcome {
        match call.operation.as_str() {
            "CreateAlias" | "GetAlias" | "ListAliases" => {}
            "UpdateAlias" => {
                let read = moto.send(&Call::rest("lambda", &call.region, hyper::Method::GET, &call.path, "")).await?;
                let body = call.as_json();
                let mut alias = read.as_json();
                if read.ok() {
                    self.revise(call, &mut alias, false);
                    check(&body, &alias)?;
                }
            }
            _ => return moto.send(call).await,
        }
        let mut answer = moto.send(call).await?;
        if answer.ok() && call.operation != "CreateAlias" {
            answer.status = hyper::StatusCode::OK;
        }
        let updated = call.operation == "UpdateAlias";
        answer.alter_json(|body| match body["Aliases"].as_array_mut() {
            Some(aliases) => aliases.iter_mut().for_each(|alias| self.revise(call, alias, false)),
            None => self.revise(call, body, updated),
        });
        Ok(answer)
    }

    fn revise(&mut self, call: &Call, alias: &mut Json, anew: bool) {
        let key = key(call, text(alias, "AliasArn"));
        let known = self.revisions.get(&key).filter(|_| !anew).cloned();
        let revision = known.unwrap_or_else(|| {
            self.made += 1;
            let revision = format!("00000000-0000-4000-8000-{:012}", self.made);
            self.revisions.insert(key, revision.clone());
            revision
        });
        alias["RevisionId"] = json!(revision);
    }
}

fn check(body: &Json, alias: &Json) -> Result<(), Refusal> {
    let given = text(body, "RevisionId");
    if !given.is_empty() && given != text(alias, "RevisionId") {
        let why = "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to \
                   retrieve the latest RevisionId";
        return Err(Refusal::new("PreconditionFailedException", why).status(412));
    }
    let or = |name: &str| if body[name].is_null() { &alias[name] } else { &body[name] };
    let Some(weights) = or("RoutingConfig")["AdditionalVersionWeights"].as_object() else { return Ok(()) };
    let invalid = |why: &str| Err(Refusal::new("InvalidParameterValueException", why));
    let version = or("FunctionVersion").as_str().unwrap_or_default();
    if weights.contains_key(version) {
        let why = format!(
            "Invalid function version {version}. Function version {version} is already included in routing configuration."
        );
        return invalid(&why);
    }
    if weights.len() > 1 {
        return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1");
    }
    if weights.values().any(|weight| !(0.0..=1.0).contains(&weight.as_f64().unwrap_or(-1.0))) {
        return invalid("A weight of AdditionalVersionWeights is a number from 0.0 to 1.0");
    }
    Ok(())
}
