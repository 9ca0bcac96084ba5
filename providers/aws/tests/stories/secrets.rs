use std::thread::{scope, sleep};
use std::time::Duration;

use opsctl_api::{Fault, LiveSetting, Plain, Preflight, Query, Secret, Value, Wanted, Written};
use opsctl_aws_proxy::{Answer, Refusal};
use serde_json::{Value as Json, json};

use crate::account::{Account, address};

const AT: &str = "secret/prod/database";
const HOST: &str = "json.host";
/// As somebody has written it, with what a library would not keep.
const TEXT: &str = "{\n    \"user\": \"\\u0061na\",\n    \"port\" : 5432,\n    \"host\": \"db-east\"\n}\n";

fn account() -> Account {
    let account = Account::new();
    create(&account, TEXT);
    account
}

fn create(account: &Account, text: &str) {
    ask(account, "CreateSecret", json!({ "Name": "prod/database", "SecretString": text }));
}

fn ask(account: &Account, operation: &str, mut body: Json) -> Json {
    if body["Name"].is_null() {
        body["SecretId"] = json!("prod/database");
    }
    account.console().json("secretsmanager", operation, &body)
}

/// What everybody else reads.
fn current(account: &Account) -> String {
    let read = ask(account, "GetSecretValue", json!({ "VersionStage": "AWSCURRENT" }));
    read["SecretString"].as_str().unwrap().to_owned()
}

/// All labels with the version that has each.
fn labels(account: &Account) -> Vec<(String, String)> {
    let read = ask(account, "DescribeSecret", json!({}));
    let versions = read["VersionIdsToStages"].as_object().unwrap();
    let each = versions.iter().flat_map(|(version, stages)| {
        stages.as_array().unwrap().iter().map(move |stage| (stage.as_str().unwrap().to_owned(), version.clone()))
    });
    let mut labels: Vec<_> = each.collect();
    labels.sort();
    labels
}

fn text(text: &str) -> Value {
    Secret { plain: Some(Plain::new(text)), ..Secret::default() }.into()
}

/// What a record keeps of a value.
fn kept(value: Option<&Value>) -> Value {
    let Some(Value::Secret(secret)) = value else { panic!("{value:?}") };
    Secret { plain: None, ..Secret::clone(secret) }.into()
}

fn set(account: &Account, key: &str, to: Value) -> String {
    match account.write(AT, key, to) {
        Written::Sent { version: Some(version), .. } => version,
        other => panic!("{other:?}"),
    }
}

/// One key for another, and not a byte else; the version that was replaced stays, and is what a rollback goes back to.
pub(crate) fn one_key_changes_and_there_is_a_way_back() {
    let account = account();
    let before = account.read(AT);
    let first = before.version.clone().unwrap();
    let second = set(&account, HOST, text("db-west"));
    assert_eq!(current(&account), TEXT.replace("db-east", "db-west"));
    let of = |label: &str, version: &str| (label.to_owned(), version.to_owned());
    let labelled = |current: &str, previous: &str| {
        [of("AWSCURRENT", current), of("AWSPREVIOUS", previous), of("opsctl-1", &first), of("opsctl-2", &second)]
    };
    assert_eq!(labels(&account), labelled(&second, &first));
    assert_eq!(set(&account, HOST, kept(before.value(HOST))), first);
    assert_eq!((current(&account), account.read(AT)), (TEXT.to_owned(), before));
    assert_eq!(labels(&account), labelled(&first, &second));
}

/// What others have put there since is not taken back with it, and does not look like a change of it.
pub(crate) fn what_others_change_meanwhile_stays() {
    let account = account();
    let before = account.read(AT);
    set(&account, HOST, text("db-west"));
    let left = account.read(AT);
    let theirs = TEXT.replace("db-east", "db-west").replace("5432", "5433");
    ask(&account, "PutSecretValue", json!({ "SecretString": theirs }));
    let now = account.read(AT);
    assert_eq!(kept(now.value(HOST)), kept(left.value(HOST)));
    assert_ne!(kept(now.value("json.port")), kept(left.value("json.port")));
    let back = kept(before.value(HOST));
    set(&account, HOST, back.clone());
    assert_eq!(current(&account), TEXT.replace("5432", "5433"));
    assert_eq!(account.read(AT).value(HOST), Some(&back));
    // A number stays one.
    set(&account, "json.port", text("5434"));
    assert_eq!(current(&account), TEXT.replace("5432", "5434"));
}

/// Between what is read right before and the call that counts.
pub(crate) fn somebody_was_faster() {
    let account = account();
    let theirs = TEXT.replace("db-east", "db-south");
    account.proxy.when("secretsmanager", "UpdateSecretVersionStage").says("AWSCURRENT").delay(Duration::from_secs(1));
    let written = scope(|scope| {
        let writing = scope.spawn(|| account.write(AT, HOST, text("db-west")));
        while account.proxy.count("secretsmanager", "PutSecretValue") == 0 {
            sleep(Duration::from_millis(5));
        }
        ask(&account, "PutSecretValue", json!({ "SecretString": theirs }));
        writing.join().unwrap()
    });
    let Written::Conflict(live) = written else { panic!("{written:?}") };
    assert_eq!(live.value(HOST), Some(&text("db-south")));
    assert_eq!(current(&account), theirs);
}

