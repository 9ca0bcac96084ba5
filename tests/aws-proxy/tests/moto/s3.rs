use opsctl_aws_proxy::{Call, Method, Proxy, Refusal};

use crate::client::{EAST, Reply, ask};

fn s3(aws: &Proxy, method: Method, path: &str, body: &str) -> Reply {
    ask(aws, &Call::rest("s3", EAST, method, path, body.to_owned()))
}

#[test]
fn test_objects_and_documents_are_kept() {
    let aws = Proxy::start();
    let bucket = format!("/b{}", aws.account());
    assert_eq!(s3(&aws, Method::PUT, &bucket, "").status, 200);
    let key = format!("{bucket}/dir/a%20b.txt");
    assert_eq!(s3(&aws, Method::PUT, &key, "hello").status, 200);
    assert_eq!(s3(&aws, Method::GET, &key, "").text(), "hello");
    s3(&aws, Method::GET, &format!("{bucket}/none"), "").assert_refused(404, "NoSuchKey");
    let tiering = format!("{bucket}?intelligent-tiering&id=cold");
    s3(&aws, Method::GET, &tiering, "").assert_refused(404, "NoSuchConfiguration");
    let document = "<IntelligentTieringConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Id>cold</Id>\
                    <Status>Enabled</Status></IntelligentTieringConfiguration>";
    assert_eq!(s3(&aws, Method::PUT, &tiering, document).status, 200);
    assert_eq!(s3(&aws, Method::GET, &tiering, "").xml().at("Status"), "Enabled");
    let listed = s3(&aws, Method::GET, &format!("{bucket}?intelligent-tiering"), "").xml();
    assert_eq!(listed.at("IntelligentTieringConfiguration/Id"), "cold");
    assert_eq!(s3(&aws, Method::DELETE, &tiering, "").status, 204);
    let names = ["CreateBucket", "PutObject", "GetObject", "GetBucketIntelligentTieringConfiguration"];
    assert_eq!(names.map(|name| aws.count("s3", name)), [1, 1, 2, 2]);
}

#[test]
fn test_an_object_is_replaced_only_as_it_is() {
    let aws = Proxy::start();
    let bucket = format!("/b{}", aws.account());
    let key = format!("{bucket}/flags");
    s3(&aws, Method::PUT, &bucket, "");
    s3(&aws, Method::PUT, &key, "old");
    let mut call = Call::rest("s3", EAST, Method::PUT, &key, "new");
    call.headers.insert("if-match", "\"0123\"".parse().unwrap());
    ask(&aws, &call).assert_refused(412, "PreconditionFailed");
    aws.when("s3", "PutObject").times(1).refuse(Refusal::new("AccessDenied", "Access Denied").status(403));
    s3(&aws, Method::PUT, &key, "new").assert_refused(403, "<Code>AccessDenied</Code>");
    assert_eq!(s3(&aws, Method::GET, &key, "").text(), "old");
}

#[test]
fn test_a_copy_is_made_only_over_what_is_there() {
    let aws = Proxy::start();
    let bucket = format!("/b{}", aws.account());
    let key = format!("{bucket}/flags");
    s3(&aws, Method::PUT, &bucket, "");
    s3(&aws, Method::PUT, &format!("{bucket}?versioning"), VERSIONED);
    let versioning = s3(&aws, Method::GET, &format!("{bucket}?versioning"), "").xml();
    assert_eq!((versioning.name.as_str(), versioning.at("Status")), ("VersioningConfiguration", "Enabled"));
    s3(&aws, Method::PUT, &key, "old");
    let listed = s3(&aws, Method::GET, &format!("{bucket}?versions"), "").xml();
    let old = listed.all("VersionId")[0].text.clone();
    s3(&aws, Method::PUT, &key, "new");
    let source = format!("{}?versionId={old}", key.trim_start_matches('/'));
    let copy = |etag: &str| {
        let call = Call::rest("s3", EAST, Method::PUT, &key, "").with("x-amz-copy-source", &source);
        ask(&aws, &call.with("if-match", etag))
    };
    copy("\"0123\"").assert_refused(412, "PreconditionFailed");
    assert_eq!(s3(&aws, Method::GET, &key, "").text(), "new");
    // MD5 of `new`.
    assert_eq!(copy("\"22af645d1859cb5ca6da0c484f1f37ea\"").status, 200);
    assert_eq!(s3(&aws, Method::GET, &key, "").text(), "old");
    assert_eq!(aws.count("s3", "CopyObject"), 2);
}

const VERSIONED: &str = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status>\
                         </VersioningConfiguration>";

#[test]
fn test_a_lifecycle_is_kept_as_it_was_put() {
    let aws = Proxy::start();
    let bucket = format!("/b{}", aws.account());
    let lifecycle = format!("{bucket}?lifecycle");
    s3(&aws, Method::PUT, &bucket, "");
    s3(&aws, Method::GET, &lifecycle, "").assert_refused(404, "NoSuchLifecycleConfiguration");
    let document = "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule><ID>old</ID><Filter>\
                    <ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></Filter><Status>Enabled</Status><Expiration><Days>3</Days>\
                    </Expiration></Rule></LifecycleConfiguration>";
    assert_eq!(s3(&aws, Method::PUT, &lifecycle, document).status, 200);
    let rule = s3(&aws, Method::GET, &lifecycle, "").xml();
    assert_eq!(rule.at("Rule/Filter/ObjectSizeGreaterThan"), "500");
    assert_eq!(s3(&aws, Method::DELETE, &lifecycle, "").status, 204);
    s3(&aws, Method::GET, &lifecycle, "").assert_refused(404, "NoSuchLifecycleConfiguration");
}
