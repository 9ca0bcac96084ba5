use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::Console;
use serde_json::{Value as Json, json};

use crate::account::{Ground, integer, text};

/// Kinesis data streams.
pub(crate) struct Streams;

fn ask(console: &Console<'_>, name: &str, operation: &str, fields: Json) -> Json {
    let mut body = json!({ "StreamName": name });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    console.json("kinesis", operation, &body)
}

impl Ground for Streams {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        let name = format!("events-{nth}");
        ask(console, &name, "CreateStream", json!({ "ShardCount": 4 }));
        ask(console, &name, "AddTagsToStream", json!({ "Tags": { "made": "fresh" } }));
        name
    }

    fn examples(&self) -> Vec<Example> {
        vec![
            integer("shards", 8),
            integer("shards", 3),
            integer("shards", 18),
            integer("retention_hours", 48),
            integer("retention_hours", 72),
            text("encryption", "alias/aws/kinesis"),
            text("encryption", "alias/ops"),
        ]
    }

    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        let read = ask(console, path, "DescribeStreamSummary", json!({}));
        let now = &read["StreamDescriptionSummary"];
        let number = to.and_then(Value::as_integer);
        let key = json!({ "EncryptionType": "KMS", "KeyId": to.and_then(Value::as_str).or(now["KeyId"].as_str()) });
        let send = |operation: &str, fields: Json| drop(ask(console, path, operation, fields));
        match (setting, to) {
            ("encryption", Some(_)) => send("StartStreamEncryption", key),
            ("encryption", None) => send("StopStreamEncryption", key),
            ("retention_hours", _) => {
                let grows = number > now["RetentionPeriodHours"].as_i64();
                let verb = if grows { "IncreaseStreamRetentionPeriod" } else { "DecreaseStreamRetentionPeriod" };
                send(verb, json!({ "RetentionPeriodHours": number }));
            }
            _ => {
                // No further than the API goes in one call.
                let mut open = now["OpenShardCount"].as_i64().unwrap();
                let target = number.unwrap();
                while open != target {
                    open = target.clamp((open + 1) / 2, open * 2);
                    send("UpdateShardCount", json!({ "TargetShardCount": open, "ScalingType": "UNIFORM_SCALING" }));
                }
            }
        }
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        "nothing".to_owned()
    }

    /// The API describes one stream a call.
    fn most_calls(&self) -> u64 {
        50
    }
}
