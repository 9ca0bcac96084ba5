use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{Resolver, TokioResolver};
use opsctl_api::format_duration;
use tokio::time::timeout;

use super::{Dns, Record, Records};
use crate::check::Verdict;
use crate::check::clause;

/// Whether a text is a name at all.
pub(super) fn is_name(text: &str) -> bool {
    Name::from_utf8(text).is_ok()
}

impl Record {
    fn asked(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Caa => RecordType::CAA,
            Self::Cname => RecordType::CNAME,
            Self::Mx => RecordType::MX,
            Self::Ns => RecordType::NS,
            Self::Ptr => RecordType::PTR,
            Self::Srv => RecordType::SRV,
            Self::Txt => RecordType::TXT,
        }
    }
}

impl Dns {
    fn records(&self) -> &[Record] {
        match &self.record {
            Some(record) => std::slice::from_ref(record),
            None => &[Record::A, Record::Aaaa],
        }
    }

    /// Whom to ask. Nothing is kept from one measurement to the next, and no file of hosts is looked at: what counts is what the
    /// servers say now.
    fn resolver(&self, limit: Duration) -> Result<TokioResolver, String> {
        let servers = match self.server {
            Some(server) => vec![server],
            None => of_the_system()?,
        };
        let servers = servers.into_iter().map(|server| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = server.port();
                connection
            });
            NameServerConfig::new(server.ip(), true, connections.into())
        });
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
        let mut options = ResolverOpts::default();
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        // A datagram may be lost: there is time for another.
        options.timeout = limit / 3;
        options.attempts = 1;
        let resolver = Resolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options);
        resolver.build().map_err(|error| clause(&error))
    }

    async fn found(&self, limit: Duration) -> Result<Found, String> {
        let resolver = self.resolver(limit)?;
        let mut name = Name::from_utf8(&self.name).map_err(|error| clause(&error))?;
        name.set_fqdn(true);
        let mut found = Found { records: BTreeSet::new(), named: false };
        for record in self.records() {
            match resolver.lookup(name.clone(), record.asked()).await {
                Ok(lookup) => {
                    found.named = true;
                    let answers = lookup.answers().iter().filter(|answer| answer.record_type() == record.asked());
                    found.records.extend(answers.map(|answer| record.normal(&text(&answer.data))));
                }
                Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                    ResponseCode::NXDomain => {}
                    ResponseCode::NoError => found.named = true,
                    other => return Err(format!("the server says: {other}")),
                },
                Err(NetError::Dns(DnsError::ResponseCode(code))) => return Err(format!("the server says: {code}")),
                Err(NetError::Timeout) => return Err(format!("no answer within {}", format_duration(limit))),
                Err(NetError::Io(error)) => return Err(clause(&*error)),
                Err(error) => return Err(clause(&error)),
            }
        }
        Ok(found)
    }
}

fn text(data: &RData) -> String {
    match data {
        // A text comes in parts that mean nothing.
        RData::TXT(text) => text.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect(),
        other => other.to_string(),
    }
}

fn of_the_system() -> Result<Vec<SocketAddr>, String> {
    const FILE: &str = "/etc/resolv.conf";
    let text = std::fs::read(FILE).map_err(|error| format!("{FILE}: {}", clause(&error)))?;
    let config = resolv_conf::Config::parse(text).map_err(|error| format!("{FILE}: {error}"))?;
    let servers: Vec<SocketAddr> =
        config.nameservers.iter().map(|server| SocketAddr::new(std::net::IpAddr::from(server), 53)).collect();
    if servers.is_empty() { Err(format!("{FILE} names no server")) } else { Ok(servers) }
}

struct Found {
    records: BTreeSet<String>,
    /// Whether the name exists, with records or without.
    named: bool,
}

impl Found {
    fn judge(&self, must: &Records) -> Verdict {
        let seen = match (self.records.is_empty(), self.named) {
            (false, _) => listed(&self.records),
            (true, true) => "no such record".to_owned(),
            (true, false) => "no such name".to_owned(),
        };
        let none = BTreeSet::new();
        let (wanted, closed) = match must {
            Records::Some if self.records.is_empty() => return Verdict::no(seen),
            Records::Some => (&none, false),
            Records::Has(wanted) => (wanted, false),
            Records::Is(wanted) => (wanted, true),
        };
        let missing: BTreeSet<String> = wanted.difference(&self.records).cloned().collect();
        let beside = closed && self.records.difference(wanted).next().is_some();
        match (missing.is_empty(), beside) {
            (true, false) => Verdict::yes(seen),
            (true, true) => Verdict::no(format!("{seen}: that is more than expected")),
            (false, _) if self.records.is_empty() => Verdict::no(seen),
            (false, _) => Verdict::no(format!("{seen}, without {}", listed(&missing))),
        }
    }
}

/// The first few of them.
fn listed(records: &BTreeSet<String>) -> String {
    const MOST: usize = 6;
    let mut text = records.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if records.len() > MOST {
        text = format!("{text} and {} more", records.len() - MOST);
    }
    text
}

/// Asks for the records of a name and holds them against what they must be.
pub(in crate::check) async fn resolve(dns: &Dns, limit: Duration) -> Verdict {
    match timeout(limit, dns.found(limit)).await {
        Ok(Ok(found)) => found.judge(&dns.must),
        Ok(Err(why)) => Verdict::no(why),
        Err(_) => Verdict::no(format!("no answer within {}", format_duration(limit))),
    }
}
