//! What else sizes groups: scaling policies and scheduled actions.

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{AutoScalingGroup, ScalingPolicy, ScheduledUpdateGroupAction};
use opsctl_api::{Owner, Value};

use super::live::PAGE;
use crate::call::{Failed, all_pages, call, few_at_once};
use crate::provider::Site;

/// Up to so many groups are asked for one by one; for more, all of the region is listed.
const FEW: usize = 3;

/// One of them.
pub(super) struct Sizer {
    pub(super) group: String,
    name: String,
    does: &'static str,
    /// Without this process it does nothing
    /// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html>).
    process: &'static str,
    /// The bounds that it sets, too.
    bounds: Vec<&'static str>,
}

/// Those of these groups at least.
pub(super) async fn sizers(client: &Client, site: Site<'_>, groups: &[&str]) -> Result<Vec<Sizer>, Failed> {
    let asked: Vec<Option<&str>> =
        if groups.len() > FEW { vec![None] } else { groups.iter().copied().map(Some).collect() };
    let read = few_at_once(
        asked
            .iter()
            .map(async |group| tokio::join!(policies(client, site, *group), scheduled(client, site, *group)))
            .collect(),
    );
    let mut all = Vec::new();
    for (policies, scheduled) in read.await {
        all.extend(policies?);
        all.extend(scheduled?);
    }
    Ok(all)
}

async fn policies(client: &Client, site: Site<'_>, group: Option<&str>) -> Result<Vec<Sizer>, Failed> {
    all_pages(async |next| {
        let ask = client.describe_policies().set_auto_scaling_group_name(group.map(str::to_owned));
        let ask = ask.max_records(PAGE as i32).set_next_token(next);
        let page = call(site.cx, "autoscaling:DescribePolicies", ask.send()).await?;
        let policies = page.scaling_policies.unwrap_or_default().into_iter();
        Ok((policies.filter(|policy| policy.enabled != Some(false)).filter_map(by_policy), page.next_token))
    })
    .await
}

async fn scheduled(client: &Client, site: Site<'_>, group: Option<&str>) -> Result<Vec<Sizer>, Failed> {
    all_pages(async |next| {
        let ask = client.describe_scheduled_actions().set_auto_scaling_group_name(group.map(str::to_owned));
        let ask = ask.max_records(PAGE as i32).set_next_token(next);
        let page = call(site.cx, "autoscaling:DescribeScheduledActions", ask.send()).await?;
        Ok((
            page.scheduled_update_group_actions.unwrap_or_default().into_iter().filter_map(by_schedule),
            page.next_token,
        ))
    })
    .await
}

fn by_policy(policy: ScalingPolicy) -> Option<Sizer> {
    // One that predicts makes scheduled actions; all others wait for an alarm.
    let predicts = policy.policy_type.as_deref() == Some("PredictiveScaling");
    Some(Sizer {
        group: policy.auto_scaling_group_name?,
        name: format!("scaling policy {}", policy.policy_name?),
        does: "scales it by its own measure",
        process: if predicts { "ScheduledActions" } else { "AlarmNotification" },
        bounds: Vec::new(),
    })
}

fn by_schedule(action: ScheduledUpdateGroupAction) -> Option<Sizer> {
    let bounds = [("max", action.max_size), ("min", action.min_size)];
    Some(Sizer {
        group: action.auto_scaling_group_name?,
        name: format!("scheduled action {}", action.scheduled_action_name?),
        does: "sets its own size when its time comes",
        process: "ScheduledActions",
        bounds: bounds.into_iter().filter(|(_, size)| size.is_some()).map(|(bound, _)| bound).collect(),
    })
}

impl Sizer {
    /// What it holds of a group: it moves what is desired within the bounds; bounds it sets only once in a while.
    pub(super) fn owners(&self, group: &AutoScalingGroup, within: (Value, Value)) -> Vec<Owner> {
        let suspended = group.suspended_processes().iter().any(|process| process.process_name() == Some(self.process));
        let does =
            if suspended { format!("{} once {} is resumed", self.does, self.process) } else { self.does.to_owned() };
        let desired = Owner {
            within: Some(within),
            reverts: !suspended,
            instead: "set min and max".to_owned(),
            ..Owner::note(&self.name, &["desired"], &does)
        };
        let bounds = (!self.bounds.is_empty()).then(|| Owner::note(&self.name, &self.bounds, does));
        std::iter::once(desired).chain(bounds).collect()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::types::SuspendedProcess;

    use super::*;

    fn owners(sizer: &Sizer, suspended: &str) -> Vec<Owner> {
        let process = SuspendedProcess::builder().process_name(suspended).build();
        let group = AutoScalingGroup::builder().suspended_processes(process).build();
        sizer.owners(&group, (Value::Integer(1), Value::Integer(6)))
    }

    #[test]
    fn test_what_is_suspended_does_nothing() {
        let policy = ScalingPolicy::builder().auto_scaling_group_name("web").policy_name("cpu");
        let tracks = by_policy(policy.clone().policy_type("TargetTrackingScaling").build()).unwrap();
        let predicts = by_policy(policy.policy_type("PredictiveScaling").build()).unwrap();
        for (sizer, process, acts) in [
            (&tracks, "AlarmNotification", false),
            (&tracks, "ScheduledActions", true),
            (&predicts, "AlarmNotification", true),
            (&predicts, "ScheduledActions", false),
        ] {
            assert_eq!(owners(sizer, process)[0].reverts, acts, "{} {process}", sizer.process);
        }
        assert_eq!(
            owners(&tracks, "AlarmNotification")[0].does,
            "scales it by its own measure once AlarmNotification is resumed"
        );
    }

    #[test]
    fn test_a_scheduled_action_sets_bounds_too() {
        let action =
            ScheduledUpdateGroupAction::builder().auto_scaling_group_name("web").scheduled_action_name("night");
        let owners = owners(&by_schedule(action.max_size(2).build()).unwrap(), "AZRebalance");
        let held: Vec<(&[String], bool)> = owners.iter().map(|owner| (&owner.settings[..], owner.reverts)).collect();
        assert_eq!(held, [(&["desired".to_owned()][..], true), (&["max".to_owned()][..], false)]);
    }
}
