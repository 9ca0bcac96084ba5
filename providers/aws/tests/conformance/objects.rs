use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::{Call, Console, Method, Proxy};

use crate::account::{Ground, REGION, text};
use crate::buckets;

/// Objects of one bucket. Each has two versions that say the same: the one from before the bucket kept versions, which AWS calls
/// `null`, and the newest.
pub(crate) struct Objects {
    bucket: String,
    ready: OnceLock<()>,
    made: AtomicUsize,
}

/// More than the trials take.
const MANY: usize = 300;
const SAYS: &str = "on\n";

impl Objects {
    pub(crate) fn new(proxy: &Proxy) -> Self {
        let bucket = format!("objects-{}", proxy.account());
        Self { bucket, ready: OnceLock::new(), made: AtomicUsize::new(0) }
    }

    fn fill(&self, console: &Console<'_>) {
        self.ready.get_or_init(|| {
            buckets::make(console, &self.bucket);
            for nth in 0..MANY {
                console.rest("s3", Method::PUT, &format!("/{}/flags/{nth}", self.bucket), SAYS);
            }
            buckets::version(console, &self.bucket, true);
        });
    }
}

fn put(console: &Console<'_>, path: &str, body: &str, headers: &[(&'static str, &str)]) {
    let call = Call::rest("s3", REGION, Method::PUT, &format!("/{path}"), body.to_owned());
    let call = headers.iter().fold(call, |call, (name, value)| call.with(name, value));
    let answer = console.send(call);
    assert!(answer.ok(), "{}", answer.text());
}

impl Ground for Objects {
    fn make(&self, console: &Console<'_>, _nth: usize) -> String {
        self.fill(console);
        let nth = self.made.fetch_add(1, Ordering::Relaxed);
        assert!(nth < MANY, "there are {MANY} objects");
        let path = format!("{}/flags/{nth}", self.bucket);
        put(console, &path, SAYS, &[("x-amz-tagging", "made=fresh"), ("content-type", "text/plain")]);
        path
    }

    fn examples(&self) -> Vec<Example> {
        vec![text("content", "off\n"), text("content", "half\n"), text("version", "null")]
    }

    fn illegal(&self) -> Vec<Example> {
        vec![text("version", "nothing")]
    }

    /// Each write makes a version.
    fn restless(&self) -> Vec<String> {
        vec!["version".to_owned()]
    }

    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        let to = to.and_then(Value::as_str).unwrap();
        if setting == "content" {
            return put(console, path, to, &[]);
        }
        let source = format!("{path}?versionId={to}");
        let replaced = [("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-opsctl-version", source.as_str())];
        put(console, path, "", &[&[("x-amz-copy-source", source.as_str())], &replaced[..]].concat());
    }

    fn missing(&self, console: &Console<'_>) -> String {
        self.fill(console);
        format!("{}/nothing", self.bucket)
    }

    fn pattern(&self, _console: &Console<'_>) -> String {
        format!("{}/flags/*", self.bucket)
    }

    /// The API reads one object a call.
    fn most_calls(&self) -> u64 {
        50
    }
}
