use std::sync::OnceLock;

use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::{Console, Method};
use serde_json::{Value as Json, json};

use crate::account::{Ground, text};

/// Aliases of one Lambda function that has four versions.
#[derive(Default)]
pub(crate) struct Aliases(OnceLock<()>);

const FUNCTION: &str = "/2015-03-31/functions/edge";
/// An empty archive: the mark of its end alone.
const CODE: &str = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";

fn send(console: &Console<'_>, method: Method, path: &str, body: &Json) {
    console.rest("lambda", method, path, body.to_string());
}

/// A version has something that the one before has not.
fn function(console: &Console<'_>) {
    let role = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole",
    }] });
    let fields = [("RoleName", "edge"), ("AssumeRolePolicyDocument", &role.to_string())];
    let made = console.form("iam", "CreateRole", &fields);
    let arn = &made.all("Arn")[0].text;
    let function = json!({
        "FunctionName": "edge", "Runtime": "python3.12", "Handler": "x.y", "Code": { "ZipFile": CODE }, "Role": arn,
        "Publish": true, "Tags": { "made": "fresh" },
    });
    send(console, Method::POST, "/2015-03-31/functions", &function);
    for version in 2..5 {
        let environment = json!({ "Environment": { "Variables": { "A": version.to_string() } } });
        send(console, Method::PUT, &format!("{FUNCTION}/configuration"), &environment);
        send(console, Method::POST, &format!("{FUNCTION}/versions"), &json!({}));
    }
}

impl Ground for Aliases {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        self.0.get_or_init(|| function(console));
        let name = format!("live-{nth}");
        let weights = json!({ "AdditionalVersionWeights": { "2": 0.5 } });
        let alias = json!({ "Name": name, "FunctionVersion": "1", "RoutingConfig": weights });
        send(console, Method::POST, &format!("{FUNCTION}/aliases"), &alias);
        format!("edge/{name}")
    }

    fn examples(&self) -> Vec<Example> {
        vec![
            Example::set("weights.2", Value::Number(0.9)),
            Example::set("weights.2", Value::Number(0.25)),
            Example::absent("weights.2"),
            text("version", "3"),
            text("version", "4"),
        ]
    }

    fn illegal(&self) -> Vec<Example> {
        vec![Example::set("weights.3", Value::Number(0.1)), text("version", "2")]
    }

    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        let alias = path.strip_prefix("edge/").unwrap();
        let body = match (setting, to) {
            ("version", Some(Value::String(version))) => json!({ "FunctionVersion": version }),
            (_, Some(Value::Number(weight))) => {
                json!({ "RoutingConfig": { "AdditionalVersionWeights": { "2": weight } } })
            }
            (_, None) => json!({ "RoutingConfig": { "AdditionalVersionWeights": {} } }),
            other => panic!("{other:?}"),
        };
        send(console, Method::PUT, &format!("{FUNCTION}/aliases/{alias}"), &body);
    }

    fn missing(&self, console: &Console<'_>) -> String {
        self.0.get_or_init(|| function(console));
        "edge/nothing".to_owned()
    }

    fn pattern(&self, _console: &Console<'_>) -> String {
        "edge/*".to_owned()
    }

    /// One function's aliases are one list.
    fn most_calls(&self) -> u64 {
        1
    }
}
