mod bounds;
mod dns;
mod file;
mod http;
mod metric;
mod run;
mod sent;
mod setting;
mod tls;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::assemble::{Stacks, Workshop, unknown_name};
use super::layer::{NAME, Names, named};
use super::template::Renderer;
use super::value::Reading;
use crate::check::{Check, Gate, Probe};
use crate::diagnostic::{Code, Diagnostic, Place, Span};
use crate::document::{Data, Entry, Node, Problems, Table, duration, integer, strings, table, unknown_key};
use crate::keys::{self, CHECK, GATES, PROBES};

/// What the checks of one state are read with.
pub(super) struct Checks<'a, 'l, 't> {
    pub(super) reading: Reading<'a>,
    pub(super) workshop: &'a Workshop<'a, 't>,
    pub(super) stacks: &'a Stacks<'l, 't>,
    /// The names of all actions of the state, and of what an overlay lies over.
    pub(super) actions: &'a BTreeSet<&'t str>,
    /// Whether a file of the state could not be read: what seems to be missing may stand there.
    pub(super) broken: bool,
}

/// How often a check is measured where nothing else is said.
const EVERY: Duration = Duration::from_secs(2);

/// What a check can measure, for who named nothing or too much.
fn one_of() -> String {
    let names: Vec<&str> = PROBES.iter().map(|probe| probe.key.name).collect();
    match names.split_last() {
        Some((last, names)) => format!("it has one of {} and {last}", names.join(", ")),
        None => String::new(),
    }
}

impl<'a, 'l, 't> Checks<'a, 'l, 't> {
    /// The checks of a chain, the root first: a later one of a name replaces an earlier one whole.
    pub(super) fn merged<'e>(mut self, layers: impl Iterator<Item = &'e [Entry<'e>]>) -> Vec<Check> {
        let mut checks = BTreeMap::new();
        for entry in layers.flatten() {
            match self.check(entry) {
                Some(check) => checks.insert(check.name.clone(), check),
                None => checks.remove(entry.key.as_ref()),
            };
        }
        checks.into_values().collect()
    }

    fn check(&mut self, entry: &Entry<'_>) -> Option<Check> {
        if !named(&entry.key) {
            self.push(Diagnostic::error(Code::ResourceName, entry.key_span, "not a name of a check").note(NAME));
        }
        self.measured(entry, entry.key.to_string(), true)
    }

    /// A check that stands inside of something else, and gates nothing.
    pub(super) fn inline(&mut self, entry: &Entry<'_>, name: String) -> Option<Check> {
        self.measured(entry, name, false)
    }

    fn measured(&mut self, entry: &Entry<'_>, name: String, may_gate: bool) -> Option<Check> {
        let table = table(entry, self.reading.found)?;
        if !may_gate && let Some(gates) = table.get(GATES.name) {
            let message = format!("`{}` gates nothing: it is a part of its action", entry.key);
            self.push(Diagnostic::error(Code::BadCheck, gates.key_span, message));
        }
        let probe = self.probe_entry(entry, table)?;
        let mut check = Check {
            name,
            probe: Probe::Tcp { address: String::new() },
            within: Duration::ZERO,
            hold: Duration::ZERO,
            every: EVERY,
            gate: Gate::After,
            place: self.workshop.place(entry.key_span),
        };
        for entry in table.iter() {
            self.timing(&mut check, entry);
        }
        check.probe = match probe.key.as_ref() {
            "http" => self.http(probe, table),
            "tcp" => self.tcp(probe),
            "tls" => self.tls(probe, table),
            "dns" => self.dns(probe, table),
            "metrics" => self.metrics(probe, table),
            "promql" => self.promql(probe, table),
            "file" => self.file(probe, table),
            "run" => self.run(probe, table),
            _ => self.setting(probe, table),
        }?;
        Some(check)
    }

