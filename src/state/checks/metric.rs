use std::collections::BTreeMap;

use super::Checks;
use crate::check::{Metric, Probe, Promql};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Entry, Table, boolean, table as table_of};
use crate::state::Goal;

impl Checks<'_, '_, '_> {
    pub(super) fn metrics(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let get = self.get(probe);
        let name = self.required(probe, table, "metric", "metric = \"node_load1\"").and_then(|entry| {
            let name = self.text(entry)?;
            if name.is_empty() || name.contains(char::is_control) {
                self.wrong_value(&entry.node, format!("{name:?} is no name of a metric"));
                return None;
            }
            Some(name)
        });
        let labels = self.optional(table.get("labels"), Self::labels);
        let is = self.is(probe, table);
        let labels = labels?.unwrap_or_default();
        let (url, header) = get?;
        Some(Probe::Metric(Metric { url, header, name: name?, labels, is: is? }))
    }

    fn labels(&mut self, entry: &Entry<'_>) -> Option<BTreeMap<String, String>> {
        let table = table_of(entry, self.reading.found)?;
        let labels: Vec<_> = table.iter().map(|entry| (entry.key.to_string(), self.text(entry))).collect();
        labels.into_iter().map(|(name, value)| Some((name, value?))).collect()
    }

    pub(super) fn promql(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let query = self.text(probe).filter(|query| {
            let blank = query.trim().is_empty();
            if blank {
                self.wrong_value(&probe.node, "`promql` asks for nothing".to_owned());
            }
            !blank
        });
        let server = self
            .required(probe, table, "server", "server = \"http://prometheus:9090\"")
            .and_then(|entry| self.get(entry));
        let is = self.is(probe, table);
        let empty = self.optional(table.get("empty"), |checks, entry| boolean(entry, checks.reading.found));
        let empty = empty?.unwrap_or_default();
        let (server, header) = server?;
        Some(Probe::Promql(Promql { query: query?, server, header, is: is?, empty }))
    }

    /// What each sample must be.
    fn is(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Goal> {
        let entry = self.required(probe, table, "is", "is = NUMBER, or a bound such as { at_most = 4 }")?;
        self.number_is(entry)
    }

    /// A key that the check cannot do without.
    fn required<'e, 't>(
        &mut self,
        probe: &Entry<'_>,
        table: &'e Table<'t>,
        key: &str,
        note: &str,
    ) -> Option<&'e Entry<'t>> {
        let found = table.get(key);
        if found.is_none() {
            let message = format!("a check of {} has no `{key}`", probe.key);
            self.push(Diagnostic::error(Code::MissingKey, probe.key_span, message).note(note));
        }
        found
    }
}
