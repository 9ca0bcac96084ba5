use super::Checks;
use crate::check::{Probe, Tls};
use crate::document::{Entry, Node, Table, boolean};

impl Checks<'_, '_, '_> {
    pub(super) fn tls(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let address = self.host_port(probe);
        let server_name = self.optional(table.get("server_name"), |checks, entry| {
            let name = checks.text(entry)?;
            checks.certified(&name, &entry.node).then_some(name)
        });
        let days_left = self.optional(table.get("days_left"), |checks, entry| checks.number(entry, 0..=3650));
        let trusted = self.optional(table.get("trusted"), |checks, entry| boolean(entry, checks.reading.found));
        let (days_left, trusted) = (days_left?.unwrap_or_default(), trusted?.unwrap_or(true));
        let tls = Tls { address: address?, server_name: server_name?, days_left, trusted };
        (tls.server_name.is_some() || self.certified(tls.name(), &probe.node)).then_some(Probe::Tls(tls))
    }

    /// Whether a certificate can be for a name, which is reported where it cannot.
    fn certified(&mut self, name: &str, node: &Node<'_>) -> bool {
        let can_be = Tls::is_server_name(name);
        if !can_be {
            self.wrong_value(node, format!("{name:?} is no name that a certificate could be for"));
        }
        can_be
    }
}
