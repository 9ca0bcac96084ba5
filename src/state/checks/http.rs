use std::collections::BTreeMap;

use super::Checks;
use super::sent::beside;
use crate::check::{Expectation, Probe};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Data, Entry, Table, table as table_of};

impl Checks<'_, '_, '_> {
    pub(super) fn http(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let get = self.get(probe);
        let mut expect = Expectation::default();
        for entry in table.iter() {
            match entry.key.as_ref() {
                "status" => expect.status = self.number(entry, 100..=599),
                "body" => expect.body = self.text(entry),
                "header" => expect.header = self.expected_header(entry).unwrap_or_default(),
                "json" => expect.json = self.json(entry).unwrap_or_default(),
                _ => {}
            }
        }
        let (url, header) = get?;
        Some(Probe::Http { url, header, expect })
    }

    fn expected_header(&mut self, entry: &Entry<'_>) -> Option<BTreeMap<String, String>> {
        let table = table_of(entry, self.reading.found)?;
        let header: Vec<_> = table.iter().map(|entry| Some((entry.key.to_lowercase(), self.said(entry)?))).collect();
        header.into_iter().collect()
    }

    fn json(&mut self, entry: &Entry<'_>) -> Option<BTreeMap<String, serde_json::Value>> {
        let table = table_of(entry, self.reading.found)?;
        let mut json = BTreeMap::new();
        for entry in table.iter() {
            if !entry.key.is_empty() && !entry.key.starts_with('/') {
                let message = format!("`{}` is no JSON pointer", entry.key.escape_debug());
                self.push(
                    Diagnostic::error(Code::WrongValue, entry.key_span, message)
                        .note("a pointer begins with `/`, as in json = { \"/status/lag\" = 0 }"),
                );
                return None;
            }
            let value = match &entry.node.data {
                Data::String(_) => serde_json::Value::String(self.text(entry)?),
                _ => entry.node.to_json(),
            };
            json.insert(entry.key.to_string(), value);
        }
        Some(json)
    }

    /// What a header of the answer must say.
    fn said(&mut self, entry: &Entry<'_>) -> Option<String> {
        if !matches!(entry.node.data, Data::Table(_)) {
            return self.text(entry);
        }
        let message = format!("`{}` is what the answer must say, and no secret", entry.key.escape_debug());
        self.push(Diagnostic::error(Code::BadCheck, entry.key_span, message).note(beside("http")));
        None
    }
}
