//! EC2 instances: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>.

use super::{Outcome, ask_form};
use crate::answer::Refusal;
use crate::call::Call;
use crate::moto::Moto;

/// - An instance starts from stopped, and is never started again once it is terminated; nor is one stopped then.
/// - An instance type changes only while the instance is stopped.
/// - Where one of several may not be stopped, none is.
///
/// A dry run asks for permission only, so it is left to moto.
pub(super) async fn answer(call: &Call, moto: &Moto) -> Outcome {
    let fields = call.fields();
    let changes_type =
        fields.contains_key("InstanceType.Value") || fields.get("Attribute").is_some_and(|name| name == "instanceType");
    let (allowed, must): (&[&str], &str) = match call.operation.as_str() {
        "StartInstances" => (&["stopped", "running", "pending"], "in a state from which it can be started"),
        "StopInstances" => (&["running", "pending", "stopping", "stopped"], "in a state from which it can be stopped"),
        "ModifyInstanceAttribute" if changes_type => (&["stopped"], "in the 'stopped' state"),
        _ => return moto.send(call).await,
    };
    if fields.get("DryRun").is_some_and(|dry| dry == "true") {
        return moto.send(call).await;
    }
    let ids: Vec<(&str, &str)> = fields
        .iter()
        .filter(|(name, _)| *name == "InstanceId" || name.starts_with("InstanceId."))
        .map(|(name, id)| (if name == "InstanceId" { "InstanceId.1" } else { name.as_str() }, id.as_str()))
        .collect();
    let read = ask_form(call, moto, "DescribeInstances", &ids).await?;
    for set in read.all("instancesSet") {
        for instance in &set.children {
            let id = instance.at("instanceId");
            if !allowed.contains(&instance.at("instanceState/name")) {
                return Refusal::new("IncorrectInstanceState", format!("The instance '{id}' is not {must}.")).into();
            }
        }
    }
    if call.operation == "StopInstances" {
        for (_, id) in &ids {
            let attribute = [("InstanceId", *id), ("Attribute", "disableApiStop")];
            let read = ask_form(call, moto, "DescribeInstanceAttribute", &attribute).await?;
            if read.at("disableApiStop/value") == "true" {
                let why = format!(
                    "The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
                );
                return Refusal::new("OperationNotPermitted", why).into();
            }
        }
    }
    moto.send(call).await
}
