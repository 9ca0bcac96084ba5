use opsctl_aws_proxy::{Call, Proxy};
use serde_json::{Value as Json, json};

use crate::client::{EAST, ask};

fn value(aws: &Proxy) -> String {
    let one = ask(aws, &Call::json("secretsmanager", EAST, "GetSecretValue", &json!({ "SecretId": "db" }))).json();
    let ids = json!({ "SecretIdList": ["db", "none"] });
    let batch = ask(aws, &Call::json("secretsmanager", EAST, "BatchGetSecretValue", &ids)).json();
    assert_eq!(batch["SecretValues"][0]["SecretString"], one["SecretString"]);
    assert_eq!(batch["SecretValues"][0]["VersionId"], one["VersionId"]);
    assert_eq!(batch["Errors"][0]["ErrorCode"], json!("ResourceNotFoundException"));
    one["SecretString"].as_str().unwrap().to_owned()
}

#[test]
fn test_the_value_is_that_of_the_current_stage() {
    let aws = Proxy::start();
    let console = aws.console(EAST);
    let (old, new) = ("a".repeat(32), "b".repeat(32));
    let made = json!({ "Name": "db", "SecretString": "old", "ClientRequestToken": old });
    console.json("secretsmanager", "CreateSecret", &made);
    let put =
        json!({ "SecretId": "db", "SecretString": "new", "ClientRequestToken": new, "VersionStages": ["opsctl"] });
    console.json("secretsmanager", "PutSecretValue", &put);
    assert_eq!(value(&aws), "old");
    let change = |change: Json| {
        let mut body = json!({ "SecretId": "db", "VersionStage": "AWSCURRENT" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        ask(&aws, &Call::json("secretsmanager", EAST, "UpdateSecretVersionStage", &body))
    };
    change(json!({ "MoveToVersionId": new })).assert_refused(400, "InvalidParameterException");
    assert_eq!(change(json!({ "MoveToVersionId": new, "RemoveFromVersionId": old })).status, 200);
    assert_eq!(value(&aws), "new");
    change(json!({ "MoveToVersionId": old, "RemoveFromVersionId": old }))
        .assert_refused(400, "InvalidParameterException");
    assert_eq!(change(json!({ "MoveToVersionId": old, "RemoveFromVersionId": new })).status, 200);
    assert_eq!(value(&aws), "old");
    // Somebody puts one for all to see.
    let body = json!({ "SecretId": "db", "SecretString": "theirs", "ClientRequestToken": "c".repeat(32) });
    let put = ask(&aws, &Call::json("secretsmanager", EAST, "PutSecretValue", &body)).json();
    assert_eq!((value(&aws).as_str(), &put["VersionStages"]), ("theirs", &json!(["AWSCURRENT"])));
    let read = ask(&aws, &Call::json("secretsmanager", EAST, "DescribeSecret", &json!({ "SecretId": "db" }))).json();
    assert_eq!(read["VersionIdsToStages"][&old], json!(["AWSPREVIOUS"]));
    assert_eq!(read["VersionIdsToStages"]["c".repeat(32)], json!(["AWSCURRENT"]));
    let own = json!({ "VersionStage": "opsctl", "MoveToVersionId": old });
    change(own).assert_refused(400, "RemoveFromVersionId");
}
