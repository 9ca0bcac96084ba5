use std::time::Duration;

use opsctl_api::{Change, Edit, Hop, Kind, Live, NoWay, Rate, Segment, Setting, Type, Value, shell_word};

use super::{Served, alone, hop};

#[cfg(feature = "live")]
mod live;

/// UpdateShardCount takes at most twice and at least half of what is open, up to 10,000 shards, ten times in 24 hours
/// (<https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html>).
const DAY: Duration = Duration::from_secs(24 * 3600);
const TIMES: u32 = 10;

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "kinesis-stream",
        doc: "A Kinesis data stream in provisioned mode. AWS compares nothing: who changes it right before is overwritten.",
        path: &[Segment::One("NAME")],
        settings: &[
            Setting::new(
                "encryption",
                Type::String,
                "The KMS key that it is encrypted with: an ID, an ARN or an alias; absent where it is not encrypted.",
            )
            .optional()
            .quota(25, DAY),
            Setting::new("retention_hours", Type::Integer { min: 24, max: 8760 }, "How long it keeps records."),
            Setting::new(
                "shards",
                Type::Integer { min: 1, max: 10_000 },
                "How many shards are open. A call at most doubles or halves them, so that a long way has several.",
            )
            .capacity()
            .quota(TIMES, DAY),
        ],
        confines: None,
        rate: Some(Rate { burst: 10, per_second: 10.0 }),
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

/// One call a setting, and of shards as many as it takes; the stream is ACTIVE again before each next one.
fn hops(change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    let mut hops = Vec::new();
    for edit in &change.edits {
        match (&edit.from, &edit.to) {
            (Some(Value::Integer(from)), Some(Value::Integer(to))) if edit.setting == "shards" => {
                hops.extend(shards(*from, *to).into_iter().map(|edit| hop(change, vec![edit])));
            }
            (None, _) if edit.setting == "shards" => {
                return Err(NoWay {
                    why: "the stream is in on-demand mode, and has no shards to set".to_owned(),
                    instead: "switch it to provisioned mode first".to_owned(),
                });
            }
            _ => hops.push(hop(change, vec![edit.clone()])),
        }
    }
    Ok(hops)
}

fn shards(from: i64, to: i64) -> Vec<Edit> {
    let (mut edits, mut at) = (Vec::new(), from);
    while at != to {
        let next = to.clamp(at - at / 2, (at * 2).max(1));
        if next == at {
            break;
        }
        let (from, to) = (Some(Value::Integer(at)), Some(Value::Integer(next)));
        edits.push(Edit { setting: "shards".to_owned(), from, to });
        at = next;
    }
    edits
}

fn by_hand(hop: &Hop, aws: &str) -> String {
    let stream = format!("--stream-name {}", shell_word(hop.at.path()));
    let calls: Vec<String> = hop.edits.iter().map(|edit| call(aws, &stream, edit)).collect();
    calls.join(" && ")
}

fn call(aws: &str, stream: &str, edit: &Edit) -> String {
    let key = |value: &Value| shell_word(value.as_str().unwrap_or_default());
    match (edit.setting.as_str(), &edit.from, &edit.to) {
        ("encryption", _, Some(to)) => {
            format!("{aws} kinesis start-stream-encryption {stream} --encryption-type KMS --key-id {}", key(to))
        }
        ("encryption", Some(from), None) => {
            format!("{aws} kinesis stop-stream-encryption {stream} --encryption-type KMS --key-id {}", key(from))
        }
        ("retention_hours", from, Some(to)) => {
            let grows = from.as_ref().and_then(|from| to.compare(from)) == Some(std::cmp::Ordering::Greater);
            let verb = if grows { "increase" } else { "decrease" };
            format!("{aws} kinesis {verb}-stream-retention-period {stream} --retention-period-hours {to}")
        }
        (_, _, Some(to)) => {
            format!(
                "{aws} kinesis update-shard-count {stream} --scaling-type UNIFORM_SCALING --target-shard-count {to}"
            )
        }
        (_, _, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_shards_double_and_halve() {
        let way =
            |from, to| shards(from, to).iter().filter_map(|edit| edit.to.as_ref()?.as_integer()).collect::<Vec<_>>();
        assert_eq!(way(4, 100), [8, 16, 32, 64, 100]);
        assert_eq!(way(100, 4), [50, 25, 13, 7, 4]);
        assert_eq!(way(4, 4), [0_i64; 0]);
    }
}
