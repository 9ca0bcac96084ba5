//! The operations that are told by method and path.

use std::collections::BTreeMap;

use hyper::Method;

/// Service, method, path (a `*` is any part), operation.
const BY_PATH: &[(&str, &str, &str, &str)] = &[
    ("eks", "GET", "clusters", "ListClusters"),
    ("eks", "GET", "clusters/*", "DescribeCluster"),
    ("eks", "GET", "clusters/*/node-groups", "ListNodegroups"),
    ("eks", "POST", "clusters/*/node-groups", "CreateNodegroup"),
    ("eks", "GET", "clusters/*/node-groups/*", "DescribeNodegroup"),
    ("eks", "POST", "clusters/*/node-groups/*/update-config", "UpdateNodegroupConfig"),
    ("lambda", "GET", "*/event-source-mappings", "ListEventSourceMappings"),
    ("lambda", "POST", "*/event-source-mappings", "CreateEventSourceMapping"),
    ("lambda", "GET", "*/event-source-mappings/*", "GetEventSourceMapping"),
    ("lambda", "PUT", "*/event-source-mappings/*", "UpdateEventSourceMapping"),
    ("lambda", "GET", "*/functions", "ListFunctions"),
    ("lambda", "POST", "*/functions", "CreateFunction"),
    ("lambda", "GET", "*/functions/*", "GetFunction"),
    ("lambda", "GET", "*/functions/*/aliases", "ListAliases"),
    ("lambda", "POST", "*/functions/*/aliases", "CreateAlias"),
    ("lambda", "GET", "*/functions/*/aliases/*", "GetAlias"),
    ("lambda", "PUT", "*/functions/*/aliases/*", "UpdateAlias"),
    ("lambda", "DELETE", "*/functions/*/aliases/*", "DeleteAlias"),
    ("lambda", "PUT", "*/functions/*/code", "UpdateFunctionCode"),
    ("lambda", "GET", "*/functions/*/concurrency", "GetFunctionConcurrency"),
    ("lambda", "PUT", "*/functions/*/concurrency", "PutFunctionConcurrency"),
    ("lambda", "DELETE", "*/functions/*/concurrency", "DeleteFunctionConcurrency"),
    ("lambda", "GET", "*/functions/*/configuration", "GetFunctionConfiguration"),
    ("lambda", "PUT", "*/functions/*/configuration", "UpdateFunctionConfiguration"),
    ("lambda", "POST", "*/functions/*/invocations", "Invoke"),
    ("lambda", "GET", "*/functions/*/versions", "ListVersionsByFunction"),
    ("lambda", "POST", "*/functions/*/versions", "PublishVersion"),
    ("route53", "GET", "*/change/*", "GetChange"),
    ("route53", "GET", "*/hostedzone", "ListHostedZones"),
    ("route53", "POST", "*/hostedzone", "CreateHostedZone"),
    ("route53", "GET", "*/hostedzone/*", "GetHostedZone"),
    ("route53", "DELETE", "*/hostedzone/*", "DeleteHostedZone"),
    ("route53", "GET", "*/hostedzone/*/rrset", "ListResourceRecordSets"),
    ("route53", "POST", "*/hostedzone/*/rrset", "ChangeResourceRecordSets"),
    ("route53", "GET", "*/hostedzonesbyname", "ListHostedZonesByName"),
];

/// What the query adds to a bucket or an object: its word, and the operation's after `Get`, `Put` or `Delete`.
const OF_S3: &[(&str, &str)] = &[
    ("acl", "Acl"),
    ("encryption", "Encryption"),
    ("intelligent-tiering", "IntelligentTieringConfiguration"),
    ("lifecycle", "LifecycleConfiguration"),
    ("location", "Location"),
    ("object-lock", "ObjectLockConfiguration"),
    ("policy", "Policy"),
    ("replication", "Replication"),
    ("tagging", "Tagging"),
    ("versioning", "Versioning"),
];

pub(crate) fn named(
    service: &str,
    method: &Method,
    path: &[String],
    query: &BTreeMap<String, String>,
) -> Option<String> {
    if service == "s3" {
        return of_s3(method, path, query);
    }
    let fits = |pattern: &str| {
        let parts: Vec<&str> = pattern.split('/').collect();
        parts.len() == path.len() && parts.iter().zip(path).all(|(part, given)| *part == "*" || part == given)
    };
    let found = BY_PATH.iter().find(|(of, by, pattern, _)| *of == service && *by == method.as_str() && fits(pattern));
    found.map(|(.., operation)| (*operation).to_owned())
}

fn of_s3(method: &Method, path: &[String], query: &BTreeMap<String, String>) -> Option<String> {
    let verb = match *method {
        Method::GET => "Get",
        Method::PUT => "Put",
        Method::DELETE => "Delete",
        Method::HEAD => "Head",
        _ => "",
    };
    let of = OF_S3.iter().find(|(word, _)| query.contains_key(*word));
    let whole = match (path.len(), of, verb) {
        (0, _, "Get") => "ListBuckets",
        (1, Some(("intelligent-tiering", _)), "Get") if !query.contains_key("id") => {
            "ListBucketIntelligentTieringConfigurations"
        }
        (1, Some((_, name)), "Get" | "Put" | "Delete") => return Some(format!("{verb}Bucket{name}")),
        (1, None, "Get") if query.contains_key("versions") => "ListObjectVersions",
        (1, None, "Get") if query.contains_key("list-type") => "ListObjectsV2",
        (1, None, "Get") => "ListObjects",
        (1, None, "Put") => "CreateBucket",
        (1, None, "Delete" | "Head") => return Some(format!("{verb}Bucket")),
        (1, None, "") if query.contains_key("delete") => "DeleteObjects",
        (2.., Some((_, name)), "Get" | "Put" | "Delete") => return Some(format!("{verb}Object{name}")),
        (2.., None, "Get" | "Put" | "Delete" | "Head") => return Some(format!("{verb}Object")),
        _ => return None,
    };
    Some(whole.to_owned())
}