    /// The one entry that says what is measured; keys that go with none or another are reported.
    fn probe_entry<'e, 'f>(&mut self, check: &Entry<'_>, table: &'e Table<'f>) -> Option<&'e Entry<'f>> {
        let probes: Vec<&Entry<'f>> = table.iter().filter(|entry| keys::probe(&entry.key).is_some()).collect();
        let [probe] = probes.as_slice() else {
            let message = match probes.as_slice() {
                [] => format!("check `{}` measures nothing", check.key),
                _ => format!("check `{}` measures several things at once", check.key),
            };
            let span = probes.get(1).map_or(check.key_span, |second| second.key_span);
            let names = || PROBES.iter().map(|probe| probe.key.name);
            let unknown = |entry: &&Entry<'_>| keys::find(CHECK, &entry.key).is_none();
            let misspelt = table.iter().filter(|_| probes.is_empty()).filter(unknown);
            let meant = misspelt
                .filter_map(|entry| Some((entry.key_span, self.reading.found.guess(&entry.key, names())?)))
                .next();
            let diagnostic = match meant {
                Some((span, meant)) => {
                    Diagnostic::error(Code::BadCheck, span, message).here(format!("did you mean `{meant}`?"))
                }
                None => Diagnostic::error(Code::BadCheck, span, message),
            };
            self.push(diagnostic.note(one_of()));
            return None;
        };
        let own = keys::probe(&probe.key).map_or(&[][..], |probe| probe.own);
        for entry in table.iter() {
            let key = entry.key.as_ref();
            if key == probe.key || [CHECK, own].iter().any(|keys| keys::find(keys, key).is_some()) {
                continue;
            }
            if PROBES.iter().any(|other| keys::find(other.own, key).is_some()) {
                let message = format!("`{key}` is nothing that `{}` measures", probe.key);
                let mut diagnostic = Diagnostic::error(Code::BadCheck, entry.key_span, message);
                if key == "header" {
                    diagnostic = diagnostic.note(sent::beside(if keys::find(own, "server").is_some() {
                        "server"
                    } else {
                        &probe.key
                    }));
                }
                self.push(diagnostic);
            } else {
                let probes = PROBES.iter().map(|probe| probe.key.name);
                let known: Vec<&str> = probes.chain([CHECK, own].into_iter().flat_map(keys::names)).collect();
                unknown_key(entry, "of a check", &known, self.reading.found);
            }
        }
        Some(probe)
    }

    fn timing(&mut self, check: &mut Check, entry: &Entry<'_>) {
        let found = &mut *self.reading.found;
        match entry.key.as_ref() {
            "within" => check.within = duration(entry, found).unwrap_or_default(),
            "for" => check.hold = duration(entry, found).unwrap_or_default(),
            "every" => match duration(entry, found) {
                Some(Duration::ZERO) => {
                    let message = "a check cannot be measured without a pause";
                    found.push(Diagnostic::error(Code::WrongValue, entry.node.span, message));
                }
                every => check.every = every.unwrap_or(EVERY),
            },
            "gates" => {
                if let Some(names) = strings(entry, found) {
                    check.gate = self.gate(&names, &entry.node);
                }
            }
            _ => {}
        }
    }

    fn gate(&mut self, names: &Names<'_>, node: &Node<'_>) -> Gate {
        match names.as_slice() {
            [("*", _)] => return Gate::Before,
            // Of names that are wrong it was told already.
            [] if matches!(&node.data, Data::List(items) if items.is_empty()) => self.push(Diagnostic::error(
                Code::WrongValue,
                node.span,
                "a check without gates stands behind all: leave `gates` out",
            )),
            _ => {}
        }
        for (name, span) in names {
            if *name == "*" {
                let message = "`*` stands alone: the check comes before everything";
                self.push(Diagnostic::error(Code::WrongValue, *span, message));
            } else {
                self.resource_or_action(name, *span);
            }
        }
        Gate::Between(names.iter().map(|(name, _)| (*name).to_owned()).collect())
    }

    fn tcp(&mut self, probe: &Entry<'_>) -> Option<Probe> {
        let address = self.host_port(probe)?;
        Some(Probe::Tcp { address })
    }

