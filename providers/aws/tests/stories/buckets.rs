use std::time::Duration;

use opsctl_api::{Fault, LiveSetting, Query, Reading, Value, Written};
use opsctl_aws_proxy::{Method, Refusal, Xml};

use crate::account::{Account, address, all};

const NAMESPACE: &str = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

pub(crate) fn make(account: &Account, bucket: &str) {
    account.console().rest("s3", Method::PUT, &format!("/{bucket}"), "");
}

pub(crate) fn version(account: &Account, bucket: &str, on: bool) {
    let status = if on { "Enabled" } else { "Suspended" };
    let body = format!("<VersioningConfiguration {NAMESPACE}><Status>{status}</Status></VersioningConfiguration>");
    account.console().rest("s3", Method::PUT, &format!("/{bucket}?versioning"), body);
}

fn account() -> (Account, String) {
    let account = Account::new();
    let bucket = format!("bucket-{}", account.proxy.account());
    make(&account, &bucket);
    (account, bucket)
}

const RULES: &str = "\
    <Rule><ID>old</ID><Filter><And><Prefix>a/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag>\
    <ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></And></Filter><Status>Enabled</Status>\
    <Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>\
    <NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions>\
    </NoncurrentVersionExpiration></Rule>\
    <Rule><ID>cold</ID><Prefix>logs/</Prefix><Status>Disabled</Status><Transition><Days>30</Days>\
    <StorageClass>GLACIER</StorageClass></Transition><AbortIncompleteMultipartUpload><DaysAfterInitiation>7\
    </DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>\
    <Rule><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>";

/// All leaves with what they say, in an order that says nothing.
fn leaves(xml: &Xml, above: &str, into: &mut Vec<String>) {
    let path = format!("{above}/{}", xml.name);
    if xml.children.is_empty() {
        into.push(format!("{path} {}", xml.text.trim()));
    }
    xml.children.iter().for_each(|child| leaves(child, &path, into));
}

/// All rules go in one call, and only the one that is named changes.
pub(crate) fn other_rules_stay() {
    let (account, bucket) = account();
    let (at, path) = (format!("s3-bucket/{bucket}"), format!("/{bucket}?lifecycle"));
    let body = format!("<LifecycleConfiguration {NAMESPACE}>{RULES}</LifecycleConfiguration>");
    account.console().rest("s3", Method::PUT, &path, body);
    let rules = || {
        let document = account.console().rest("s3", Method::GET, &path, "").as_xml();
        let rules = document.all("Rule").into_iter().map(|rule| {
            let mut all = Vec::new();
            leaves(rule, "", &mut all);
            all.sort();
            all
        });
        rules.collect::<Vec<_>>()
    };
    let before = rules();
    assert!(matches!(account.write(&at, "lifecycle.old", Value::Bool(false)), Written::Sent { .. }));
    let mut expected = before.clone();
    expected[0].iter_mut().for_each(|leaf| *leaf = leaf.replace("/Status Enabled", "/Status Disabled"));
    assert_eq!(rules(), expected);
    assert!(matches!(account.write(&at, "lifecycle.old", Value::Bool(true)), Written::Sent { .. }));
    assert_eq!(rules(), before);
}

/// Who may not read the tags sees all else.
pub(crate) fn tags_are_a_note() {
    let (account, bucket) = account();
    let at = format!("s3-bucket/{bucket}");
    let tags = "<TagSet><Tag><Key>ManagedBy</Key><Value>Terraform</Value></Tag></TagSet>";
    let body = format!("<Tagging {NAMESPACE}>{tags}</Tagging>");
    account.console().rest("s3", Method::PUT, &format!("/{bucket}?tagging"), body);
    assert_eq!(account.read(&at).owners[0].name, "Terraform");
    let denied = Refusal::new("AccessDenied", "Access Denied").status(403);
    account.proxy.when("s3", "GetBucketTagging").refuse(denied);
    let live = account.read(&at);
    assert!(live.owners.is_empty() && live.value("versioning") == Some(&Value::Bool(false)));
}

pub(crate) fn an_answer_is_lost() {
    let (account, bucket) = account();
    let at = format!("s3-bucket/{bucket}");
    account.proxy.when("s3", "PutBucketVersioning").times(1).lose_answer();
    let written = account.write(&at, "versioning", Value::Bool(true));
    assert!(matches!(written, Written::Unknown(Fault::Unreachable(_))), "{written:?}");
    assert_eq!(account.read(&at).value("versioning"), Some(&Value::Bool(true)));
}

/// Of more objects than a page has the newest one counts, and the empty one that stands for the folder does not.
pub(crate) fn the_newest_of_a_prefix() {
    let (account, bucket) = account();
    let put = |key: &str| drop(account.console().rest("s3", Method::PUT, &format!("/{bucket}/{key}"), "x"));
    for nth in 0..1001 {
        put(&format!("pg/daily/{nth:04}.dump"));
    }
    put("pg/");
    put("kafka/0.dump");
    account.proxy.when("s3", "ListObjectsV2").alter(|_, answer| {
        answer.alter_xml(|xml| {
            xml.each("Contents", &mut |object| {
                let day = match object.at("Key") {
                    "pg/" => "2099-01-01",
                    "pg/daily/1000.dump" => "2026-01-02",
                    _ => "2026-01-01",
                };
                object.set("LastModified", format!("{day}T00:00:00.000Z"));
            });
        });
    });
    let age = |at: &str| match account.read(&format!("s3-prefix/{bucket}/{at}")).settings.get("newest_age") {
        Some(LiveSetting::Is { value: Value::Duration(age), .. }) => Some(*age),
        Some(LiveSetting::Absent) => None,
        other => panic!("{other:?}"),
    };
    let calls = account.proxy.count("s3", "ListObjectsV2");
    let (daily, kafka) = (age("pg/daily").unwrap(), age("kafka").unwrap());
    assert_eq!(account.proxy.count("s3", "ListObjectsV2"), calls + 3);
    let apart = |one: Duration, other: Duration, days: u64| {
        let apart = one.abs_diff(other).abs_diff(Duration::from_secs(days * 24 * 3600));
        assert!(apart < Duration::from_secs(60), "{one:?} and {other:?}");
    };
    apart(kafka, daily, 1);
    apart(age("pg").unwrap(), daily, 0);
    assert_eq!(age("none"), None);
    let Reading::Members { found, complete: true } =
        account.ask(&[all(&format!("s3-prefix/{bucket}/*"), "newest_age")]).remove(0)
    else {
        panic!()
    };
    let members: Vec<String> = found.iter().map(|live| live.at.path().to_owned()).collect();
    assert_eq!(members, [format!("{bucket}/kafka"), format!("{bucket}/pg")]);
    let deep = account.ask(&[all(&format!("s3-prefix/{bucket}/*/daily"), "newest_age")]).remove(0);
    assert!(matches!(deep, Reading::Fault(Fault::Invalid(_))), "{deep:?}");
    let none = account.ask(&[Query::one(address("s3-prefix/no-such-bucket-anywhere/pg"))]).remove(0).into_one();
    assert!(matches!(none, Err(Fault::Missing(_))), "{none:?}");
}
