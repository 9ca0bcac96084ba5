use opsctl_api::{Change, Hop, Kind, Live, NoWay, Rate, Segment, Setting, Type, Value, shell_word};

use super::{Served, alone, one_call};

#[cfg(feature = "live")]
mod document;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod versions;

/// The quota is 50 calls a second, of which a change takes three or four
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>).
const RATE: Rate = Rate { burst: 12, per_second: 12.0 };

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "secret",
        doc: "A secret of Secrets Manager whose text is a JSON object, key by key: the other keys stay as they are. The version \
              that a change replaces is kept under a label, for the way back.",
        path: &[Segment::Rest("NAME")],
        settings: &[Setting::new("json", Type::Secret, "The text of one key.").keyed("KEY")],
        confines: None,
        rate: Some(RATE),
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

fn hops(change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    one_call(change)
}

/// Reads the whole, changes the key, and puts the whole back.
fn by_hand(hop: &Hop, aws: &str) -> String {
    let name = shell_word(hop.at.path());
    let filters: Vec<String> = hop
        .edits
        .iter()
        .filter_map(|edit| {
            let key = serde_json::Value::from(edit.setting.strip_prefix("json.")?);
            Some(match &edit.to {
                Some(Value::Secret(_)) => format!(".[{key}] = env.TEXT"),
                Some(_) | None => format!("del(.[{key}])"),
            })
        })
        .collect();
    format!(
        "{aws} secretsmanager get-secret-value --secret-id {name} --query SecretString --output text | jq -c {} | \
         {aws} secretsmanager put-secret-value --secret-id {name} --secret-string file:///dev/stdin",
        shell_word(&filters.join(" | "))
    )
}
