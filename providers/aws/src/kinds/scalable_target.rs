use opsctl_api::{Change, Confines, Hop, Kind, Live, NoWay, Segment, Setting, Type, Value, shell_word};

use super::{Served, after, alone, one_call};

#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod owners;

#[cfg(feature = "live")]
pub(super) use live::ECS;
#[cfg(feature = "live")]
pub(super) use owners::owners;

/// Capacities are 32-bit.
const COUNT: Type = Type::Integer { min: 0, max: i32::MAX as i64 };

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "scalable-target",
        doc: "The bounds within which Application Auto Scaling scales something: \
              scalable-target/ecs/service/CLUSTER/NAME/ecs:service:DesiredCount. Each call that registers it moves what it scales \
              into its bounds.",
        path: &[Segment::One("NAMESPACE"), Segment::Rest("RESOURCE/DIMENSION")],
        settings: &[
            Setting::new("max", COUNT, "The most that it scales to.").capacity().read_with(&["min"]),
            Setting::new("min", COUNT, "The least that it scales to.").capacity().read_with(&["max"]),
            Setting::new("suspend_in", Type::Bool, "Whether policies may not scale in."),
            Setting::new("suspend_out", Type::Bool, "Whether policies may not scale out."),
            Setting::new("suspend_scheduled", Type::Bool, "Whether scheduled actions may not scale."),
        ],
        confines: Some(Confines { floor: "min", ceiling: "max", of: &[("ecs-service", "desired_count")] }),
        rate: None,
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

fn hops(change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
    let count = |setting| after(change, live, setting).and_then(Value::as_integer);
    match (count("min"), count("max")) {
        (Some(min), Some(max)) if min > max => {
            Err(NoWay { why: format!("min {min} would be above max {max}"), instead: "set both bounds".to_owned() })
        }
        _ => one_call(change),
    }
}

/// Namespace, resource and dimension.
fn parts(path: &str) -> Option<(&str, &str, &str)> {
    let (namespace, rest) = path.split_once('/')?;
    let (resource, dimension) = rest.rsplit_once('/')?;
    Some((namespace, resource, dimension))
}

fn by_hand(hop: &Hop, aws: &str) -> String {
    let (namespace, resource, dimension) = parts(hop.at.path()).unwrap_or((hop.at.path(), "", ""));
    let mut line = format!(
        "{aws} application-autoscaling register-scalable-target --service-namespace {} --resource-id {} --scalable-dimension {}",
        shell_word(namespace),
        shell_word(resource),
        shell_word(dimension)
    );
    let mut suspended = Vec::new();
    for edit in &hop.edits {
        let Some(to) = &edit.to else { continue };
        match edit.setting.as_str() {
            "min" => line.push_str(&format!(" --min-capacity {to}")),
            "max" => line.push_str(&format!(" --max-capacity {to}")),
            "suspend_in" => suspended.push(format!("DynamicScalingInSuspended={to}")),
            "suspend_out" => suspended.push(format!("DynamicScalingOutSuspended={to}")),
            _ => suspended.push(format!("ScheduledScalingSuspended={to}")),
        }
    }
    if !suspended.is_empty() {
        line.push_str(&format!(" --suspended-state {}", suspended.join(",")));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_parts_of_a_path() {
        let path = "ecs/service/main/web/ecs:service:DesiredCount";
        assert_eq!(parts(path), Some(("ecs", "service/main/web", "ecs:service:DesiredCount")));
        assert_eq!(parts("ecs/service"), None);
    }
}
