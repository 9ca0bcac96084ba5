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
