use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Checks;
use crate::check::{Dns, Probe, Record, Records};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Data, Entry, Node, Table, string};

impl Checks<'_, '_, '_> {
    pub(super) fn dns(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let name = self.text(probe).filter(|name| {
            let known = Dns::is_name(name);
            if !known {
                self.wrong_value(&probe.node, format!("{name:?} is no name that DNS could know"));
            }
            known
        });
        let record = self.optional(table.get("type"), Self::record);
        let must = self.must(table, record);
        let server = self.optional(table.get("server"), Self::server);
        Some(Probe::Dns(Dns { name: name?, record: record?, must: must?, server: server? }))
    }

    /// What the records must be; of a type that is not known nothing can be said.
    fn must(&mut self, table: &Table<'_>, record: Option<Option<Record>>) -> Option<Records> {
        match (table.get("has"), table.get("is")) {
            (Some(_), Some(is)) => {
                let message = "a name has some records, or is exactly these: `has` or `is`";
                self.push(Diagnostic::error(Code::Contradiction, is.key_span, message));
                None
            }
            (Some(has), None) => {
                let records = self.records(has, record?)?;
                if records.is_empty() {
                    let message = "`has` names no record; leave it out where any will do";
                    self.wrong_value(&has.node, message.to_owned());
                    return None;
                }
                Some(Records::Has(records))
            }
            (None, Some(is)) => Some(Records::Is(self.records(is, record?)?)),
            (None, None) => Some(Records::Some),
        }
    }

    fn record(&mut self, entry: &Entry<'_>) -> Option<Record> {
        let (text, span) = string(entry, self.reading.found)?;
        if let Some((_, record)) = Record::ALL.iter().find(|(name, _)| *name == text) {
            return Some(*record);
        }
        let known = Record::ALL.map(|(name, _)| name);
        let message = format!("{text:?} is no type of record that is asked for");
        let mut diagnostic = Diagnostic::error(Code::WrongValue, span, message);
        if let Some(meant) = known.iter().find(|name| name.eq_ignore_ascii_case(text)) {
            diagnostic = diagnostic.here(format!("did you mean `{meant}`?"));
        }
        self.push(diagnostic.note(format!("types: {}", known.join(", "))));
        None
    }

    fn records(&mut self, entry: &Entry<'_>, record: Option<Record>) -> Option<BTreeSet<String>> {
        let Data::List(items) = &entry.node.data else {
            let message = format!("`{}` takes a list of strings, found {}", entry.key, entry.node.found());
            self.push(Diagnostic::error(Code::WrongType, entry.node.span, message));
            return None;
        };
        // Each is read, so that all mistakes are found.
        let records: Vec<Option<String>> = items.iter().map(|item| self.expected(entry, item, record)).collect();
        records.into_iter().collect()
    }

    fn expected(&mut self, entry: &Entry<'_>, item: &Node<'_>, record: Option<Record>) -> Option<String> {
        let Some(text) = item.as_str() else {
            let message = format!("`{}` is a list of strings, found {} in it", entry.key, item.found());
            self.push(Diagnostic::error(Code::WrongType, item.span, message));
            return None;
        };
        let text = self.reading.text(item, text)?;
        let normal = match record {
            None => text.parse::<IpAddr>().ok().map(|address| address.to_string()).ok_or("IP address"),
            Some(Record::A) => {
                text.parse::<Ipv4Addr>().ok().map(|address| address.to_string()).ok_or("IPv4 address, which A has")
            }
            Some(Record::Aaaa) => {
                text.parse::<Ipv6Addr>().ok().map(|address| address.to_string()).ok_or("IPv6 address, which AAAA has")
            }
            Some(other) => Ok(other.normal(&text)),
        };
        match normal {
            Ok(normal) => Some(normal),
            Err(what) => {
                self.wrong_value(item, format!("{text:?} is no {what}"));
                None
            }
        }
    }

    /// An address and its port, which is 53 where none is named.
    fn server(&mut self, entry: &Entry<'_>) -> Option<SocketAddr> {
        let text = self.text(entry)?;
        let server =
            text.parse().ok().or_else(|| text.parse().ok().map(|address: IpAddr| SocketAddr::new(address, 53)));
        if server.is_none() {
            let message = format!("{text:?} is no address of a server: 10.0.0.2, 10.0.0.2:53 or [2001:db8::2]:53");
            self.wrong_value(&entry.node, message);
        }
        server
    }
}
