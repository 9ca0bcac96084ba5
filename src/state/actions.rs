use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::checks::Checks;
use super::layer::{NAME, Names, named};
use super::template::Renderer;
use crate::action::{Action, Beside, Call, Member, When};
use crate::check::{Along, Check};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::{Data, Entry, Table, known, list, some_time, string, strings, table};
use crate::keys::{self, ACTION, EACH, METHODS, REQUEST};

/// How long a call may take where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The actions of a chain, the root first: a later one of a name replaces an earlier one whole. An overlay may name those of what
/// it lies over.
pub(super) fn merged<'e, 't: 'e>(
    checks: &mut Checks<'_, '_, '_>,
    renderer: &Renderer<'_>,
    layers: impl Iterator<Item = &'e [Entry<'t>]>,
) -> Vec<Action> {
    let mut entries: BTreeMap<&str, &Entry<'t>> = BTreeMap::new();
    for entry in layers.flatten() {
        entries.insert(entry.key.as_ref(), entry);
    }
    let names = checks.actions;
    let mut reading = Actions { checks: &mut *checks, renderer, names, edges: Vec::new() };
    let actions = entries.values().filter_map(|entry| reading.action(entry)).collect();
    let edges = reading.edges;
    super::loops::of_actions(names, &edges, checks.found());
    actions
}

/// What one action says of another: it comes before it, or after it.
pub(super) struct Told {
    pub(super) earlier: String,
    pub(super) later: String,
    pub(super) span: Span,
    pub(super) text: String,
}

struct Actions<'c, 'a, 'l, 't> {
    checks: &'c mut Checks<'a, 'l, 't>,
    renderer: &'c Renderer<'c>,
    /// All actions of the state.
    names: &'c BTreeSet<&'c str>,
    edges: Vec<Told>,
}

impl Actions<'_, '_, '_, '_> {
    fn action(&mut self, entry: &Entry<'_>) -> Option<Action> {
        if !named(&entry.key) {
            self.push(Diagnostic::error(Code::ResourceName, entry.key_span, "not a name of an action").note(NAME));
        }
        let keys = table(entry, self.checks.found())?;
        let each = keys.get("each");
        for key in known(keys, "of an action", &[ACTION, EACH], self.checks.found()) {
            if each.is_none() && keys::find(EACH, &key.key).is_some() {
                let message = format!("`{}` belongs to an action with `each`", key.key);
                self.push(Diagnostic::error(Code::BadAction, key.key_span, message));
            }
        }
        let members = self.members(entry, keys, each);
        let before = self.beside(entry, keys, "before");
        let after = self.beside(entry, keys, "after");
        self.apart(entry, &before, &after);
        let resources = before.iter().chain(&after).any(|(name, _)| !self.names.contains(name));
        let when = self.when(keys.get("when"), resources);
        let timeout = keys.get("timeout").map_or(Some(TIMEOUT), |entry| some_time(entry, self.checks.found()));
        let place = |span: Span| self.checks.place(span);
        let beside = |names: Names<'_>| -> Vec<Beside> {
            names.into_iter().map(|(name, span)| Beside { name: name.to_owned(), place: place(span) }).collect()
        };
        Some(Action {
            name: entry.key.to_string(),
            members: members?,
            before: beside(before),
            after: beside(after),
            when: when?,
            timeout: timeout?,
            place: place(entry.key_span),
        })
    }

    /// The calls, one of each member; a mistake is told of the first member that has it.
    fn members(&mut self, action: &Entry<'_>, keys: &Table<'_>, each: Option<&Entry<'_>>) -> Option<Vec<Member>> {
        let Some(each) = each else { return Some(vec![self.member(action, keys, None)?]) };
        let names = strings(each, self.checks.found())?;
        let mut known: Vec<&str> = Vec::with_capacity(names.len());
        let so_far = self.checks.found().count();
        for (name, span) in &names {
            if name.trim().is_empty() || name.chars().any(char::is_control) {
                self.push(Diagnostic::error(Code::WrongValue, *span, "a member has a name of one line"));
            } else if known.contains(name) {
                let message = format!("`{}` is twice in `each`", name.escape_debug());
                self.push(Diagnostic::error(Code::BadAction, *span, message));
            } else {
                known.push(name);
            }
        }
        let is_right = self.checks.found().count() == so_far;
        // Of names that are wrong it was told already.
        if names.is_empty() && !matches!(&each.node.data, Data::List(items) if items.is_empty()) {
            return None;
        }
        if names.is_empty() {
            let message = format!("action `{}` is for nobody: `each` is empty", action.key);
            self.push(Diagnostic::error(Code::BadAction, each.node.span, message));
            return None;
        }
        let mut members = Vec::with_capacity(known.len());
        for name in known {
            let so_far = self.checks.found().count();
            members.push(self.member(action, keys, Some(name))?);
            if self.checks.found().count() > so_far {
                return None;
            }
        }
        is_right.then_some(members)
    }

    fn member(&mut self, action: &Entry<'_>, keys: &Table<'_>, name: Option<&str>) -> Option<Member> {
        let renderer = self.renderer.of_member(name);
        let mut checks = self.checks.with(&renderer);
        let call = call(&mut checks, action, keys);
        let mut measured = |key: &str| -> Option<Option<Check>> {
            let Some(entry) = keys.get(key) else { return Some(None) };
            let of = name.map(|name| format!(", {name}")).unwrap_or_default();
            let label = format!("{} {key}{of}", action.key);
            checks.inline(entry, label).map(Some)
        };
        let [unless, until, first, last, between] = ["unless", "until", "first", "last", "between"].map(&mut measured);
        Some(Member {
            name: name.map(str::to_owned),
            call: call?,
            unless: unless?,
            until: until?,
            first: first?,
            last: last?,
            between: between?,
            done: false,
        })
    }

    /// The names in `before` or `after`; what is neither a resource nor an action, or both, is reported.
    fn beside<'e>(&mut self, action: &Entry<'_>, keys: &'e Table<'_>, key: &str) -> Names<'e> {
        let Some(entry) = keys.get(key) else { return Vec::new() };
        let Some(names) = strings(entry, self.checks.found()) else { return Vec::new() };
        for (name, span) in &names {
            self.checks.resource_or_action(name, *span);
            if self.names.contains(name) {
                let (earlier, later) = if key == "before" { (&*action.key, *name) } else { (*name, &*action.key) };
                let text = format!("{} comes {key} {name}", action.key);
                self.edges.push(Told { earlier: earlier.into(), later: later.into(), span: *span, text });
            }
        }
        names
    }

    /// Reports what an action would stand before and after.
    fn apart(&mut self, action: &Entry<'_>, before: &Names<'_>, after: &Names<'_>) {
        for (name, span) in after {
            if let Some((_, other)) = before.iter().find(|(other, _)| other == name)
                && !self.names.contains(name)
            {
                let message = format!("action `{}` would come before and after `{name}`", action.key);
                self.push(Diagnostic::error(Code::BadAction, *span, message).and(*other, ""));
            }
        }
    }

    fn when(&mut self, entry: Option<&Entry<'_>>, resources: bool) -> Option<When> {
        let Some(entry) = entry else { return Some(if resources { When::Changes } else { When::Always }) };
        let (word, span) = string(entry, self.checks.found())?;
        let Some((_, when)) = When::ALL.into_iter().find(|(name, _)| *name == word) else {
            let message = format!("`when` is grows, shrinks, changes or always, found {word:?}");
            self.push(Diagnostic::error(Code::WrongValue, span, message));
            return None;
        };
        if when != When::Always && !resources {
            let message = format!("`when = {word:?}` is about no resource");
            self.push(
                Diagnostic::error(Code::BadAction, span, message)
                    .note("name resources in `before` or `after`, or write when = \"always\""),
            );
            return None;
        }
        Some(when)
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.checks.found().push(diagnostic);
    }
}

