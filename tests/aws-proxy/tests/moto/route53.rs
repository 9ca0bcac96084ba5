use opsctl_aws_proxy::{Call, Method, Proxy, late};

use crate::client::{EAST, Reply, ask};

struct Zone {
    aws: Proxy,
    id: String,
}

/// A weighted record set.
fn set(name: &str, id: &str, weight: &str) -> String {
    format!(
        "<ResourceRecordSet><Name>{name}</Name><Type>CNAME</Type><SetIdentifier>{id}</SetIdentifier><Weight>{weight}</Weight>\
         <TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{id}.example.net</Value></ResourceRecord></ResourceRecords>\
         </ResourceRecordSet>"
    )
}

const LIVE: &str = "live.example.com";

impl Zone {
    fn new() -> Self {
        let aws = Proxy::start();
        let request = "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
                       <Name>example.com</Name><CallerReference>1</CallerReference></CreateHostedZoneRequest>";
        let made = aws.console(EAST).rest("route53", Method::POST, "/2013-04-01/hostedzone", request);
        let id = made.as_xml().at("HostedZone/Id").trim_start_matches("/hostedzone/").to_owned();
        Self { aws, id }
    }

    fn change(&self, changes: &[(&str, String)]) -> Reply {
        let changes = changes.iter().map(|(action, set)| format!("<Change><Action>{action}</Action>{set}</Change>"));
        let body = format!(
            "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>\
             {}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>",
            changes.collect::<String>()
        );
        let path = format!("/2013-04-01/hostedzone/{}/rrset/", self.id);
        ask(&self.aws, &Call::rest("route53", EAST, Method::POST, &path, body))
    }

    fn list(&self, query: &str) -> Reply {
        let path = format!("/2013-04-01/hostedzone/{}/rrset{query}", self.id);
        ask(&self.aws, &Call::rest("route53", EAST, Method::GET, &path, ""))
    }

    fn weights(&self) -> Vec<String> {
        let list = self.list("").xml();
        list.all("ResourceRecordSet")
            .iter()
            .filter(|set| set.at("Type") == "CNAME")
            .map(|set| format!("{} {} {}", set.at("Name"), set.at("SetIdentifier"), set.at("Weight")))
            .collect()
    }
}

#[test]
fn test_a_set_is_moved_from_what_it_is_and_back() {
    let zone = Zone::new();
    assert_eq!(zone.change(&[("CREATE", set(LIVE, "east", "100")), ("CREATE", set(LIVE, "west", "0"))]).status, 200);
    let there = [("DELETE", set(LIVE, "east", "100")), ("CREATE", set(LIVE, "east", "0"))];
    let back = [("DELETE", set(LIVE, "east", "0")), ("CREATE", set(LIVE, "east", "100"))];
    for _ in 0..2 {
        assert_eq!(zone.change(&there).status, 200);
        assert_eq!(zone.weights(), ["live.example.com. east 0", "live.example.com. west 0"]);
        assert_eq!(zone.change(&back).status, 200);
        assert_eq!(zone.weights(), ["live.example.com. east 100", "live.example.com. west 0"]);
    }
}

#[test]
fn test_a_batch_that_does_not_fit_changes_nothing() {
    let zone = Zone::new();
    zone.change(&[("CREATE", set(LIVE, "east", "100")), ("CREATE", set("other.example.com", "east", "7"))]);
    let before = zone.weights();
    let wrong = [
        ("CREATE", set(LIVE, "east", "5"), "already exists"),
        ("DELETE", set(LIVE, "east", "5"), "do not match the current values"),
        ("DELETE", set(LIVE, "north", "5"), "was not found"),
        ("UPSERT", set("live.example.org", "east", "5"), "not permitted"),
    ];
    for (action, set_, word) in wrong {
        let reply = zone.change(&[("UPSERT", set(LIVE, "east", "1")), (action, set_)]);
        reply.assert_refused(400, "<Code>InvalidChangeBatch</Code>");
        assert!(reply.text().contains(word), "{}", reply.text());
    }
    for weight in ["256", "-1", "1.5"] {
        zone.change(&[("UPSERT", set(LIVE, "east", weight))]).assert_refused(400, "InvalidInput");
    }
    assert_eq!(zone.weights(), before);
    // A set identifier is a name within its own record only.
    assert_eq!(zone.change(&[("DELETE", set(LIVE, "east", "100"))]).status, 200);
    assert_eq!(zone.weights(), ["other.example.com. east 7"]);
}

#[test]
fn test_pages_go_on_within_one_name() {
    let zone = Zone::new();
    let ids = ["a", "b", "c", "d", "e"];
    zone.change(&ids.map(|id| ("CREATE", set(LIVE, id, "1"))));
    let (mut found, mut query) = (Vec::new(), "?maxitems=2".to_owned());
    // Bounded, as pages that start anew within a name never end.
    for _ in 0..ids.len() {
        let page = zone.list(&query).xml();
        found.extend(page.all("ResourceRecordSet").iter().map(|set| set.at("SetIdentifier").to_owned()));
        if page.at("IsTruncated") == "false" {
            break;
        }
        let next = |part: &str| page.at(&format!("NextRecord{part}")).to_owned();
        query = format!("?maxitems=2&name={}&type={}", next("Name"), next("Type"));
        if !next("Identifier").is_empty() {
            query += &format!("&identifier={}", next("Identifier"));
        }
    }
    assert_eq!(found, ["", "", "a", "b", "c", "d", "e"]);
}

#[test]
fn test_a_change_is_followed_by_its_id() {
    let zone = Zone::new();
    let info = zone.change(&[("CREATE", set(LIVE, "east", "1"))]).xml();
    assert_eq!(info.at("ChangeInfo/Status"), "PENDING");
    zone.aws.when("route53", "GetChange").times(1).alter(late::route53_pending());
    let status = |id: &str| ask(&zone.aws, &Call::rest("route53", EAST, Method::GET, &format!("/2013-04-01{id}"), ""));
    let id = info.at("ChangeInfo/Id");
    assert_eq!(status(id).xml().at("ChangeInfo/Status"), "PENDING");
    assert_eq!(status(id).xml().at("ChangeInfo/Status"), "INSYNC");
    status("/change/C99").assert_refused(404, "NoSuchChange");
    let missing = Call::rest("route53", EAST, Method::GET, "/2013-04-01/hostedzone/Z404/rrset", "");
    ask(&zone.aws, &missing).assert_refused(404, "NoSuchHostedZone");
}
