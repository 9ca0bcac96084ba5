use super::Checks;
use super::sent::IN_ENV;
use crate::check::{Probe, Run};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Data, Entry, Node, Table};

impl Checks<'_, '_, '_> {
    pub(super) fn run(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let argv = self.argv(probe);
        let output = self.optional(table.get("output"), Self::text);
        let exit = self.optional(table.get("exit"), |checks, entry| checks.number(entry, 0..=255));
        let lines = self.optional(table.get("lines"), Self::count_is);
        let number = self.optional(table.get("number"), Self::number_is);
        let exit = exit?.unwrap_or_default();
        let env = self.optional(table.get("env"), Self::env)?.unwrap_or_default();
        Some(Probe::Run(Run { argv: argv?, env, exit, output: output?, lines: lines?, number: number? }))
    }

    /// A program and its arguments.
    pub(in crate::state) fn argv(&mut self, probe: &Entry<'_>) -> Option<Vec<String>> {
        let wrong = |node: &Node<'_>, found: String| {
            Diagnostic::error(Code::WrongType, node.span, format!("`run` takes a list of strings, found {found}"))
                .note("the program and its arguments, as in run = [\"mc\", \"admin\", \"info\", \"origin\"]; no shell reads them")
        };
        let Data::List(items) = &probe.node.data else {
            self.push(wrong(&probe.node, probe.node.found()));
            return None;
        };
        let mut argv = Vec::with_capacity(items.len());
        for item in items {
            let word = match item.as_str() {
                Some(text) => self.reading.text(item, text).and_then(|text| self.open(item, text, "run", IN_ENV)),
                None => {
                    self.push(wrong(item, format!("{} in it", item.found())));
                    None
                }
            };
            argv.push(word);
        }
        let argv: Vec<String> = argv.into_iter().collect::<Option<_>>()?;
        if argv.first().is_none_or(String::is_empty) {
            self.push(wrong(&probe.node, "no program".to_owned()));
            return None;
        }
        Some(argv)
    }
}
