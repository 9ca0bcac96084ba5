use super::Checks;
use crate::check::{File, Probe};
use crate::document::{Entry, Table};

impl Checks<'_, '_, '_> {
    pub(super) fn file(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let path = self.text(probe).filter(|path| {
            let why = if path.is_empty() { Some("it is empty".to_owned()) } else { File::mistake(path) };
            if let Some(why) = &why {
                self.wrong_value(&probe.node, format!("{path:?} is no path or pattern of paths: {why}"));
            }
            why.is_none()
        });
        let age = self.optional(table.get("age"), Self::time_is);
        let size = self.optional(table.get("size"), Self::amount_is);
        Some(Probe::File(File { path: path?, age: age?, size: size? }))
    }
}
