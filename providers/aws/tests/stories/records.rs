use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use opsctl_api::{Fault, Query, Readiness, Reading, Value, Written};
use opsctl_aws_proxy::{Method, Refusal, late};

use crate::account::{Account, address};

const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

/// A zone with a weighted pair of a record and one of an alias.
struct Zone {
    account: Account,
    id: String,
}

impl Zone {
    fn new() -> Self {
        let account = Account::new();
        let body = format!(
            "<CreateHostedZoneRequest xmlns=\"{NAMESPACE}\"><Name>example.com</Name><CallerReference>story</CallerReference>\
             </CreateHostedZoneRequest>"
        );
        let made = account.console().rest("route53", Method::POST, "/2013-04-01/hostedzone", body).text().into_owned();
        let id = made.split_once("<Id>/hostedzone/").unwrap().1.split_once('<').unwrap().0.to_owned();
        let zone = Self { account, id };
        for set in ["east", "west"] {
            zone.put("CREATE", &record(set, 100));
            zone.put("CREATE", &alias(set, 100));
        }
        zone
    }

    fn put(&self, action: &str, set: &str) {
        let body = format!(
            "<ChangeResourceRecordSetsRequest xmlns=\"{NAMESPACE}\"><ChangeBatch><Changes><Change><Action>{action}</Action>\
             <ResourceRecordSet>{set}</ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
        );
        let path = format!("/2013-04-01/hostedzone/{}/rrset", self.id);
        self.account.console().rest("route53", Method::POST, &path, body);
    }

    fn record(&self, set: &str) -> String {
        format!("route53-record/{}/live.example.com/CNAME/{set}", self.id)
    }

    fn alias(&self, set: &str) -> String {
        format!("route53-alias/{}/edge.example.com/A/{set}", self.id)
    }

    fn weights(&self, wanted: &[(&str, i64)]) -> Vec<Written> {
        let wanted: Vec<_> = wanted.iter().map(|(at, weight)| (*at, "weight", Value::Integer(*weight))).collect();
        self.account.write_all(&wanted)
    }

    fn weight(&self, at: &str) -> Option<Value> {
        self.account.read(at).value("weight").cloned()
    }
}

fn record(set: &str, weight: u8) -> String {
    format!(
        "<Name>live.example.com</Name><Type>CNAME</Type><SetIdentifier>{set}</SetIdentifier><Weight>{weight}</Weight><TTL>60</TTL>\
         <ResourceRecords><ResourceRecord><Value>{set}.example.com</Value></ResourceRecord></ResourceRecords>"
    )
}

fn alias(set: &str, weight: u8) -> String {
    format!(
        "<Name>edge.example.com</Name><Type>A</Type><SetIdentifier>{set}</SetIdentifier><Weight>{weight}</Weight><AliasTarget>\
         <HostedZoneId>Z35SXDOTRQ7X7K</HostedZoneId><DNSName>{set}.elb.amazonaws.com</DNSName>\
         <EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>"
    )
}

fn sent(written: &[Written]) -> bool {
    written.iter().all(|written| matches!(written, Written::Sent { .. }))
}

/// A second of a whole account takes ten calls, whatever they are about.
pub(crate) fn many_are_read_no_faster_than_aws_takes() {
    let account = Account::new();
    let asked: Vec<Query> = (0..14)
        .flat_map(|nth| (0..4).map(move |set| format!("route53-record/Z{nth}/live.example.com/CNAME/{set}")))
        .map(|at| Query::one(address(&at)))
        .collect();
    let began = Instant::now();
    let missing = |reading: Reading| matches!(reading, Reading::Fault(Fault::Missing(_)));
    assert!(account.ask(&asked).into_iter().all(missing));
    assert_eq!(account.proxy.count("route53", "ListResourceRecordSets"), 56);
    assert!(began.elapsed() > Duration::from_millis(1_900), "{:?}", began.elapsed());
}

/// Records and aliases of a zone move together, whichever comes first.
pub(crate) fn both_sorts_share_a_call() {
    let zone = Zone::new();
    let (east, west) = (zone.record("east"), zone.alias("west"));
    zone.account.proxy.forget();
    let written = zone.weights(&[(&east, 0), (&west, 7)]);
    assert!(sent(&written), "{written:?}");
    let written = zone.weights(&[(&west, 9), (&east, 1)]);
    assert!(sent(&written), "{written:?}");
    assert_eq!(zone.account.proxy.count("route53", "ChangeResourceRecordSets"), 2);
    assert_eq!((zone.weight(&east), zone.weight(&west)), (Some(Value::Integer(1)), Some(Value::Integer(9))));
}

/// A record that moved between the reading and the call is told; nothing of the change was done.
pub(crate) fn somebody_was_faster() {
    let zone = Zone::new();
    let (east, west) = (zone.record("east"), zone.record("west"));
    zone.account.proxy.when("route53", "ChangeResourceRecordSets").times(1).delay(Duration::from_secs(1));
    let before = zone.account.proxy.count("route53", "ChangeResourceRecordSets");
    let written = scope(|scope| {
        let writing = scope.spawn(|| zone.weights(&[(&east, 0), (&west, 7)]));
        while zone.account.proxy.count("route53", "ChangeResourceRecordSets") == before {
            sleep(Duration::from_millis(5));
        }
        zone.put("UPSERT", &record("east", 55));
        writing.join().unwrap()
    });
    let [Written::Conflict(live), Written::Refused(Fault::Invalid(_))] = &written[..] else { panic!("{written:?}") };
    assert_eq!(live.value("weight"), Some(&Value::Integer(55)));
    assert_eq!(zone.weight(&west), Some(Value::Integer(100)));
}

/// A zone takes one change at a time, and a change takes a while to be everywhere.
pub(crate) fn it_is_busy_and_late() {
    let zone = Zone::new();
    let east = zone.record("east");
    let busy =
        Refusal::new("PriorRequestNotComplete", "The request was rejected because Route 53 was still processing.");
    zone.account.proxy.when("route53", "ChangeResourceRecordSets").times(1).refuse(busy);
    let written = zone.weights(&[(&east, 0)]);
    assert!(matches!(written[..], [Written::Refused(Fault::Busy(_))]), "{written:?}");
    let written = zone.weights(&[(&east, 0)]).remove(0);
    let Written::Sent { receipt, .. } = written else { panic!("{written:?}") };
    zone.account.proxy.when("route53", "GetChange").times(1).alter(late::route53_pending());
    let what = "not on all name servers yet".to_owned();
    let live = zone.account.read_of(&east, receipt.clone());
    assert_eq!(live.readiness, Readiness::Progressing { done: 0, total: 0, what });
    assert_eq!(zone.account.read_of(&east, receipt).readiness, Readiness::Ready);
}

/// All sets of a weighted name have one TTL: it changes for all of them in one call.
pub(crate) fn a_ttl_changes_for_all() {
    let zone = Zone::new();
    let (east, west) = (zone.record("east"), zone.record("west"));
    let ttl = |at: &[&str]| {
        let wanted: Vec<_> = at.iter().map(|at| (*at, "ttl", Value::Integer(30))).collect();
        zone.account.write_all(&wanted)
    };
    let written = ttl(&[&east]);
    assert!(matches!(&written[..], [Written::Refused(Fault::Invalid(why))] if why.contains("same TTL")), "{written:?}");
    let written = ttl(&[&east, &west]);
    assert!(sent(&written), "{written:?}");
}
