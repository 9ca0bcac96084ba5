//! Scalable targets: <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>.

use serde_json::json;
use tokio::sync::Mutex;

use super::ecs::Services;
use super::{Outcome, ask, text, whole};
use crate::answer::Refusal;
use crate::call::Call;
use crate::moto::Moto;

/// - A new target has both bounds, and the minimum is at most the maximum.
/// - Whatever is registered, the resource's own count then lies within the bounds (here: an ECS service's).
pub(super) async fn answer(call: &Call, moto: &Moto, services: &Mutex<Services>) -> Outcome {
    if call.operation != "RegisterScalableTarget" {
        return moto.send(call).await;
    }
    let body = call.as_json();
    let asked = json!({
        "ServiceNamespace": body["ServiceNamespace"],
        "ResourceIds": [body["ResourceId"]],
        "ScalableDimension": body["ScalableDimension"],
    });
    let read = ask(call, moto, "DescribeScalableTargets", &asked).await?;
    let known = &read["ScalableTargets"][0];
    let bound = |name: &str| whole(&body, name).or_else(|| whole(known, name));
    let invalid = |why: &str| Refusal::new("ValidationException", why);
    let (Some(min), Some(max)) = (bound("MinCapacity"), bound("MaxCapacity")) else {
        return invalid("MinCapacity and MaxCapacity are required for a new scalable target").into();
    };
    if min < 0 {
        return invalid("MinCapacity cannot be negative").into();
    }
    if min > max {
        return invalid("Maximum capacity cannot be less than minimum capacity").into();
    }
    let answer = moto.send(call).await?;
    let resource = text(&body, "ResourceId");
    if let (true, "ecs:service:DesiredCount", [_, cluster, service]) =
        (answer.ok(), text(&body, "ScalableDimension"), &*resource.split('/').collect::<Vec<_>>())
    {
        let mut services = services.lock().await;
        let asked = json!({ "cluster": cluster, "services": [service] });
        let read = moto.send(&Call::json("ecs", &call.region, "DescribeServices", &asked)).await?.as_json();
        let count = whole(&read["services"][0], "desiredCount").unwrap_or(min);
        if !(min..=max).contains(&count) {
            let update = json!({ "cluster": cluster, "service": service, "desiredCount": count.clamp(min, max) });
            services.answer(&Call::json("ecs", &call.region, "UpdateService", &update), moto).await?;
        }
    }
    Ok(answer)
}
