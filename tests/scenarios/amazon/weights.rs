//! How many changes a zone gets where weights move: Route 53 makes one of them at a time, and each is on its way for up to a minute.

use opsctl_aws_proxy::Proxy;

use super::pipeline::region;
use super::world::{World, record};
use crate::harness::Repository;

const SETS: [(&str, i64); 4] = [("a", 100), ("b", 100), ("c", 0), ("d", 0)];

/// Four weighted sets of a name, and what declares them; the overlay moves all weights from the first two to the others.
fn zone(declared: &str) -> (Proxy, Repository) {
    let aws = Proxy::start();
    let zone = World::new(&aws, "example.com").zone;
    let (mut baseline, mut moved) = (String::new(), "over = \"baseline\"\n".to_owned());
    for (set, weight) in SETS {
        let path = format!("{zone}/live.example.com/CNAME/{set}");
        let answer = format!(
            "<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{set}.example.com</Value></ResourceRecord></ResourceRecords>"
        );
        record(&aws.console(region("dns")), &path, weight, &answer);
        baseline += &format!("[resource.{set}]\nat = \"dns:route53-record/{path}\"\nweight = {weight}\n{declared}\n");
        moved += &format!("[resource.{set}]\nweight = {}\n", 100 - weight);
    }
    let config = format!("[provider.dns]\ntype = \"aws\"\nregion = \"us-east-1\"\nendpoint = \"{}\"\n", aws.url());
    let ops =
        Repository::of(&[("opsctl.toml", &config), ("states/baseline.toml", &baseline), ("states/moved.toml", &moved)]);
    (aws, ops)
}

/// What each change of the zone created since this was asked last: the sets with their weights.
fn changes(aws: &Proxy) -> Vec<Vec<String>> {
    let calls = aws.calls().into_iter().filter(|call| call.operation == "ChangeResourceRecordSets");
    let made = |call: opsctl_aws_proxy::Call| {
        let body = call.as_xml();
        let made = body.all("Change").into_iter().filter(|change| change.at("Action") == "CREATE");
        let of =
            |field: &str, change: &opsctl_aws_proxy::Xml| change.at(&format!("ResourceRecordSet/{field}")).to_owned();
        let mut sets: Vec<String> =
            made.map(|change| format!("{} {}", of("SetIdentifier", change), of("Weight", change))).collect();
        sets.sort();
        sets
    };
    let changes = calls.map(made).collect();
    aws.forget();
    changes
}

/// Nothing says that one waits for another: all go at once, in one atomic change.
#[test]
fn test_weights_flip_in_one_call() {
    let (aws, ops) = zone("");
    aws.forget();
    ops.done(&["apply", "moved", "-y"]);
    assert_eq!(changes(&aws), [["a 0", "b 0", "c 100", "d 100"]]);
    ops.done(&["rollback", "-y"]);
    assert_eq!(changes(&aws), [["a 100", "b 100", "c 0", "d 0"]]);
}

/// Who holds one traffic together takes it before others let go of it: two changes, however many they are.
#[test]
fn test_a_pool_moves_in_two_calls() {
    let (aws, ops) = zone("pool = \"live\"");
    aws.forget();
    ops.done(&["apply", "moved", "-y"]);
    assert_eq!(changes(&aws), [["c 100", "d 100"], ["a 0", "b 0"]]);
    ops.done(&["rollback", "-y"]);
    assert_eq!(changes(&aws), [["a 100", "b 100"], ["c 0", "d 0"]]);
}
