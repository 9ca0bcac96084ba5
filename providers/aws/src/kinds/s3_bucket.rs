use opsctl_api::{Change, Hop, Kind, Live, NoWay, Segment, Setting, Type, Value, shell_word};

use super::{Served, alone, hop};

#[cfg(feature = "live")]
mod live;

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "s3-bucket",
        doc: "An S3 bucket. AWS compares nothing: who changes it right before is overwritten.",
        path: &[Segment::One("NAME")],
        settings: &[
            Setting::new("lifecycle", Type::Bool, "Whether the lifecycle rule of that ID is enabled; the others stay.")
                .keyed("ID"),
            Setting::new(
                "versioning",
                Type::Bool,
                "Whether it keeps versions. Suspended again, it keeps those it has. The first time AWS wants 15 minutes until it holds for all \
                 objects: `drain_time = \"15m\"` waits for that.",
            ),
        ],
        confines: None,
        rate: None,
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

/// Versioning is one call, and all lifecycle rules are another.
fn hops(change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    let (rules, versioning): (Vec<_>, Vec<_>) =
        change.edits.iter().cloned().partition(|edit| edit.setting.starts_with("lifecycle."));
    if let Some(edit) = rules.iter().find(|edit| edit.from.is_none() || edit.to.is_none()) {
        return Err(NoWay {
            why: format!("{} is switched, and neither made nor deleted", edit.setting),
            instead: "make the rule where the bucket is made".to_owned(),
        });
    }
    let calls = [versioning, rules].into_iter().filter(|edits| !edits.is_empty());
    Ok(calls.map(|edits| hop(change, edits)).collect())
}

fn by_hand(hop: &Hop, aws: &str) -> String {
    let bucket = shell_word(hop.at.path());
    let status = |to: &Option<Value>, off: &str| {
        if *to == Some(Value::Bool(true)) { "Enabled".to_owned() } else { off.to_owned() }
    };
    let mut rules = Vec::new();
    let mut calls = Vec::new();
    for edit in &hop.edits {
        match edit.setting.strip_prefix("lifecycle.") {
            Some(id) => rules.push(format!(
                "(.Rules[] | select(.ID == {}).Status) = {:?}",
                serde_json::Value::from(id),
                status(&edit.to, "Disabled")
            )),
            None => calls.push(format!(
                "{aws} s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status={}",
                status(&edit.to, "Suspended")
            )),
        }
    }
    if !rules.is_empty() {
        calls.push(format!(
            "{aws} s3api get-bucket-lifecycle-configuration --bucket {bucket} | jq {} | {aws} s3api \
             put-bucket-lifecycle-configuration --bucket {bucket} --lifecycle-configuration file:///dev/stdin",
            shell_word(&rules.join(" | "))
        ));
    }
    calls.join(" && ")
}