    fn host_port(&mut self, probe: &Entry<'_>) -> Option<String> {
        let address = self.text(probe)?;
        if address.contains('@') {
            self.asker(&probe.node, &probe.key, "nobody asks here: write host:port");
            return None;
        }
        let split = address.rsplit_once(':');
        if !split.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)) {
            let message = format!("{address:?} is no host:port");
            self.push(Diagnostic::error(Code::WrongValue, probe.node.span, message));
            return None;
        }
        Some(address)
    }

    /// Reports a name that the state does not have.
    fn known(&mut self, name: &str, span: Span) {
        if !self.broken && !self.stacks.contains_key(name) {
            let diagnostic = unknown_name(self.stacks, name, span, self.reading.found);
            self.push(diagnostic);
        }
    }

    /// Reports a name that is neither a resource nor an action of the state, or both.
    pub(super) fn resource_or_action(&mut self, name: &str, span: Span) {
        let diagnostic = match (self.stacks.contains_key(name), self.actions.contains(name)) {
            (true, false) | (false, true) => return,
            (true, true) => {
                let message = format!("`{name}` is a resource and an action");
                Diagnostic::error(Code::BadAction, span, message).note("call the action something else")
            }
            (false, false) if self.broken => return,
            (false, false) => self.unknown(name, span),
        };
        self.push(diagnostic);
    }

    fn unknown(&mut self, name: &str, span: Span) -> Diagnostic {
        match self.reading.found.guess(name, self.actions.iter().copied()) {
            Some(meant) => {
                let message = format!("there is no resource or action `{}`", name.escape_debug());
                Diagnostic::error(Code::UnknownName, span, message).here(format!("did you mean `{meant}`?"))
            }
            None => unknown_name(self.stacks, name, span, self.reading.found),
        }
    }

    /// The mistakes found so far.
    pub(super) fn found(&mut self) -> &mut Problems {
        self.reading.found
    }

    /// Where something was written, for the eye.
    pub(super) fn place(&self, span: Span) -> Option<Place> {
        self.workshop.place(span)
    }

    /// The same with other templates.
    pub(super) fn with<'b>(&'b mut self, renderer: &'b Renderer<'b>) -> Checks<'b, 'l, 't>
    where
        'a: 'b,
    {
        let renderer = self.reading.renderer.map(|_| renderer);
        let (literal, alone) = (self.reading.literal, self.reading.alone);
        let reading = Reading { renderer, literal, alone, found: self.reading.found };
        Checks { reading, workshop: self.workshop, stacks: self.stacks, actions: self.actions, broken: self.broken }
    }

    /// A string, rendered.
    pub(super) fn text(&mut self, entry: &Entry<'_>) -> Option<String> {
        match &entry.node.data {
            Data::String(text) => {
                let text = self.reading.text(&entry.node, text)?;
                self.open(&entry.node, text, &entry.key, sent::instead(&entry.key))
            }
            _ => {
                let message = format!("`{}` takes a string, found {}", entry.key, entry.node.found());
                self.push(Diagnostic::error(Code::WrongType, entry.node.span, message));
                None
            }
        }
    }

    pub(super) fn number<T: TryFrom<i64>>(
        &mut self,
        entry: &Entry<'_>,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<T> {
        let number = integer(entry, self.reading.found)?;
        if !range.contains(&number) {
            let message = format!("`{}` is from {} to {}, found {number}", entry.key, range.start(), range.end());
            self.push(Diagnostic::error(Code::WrongValue, entry.node.span, message));
        }
        T::try_from(number).ok()
    }

    /// What a key says that may be left out; `None` where it is wrong.
    fn optional<T>(
        &mut self,
        entry: Option<&Entry<'_>>,
        read: impl FnOnce(&mut Self, &Entry<'_>) -> Option<T>,
    ) -> Option<Option<T>> {
        match entry {
            Some(entry) => read(self, entry).map(Some),
            None => Some(None),
        }
    }

    /// Reports a value that does not fit.
    fn wrong_value(&mut self, node: &Node<'_>, message: String) {
        self.push(Diagnostic::error(Code::WrongValue, node.span, message));
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.reading.found.push(diagnostic);
    }
}
