use std::sync::OnceLock;

use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::{Console, Method, Proxy};

use crate::account::Ground;
use crate::buckets;

/// Folders of one bucket, each with a backup in it.
pub(crate) struct Prefixes {
    account: String,
    ready: OnceLock<()>,
}

impl Prefixes {
    pub(crate) fn new(proxy: &Proxy) -> Self {
        Self { account: proxy.account().to_owned(), ready: OnceLock::new() }
    }

    fn bucket(&self) -> String {
        format!("backups-{}", self.account)
    }
}

impl Ground for Prefixes {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        let bucket = self.bucket();
        self.ready.get_or_init(|| buckets::make(console, &bucket));
        let path = format!("{bucket}/db-{nth:05}");
        console.rest("s3", Method::PUT, &format!("/{path}/nightly.dump"), "dump");
        path
    }

    fn examples(&self) -> Vec<Example> {
        Vec::new()
    }

    fn restless(&self) -> Vec<String> {
        vec!["newest_age".to_owned()]
    }

    fn disturb(&self, _console: &Console<'_>, path: &str, setting: &str, _to: Option<&Value>) {
        panic!("{setting} of {path} is only read")
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        format!("nothing-{}/db", self.account)
    }

    fn pattern(&self, _console: &Console<'_>) -> String {
        format!("{}/*", self.bucket())
    }

    fn tagged(&self) -> bool {
        false
    }

    /// A list each.
    fn most_calls(&self) -> u64 {
        50
    }
}
