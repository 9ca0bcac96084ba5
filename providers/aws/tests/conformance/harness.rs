use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use opsctl_api::testkit::{Example, Harness};
use opsctl_api::{Address, Answer, Batch, Catalogue, Change, Config, Hop, Kind, Live, NoWay, Pattern, Provider, Value};
use opsctl_aws_proxy::{Call, Proxy, Refusal};
use serde_json::json;

use crate::account::{Ground, REGION};
use crate::alarms::Alarms;
use crate::aliases::Aliases;
use crate::buckets::Buckets;
use crate::databases::Databases;
use crate::groups::Groups;
use crate::instances::Instances;
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::prefixes::Prefixes;
use crate::records::Records;
use crate::secrets::Secrets;
use crate::services::Services;
use crate::streams::Streams;
use crate::target_groups::TargetGroups;
use crate::targets::Targets;

/// An account on moto.
pub(crate) struct Moto {
    proxy: Proxy,
    grounds: BTreeMap<&'static str, Box<dyn Ground>>,
    made: AtomicUsize,
    catalogue: &'static dyn Catalogue,
}

/// The kinds that have a client.
struct Built(Vec<Kind>);

impl Catalogue for Built {
    fn provider(&self) -> &'static str {
        "aws"
    }

    fn kinds(&self) -> &'static [Kind] {
        // One catalogue a process, which ends with it.
        Box::leak(self.0.clone().into_boxed_slice())
    }

    fn hops(&self, change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
        opsctl_aws::catalogue().hops(change, live)
    }

    fn batch(&self, hop: &Hop) -> Option<Batch> {
        opsctl_aws::catalogue().batch(hop)
    }

    fn by_hand(&self, hop: &Hop, config: &Config) -> String {
        opsctl_aws::catalogue().by_hand(hop, config)
    }
}

/// Whether a call changes nothing.
fn reads(call: &Call) -> bool {
    ["Batch", "Describe", "Get", "Head", "List"].iter().any(|verb| call.operation.starts_with(verb))
}

fn signed_by(call: &Call, key: &str) -> bool {
    call.header("authorization").contains(key)
}

impl Moto {
    pub(crate) fn new() -> Self {
        let proxy = Proxy::start();
        let denied = || Refusal::new("AccessDenied", "the credentials do not allow it").status(403);
        proxy.when("*", "*").is(|call| signed_by(call, "READSNOTHING")).refuse(denied());
        proxy.when("*", "*").is(|call| signed_by(call, "WRITESNOTHING") && !reads(call)).refuse(denied());
        let mut grounds: BTreeMap<&'static str, Box<dyn Ground>> = BTreeMap::new();
        grounds.insert("asg", Box::new(Groups::default()));
        grounds.insert("cloudwatch-alarm", Box::new(Alarms));
        grounds.insert("cloudwatch-metric", Box::new(Metrics));
        grounds.insert("ec2-instance", Box::new(Instances));
        grounds.insert("ecs-service", Box::new(Services::default()));
        grounds.insert("kinesis-stream", Box::new(Streams));
        grounds.insert("lambda-alias", Box::new(Aliases::default()));
        grounds.insert("rds-instance", Box::new(Databases::new(&proxy)));
        grounds.insert("route53-alias", Box::new(Records::new(true)));
        grounds.insert("route53-record", Box::new(Records::new(false)));
        grounds.insert("s3-bucket", Box::new(Buckets::new(&proxy)));
        grounds.insert("s3-object", Box::new(Objects::new(&proxy)));
        grounds.insert("s3-prefix", Box::new(Prefixes::new(&proxy)));
        grounds.insert("scalable-target", Box::new(Targets::default()));
        grounds.insert("secret", Box::new(Secrets));
        grounds.insert("target-group", Box::new(TargetGroups::default()));
        let built = opsctl_aws::catalogue().kinds().iter().filter(|kind| grounds.contains_key(kind.name));
        let catalogue = Box::leak(Box::new(Built(built.copied().collect())));
        Self { proxy, grounds, made: AtomicUsize::new(0), catalogue }
    }

    fn ground(&self, kind: &str) -> &dyn Ground {
        self.grounds[kind].as_ref()
    }

    fn open(&self, instance: &str, profile: &str, endpoint: &str) -> Arc<dyn Provider> {
        let config: Config =
            serde_json::from_value(json!({ "region": REGION, "profile": profile, "endpoint": endpoint })).unwrap();
        opsctl_aws::open(instance, &config).unwrap_or_else(|problems| panic!("{problems:?}")).into()
    }
}

impl Harness for Moto {
    fn catalogue(&self) -> &'static dyn Catalogue {
        self.catalogue
    }

    fn provider(&self) -> Arc<dyn Provider> {
        self.open("aws", "everything", &self.proxy.url())
    }

    fn fresh<'a>(&'a self, kind: &'static Kind) -> Answer<'a, Result<Address, String>> {
        Box::pin(async move {
            let nth = self.made.fetch_add(1, Ordering::Relaxed);
            let make = || self.ground(kind.name).make(&self.proxy.console(REGION), nth);
            let path = tokio::task::block_in_place(make);
            Address::new("aws", kind.name, &path).map_err(|error| error.to_string())
        })
    }

    fn examples(&self, kind: &'static Kind) -> Vec<Example> {
        self.ground(kind.name).examples()
    }

    fn illegal(&self, kind: &'static Kind) -> Vec<Example> {
        self.ground(kind.name).illegal()
    }

    fn disturb<'a>(
        &'a self,
        at: &'a Address,
        setting: &'a str,
        to: Option<&'a Value>,
    ) -> Answer<'a, Result<(), String>> {
        Box::pin(async move {
            let disturb = || self.ground(at.kind()).disturb(&self.proxy.console(REGION), at.path(), setting, to);
            tokio::task::block_in_place(disturb);
            Ok(())
        })
    }

    fn missing(&self, kind: &'static Kind) -> Address {
        let path = self.ground(kind.name).missing(&self.proxy.console(REGION));
        Address::new("aws", kind.name, &path).unwrap()
    }

    fn pattern(&self, kind: &'static Kind) -> Pattern {
        Pattern::new(format!("aws:{}/{}", kind.name, self.ground(kind.name).pattern(&self.proxy.console(REGION))))
    }

    fn labels(&self, kind: &'static Kind) -> Option<BTreeMap<String, String>> {
        self.ground(kind.name).tagged().then(|| [("made".to_owned(), "fresh".to_owned())].into())
    }

    fn restless(&self, kind: &'static Kind) -> Vec<String> {
        self.ground(kind.name).restless()
    }

    fn denied_reads(&self) -> Option<Arc<dyn Provider>> {
        Some(self.open("aws", "reads-nothing", &self.proxy.url()))
    }

    fn denied_writes(&self) -> Option<Arc<dyn Provider>> {
        Some(self.open("aws", "writes-nothing", &self.proxy.url()))
    }

    fn unreachable(&self) -> Option<Arc<dyn Provider>> {
        // A port that nothing listens on: the lowest one, which is nobody's.
        Some(self.open("aws", "everything", "http://127.0.0.1:1"))
    }

    fn other_name(&self) -> Option<Arc<dyn Provider>> {
        Some(self.open("amazon", "everything", &self.proxy.url()))
    }

    fn most_calls(&self, kind: &'static Kind, _resources: usize) -> u64 {
        self.ground(kind.name).most_calls()
    }
}
