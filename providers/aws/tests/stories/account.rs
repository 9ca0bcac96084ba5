use std::time::Duration;

use opsctl_api::{
    Address, Change, Cx, Edit, Hop, Live, Pattern, Preflight, Provider, Query, Reading, Receipt, Selector, Value,
    Wanted, Write, Written,
};
use opsctl_aws_proxy::{Console, Proxy};
use serde_json::json;
use tokio::runtime::Runtime;

const REGION: &str = "us-east-1";

/// An account on moto, and the provider that is tried on it.
pub(crate) struct Account {
    pub(crate) proxy: Proxy,
    provider: Box<dyn Provider>,
    pub(crate) cx: Cx,
    runtime: Runtime,
}

impl Account {
    pub(crate) fn new() -> Self {
        let proxy = Proxy::start();
        let config = json!({ "region": REGION, "profile": "everything", "endpoint": proxy.url() });
        let provider = opsctl_aws::open("aws", &serde_json::from_value(config).unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { proxy, provider, cx: Cx::new(Duration::from_secs(60)), runtime }
    }

    pub(crate) fn console(&self) -> Console<'_> {
        self.proxy.console(REGION)
    }

    pub(crate) fn identity(&self) {
        self.runtime.block_on(self.provider.identity(&self.cx)).unwrap();
    }

    pub(crate) fn ask(&self, asked: &[Query]) -> Vec<Reading> {
        self.runtime.block_on(self.provider.read(&self.cx, asked))
    }

    pub(crate) fn read(&self, at: &str) -> Live {
        self.ask(&[Query::one(address(at))]).remove(0).into_one().unwrap()
    }

    /// What is read of a write.
    pub(crate) fn read_of(&self, at: &str, receipt: Option<Receipt>) -> Live {
        let query = Query { receipt, ..Query::one(address(at)) };
        self.ask(&[query]).remove(0).into_one().unwrap()
    }

    /// The first call on the way to a value, from what is there now.
    pub(crate) fn write(&self, at: &str, setting: &str, to: Value) -> Written {
        self.write_all(&[(at, setting, to)]).remove(0)
    }

    /// The same of several, which may share a call.
    pub(crate) fn write_all(&self, wanted: &[(&str, &str, Value)]) -> Vec<Written> {
        let writes: Vec<Write> = self
            .hops(wanted)
            .into_iter()
            .map(|(hop, live)| Write { hop, live, idempotency_token: "story".to_owned() })
            .collect();
        self.runtime.block_on(self.provider.write(&self.cx, &writes))
    }

    /// What is said of that call before it is made.
    pub(crate) fn preflight(&self, at: &str, setting: &str, to: Value) -> Preflight {
        self.preflight_all(&[(at, setting, to)]).remove(0)
    }

    /// What is said of all calls on the way to a value.
    pub(crate) fn preflight_way(&self, at: &str, setting: &str, to: Value) -> Vec<Preflight> {
        let (hops, _) = self.way(at, setting, to);
        self.runtime.block_on(self.provider.preflight(&self.cx, &hops))
    }

    /// The same as [`Self::preflight`] of several.
    pub(crate) fn preflight_all(&self, wanted: &[(&str, &str, Value)]) -> Vec<Preflight> {
        let hops: Vec<Hop> = self.hops(wanted).into_iter().map(|(hop, _)| hop).collect();
        self.runtime.block_on(self.provider.preflight(&self.cx, &hops))
    }

    fn hops(&self, wanted: &[(&str, &str, Value)]) -> Vec<(Hop, Live)> {
        let first = |(at, setting, to): &(&str, &str, Value)| {
            let (mut hops, live) = self.way(at, setting, to.clone());
            (hops.remove(0), live)
        };
        wanted.iter().map(first).collect()
    }

    fn way(&self, at: &str, setting: &str, to: Value) -> (Vec<Hop>, Live) {
        let live = self.read(at);
        let edit = Edit { setting: setting.to_owned(), from: live.value(setting).cloned(), to: Some(to) };
        let change = Change { at: live.at.clone(), edits: vec![edit] };
        (opsctl_aws::catalogue().hops(&change, &live).unwrap(), live)
    }
}

pub(crate) fn address(at: &str) -> Address {
    format!("aws:{at}").parse().unwrap()
}

/// One setting of all that a pattern stands for.
pub(crate) fn all(pattern: &str, setting: &str) -> Query {
    let at = Selector::Many { pattern: Pattern::new(format!("aws:{pattern}")), labels: Default::default() };
    Query { at, settings: Wanted::Only([setting.to_owned()].into()), receipt: None }
}

pub(crate) fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}
