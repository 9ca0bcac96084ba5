use std::thread::{scope, sleep};
use std::time::Duration;

use opsctl_api::{Fault, LiveSetting, Preflight, Value, Written};
use opsctl_aws_proxy::{Answer, Call, Method, Refusal};

use crate::account::{Account, text};
use crate::buckets;

/// A bucket that keeps versions.
fn account() -> (Account, String) {
    let account = Account::new();
    let bucket = format!("objects-{}", account.proxy.account());
    buckets::make(&account, &bucket);
    buckets::version(&account, &bucket, true);
    (account, format!("{bucket}/etc/flags+1.json"))
}

fn put(account: &Account, path: &str, body: &str, headers: &[(&'static str, &str)]) -> String {
    let call = Call::rest("s3", "us-east-1", Method::PUT, &format!("/{}", path.replace('+', "%2B")), body.to_owned());
    let answer = account.console().send(headers.iter().fold(call, |call, (name, value)| call.with(name, value)));
    assert!(answer.ok(), "{}", answer.text());
    header(&answer, "x-amz-version-id")
}

fn get(account: &Account, path: &str) -> Answer {
    account.console().rest("s3", Method::GET, &format!("/{}", path.replace('+', "%2B")), "")
}

fn header(answer: &Answer, name: &str) -> String {
    answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

const ATTRIBUTES: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("content-type", "application/json"),
    ("content-language", "en"),
    ("x-amz-meta-team", "delivery"),
    ("expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
];

/// A write replaces the whole object, so all of it is said again.
pub(crate) fn what_else_it_has_stays() {
    let (account, path) = account();
    let at = format!("s3-object/{path}");
    put(&account, &path, "{}", &[&ATTRIBUTES[..], &[("x-amz-tagging", "team=a%20b&made=fresh")]].concat());
    let old = account.read(&at);
    assert!(matches!(account.write(&at, "content", text("{\"on\": true}")), Written::Sent { .. }));
    let now = get(&account, &path);
    assert_eq!(now.text(), "{\"on\": true}");
    for (name, value) in ATTRIBUTES {
        assert_eq!(header(&now, name), value, "{name}");
    }
    let tags = get(&account, &format!("{path}?tagging")).as_xml();
    let mut tags: Vec<_> = tags.all("Tag").into_iter().map(|tag| (tag.at("Key"), tag.at("Value"))).collect();
    tags.sort_unstable();
    assert_eq!(tags, [("made", "fresh"), ("team", "a b")]);
    // The way back brings them, too.
    assert!(matches!(account.write(&at, "version", old.value("version").cloned().unwrap()), Written::Sent { .. }));
    assert_eq!(
        (get(&account, &path).text().as_ref(), header(&get(&account, &path), "cache-control").as_str()),
        ("{}", "no-store")
    );
}

/// Who may not read tags is not told how many there are, and would take them away by writing the whole without them.
pub(crate) fn tags_that_may_not_be_read_stay() {
    let (account, path) = account();
    let at = format!("s3-object/{path}");
    put(&account, &path, "on", &[("x-amz-tagging", "team=delivery")]);
    for operation in ["GetObject", "HeadObject"] {
        account.proxy.when("s3", operation).alter(|_, answer| drop(answer.headers.remove("x-amz-tagging-count")));
    }
    let denied = Refusal::new("AccessDenied", "Access Denied").status(403);
    let denied = account.proxy.when("s3", "GetObjectTagging").refuse(denied);
    let written = account.write(&at, "content", text("off"));
    assert!(matches!(written, Written::Refused(Fault::Denied(_))), "{written:?}");
    assert_eq!(account.proxy.count("s3", "PutObject"), 0);
    denied.end();
    assert!(matches!(account.write(&at, "content", text("off")), Written::Sent { .. }));
    assert_eq!(get(&account, &format!("{path}?tagging")).as_xml().all("Tag").len(), 1);
}

/// An earlier version is copied over it, and is the version that it says it is until something else is written.
pub(crate) fn an_earlier_version_comes_back() {
    let (account, path) = account();
    let at = format!("s3-object/{path}");
    let first = put(&account, &path, "on", &[]);
    let second = put(&account, &path, "off", &[]);
    assert_eq!(account.read(&at).value("version"), Some(&text(&second)));
    assert!(matches!(account.write(&at, "version", text(&first)), Written::Sent { .. }));
    let live = account.read(&at);
    assert_eq!((live.value("version"), live.value("content")), (Some(&text(&first)), Some(&text("on"))));
    let own = header(&get(&account, &path), "x-amz-version-id");
    assert!(own != first && own != second);
    let refused = Fault::Missing("no version gone of it".to_owned());
    assert_eq!(account.preflight(&at, "version", text("gone")), Preflight::Refused(refused.clone()));
    assert_eq!(account.write(&at, "version", text("gone")), Written::Refused(refused));
    assert!(matches!(account.preflight(&at, "version", text(&second)), Preflight::CannotTell(_)));
    assert!(matches!(account.write(&at, "content", text("half")), Written::Sent { .. }));
    let own = header(&get(&account, &path), "x-amz-version-id");
    assert_eq!(account.read(&at).value("version"), Some(&text(&own)));
    // A copy elsewhere, which takes the metadata along, has no version of this one.
    assert!(matches!(account.write(&at, "version", text(&first)), Written::Sent { .. }));
    let copy = format!("{path}-west");
    put(&account, &copy, "", &[("x-amz-copy-source", &path.replace('+', "%2B"))]);
    let own = header(&get(&account, &copy), "x-amz-version-id");
    assert_eq!(account.read(&format!("s3-object/{copy}")).value("version"), Some(&text(&own)));
}

/// Between what is read right before and the call.
pub(crate) fn somebody_was_faster() {
    let (account, path) = account();
    let at = format!("s3-object/{path}");
    let first = put(&account, &path, "on", &[]);
    put(&account, &path, "off", &[]);
    for (operation, setting, to) in [("PutObject", "content", "half"), ("CopyObject", "version", first.as_str())] {
        account.proxy.when("s3", operation).times(1).delay(Duration::from_secs(1));
        let written = scope(|scope| {
            let writing = scope.spawn(|| account.write(&at, setting, text(to)));
            while account.proxy.count("s3", operation) == 0 {
                sleep(Duration::from_millis(5));
            }
            put(&account, &path, &format!("theirs, before {operation}"), &[]);
            writing.join().unwrap()
        });
        assert!(matches!(written, Written::Conflict(_)), "{written:?}");
        assert_eq!(get(&account, &path).text(), format!("theirs, before {operation}"));
    }
}

pub(crate) fn it_is_busy_or_lost() {
    let (account, path) = account();
    let at = format!("s3-object/{path}");
    put(&account, &path, "on", &[]);
    let write = || account.write(&at, "content", text("off"));
    account.proxy.when("s3", "PutObject").times(1).throttle();
    assert_eq!(write(), Written::Refused(Fault::throttled("s3:PutObject", None)));
    let busy = Refusal::new("ConditionalRequestConflict", "A conflicting operation occurred.").status(409);
    account.proxy.when("s3", "PutObject").times(1).refuse(busy);
    let written = write();
    assert!(matches!(written, Written::Refused(Fault::Busy(_))), "{written:?}");
    assert_eq!(get(&account, &path).text(), "on");
    account.proxy.when("s3", "PutObject").times(1).lose_answer();
    let written = write();
    assert!(matches!(written, Written::Unknown(Fault::Unreachable(_))), "{written:?}");
    assert_eq!(get(&account, &path).text(), "off");
}

/// What is no text of a few lines is not read as one, and its version can be set all the same.
pub(crate) fn what_is_no_small_text_is_hidden() {
    let (account, path) = account();
    let at = format!("s3-object/{path}");
    let first = put(&account, &path, &"x".repeat(300 * 1024), &[]);
    let hidden = |why: &str| Some(LiveSetting::Hidden(why.to_owned()));
    assert_eq!(account.read(&at).settings.get("content").cloned(), hidden("it is larger than 256 KiB"));
    let call = Call::rest("s3", "us-east-1", Method::PUT, &format!("/{}", path.replace('+', "%2B")), vec![0xff, 0xfe]);
    assert!(account.console().send(call).ok());
    assert_eq!(account.read(&at).settings.get("content").cloned(), hidden("it is no text"));
    assert!(matches!(account.write(&at, "version", text(&first)), Written::Sent { .. }));
    assert_eq!(account.read(&at).value("version"), Some(&Value::String(first)));
}

/// What S3 has moved to an archive is there, and told with what to do; an archived version does not come back by itself.
pub(crate) fn what_is_archived_is_told() {
    let (account, path) = account();
    let at = format!("s3-object/{path}");
    let first = put(&account, &path, "on", &[("x-amz-storage-class", "GLACIER")]);
    let live = account.read(&at);
    assert_eq!(live.value("version"), Some(&text(&first)));
    let Some(LiveSetting::Hidden(why)) = live.settings.get("content") else { panic!("{live:?}") };
    assert!(why.contains("restore-object"), "{why}");
    put(&account, &path, "off", &[]);
    let Preflight::Refused(Fault::Invalid(why)) = account.preflight(&at, "version", text(&first)) else { panic!() };
    assert!(why.contains(&first) && why.contains("restore-object"), "{why}");
    let written = account.write(&at, "version", text(&first));
    assert!(matches!(&written, Written::Refused(Fault::Invalid(why)) if why.contains("restore-object")), "{written:?}");
    assert_eq!(get(&account, &path).text(), "off");
}
