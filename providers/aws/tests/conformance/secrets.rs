use opsctl_api::testkit::Example;
use opsctl_api::{Plain, Secret, Value};
use opsctl_aws_proxy::Console;
use serde_json::{Value as Json, json};

use crate::account::Ground;

/// Secrets, each a JSON object of two keys.
pub(crate) struct Secrets;

fn ask(console: &Console<'_>, operation: &str, body: &Json) -> Json {
    console.json("secretsmanager", operation, body)
}

fn secret(setting: &str, text: &str) -> Example {
    Example::set(setting, Secret { plain: Some(Plain::new(text)), ..Secret::default() }.into())
}

impl Ground for Secrets {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        let name = format!("prod/database-{nth}");
        let text = "{\n  \"host\": \"db-east\",\n  \"user\": \"ana-lytics\"\n}";
        let tags = json!([{ "Key": "made", "Value": "fresh" }]);
        ask(console, "CreateSecret", &json!({ "Name": name, "SecretString": text, "Tags": tags }));
        name
    }

    fn examples(&self) -> Vec<Example> {
        vec![
            secret("json.host", "db-west"),
            secret("json.host", "db-south"),
            secret("json.pass", "open-sesame"),
            Example::absent("json.user"),
        ]
    }

    /// Puts a whole, as everybody else does.
    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        let read = ask(console, "GetSecretValue", &json!({ "SecretId": path, "VersionStage": "AWSCURRENT" }));
        let mut whole: Json = serde_json::from_str(read["SecretString"].as_str().unwrap()).unwrap();
        let (keys, key) = (whole.as_object_mut().unwrap(), setting.strip_prefix("json.").unwrap());
        match to {
            Some(Value::Secret(secret)) => {
                drop(keys.insert(key.into(), secret.plain.as_ref().unwrap().expose().into()))
            }
            None => drop(keys.remove(key)),
            other => panic!("{other:?}"),
        }
        ask(console, "PutSecretValue", &json!({ "SecretId": path, "SecretString": whole.to_string() }));
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        "prod/nothing".to_owned()
    }

    /// Twenty a call, and what each is described by.
    fn most_calls(&self) -> u64 {
        53
    }
}
