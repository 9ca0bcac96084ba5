use opsctl_api::{Change, Hop, Kind, Live, NoWay, Rate, Segment, Setting, Type, Value, shell_word};

use super::{Served, alone, edit, one_call};

#[cfg(feature = "live")]
mod definitions;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod readiness;

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "ecs-service",
        doc: "An ECS service. AWS compares nothing: who changes it right before is overwritten.",
        path: &[Segment::One("CLUSTER"), Segment::One("NAME")],
        settings: &[
            Setting::new(
                "desired_count",
                Type::Integer { min: 0, max: i32::MAX as i64 },
                "How many tasks there shall be.",
            )
            .count(),
            Setting::new(
                "task_definition",
                Type::String,
                "FAMILY:REVISION of what runs; a change of it is a deployment. Not of a service that CodeDeploy deploys.",
            ),
        ],
        confines: None,
        // UpdateService (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>).
        rate: Some(Rate { burst: 50, per_second: 5.0 }),
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

fn hops(change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    if edit(&change.edits, "desired_count").is_some_and(|edit| edit.from.is_none()) {
        return Err(NoWay {
            why: "a daemon service runs a task on each instance, and has no count".to_owned(),
            instead: String::new(),
        });
    }
    let Some(edit) = edit(&change.edits, "task_definition") else { return one_call(change) };
    match edit.to.as_ref().and_then(Value::as_str) {
        Some(named) if revision(named) => one_call(change),
        _ => Err(NoWay {
            why: "a task definition without a revision means another one tomorrow, and an ARN is not how it is read"
                .to_owned(),
            instead: "name it: FAMILY:REVISION".to_owned(),
        }),
    }
}

/// `web:12`; not an ARN, for a service is read by family and revision.
fn revision(named: &str) -> bool {
    let number = |revision: &str| !revision.is_empty() && revision.chars().all(|c| c.is_ascii_digit());
    let word = |family: &str| !family.is_empty() && !family.contains([':', '/']);
    named.rsplit_once(':').is_some_and(|(family, revision)| word(family) && number(revision))
}

fn by_hand(hop: &Hop, aws: &str) -> String {
    let (cluster, name) = hop.at.path().split_once('/').unwrap_or_default();
    let mut line = format!("{aws} ecs update-service --cluster {} --service {}", shell_word(cluster), shell_word(name));
    for (setting, option) in [("desired_count", "--desired-count"), ("task_definition", "--task-definition")] {
        match edit(&hop.edits, setting).and_then(|edit| edit.to.as_ref()) {
            Some(Value::String(text)) => line.push_str(&format!(" {option} {}", shell_word(text))),
            Some(value) => line.push_str(&format!(" {option} {value}")),
            None => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_a_task_definition_has_a_revision() {
        assert!(revision("web:12"));
        assert!(!revision("arn:aws:ecs:us-east-1:1:task-definition/web:12"));
        assert!(!revision("web") && !revision("web:latest") && !revision(":1"));
    }
}
