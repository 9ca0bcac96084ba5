use opsctl_api::{Address, Batch, Change, Hop, Kind, Live, NoWay, Rate, Segment, Setting, Type, Value, shell_word};
use serde_json::json;

use super::{Served, edit};

#[cfg(feature = "live")]
mod live;

/// Changes in one call: Route 53 takes 1,000 records and 32,000 characters of values, and a change here is a delete and a
/// create (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>).
const MOST: usize = 100;

/// An alias is one thing to Route 53: its parts go in one call.
const ALIAS_TARGET: &str = "alias target";

const PATH: &[Segment] =
    &[Segment::One("ZONE"), Segment::One("NAME"), Segment::One("TYPE"), Segment::Optional("SETID")];
const WEIGHT: Setting = Setting::new(
    "weight",
    Type::Integer { min: 0, max: 255 },
    "Its share of the answers among the sets of this name and type; where all are 0, all are served equally.",
)
.traffic();
const HEALTH_CHECK: Setting =
    Setting::new("health_check", Type::String, "The ID of the health check without which it is not served.").optional();
/// Half of what Route 53 takes of an account (`RECORDS` in `client.rs`), for there are two kinds of record sets, and each change is read.
const RATE: Option<Rate> = Some(Rate { burst: 10, per_second: 5.0 });

/// A record set with values of its own.
pub(super) const RECORD: Served = Served {
    kind: Kind {
        name: "route53-record",
        doc: "A record set in a hosted zone; of a weighted one, the set identifier is the last part of the path.",
        path: PATH,
        settings: &[
            HEALTH_CHECK,
            Setting::new(
                "ttl",
                Type::Integer { min: 0, max: i32::MAX as i64 },
                "How long resolvers keep an answer, in seconds. All sets of a weighted name have one, and get another one in one call.",
            ),
            Setting::new("values", Type::Set, "The values that it answers with, as the record's type writes them.")
                .traffic(),
            WEIGHT,
        ],
        confines: None,
        rate: RATE,
    },
    hops,
    batch,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::RECORD,
};

/// A record set that stands for another name of AWS.
pub(super) const ALIAS: Served = Served {
    kind: Kind {
        name: "route53-alias",
        doc: "A record set in a hosted zone that is an alias of a load balancer, a distribution or another record; of a \
              weighted one, the set identifier is the last part of the path.",
        path: PATH,
        settings: &[
            Setting::new("evaluate_health", Type::Bool, "Whether it follows the health of its target.")
                .group(ALIAS_TARGET),
            HEALTH_CHECK,
            Setting::new("target", Type::String, "The DNS name that it points to.").traffic().group(ALIAS_TARGET),
            Setting::new("target_zone", Type::String, "The hosted zone ID of its target, not of this record.")
                .traffic()
                .group(ALIAS_TARGET),
            WEIGHT,
        ],
        confines: None,
        rate: RATE,
    },
    hops,
    batch,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::ALIAS,
};

/// The field of a ResourceRecordSet, as jq names it.
fn field(setting: &str) -> Option<&'static str> {
    Some(match setting {
        "weight" => ".Weight",
        "values" => ".ResourceRecords",
        "target" => ".AliasTarget.DNSName",
        "target_zone" => ".AliasTarget.HostedZoneId",
        "evaluate_health" => ".AliasTarget.EvaluateTargetHealth",
        "ttl" => ".TTL",
        "health_check" => ".HealthCheckId",
        _ => return None,
    })
}

/// A name as operators write it: without the dot at the end, and `*` for what Route 53 escapes.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_lowercase().replace("\\052", "*")
}

/// Always one call: a record set is deleted as it was and created as it shall be, in one atomic batch.
fn hops(change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    if let Some(target) = edit(&change.edits, "target").and_then(|edit| edit.to.as_ref()?.as_str())
        && plain(target) != target
    {
        return Err(NoWay {
            why: "Route 53 keeps a name in lower case, and it is read without the dot at its end".to_owned(),
            instead: format!("set target = \"{}\"", plain(target)),
        });
    }
    // "RRSet with DNS name live.example.com. cannot be created as weighted sets must contain the same TTL": all sets of a name move
    // together, and weights do not.
    if ["ttl", "weight"].iter().all(|setting| edit(&change.edits, setting).is_some()) {
        return Err(NoWay {
            why: "all record sets of a weighted name have one TTL, and get another one together".to_owned(),
            instead: "set the TTL of all of them first, by a state that leaves the weights as they are".to_owned(),
        });
    }
    for edit in change.edits.iter().filter(|edit| edit.setting != "health_check") {
        match (&edit.from, &edit.to) {
            (_, None) => {
                return Err(NoWay {
                    why: format!("a record set cannot lose its {}", edit.setting),
                    instead: String::new(),
                });
            }
            (None, Some(_)) => return Err(other_sort(&change.at, &edit.setting)),
            (Some(_), Some(_)) => {}
        }
    }
    Ok(change.in_one_hop())
}

/// A setting that the record set does not have: it would have to be a record set of another sort.
fn other_sort(at: &Address, setting: &str) -> NoWay {
    let (why, instead) = match setting {
        "weight" if at.segments().count() == 3 => (
            "only a record set with a set identifier has a weight",
            "name the set identifier as the last part of the address",
        ),
        "weight" => ("this record set is routed by another policy than weights", ""),
        _ => ("it would be a record set of another sort", ""),
    };
    NoWay { why: why.to_owned(), instead: instead.to_owned() }
}