/// A write whose answer is lost may be done; the same again makes no second version.
pub(crate) fn an_answer_is_lost() {
    let account = account();
    account.proxy.when("secretsmanager", "PutSecretValue").times(1).lose_answer();
    let written = account.write(AT, HOST, text("db-west"));
    assert!(matches!(written, Written::Unknown(Fault::Unreachable(_))), "{written:?}");
    assert_eq!(current(&account), TEXT);
    account.proxy.when("secretsmanager", "UpdateSecretVersionStage").times(1).lose_answer();
    let written = account.write(AT, HOST, text("db-west"));
    assert!(matches!(written, Written::Unknown(Fault::Unreachable(_))), "{written:?}");
    assert_eq!(account.read(AT).value(HOST), Some(&text("db-west")));
    assert_eq!(account.proxy.count("secretsmanager", "PutSecretValue"), 1);
}

/// A refusal that comes too late is none: what is in use is the version of this write, and a rollback must know that.
pub(crate) fn what_is_refused_and_done_was_done() {
    let account = account();
    let rule = account.proxy.when("secretsmanager", "UpdateSecretVersionStage").says("AWSCURRENT").times(1);
    rule.alter(|call, answer| {
        *answer = Answer::refused(call, &Refusal::new("InvalidParameterException", "it is staged elsewhere"));
    });
    let version = set(&account, HOST, text("db-west"));
    assert_eq!(account.read(AT).version, Some(version));
}

pub(crate) fn it_is_throttled() {
    let account = account();
    for operation in ["UpdateSecretVersionStage", "PutSecretValue"] {
        account.proxy.when("secretsmanager", operation).times(1).throttle();
        assert_eq!(
            account.write(AT, HOST, text("db-west")),
            Written::Refused(Fault::throttled(format!("secretsmanager:{operation}"), None))
        );
        assert_eq!(current(&account), TEXT);
    }
    account.proxy.when("secretsmanager", "BatchGetSecretValue").times(1).throttle();
    let read = account.ask(&[Query::one(address(AT))]).remove(0).into_one();
    assert_eq!(read, Err(Fault::throttled("secretsmanager:BatchGetSecretValue", None)));
}

/// A secret has twenty labels at most. The oldest go, but not what a key of now has its text from.
pub(crate) fn old_versions_are_let_go() {
    let account = account();
    let before = account.read(AT);
    for nth in 0..14 {
        set(&account, HOST, text(&format!("db-{nth}")));
    }
    let ours = labels(&account).into_iter().filter(|(label, _)| label.starts_with("opsctl-")).count();
    assert_eq!(ours, 12);
    let user = account.read(AT).value("json.user").cloned();
    assert_eq!(kept(user.as_ref()), kept(before.value("json.user")));
    set(&account, HOST, text("db-last"));
    let gone = account.read(AT).value(HOST).cloned();
    for nth in 0..14 {
        set(&account, HOST, text(&format!("db-again-{nth}")));
    }
    let told = account.preflight(AT, HOST, kept(gone.as_ref()));
    let Written::Refused(fault) = account.write(AT, HOST, kept(gone.as_ref())) else { panic!() };
    assert_eq!(told, Preflight::Refused(fault.clone()));
    assert!(matches!(&fault, Fault::Missing(why) if why.contains("is not kept any more")), "{fault}");
}

pub(crate) fn others_hold_it() {
    let account = account();
    account.proxy.when("secretsmanager", "DescribeSecret").alter(|_, answer| {
        answer.alter_json(|body| {
            body["RotationEnabled"] = json!(true);
            body["NextRotationDate"] = json!(4_102_444_800_i64);
            body["OwningService"] = json!("rds");
            body["Tags"] = json!([{ "Key": "ManagedBy", "Value": "terraform" }]);
        });
    });
    let owners: Vec<_> = account.read(AT).owners.into_iter().map(|owner| (owner.name, owner.reverts)).collect();
    let expected = [("the service rds", true), ("its rotation", false), ("Terraform", false)];
    assert_eq!(owners, expected.map(|(name, reverts)| (name.to_owned(), reverts)));
}

pub(crate) fn what_has_no_keys_is_hidden() {
    let account = Account::new();
    create(&account, "hunter2");
    let ask = Query { settings: Wanted::Only([HOST.to_owned()].into()), ..Query::one(address(AT)) };
    let live = account.ask(&[ask]).remove(0).into_one().unwrap();
    let hidden = LiveSetting::Hidden("its text is no JSON object".to_owned());
    assert_eq!(live.settings.get(HOST), Some(&hidden));
    let Written::Refused(Fault::Invalid(why)) = account.write(AT, HOST, text("db-west")) else { panic!() };
    assert!(!why.contains("hunter2"), "{why}");
    assert_eq!(current(&account), "hunter2");
}

pub(crate) fn what_is_deleted_is_missing() {
    let account = account();
    ask(&account, "DeleteSecret", json!({ "RecoveryWindowInDays": 7 }));
    let read = account.ask(&[Query::one(address(AT))]).remove(0).into_one();
    assert!(matches!(read, Err(Fault::Missing(_))), "{read:?}");
}

/// Its text may not be read: the batch says so of each.
pub(crate) fn what_may_not_be_read_is_denied() {
    let account = account();
    let denied = Refusal::new("AccessDeniedException", "no identity-based policy allows it");
    account.proxy.when("secretsmanager", "BatchGetSecretValue").alter(move |_, answer| {
        let error = json!({ "SecretId": "prod/database", "ErrorCode": denied.code, "Message": denied.message });
        answer.alter_json(|body| *body = json!({ "SecretValues": [], "Errors": [error] }));
    });
    let read = account.ask(&[Query::one(address(AT))]).remove(0).into_one();
    assert!(matches!(read, Err(Fault::Denied(_))), "{read:?}");
}
