use opsctl_aws_proxy::{Call, Method, Proxy};
use serde_json::{Value as Json, json};

use crate::client::{EAST, Reply, ask};

const FUNCTION: &str = "/2015-03-31/functions/edge";

/// A function with two versions, and an alias of the first.
fn function() -> Proxy {
    let aws = Proxy::start();
    let console = aws.console(EAST);
    let role = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" },
        "Action": "sts:AssumeRole" }] });
    console.form("iam", "CreateRole", &[("RoleName", "edge"), ("AssumeRolePolicyDocument", &role.to_string())]);
    // An empty archive: the mark of its end alone.
    let code = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";
    let function = json!({ "FunctionName": "edge", "Runtime": "python3.12", "Handler": "x.y", "Code": { "ZipFile": code },
        "Role": format!("arn:aws:iam::{}:role/edge", aws.account()), "Publish": true });
    console.rest("lambda", Method::POST, "/2015-03-31/functions", function.to_string());
    let environment = json!({ "Environment": { "Variables": { "A": "1" } } });
    console.rest("lambda", Method::PUT, &format!("{FUNCTION}/configuration"), environment.to_string());
    console.rest("lambda", Method::POST, &format!("{FUNCTION}/versions"), "{}");
    let alias = json!({ "Name": "live", "FunctionVersion": "1" });
    console.rest("lambda", Method::POST, &format!("{FUNCTION}/aliases"), alias.to_string());
    aws
}

fn update(aws: &Proxy, body: &Json) -> Reply {
    ask(aws, &Call::rest("lambda", EAST, Method::PUT, &format!("{FUNCTION}/aliases/live"), body.to_string()))
}

fn revision(aws: &Proxy) -> String {
    let read = ask(aws, &Call::rest("lambda", EAST, Method::GET, &format!("{FUNCTION}/aliases"), "")).json();
    read["Aliases"][0]["RevisionId"].as_str().unwrap().to_owned()
}

#[test]
fn test_an_alias_is_updated_only_from_its_revision() {
    let aws = function();
    let first = revision(&aws);
    let update_from = |revision: &str, weight: f64| {
        let weights = json!({ "AdditionalVersionWeights": { "2": weight } });
        update(&aws, &json!({ "FunctionVersion": "1", "RoutingConfig": weights, "RevisionId": revision }))
    };
    let updated = update_from(&first, 0.1).json();
    let second = revision(&aws);
    assert_ne!(second, first);
    assert_eq!(updated["RevisionId"], json!(second));
    update_from(&first, 0.2).assert_refused(412, "RevisionId");
    update_from(&second, 1.5).assert_refused(400, "AdditionalVersionWeights");
    let two = json!({ "RoutingConfig": { "AdditionalVersionWeights": { "2": 0.1, "3": 0.1 } } });
    update(&aws, &two).assert_refused(400, "AdditionalVersionWeights");
    assert_eq!(revision(&aws), second);
    assert_eq!(update(&aws, &json!({ "RoutingConfig": { "AdditionalVersionWeights": {} } })).status, 200);
}
