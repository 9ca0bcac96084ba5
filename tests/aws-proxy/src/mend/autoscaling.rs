//! Auto Scaling groups: <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>.

use super::{Kept, Outcome, ask_form, key};
use crate::answer::Refusal;
use crate::call::Call;
use crate::moto::{Fault, Moto};
use crate::xml::Xml;

/// The desired capacity of groups that may not launch or end instances for it: moto would all the same.
#[derive(Default)]
pub(super) struct Groups {
    held: Kept<i64>,
}

struct Group {
    min: i64,
    max: i64,
    desired: i64,
    instances: i64,
    launches: bool,
    terminates: bool,
}

impl Groups {
    pub(super) async fn answer(&mut self, call: &Call, moto: &Moto) -> Outcome {
        match call.operation.as_str() {
            "UpdateAutoScalingGroup" => self.update(call, moto).await,
            "SetDesiredCapacity" => self.set_desired(call, moto).await,
            "DescribeAutoScalingGroups" => {
                let mut answer = moto.send(call).await?;
                answer.alter_xml(|xml| xml.each("AutoScalingGroups", &mut |groups| self.overlay(call, groups)));
                Ok(answer)
            }
            "ResumeProcesses" => {
                let answer = moto.send(call).await?;
                let name = name(call);
                if let Some(desired) = self.held.get(&key(call, &name)).copied() {
                    let group = self.read(call, moto, &name).await?;
                    self.reach(call, moto, &name, &group, desired).await?;
                }
                Ok(answer)
            }
            _ => moto.send(call).await,
        }
    }

    /// - The minimum is at most the maximum, and a desired capacity lies between them.
    /// - A minimum above the desired capacity raises it, a maximum below it lowers it.
    async fn update(&mut self, call: &Call, moto: &Moto) -> Outcome {
        let name = name(call);
        let group = self.read(call, moto, &name).await?;
        let fields = call.fields();
        let given = |field: &str| fields.get(field).and_then(|number| number.parse::<i64>().ok());
        let (min, max) = (given("MinSize").unwrap_or(group.min), given("MaxSize").unwrap_or(group.max));
        if min > max {
            let why = format!("Max bound, {max}, must be greater than or equal to min bound, {min}");
            return Refusal::new("ValidationError", why).into();
        }
        let desired = given("DesiredCapacity").unwrap_or_else(|| group.desired.clamp(min, max));
        if !(min..=max).contains(&desired) {
            let why =
                format!("Desired capacity:{desired} must be between the specified min size:{min} and max size:{max}");
            return Refusal::new("ValidationError", why).into();
        }
        // moto takes what it has for the desired capacity, so that it starts and ends nothing yet.
        let mut fields = fields;
        fields.insert("DesiredCapacity".to_owned(), group.instances.to_string());
        fields.remove("Action");
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = moto.send(&Call::form(&call.service, &call.region, &call.operation, &fields)).await?;
        if answer.ok() {
            self.reach(call, moto, &name, &group, desired).await?;
        }
        Ok(answer)
    }

    async fn set_desired(&mut self, call: &Call, moto: &Moto) -> Outcome {
        let name = name(call);
        let group = self.read(call, moto, &name).await?;
        let desired =
            call.fields().get("DesiredCapacity").and_then(|number| number.parse().ok()).unwrap_or(group.desired);
        for (wrong, bound, value) in
            [(desired > group.max, "above max", group.max), (desired < group.min, "below min", group.min)]
        {
            if wrong {
                let why = format!(
                    "New SetDesiredCapacity value {desired} is {bound} value {value} for the AutoScalingGroup."
                );
                return Refusal::new("ValidationError", why).into();
            }
        }
        self.reach(call, moto, &name, &group, desired).await?;
        Ok(crate::Answer::xml(&Xml::new("SetDesiredCapacityResponse", Vec::new())))
    }

    /// Suspended `Launch` starts no instance and suspended `Terminate` ends none, whatever is desired:
    /// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html>.
    async fn reach(&mut self, call: &Call, moto: &Moto, name: &str, group: &Group, desired: i64) -> Result<(), Fault> {
        let stays = desired > group.instances && !group.launches || desired < group.instances && !group.terminates;
        if stays {
            self.held.insert(key(call, name), desired);
            return Ok(());
        }
        self.held.remove(&key(call, name));
        let fields = [("AutoScalingGroupName", name), ("DesiredCapacity", &desired.to_string())];
        ask_form(call, moto, "SetDesiredCapacity", &fields).await?;
        Ok(())
    }

    async fn read(&self, call: &Call, moto: &Moto, name: &str) -> Result<Group, Fault> {
        let read =
            ask_form(call, moto, "DescribeAutoScalingGroups", &[("AutoScalingGroupNames.member.1", name)]).await?;
        let groups = read.all("AutoScalingGroups");
        let Some(group) = groups.first().and_then(|groups| groups.child("member")) else {
            return Err(Refusal::new(
                "ValidationError",
                format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"),
            )
            .into());
        };
        let number = |name: &str| group.at(name).parse().unwrap_or_default();
        let suspended = |process: &str| group.all("ProcessName").iter().any(|name| name.text == process);
        Ok(Group {
            min: number("MinSize"),
            max: number("MaxSize"),
            desired: self.held.get(&key(call, name)).copied().unwrap_or_else(|| number("DesiredCapacity")),
            instances: group.child("Instances").map_or(0, |instances| instances.children.len() as i64),
            launches: !suspended("Launch"),
            terminates: !suspended("Terminate"),
        })
    }

    fn overlay(&self, call: &Call, groups: &mut Xml) {
        for group in &mut groups.children {
            if let Some(desired) = self.held.get(&key(call, group.at("AutoScalingGroupName"))) {
                group.set("DesiredCapacity", desired);
            }
        }
    }
}

fn name(call: &Call) -> String {
    call.fields().remove("AutoScalingGroupName").unwrap_or_default()
}
