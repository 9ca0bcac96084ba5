//! Against a server that answers real packets.

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, MX, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record as Answer, RecordType};

use super::dns::resolve;
use super::{Dns, Record, Records, Verdict};

const LIMIT: Duration = Duration::from_secs(30);

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

/// The records of the zone, and those that they lead to.
fn zone(asked: &str, record: RecordType) -> Vec<(&'static str, RData)> {
    match (asked, record) {
        ("live.example.com.", RecordType::A) => {
            vec![
                ("live.example.com.", RData::A(A::new(192, 0, 2, 1))),
                ("live.example.com.", RData::A(A::new(192, 0, 2, 2))),
            ]
        }
        ("live.example.com.", RecordType::AAAA) => {
            vec![("live.example.com.", RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)))]
        }
        ("live.example.com.", RecordType::TXT) => {
            vec![("live.example.com.", RData::TXT(TXT::new(vec!["v=1; ".to_owned(), "Region=East".to_owned()])))]
        }
        ("live.example.com.", RecordType::MX) => {
            vec![("live.example.com.", RData::MX(MX::new(10, name("Mail.example.com."))))]
        }
        ("www.example.com.", RecordType::A) => vec![
            ("www.example.com.", RData::CNAME(CNAME(name("Live.example.com.")))),
            ("live.example.com.", RData::A(A::new(192, 0, 2, 1))),
        ],
        ("www.example.com.", RecordType::CNAME) => {
            vec![("www.example.com.", RData::CNAME(CNAME(name("Live.example.com."))))]
        }
        _ => Vec::new(),
    }
}

/// Answers until the test ends.
fn server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut packet = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            let asked = Message::from_vec(&packet[..length]).unwrap();
            let query = asked.queries[0].clone();
            let (asked_name, record) = (query.name().to_ascii().to_lowercase(), query.query_type());
            let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
            answer.add_query(query);
            answer.metadata.recursion_available = true;
            match asked_name.as_str() {
                "broken.example.com." => answer.metadata.response_code = ResponseCode::ServFail,
                "slow.example.com." => continue,
                "live.example.com." | "www.example.com." => {}
                _ => answer.metadata.response_code = ResponseCode::NXDomain,
            }
            for (owner, data) in zone(&asked_name, record) {
                answer.add_answer(Answer::from_rdata(name(owner), 60, data));
            }
            socket.send_to(&answer.to_vec().unwrap(), from).unwrap();
        }
    });
    address
}

fn set(records: &[&str]) -> BTreeSet<String> {
    records.iter().map(|record| (*record).to_owned()).collect()
}

async fn ask(name: &str, record: Option<Record>, must: Records) -> Verdict {
    resolve(&Dns { name: name.to_owned(), record, must, server: Some(server()) }, LIMIT).await
}

#[tokio::test]
async fn test_addresses_of_both_families() {
    let all = "192.0.2.1, 192.0.2.2, 2001:db8::1";
    let live = "live.example.com";
    assert_eq!(ask(live, None, Records::Some).await, Verdict::yes(all));
    assert_eq!(ask(live, None, Records::Has(set(&["192.0.2.2"]))).await, Verdict::yes(all));
    let other = Records::Has(set(&["192.0.2.1", "192.0.2.9"]));
    assert_eq!(ask(live, None, other).await, Verdict::no(format!("{all}, without 192.0.2.9")));
    let four = Some(Record::A);
    let both = Records::Is(set(&["192.0.2.1", "192.0.2.2"]));
    assert_eq!(ask(live, four, both).await, Verdict::yes("192.0.2.1, 192.0.2.2"));
    let one = Records::Is(set(&["192.0.2.1"]));
    assert_eq!(ask(live, four, one).await, Verdict::no("192.0.2.1, 192.0.2.2: that is more than expected"));
}

#[tokio::test]
async fn test_other_types() {
    let live = "live.example.com";
    let text = Records::Is(set(&["v=1; Region=East"]));
    assert!(ask(live, Some(Record::Txt), text).await.holds);
    assert_eq!(ask(live, Some(Record::Mx), Records::Some).await, Verdict::yes("10 mail.example.com"));
    let alias = Records::Is(set(&["live.example.com"]));
    assert_eq!(ask("www.example.com", Some(Record::Cname), alias).await, Verdict::yes("live.example.com"));
    // What an alias leads to counts as its own, and the alias is no address.
    assert_eq!(ask("www.example.com.", Some(Record::A), Records::Some).await, Verdict::yes("192.0.2.1"));
}

#[tokio::test]
async fn test_nothing_is_there() {
    let gone = "gone.example.com";
    assert_eq!(ask(gone, None, Records::Some).await, Verdict::no("no such name"));
    assert_eq!(ask(gone, None, Records::Is(BTreeSet::new())).await, Verdict::yes("no such name"));
    assert_eq!(ask(gone, None, Records::Has(set(&["192.0.2.1"]))).await, Verdict::no("no such name"));
    let record = ask("live.example.com", Some(Record::Srv), Records::Some).await;
    assert_eq!(record, Verdict::no("no such record"));
}

#[tokio::test]
async fn test_no_answer_is_no_absence() {
    let none = || Records::Is(BTreeSet::new());
    let broken = ask("broken.example.com", None, none()).await;
    assert_eq!(broken, Verdict::no("the server says: Server Failure"));
    let dns = |server| Dns { name: "slow.example.com".to_owned(), record: None, must: none(), server: Some(server) };
    let slow = resolve(&dns(server()), Duration::from_millis(300)).await;
    assert_eq!(slow, Verdict::no("no answer within 300ms"));
    // Nobody listens there.
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(!resolve(&dns(closed), Duration::from_secs(3)).await.holds);
}
