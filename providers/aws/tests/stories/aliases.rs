use std::thread::{scope, sleep};
use std::time::Duration;

use opsctl_api::{Fault, Preflight, Value, Written};
use opsctl_aws_proxy::{Method, Refusal};
use serde_json::json;

use crate::account::{Account, text};

const AT: &str = "lambda-alias/edge/live";
const FUNCTION: &str = "/2015-03-31/functions/edge";

/// A function with two versions, and an alias of the first.
fn account() -> Account {
    let account = Account::new();
    let console = account.console();
    let role = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole",
    }] });
    let fields = [("RoleName", "edge"), ("AssumeRolePolicyDocument", &role.to_string())];
    let made = console.form("iam", "CreateRole", &fields);
    let send = |method, path: &str, body: serde_json::Value| console.rest("lambda", method, path, body.to_string());
    let function = json!({
        "FunctionName": "edge", "Runtime": "python3.12", "Handler": "x.y", "Role": made.all("Arn")[0].text, "Publish": true,
        "Code": { "ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==" },
    });
    send(Method::POST, "/2015-03-31/functions", function);
    send(Method::PUT, &format!("{FUNCTION}/configuration"), json!({ "Environment": { "Variables": { "A": "1" } } }));
    send(Method::POST, &format!("{FUNCTION}/versions"), json!({}));
    send(Method::POST, &format!("{FUNCTION}/aliases"), json!({ "Name": "live", "FunctionVersion": "1" }));
    account
}

/// Between the reading right before and the call: the API refuses it, and what is there now is told.
pub(crate) fn somebody_was_faster() {
    let account = account();
    account.proxy.when("lambda", "UpdateAlias").times(1).delay(Duration::from_secs(1));
    let written = scope(|scope| {
        let writing = scope.spawn(|| account.write(AT, "weights.2", Value::Number(0.1)));
        while account.proxy.count("lambda", "UpdateAlias") == 0 {
            sleep(Duration::from_millis(5));
        }
        let theirs = json!({ "FunctionVersion": "2" }).to_string();
        account.console().rest("lambda", Method::PUT, &format!("{FUNCTION}/aliases/live"), theirs);
        writing.join().unwrap()
    });
    let Written::Conflict(live) = written else { panic!("{written:?}") };
    assert_eq!((live.value("version"), live.value("weights.2")), (Some(&text("2")), None));
}

/// What is not set stays: a call names the version and the weights, and nothing else.
pub(crate) fn who_changes_the_description_is_not_overwritten() {
    let account = account();
    let path = format!("{FUNCTION}/aliases/live");
    account.console().rest("lambda", Method::PUT, &path, json!({ "Description": "ours" }).to_string());
    let written = account.write(AT, "weights.2", Value::Number(0.1));
    let Written::Sent { version, .. } = written else { panic!("{written:?}") };
    assert_eq!(account.read(AT).version, version);
    let alias = account.console().rest("lambda", Method::GET, &path, "").as_json();
    assert_eq!((&alias["Description"], &alias["FunctionVersion"]), (&json!("ours"), &json!("1")));
    assert_eq!(alias["RoutingConfig"]["AdditionalVersionWeights"], json!({ "2": 0.1 }));
}

/// A version that is not there is told with those that are, and asked for once, however many aliases name it. Who may not read it is told that.
pub(crate) fn what_is_no_version_is_told_before() {
    let account = account();
    let other = json!({ "Name": "next", "FunctionVersion": "2" }).to_string();
    account.console().rest("lambda", Method::POST, &format!("{FUNCTION}/aliases"), other);
    let missing = |what: &str| Preflight::Refused(Fault::Missing(what.to_owned()));
    let none = missing("no version 9 of function edge; its newest are 2, 1");
    let next = "lambda-alias/edge/next";
    let told = account.preflight_all(&[(AT, "version", text("9")), (next, "weights.9", Value::Number(0.1))]);
    assert_eq!(told, [none.clone(), none]);
    assert_eq!(account.proxy.count("lambda", "GetFunctionConfiguration"), 1);
    let alias = missing("no version next of function edge: that is an alias of 2");
    assert_eq!(account.preflight(AT, "version", text("next")), alias);
    // Nothing tells that it would be taken.
    assert!(
        matches!(account.preflight(AT, "version", text("2")), Preflight::CannotTell(why) if why.contains("no dry run"))
    );
    account
        .proxy
        .when("lambda", "GetFunctionConfiguration")
        .refuse(Refusal::new("AccessDeniedException", "no").status(403));
    let unread = account.preflight(AT, "version", text("9"));
    assert!(matches!(&unread, Preflight::CannotTell(why) if why.contains("could not be read: denied")), "{unread:?}");
}
