use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::{Console, Method, Proxy};

use crate::account::Ground;

/// Buckets that kept versions once, with two lifecycle rules.
pub(crate) struct Buckets {
    account: String,
}

impl Buckets {
    pub(crate) fn new(proxy: &Proxy) -> Self {
        Self { account: proxy.account().to_owned() }
    }
}

const NAMESPACE: &str = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

pub(crate) fn make(console: &Console<'_>, bucket: &str) {
    console.rest("s3", Method::PUT, &format!("/{bucket}"), "");
}

pub(crate) fn version(console: &Console<'_>, bucket: &str, on: bool) {
    let status = if on { "Enabled" } else { "Suspended" };
    let body = format!("<VersioningConfiguration {NAMESPACE}><Status>{status}</Status></VersioningConfiguration>");
    console.rest("s3", Method::PUT, &format!("/{bucket}?versioning"), body);
}

fn rule(id: &str, status: &str) -> String {
    let filter = format!("<Filter><Prefix>{id}/</Prefix></Filter>");
    format!("<Rule><ID>{id}</ID>{filter}<Status>{status}</Status><Expiration><Days>30</Days></Expiration></Rule>")
}

impl Ground for Buckets {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        let bucket = format!("bucket-{}-{nth}", self.account);
        make(console, &bucket);
        version(console, &bucket, true);
        version(console, &bucket, false);
        let rules = [rule("old", "Enabled"), rule("cold", "Disabled")].concat();
        let lifecycle = format!("<LifecycleConfiguration {NAMESPACE}>{rules}</LifecycleConfiguration>");
        console.rest("s3", Method::PUT, &format!("/{bucket}?lifecycle"), lifecycle);
        let tags = "<TagSet><Tag><Key>made</Key><Value>fresh</Value></Tag></TagSet>";
        console.rest(
            "s3",
            Method::PUT,
            &format!("/{bucket}?tagging"),
            format!("<Tagging {NAMESPACE}>{tags}</Tagging>"),
        );
        bucket
    }

    fn examples(&self) -> Vec<Example> {
        vec![
            Example::set("versioning", Value::Bool(true)),
            Example::set("lifecycle.old", Value::Bool(false)),
            Example::set("lifecycle.cold", Value::Bool(true)),
        ]
    }

    fn illegal(&self) -> Vec<Example> {
        vec![Example::set("lifecycle.none", Value::Bool(true))]
    }

    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        let on = to == Some(&Value::Bool(true));
        let Some(id) = setting.strip_prefix("lifecycle.") else { return version(console, path, on) };
        let path = format!("/{path}?lifecycle");
        let mut document = console.rest("s3", Method::GET, &path, "").as_xml();
        document.each("Rule", &mut |rule| {
            if rule.at("ID") == id {
                rule.set("Status", if on { "Enabled" } else { "Disabled" });
            }
        });
        console.rest("s3", Method::PUT, &path, document.document());
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        format!("nothing-{}", self.account)
    }

    fn pattern(&self, _console: &Console<'_>) -> String {
        format!("bucket-{}-*", self.account)
    }

    /// Versioning, lifecycle and tags are a call each.
    fn most_calls(&self) -> u64 {
        150
    }
}
