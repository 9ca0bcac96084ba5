use opsctl_api::{Batch, Change, Edit, Hop, Kind, Live, NoWay, Rate, Segment, Setting, Type, Value, shell_word};

use super::{Served, edit, hop};

#[cfg(feature = "live")]
mod answer;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod types;

/// StartInstances and StopInstances take many; so many that one call is answered in time.
const MOST: usize = 50;

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "ec2-instance",
        doc: "An EC2 instance, by its ID; by its tags with `select`. AWS compares nothing: who changes it right before is \
              overwritten.",
        path: &[Segment::One("ID")],
        settings: &[
            Setting::new(
                "instance_type",
                Type::String,
                "Its type, such as m6i.large. A running one is stopped for a change.",
            )
            .read_with(&["running"]),
            Setting::new("running", Type::Bool, "Whether it runs, or is stopped.").power(),
        ],
        confines: None,
        // StartInstances; a bucket of 1,000 instances that is filled with two a second
        // (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>). A rate counts calls: so many are 1,000 instances.
        rate: Some(Rate { burst: 1000 / MOST as u32, per_second: 2.0 }),
    },
    hops,
    batch,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

/// The type changes only while it is stopped: stop, change, start.
fn hops(change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
    let Some(size) = edit(&change.edits, "instance_type") else { return super::one_call(change) };
    let runs = live.value("running") == Some(&Value::Bool(true));
    let shall_run = edit(&change.edits, "running").map_or(runs, |edit| edit.to == Some(Value::Bool(true)));
    let switch = |to: bool| {
        let (from, to) = (Some(Value::Bool(!to)), Some(Value::Bool(to)));
        hop(change, vec![Edit { setting: "running".to_owned(), from, to }])
    };
    let mut hops = Vec::new();
    hops.extend(runs.then(|| switch(false)));
    hops.push(hop(change, vec![size.clone()]));
    hops.extend(shall_run.then(|| switch(true)));
    Ok(hops)
}

/// Those that are started go together, and those that are stopped.
fn batch(hop: &Hop) -> Option<Batch> {
    let edit = edit(&hop.edits, "running")?;
    let verb = if edit.to == Some(Value::Bool(true)) { "start" } else { "stop" };
    Some(Batch { key: format!("{verb} instances"), most: MOST })
}

fn by_hand(hop: &Hop, aws: &str) -> String {
    let id = shell_word(hop.at.path());
    let calls: Vec<String> = hop
        .edits
        .iter()
        .map(|edit| match (edit.setting.as_str(), &edit.to) {
            ("running", Some(Value::Bool(true))) => format!("{aws} ec2 start-instances --instance-ids {id}"),
            ("running", _) => format!("{aws} ec2 stop-instances --instance-ids {id}"),
            (_, to) => {
                let ty = to.as_ref().and_then(Value::as_str).unwrap_or_default();
                format!(
                    "{aws} ec2 modify-instance-attribute --instance-id {id} --instance-type Value={}",
                    shell_word(ty)
                )
            }
        })
        .collect();
    calls.join(" && ")
}
