mod bounds;
mod dns;
mod file;
mod metric;
mod tls;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use opsctl_api::{Address, Kind};

use super::Target;
use super::assemble::{Stacks, Workshop, unknown_name};
use super::layer::{NAME, Names, named};
use super::names::address_of;
use super::template::Renderer;
use super::value::Reading;
use crate::check::{Check, Expectation, Gate, Probe, Run};
use crate::diagnostic::{Code, Diagnostic, Place, Span};
use crate::document::{Data, Entry, Node, Problems, Table, duration, integer, string, strings, table, unknown_key};
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
            self.push(Diagnostic::error(Code::BadCheck, span, message).note(one_of()));
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
                self.push(Diagnostic::error(Code::BadCheck, entry.key_span, message));
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
                    check.gate = self.gate(&names, entry.node.span);
                }
            }
            _ => {}
        }
    }

    fn gate(&mut self, names: &Names<'_>, span: Span) -> Gate {
        match names.as_slice() {
            [("*", _)] => return Gate::Before,
            [] => self.push(Diagnostic::error(
                Code::WrongValue,
                span,
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

    /// A string that says where a request goes.
    pub(super) fn url(&mut self, entry: &Entry<'_>) -> Option<String> {
        let url = self.text(entry)?;
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.starts_with('/'))
            || url.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            let message = format!("{url:?} is no URL that begins with http:// or https:// and a host");
            self.push(Diagnostic::error(Code::WrongValue, entry.node.span, message));
            return None;
        }
        Some(url)
    }

    fn http(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let url = self.url(probe)?;
        let mut expect = Expectation::default();
        for entry in table.iter() {
            match entry.key.as_ref() {
                "status" => expect.status = self.number(entry, 100..=599),
                "body" => expect.body = self.text(entry),
                "header" => expect.header = self.header(entry).unwrap_or_default(),
                "json" => expect.json = self.json(entry).unwrap_or_default(),
                _ => {}
            }
        }
        Some(Probe::Http { url, expect })
    }

    fn header(&mut self, entry: &Entry<'_>) -> Option<BTreeMap<String, String>> {
        let table = table(entry, self.reading.found)?;
        let mut header = BTreeMap::new();
        for entry in table.iter() {
            header.insert(entry.key.to_lowercase(), self.text(entry)?);
        }
        Some(header)
    }

    fn json(&mut self, entry: &Entry<'_>) -> Option<BTreeMap<String, serde_json::Value>> {
        let table = table(entry, self.reading.found)?;
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
                Data::String(text) => serde_json::Value::String(self.reading.text(&entry.node, text)?),
                _ => entry.node.to_json(),
            };
            json.insert(entry.key.to_string(), value);
        }
        Some(json)
    }

    fn tcp(&mut self, probe: &Entry<'_>) -> Option<Probe> {
        let address = self.host_port(probe)?;
        Some(Probe::Tcp { address })
    }

    fn host_port(&mut self, probe: &Entry<'_>) -> Option<String> {
        let address = self.text(probe)?;
        let split = address.rsplit_once(':');
        if !split.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)) {
            let message = format!("{address:?} is no host:port");
            self.push(Diagnostic::error(Code::WrongValue, probe.node.span, message));
            return None;
        }
        Some(address)
    }

    fn run(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let argv = self.argv(probe);
        let output = self.optional(table.get("output"), Self::text);
        let exit = self.optional(table.get("exit"), |checks, entry| checks.number(entry, 0..=255));
        let lines = self.optional(table.get("lines"), Self::count_is);
        let number = self.optional(table.get("number"), Self::number_is);
        let exit = exit?.unwrap_or_default();
        Some(Probe::Run(Run { argv: argv?, exit, output: output?, lines: lines?, number: number? }))
    }

    /// A program and its arguments.
    pub(super) fn argv(&mut self, probe: &Entry<'_>) -> Option<Vec<String>> {
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
            match item.as_str() {
                Some(text) => argv.push(self.reading.text(item, text)?),
                None => self.push(wrong(item, format!("{} in it", item.found()))),
            }
        }
        if argv.first().is_none_or(String::is_empty) {
            self.push(wrong(&probe.node, "no program".to_owned()));
            return None;
        }
        Some(argv)
    }

    fn setting(&mut self, probe: &Entry<'_>, table: &Table<'_>) -> Option<Probe> {
        let (key, key_span) = string(probe, self.reading.found)?;
        let missing = |key: &str, of: &str| {
            Diagnostic::error(Code::MissingKey, probe.key_span, format!("a check of a setting has no `{key}`")).note(of)
        };
        let Some(at) = table.get("at") else {
            self.push(missing("at", "at = NAME of a resource in this state, or an address"));
            return None;
        };
        let (address, kind) = self.resource(at)?;
        let Some(setting) = kind.setting(key) else {
            let message = format!("unknown setting `{}` of kind {}", key.escape_debug(), kind.name);
            let mut diagnostic = Diagnostic::error(Code::UnknownSetting, key_span, message);
            let forms: Vec<String> = kind.settings.iter().map(opsctl_api::Setting::form).collect();
            if let Some(meant) = self.reading.found.guess(key, forms.iter().map(String::as_str)) {
                diagnostic = diagnostic.here(format!("did you mean `{meant}`?"));
            }
            self.push(diagnostic.note(format!("settings of {}: {}", kind.name, forms.join(", "))));
            return None;
        };
        let Some(is) = table.get("is") else {
            self.push(missing("is", "is = VALUE, or a bound such as { at_least = 2 }"));
            return None;
        };
        let is = self.reading.alone(key, setting, &is.node)?;
        Some(Probe::Setting { at: address, setting: key.to_owned(), is })
    }

    /// The resource that a check names, by its name in the state or by its address.
    fn resource(&mut self, entry: &Entry<'_>) -> Option<(Address, &'static Kind)> {
        let (text, span) = string(entry, self.reading.found)?;
        if text.contains(':') {
            return address_of(text, span, self.workshop.catalogues, self.reading.found);
        }
        self.known(text, span);
        let meaning = self.workshop.names.get(text)?.meaning.as_ref()?;
        match &meaning.target {
            Target::One(at) => Some((at.clone(), meaning.kind)),
            Target::Many { .. } => {
                let message = format!("`{text}` stands for many, and a check measures one");
                self.push(Diagnostic::error(Code::BadCheck, span, message).note("name an address"));
                None
            }
        }
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
            Data::String(text) => self.reading.text(&entry.node, text),
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