/// The one entry that says what is called.
fn call(checks: &mut Checks<'_, '_, '_>, action: &Entry<'_>, keys: &Table<'_>) -> Option<Call> {
    let wrong = |message: String, span| {
        Diagnostic::error(Code::BadAction, span, message).note("it has one of http = { post = \"…\" } and run = […]")
    };
    match (keys.get("http"), keys.get("run")) {
        (None, None) => {
            checks.found().push(wrong(format!("action `{}` calls nothing", action.key), action.key_span));
            None
        }
        (Some(_), Some(run)) => {
            checks.found().push(wrong(format!("action `{}` calls two things", action.key), run.key_span));
            None
        }
        (Some(http), None) => request(checks, http, keys.get("env")),
        (None, Some(run)) => {
            let argv = checks.argv(run);
            let env = keys.get("env").map_or(Some(Along::new()), |entry| checks.env(entry));
            Some(Call::Run { argv: argv?, env: env? })
        }
    }
}

fn request(checks: &mut Checks<'_, '_, '_>, entry: &Entry<'_>, env: Option<&Entry<'_>>) -> Option<Call> {
    if let Some(env) = env {
        let message = "`env` is for a command, and this is a request";
        checks.found().push(Diagnostic::error(Code::BadAction, env.key_span, message));
    }
    if entry.node.as_str().is_some() {
        let message = format!("`http` of an action takes a table, found {}", entry.node.found());
        let note = "it says how it is sent, as in http = { post = \"http://admin:9000/drain\" }";
        checks.found().push(Diagnostic::error(Code::WrongType, entry.node.span, message).note(note));
        return None;
    }
    let keys = table(entry, checks.found())?;
    let listed = known(keys, "of a request", &[METHODS, REQUEST], checks.found());
    let methods: Vec<&Entry<'_>> = listed.into_iter().filter(|key| keys::find(METHODS, &key.key).is_some()).collect();
    let [to] = methods.as_slice() else {
        let message = if methods.is_empty() { "this request goes nowhere" } else { "this is more than one request" };
        let span = methods.get(1).map_or(entry.key_span, |second| second.key_span);
        let note = format!("it has one of {}", list(keys::names(METHODS)));
        checks.found().push(Diagnostic::error(Code::BadAction, span, message).note(note));
        return None;
    };
    let url = checks.url(to);
    let header = keys.get("header").map_or(Some(Along::new()), |entry| checks.header(entry));
    let body = keys.get("body").map_or(Some(None), |entry| checks.text(entry).map(Some));
    let status = keys.get("status").map_or(Some(None), |entry| checks.number(entry, 100..=599).map(Some));
    Some(Call::Http { method: to.key.to_uppercase(), url: url?, header: header?, body: body?, status: status? })
}
