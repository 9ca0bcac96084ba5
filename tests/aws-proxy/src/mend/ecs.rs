//! ECS services: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>.

use serde_json::{Value as Json, json};

use super::{Kept, Outcome, ask, key, text, whole};
use crate::answer::{Answer, Refusal};
use crate::call::Call;
use crate::moto::{Fault, Moto};

/// DescribeServices takes this many.
const MOST: usize = 10;

/// The deployment of each service, and what it deploys.
#[derive(Default)]
pub(super) struct Services {
    deployments: Kept<(String, Json)>,
    made: u64,
}

impl Services {
    pub(super) async fn answer(&mut self, call: &Call, moto: &Moto) -> Outcome {
        let mut body = call.as_json();
        match call.operation.as_str() {
            "DescribeServices" if body["services"].as_array().is_some_and(|services| services.len() > MOST) => {
                return Refusal::new("InvalidParameterException", format!("Services cannot exceed {MOST}.")).into();
            }
            "CreateService" | "UpdateService" => {
                self.check(call, moto, &body).await?;
                name_definition(call, moto, &mut body).await?;
            }
            "DescribeServices" => {}
            "ListServices" => return page(&body, moto.send(call).await?),
            "ListTaskDefinitions" => return sorted(&body, moto.send(call).await?),
            _ => return moto.send(call).await,
        }
        let mut answer = moto.send(&call.with_body(body.to_string())).await?;
        answer.alter_json(|found| {
            self.deploy(call, &mut found["service"], body["forceNewDeployment"] == true);
            found["services"]
                .as_array_mut()
                .into_iter()
                .flatten()
                .for_each(|service| self.deploy(call, service, false));
        });
        Ok(answer)
    }

    /// - A count is not negative, and a daemon service has none.
    /// - CodeDeploy's and external services get no task definition here.
    /// - An inactive service is not updated, and none runs an inactive task definition.
    async fn check(&self, call: &Call, moto: &Moto, body: &Json) -> Result<(), Fault> {
        let invalid = |why: &str| Err(Refusal::new("InvalidParameterException", why).into());
        let count = whole(body, "desiredCount");
        if count.is_some_and(|count| count < 0) {
            return invalid("desiredCount cannot be negative.");
        }
        if call.operation == "CreateService" {
            return Ok(());
        }
        let mut asked = json!({ "services": [body["service"]] });
        if body["cluster"].is_string() {
            asked["cluster"] = body["cluster"].clone();
        }
        let read = ask(call, moto, "DescribeServices", &asked).await?;
        let service = &read["services"][0];
        if text(service, "status") == "INACTIVE" {
            return Err(Refusal::new("ServiceNotActiveException", "Service was not ACTIVE.").into());
        }
        if count.is_some() && text(service, "schedulingStrategy") == "DAEMON" {
            return invalid("The daemon scheduling strategy does not support a desired count for services.");
        }
        if body["taskDefinition"].is_string() {
            let asked = json!({ "taskDefinition": body["taskDefinition"] });
            let read = ask(call, moto, "DescribeTaskDefinition", &asked).await?;
            if text(&read["taskDefinition"], "status") == "INACTIVE" {
                return Err(Refusal::new("ClientException", "TaskDefinition is inactive").into());
            }
        }
        let controller = text(&service["deploymentController"], "type");
        if !body["taskDefinition"].is_null() && ["CODE_DEPLOY", "EXTERNAL"].contains(&controller) {
            return invalid(&format!(
                "Unable to update task definition on services with a {controller} deployment controller."
            ));
        }
        Ok(())
    }

    /// moto's deployments stay in progress, name what the service had when it was made, and a new service runs nothing.
    /// Here all tasks run at once, and a deployment is another one when the task definition is, or when one is forced.
    fn deploy(&mut self, call: &Call, service: &mut Json, forced: bool) {
        let Some(arn) = service["serviceArn"].as_str().map(str::to_owned) else { return };
        let active = text(service, "status") == "ACTIVE";
        let count = if active { service["desiredCount"].clone() } else { json!(0) };
        service["runningCount"] = count.clone();
        service["pendingCount"] = json!(0);
        let definition = service["taskDefinition"].clone();
        let Some(deployment) = service["deployments"].get_mut(0) else { return };
        let made = &mut self.made;
        let mut next = || {
            *made += 1;
            (format!("ecs-svc/{:019}", *made), definition.clone())
        };
        let known = self.deployments.entry(key(call, &arn)).or_insert_with(&mut next);
        if forced || known.1 != definition {
            *known = next();
        }
        deployment["id"] = json!(known.0);
        deployment["taskDefinition"] = definition;
        deployment["desiredCount"] = count.clone();
        deployment["runningCount"] = count;
        deployment["pendingCount"] = json!(0);
        deployment["rolloutState"] = json!("COMPLETED");
        deployment["rolloutStateReason"] = json!(format!("ECS deployment {} completed.", known.0));
    }
}

/// moto gives all services at once. AWS gives so many as are asked for, up to 100, and 10 where nothing is said:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html>.
fn page(body: &Json, mut answer: Answer) -> Outcome {
    let most = whole(body, "maxResults").unwrap_or(10);
    if !(1..=100).contains(&most) {
        return Refusal::new("InvalidParameterException", "maxResults must be between 1 and 100.").into();
    }
    let begin = text(body, "nextToken").parse::<usize>().unwrap_or_default();
    answer.alter_json(|found| {
        let all = found["serviceArns"].as_array().cloned().unwrap_or_default();
        let end = all.len().min(begin + usize::try_from(most).unwrap_or_default());
        found["serviceArns"] = all.get(begin..end).unwrap_or_default().into();
        if end < all.len() {
            found["nextToken"] = json!(end.to_string());
        }
    });
    Ok(answer)
}

/// moto gives all task definitions of a family, the oldest first:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html>.
fn sorted(body: &Json, mut answer: Answer) -> Outcome {
    let most = usize::try_from(whole(body, "maxResults").unwrap_or(100)).unwrap_or(100);
    answer.alter_json(|found| {
        if let Some(all) = found["taskDefinitionArns"].as_array_mut() {
            if text(body, "sort") == "DESC" {
                all.reverse();
            }
            all.truncate(most);
        }
    });
    Ok(answer)
}

/// A task definition may be given as family, or as family and revision; a service has its ARN.
async fn name_definition(call: &Call, moto: &Moto, body: &mut Json) -> Result<(), Fault> {
    if body["taskDefinition"].is_string() {
        let asked = json!({ "taskDefinition": body["taskDefinition"] });
        let read = ask(call, moto, "DescribeTaskDefinition", &asked).await?;
        let arn = &read["taskDefinition"]["taskDefinitionArn"];
        if arn.is_string() {
            body["taskDefinition"] = arn.clone();
        }
    }
    Ok(())
}
