use aws_sdk_autoscaling::types::{AutoScalingGroup, Instance, LifecycleState};
use opsctl_api::Readiness;

/// How many units of what is desired an instance counts as. In a group of several types that can be more than one
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups-instance-weighting.html>).
fn weight(one: &Instance) -> u64 {
    one.weighted_capacity().and_then(|weight| weight.parse().ok()).unwrap_or(1)
}

/// What is desired is in service, and no more than the last instance goes beyond it; none is on its way in or out. What is in standby
/// belongs to the group, and counts for nothing.
pub(super) fn readiness(group: &AutoScalingGroup) -> Readiness {
    let desired = u64::try_from(group.desired_capacity().unwrap_or(0)).unwrap_or(0);
    let standby = |one: &&Instance| one.lifecycle_state() == Some(&LifecycleState::Standby);
    let (serving, moving): (Vec<&Instance>, Vec<&Instance>) = group
        .instances()
        .iter()
        .filter(|one| !standby(one))
        .partition(|one| one.lifecycle_state() == Some(&LifecycleState::InService));
    let heaviest = serving.iter().copied().map(weight).max().unwrap_or(1);
    let units = |of: &[&Instance]| of.iter().copied().map(weight).sum::<u64>();
    let (done, all) = (units(&serving), units(&serving) + units(&moving));
    if done >= desired && done < desired + heaviest && moving.is_empty() {
        return Readiness::Ready;
    }
    let launches_not =
        |process: &aws_sdk_autoscaling::types::SuspendedProcess| process.process_name() == Some("Launch");
    if done < desired && group.suspended_processes().iter().any(launches_not) {
        return Readiness::Failed("Launch is suspended, so no instance is added".to_owned());
    }
    let leaving = all.saturating_sub(desired);
    let what = if leaving > 0 { format!("{leaving} still to leave") } else { String::new() };
    Readiness::Progressing { done: done.min(desired), total: desired, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group of instances, each with its state and its weight.
    fn group(desired: i32, instances: &[(&str, Option<&str>)]) -> AutoScalingGroup {
        let instances = instances.iter().map(|(state, weight)| {
            let built = Instance::builder().lifecycle_state(LifecycleState::from(*state));
            built.set_weighted_capacity(weight.map(str::to_owned)).build()
        });
        AutoScalingGroup::builder().desired_capacity(desired).set_instances(Some(instances.collect())).build()
    }

    #[test]
    fn test_an_instance_counts_as_its_weight() {
        let four = ("InService", Some("4"));
        assert_eq!(readiness(&group(16, &[four; 4])), Readiness::Ready);
        // The last one may go beyond what is desired.
        assert_eq!(readiness(&group(14, &[four; 4])), Readiness::Ready);
        let what = String::new();
        assert_eq!(readiness(&group(16, &[four; 3])), Readiness::Progressing { done: 12, total: 16, what });
        let what = "4 still to leave".to_owned();
        assert_eq!(readiness(&group(12, &[four; 4])), Readiness::Progressing { done: 12, total: 12, what });
    }

    #[test]
    fn test_what_stands_by_counts_for_nothing() {
        let one = |state| (state, None);
        assert_eq!(readiness(&group(1, &[one("InService"), one("Standby")])), Readiness::Ready);
        let what = "1 still to leave".to_owned();
        let leaving = group(1, &[one("InService"), one("Terminating:Wait")]);
        assert_eq!(readiness(&leaving), Readiness::Progressing { done: 1, total: 1, what });
        assert!(matches!(
            readiness(&group(2, &[one("InService"), one("Pending")])),
            Readiness::Progressing { done: 1, .. }
        ));
        assert!(matches!(readiness(&group(1, &[one("InService"); 2])), Readiness::Progressing { .. }));
        assert_eq!(readiness(&group(0, &[])), Readiness::Ready);
    }
}