/// One zone takes one change at a time (PriorRequestNotComplete), and moves weights together in one atomic call, aliases among them.
fn batch(hop: &Hop) -> Option<Batch> {
    Some(Batch { key: hop.at.segments().next()?.to_owned(), most: MOST })
}

/// Reads the record set, changes its fields, and sends it back: an UPSERT wants the whole.
fn by_hand(hop: &Hop, aws: &str) -> String {
    let mut parts = hop.at.segments();
    let [zone, name, of] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let dot = if name.ends_with('.') { "" } else { "." };
    let set = parts.next().map_or_else(String::new, |set| format!(" && SetIdentifier=='{set}'"));
    let query = format!("ResourceRecordSets[?Name=='{name}{dot}' && Type=='{of}'{set}]|[0]");
    let edits: Vec<String> = hop
        .edits
        .iter()
        .filter_map(|edit| {
            let field = field(&edit.setting)?;
            Some(edit.to.as_ref().map_or_else(|| format!("del({field})"), |to| format!("{field} = {}", json_of(to))))
        })
        .collect();
    let filter = format!("{} | {{Changes: [{{Action: \"UPSERT\", ResourceRecordSet: .}}]}}", edits.join(" | "));
    let zone = shell_word(zone);
    format!(
        "{aws} route53 list-resource-record-sets --hosted-zone-id {zone} --query {} --output json | jq {} | \
         {aws} route53 change-resource-record-sets --hosted-zone-id {zone} --change-batch file:///dev/stdin",
        shell_word(&query),
        shell_word(&filter),
    )
}

fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => json!(value),
        Value::Integer(number) => json!(number),
        Value::String(text) => json!(text),
        Value::Set(values) => values.iter().map(|value| json!({ "Value": value })).collect(),
        other => json!(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use opsctl_api::Edit;

    use super::*;

    fn change(at: &str, setting: &str, from: Option<Value>, to: Option<Value>) -> Change {
        Change { at: at.parse().unwrap(), edits: vec![Edit { setting: setting.to_owned(), from, to }] }
    }

    const EAST: &str = "aws:route53-record/Z1/live.example.com/CNAME/east";

    #[test]
    fn test_a_weight_moves_in_one_call_with_its_zone() {
        let change = change(EAST, "weight", Some(Value::Integer(100)), Some(Value::Integer(0)));
        let hops = hops(&change, &Live::new(change.at.clone())).unwrap();
        assert_eq!(hops.len(), 1);
        assert_eq!(batch(&hops[0]).unwrap().key, "Z1");
        assert_eq!(
            by_hand(&hops[0], "aws"),
            "aws route53 list-resource-record-sets --hosted-zone-id Z1 --query \
             'ResourceRecordSets[?Name=='\\''live.example.com.'\\'' && Type=='\\''CNAME'\\'' && SetIdentifier=='\\''east'\\'']|[0]' \
             --output json | jq '.Weight = 0 | {Changes: [{Action: \"UPSERT\", ResourceRecordSet: .}]}' | \
             aws route53 change-resource-record-sets --hosted-zone-id Z1 --change-batch file:///dev/stdin"
        );
    }

    #[test]
    fn test_an_alias_points_to_a_name_as_it_is_read() {
        let at = "aws:route53-alias/Z1/live.example.com/A";
        let from = || Some(Value::String("lb.example.com".into()));
        for (to, instead) in [
            ("My-LB-1.us-east-1.elb.amazonaws.com", "set target = \"my-lb-1.us-east-1.elb.amazonaws.com\""),
            ("lb-2.example.com.", "set target = \"lb-2.example.com\""),
        ] {
            let change = change(at, "target", from(), Some(Value::String(to.into())));
            assert_eq!(hops(&change, &Live::new(change.at.clone())).unwrap_err().instead, instead);
        }
        let change = change(at, "target", from(), Some(Value::String("lb-2.example.com".into())));
        assert!(hops(&change, &Live::new(change.at.clone())).is_ok());
    }

    #[test]
    fn test_a_ttl_does_not_move_with_a_weight() {
        let mut change = change(EAST, "weight", Some(Value::Integer(0)), Some(Value::Integer(100)));
        let (from, to) = (Some(Value::Integer(60)), Some(Value::Integer(30)));
        change.edits.push(Edit { setting: "ttl".to_owned(), from, to });
        assert!(hops(&change, &Live::new(change.at.clone())).unwrap_err().why.contains("one TTL"));
        change.edits.remove(0);
        assert!(hops(&change, &Live::new(change.at.clone())).is_ok());
    }

    #[test]
    fn test_what_another_sort_of_record_would_be_has_no_way() {
        let plain = "aws:route53-record/Z1/live.example.com/A";
        for (at, setting, word) in [(plain, "weight", "set identifier"), (EAST, "weight", "another policy")] {
            let change = change(at, setting, None, Some(Value::Integer(1)));
            let no_way = hops(&change, &Live::new(change.at.clone())).unwrap_err();
            assert!(no_way.why.contains(word), "{no_way}");
        }
        let change = change(EAST, "health_check", None, Some(Value::String("abc".into())));
        assert!(hops(&change, &Live::new(change.at.clone())).is_ok());
    }
}
